"""Whether training on typos makes answers change less often, and what it costs on clean texts.

    python benchmarks/robustness.py --seeds 0 1

Film polarity: MiniLM-L6 is fine-tuned by the recipe of `public_sets`, on the texts as they are and on
`augmented` ones. Rates are those of `invariance` on the test part. The first words of a review decide little,
so each number is a mean over seeds of training, with each seed in a row of its own.
"""

import argparse
import functools
import pathlib

import keras
from public_sets import POLARITIES, SETS, SHARED, weights_folder

import kerasbert
from kerasbert.robustness import TYPOS, augmented, invariance
from kerasbert.training import BertAdamW


def fine_tuned(rows, seed, epochs):
    """A classifier that learned `rows`, which are `(x, y)` or `(stream,)`."""
    recipe = SETS["vader_polarity"]
    keras.utils.set_random_seed(seed)
    task = kerasbert.BertTextClassifier.from_preset(
        weights_folder(), labels=POLARITIES, max_sequence_length=recipe.max_sequence_length
    )
    task.compile(BertAdamW(recipe.learning_rate))
    task.fit(*rows, epochs=epochs, batch_size=recipe.batch_size, verbose=2)
    return task


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--shared", type=pathlib.Path, default=SHARED)
    parser.add_argument("--part", choices=("dev", "test"), default="test")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--rates", type=float, nargs="+", default=[0.0, 0.8], help="of perturbed texts")
    parser.add_argument("--word-rate", type=float, default=0.2, help="of words in a perturbed text")
    parser.add_argument("--epochs", type=int, default=3, help="with augmentation; without, the recipe's")
    parser.add_argument("--every", action="store_true", help="all perturbations, not typos alone")
    parser.add_argument("--save", type=pathlib.Path, help="a folder for the .keras files")
    options = parser.parse_args()
    parts = SETS["vader_polarity"].read(options.shared)
    train, held_out = (tuple(map(list, parts[name])) for name in ("train", options.part))
    perturbations = None if options.every else TYPOS
    # More mistakes than `invariance` makes: one word in ten there, at least one.
    typos = {change.__name__: functools.partial(change, rate=options.word_rate) for change in TYPOS}
    for seed in options.seeds:
        for rate in options.rates:
            rows = (augmented(*train, typos, rate=rate, seed=seed),) if rate else train
            epochs = options.epochs if rate else SETS["vader_polarity"].epochs
            task = fine_tuned(rows, seed, epochs)
            if options.save:
                task.save(options.save / f"film_{rate}_{seed}.keras")
            accuracy = task.scores(*held_out, verbose=0)["accuracy"]
            found = invariance(task, held_out[0], perturbations, seed=1)
            cells = [rate, seed, f"{accuracy:.2%}", *(f"{name} {r:.2%}" for name, r in found.rates.items())]
            print("| " + " | ".join(map(str, cells)) + " |", flush=True)


if __name__ == "__main__":
    main()
