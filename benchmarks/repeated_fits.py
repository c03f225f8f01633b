"""Fits in one process, one after the other, as a search over hyperparameters does: their seconds and memory.

    pip install -e '.[test]' -r benchmarks/requirements.txt
    python benchmarks/repeated_fits.py

kerasbert beside KerasHub: a new classifier of MiniLM-L6's shape with random weights, one step on eight rows,
an answer, and then nothing refers to the model any more. Each contender is a process of its own, one after
the other. Prints a Markdown table: the medians of the seconds until `fit` and `predict` return, without the
first round, in which TensorFlow starts; and what each further round leaves, of the process' resident memory.
"""

import argparse
import gc
import json
import os
import statistics
import subprocess
import sys
import time

from training_step import keras_hub_model, kerasbert_model


def resident():
    """Megabytes of this process that are in memory."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def rounds(make, count):
    """Yields seconds of `fit` and of `predict`, and megabytes when the model is gone."""
    import numpy as np

    ones = np.ones((8, 16), "int32")
    x = {"token_ids": ones, "segment_ids": 0 * ones, "padding_mask": ones}
    for _ in range(count):
        task = make("float32")
        start = time.perf_counter()
        task.fit(x, np.arange(8) % 2, verbose=0)
        middle = time.perf_counter()
        task.predict(x, verbose=0)
        seconds = middle - start, time.perf_counter() - middle
        del task
        gc.collect()
        yield *seconds, resident()


MODELS = {"kerasbert": kerasbert_model, "KerasHub": keras_hub_model}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--contender", choices=MODELS, help=argparse.SUPPRESS)  # of a child
    options = parser.parse_args()
    if options.contender:
        print(json.dumps(list(rounds(MODELS[options.contender], options.rounds))))
        return
    print("| | fit, s | predict, s | left by each round, MB |\n|---|---|---|---|")
    for name in MODELS:
        command = [sys.executable, __file__, "--contender", name, "--rounds", str(options.rounds)]
        done = subprocess.run(
            command, check=True, stdout=subprocess.PIPE, env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
        )
        *seconds, memory = zip(*json.loads(done.stdout.splitlines()[-1]), strict=True)
        fit, predict = (statistics.median(values[1:]) for values in seconds)
        left = (memory[-1] - memory[0]) / (len(memory) - 1)
        print(f"| {name} | {fit:.2f} | {predict:.2f} | {left:.0f} |")


if __name__ == "__main__":
    main()
