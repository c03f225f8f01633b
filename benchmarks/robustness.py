"""How many answers typos change, what training against them does, and what it costs on clean texts.

    python benchmarks/robustness.py --seeds 0 1 --models /tmp/models

Film polarity: MiniLM-L6 is fine-tuned by the recipe of `public_sets`, on the texts as they are and on
`augmented` ones; `denoise` then teaches either model to read misspelled words, with the texts of train alone.
Rates are those of `invariance`, means over several draws of typos. Each seed of training is a row of its own.
A model that is in the folder `--models` already is not trained again.
"""

import argparse
import functools
import pathlib

import keras
import numpy as np
from public_sets import POLARITIES, SETS, SHARED, weights_folder

import kerasbert
from kerasbert.robustness import TYPOS, augmented, denoise, invariance
from kerasbert.training import BertAdamW

RECIPE = SETS["vader_polarity"]
WAYS = ("clean", "augmented", "clean+denoise", "augmented+denoise")


def classifier():
    """An untrained head on MiniLM-L6, computing in the dtype that was asked for."""
    return kerasbert.BertTextClassifier.from_preset(
        weights_folder(), labels=POLARITIES, max_sequence_length=RECIPE.max_sequence_length
    )


def fine_tuned(train, seed, with_typos, options):
    """A classifier that learned texts as they are, or augmented ones for an epoch more."""
    keras.utils.set_random_seed(seed)
    task = classifier()
    task.compile(BertAdamW(RECIPE.learning_rate))
    # More mistakes than `invariance` makes: one word in ten there, at least one.
    typos = {change.__name__: functools.partial(change, rate=options.word_rate) for change in TYPOS}
    rows = (augmented(*train, typos, rate=options.text_rate, seed=seed),) if with_typos else train
    epochs = RECIPE.epochs + (1 if with_typos else 0)
    task.fit(*rows, epochs=epochs, batch_size=RECIPE.batch_size, verbose=2)
    return task


def model(way, seed, train, options):
    """The model of a way of training, from its file if there is one."""
    path = options.models and options.models / f"film_{way}_{seed}.keras"
    if path and path.exists():
        task = classifier()
        task.set_weights(keras.saving.load_model(path).get_weights())
        return task
    first, *denoised = way.split("+")
    if denoised:
        task = model(first, seed, train, options)
        denoise(task, train[0], epochs=options.denoise_epochs, seed=seed, verbose=2)
    else:
        task = fine_tuned(train, seed, first == "augmented", options)
    if path:
        task.save(path)
    return task


def rates(task, texts, draws):
    """The mean rate of changed answers for each kind of typo."""
    found = [invariance(task, texts, TYPOS, seed=seed).rates for seed in range(1, draws + 1)]
    return {change.__name__: np.mean([rate[change.__name__] for rate in found]) for change in TYPOS}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--shared", type=pathlib.Path, default=SHARED)
    parser.add_argument("--part", choices=("dev", "test"), default="test")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=WAYS)
    parser.add_argument("--draws", type=int, default=3, help="of typos")
    parser.add_argument("--text-rate", type=float, default=0.8, help="of augmented texts")
    parser.add_argument("--word-rate", type=float, default=0.2, help="of words in an augmented text")
    parser.add_argument("--denoise-epochs", type=int, default=4)
    parser.add_argument(
        "--dtype", default="float32", help="of training; mixed_bfloat16 is faster on some CPUs"
    )
    parser.add_argument("--models", type=pathlib.Path, help="a folder for the .keras files")
    options = parser.parse_args()
    keras.config.set_dtype_policy(options.dtype)
    parts = RECIPE.read(options.shared)
    train, held_out = (tuple(map(list, parts[name])) for name in ("train", options.part))
    for seed in options.seeds:
        for way in options.ways:
            task = model(way, seed, train, options)
            accuracy = task.scores(*held_out, verbose=0)["accuracy"]
            found = rates(task, held_out[0], options.draws)
            cells = [way, seed, f"{accuracy:.2%}", *(f"{name} {rate:.2%}" for name, rate in found.items())]
            print("| " + " | ".join(map(str, cells)) + " |", flush=True)


if __name__ == "__main__":
    main()
