"""What each part of a training step that differs from Keras gains on TensorFlow, and what they gain together.

    python benchmarks/training_tricks.py --sizes tiny minilm --dtypes float32 mixed_bfloat16

Every variant is one model, one of whose parts is Keras' own. All are traced in one process, and take steps
in turns, forwards and backwards; the ratio to the first variant is taken within each round. "again" is that
first variant a second time: what it shows is noise. CPU seconds count all threads, and suffer less than wall
time from what else runs on the machine.
"""

import argparse
import contextlib
import gc
import statistics
import time
import unittest.mock

import keras
import numpy as np

import kerasbert
from kerasbert.fast_training import set_fast_training
from kerasbert.keras_private import OptimizerHooks
from kerasbert.layers.dropout import BertDropout
from kerasbert.layers.layer_normalization import BertLayerNormalization
from kerasbert.training import BertAdamW, WarmupLinearDecay, gradients

SIZES = {"tiny": (2, 2, 128, 512), "minilm": (6, 12, 384, 1536)}


def plain_norm(found):
    ops = keras.ops
    return ops.sqrt(sum(ops.sum(ops.square(ops.cast(gradient, "float32"))) for gradient in found))


PATCHES = {
    "again": [],
    "LayerNorm": [(BertLayerNormalization, "call", keras.layers.LayerNormalization.call)],
    "dropout": [
        (BertDropout, "call", lambda self, x, training=False: keras.layers.Dropout.call(self, x, training))
    ],
    "Adam": [(BertAdamW, "_is_fused", lambda self: False)],
    "weight decay": [(BertAdamW, "decay", OptimizerHooks.decay)],
    "norm": [(gradients, "_norm", plain_norm)],
}
PATCHES["all"] = [
    patch for name, patches in PATCHES.items() if name != "LayerNorm's gradient" for patch in patches
]


def make_step(name, patches, size, dtype, x, y):
    """A traced step, and the seconds that its first call took."""
    num_layers, num_heads, hidden_dim, intermediate_dim = SIZES[size]
    config = kerasbert.BertConfig(
        vocabulary_size=30_522,
        num_layers=num_layers,
        num_heads=num_heads,
        hidden_dim=hidden_dim,
        intermediate_dim=intermediate_dim,
    )
    keras.utils.set_random_seed(0)
    with contextlib.ExitStack() as stack:
        for owner, name, value in patches:
            stack.enter_context(unittest.mock.patch.object(owner, name, value))
        task = kerasbert.BertTextClassifier(
            kerasbert.BertEncoder(config, dtype=dtype), None, ["no", "yes"], dtype=dtype
        )
        task.compile(BertAdamW(WarmupLinearDecay(1e-4, total_steps=10_000)))
        set_fast_training(name != "all of `fast_training`")
        start = time.process_time()
        task.train_on_batch(x, y)
        set_fast_training(True)
        first = time.process_time() - start
    return (lambda: task.train_on_batch(x, y)), first


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", nargs="+", choices=SIZES, default=list(SIZES))
    parser.add_argument("--dtypes", nargs="+", default=["float32", "mixed_bfloat16"])
    parser.add_argument("--variants", nargs="+", choices=PATCHES, default=list(PATCHES))
    parser.add_argument("--rounds", type=int, default=30)
    options = parser.parse_args()
    random = np.random.default_rng(0)
    ids = random.integers(1000, 30_522, (16, 64)).astype("int32")
    x = {"token_ids": ids, "segment_ids": np.zeros_like(ids), "padding_mask": np.ones_like(ids)}
    y = random.integers(0, 2, 16)
    print("| size | dtype | Keras' own | first step, CPU s | CPU, times ours: median (quartiles) | wall |")
    print("|---|---|---|---|---|---|")
    for size in options.sizes:
        for dtype in options.dtypes:
            variants = {"none": [], **{name: PATCHES[name] for name in options.variants}}
            steps = {name: make_step(name, patches, size, dtype, x, y) for name, patches in variants.items()}
            seconds = {name: [] for name in steps}
            for number in range(options.rounds + 2):
                for name in list(steps)[:: -1 if number % 2 else 1]:
                    start = time.process_time(), time.perf_counter()
                    steps[name][0]()
                    seconds[name].append((time.process_time() - start[0], time.perf_counter() - start[1]))
            for name, found in seconds.items():
                columns = []
                for i in (0, 1):
                    ratios = [b[i] / a[i] for a, b in zip(seconds["none"], found, strict=True)][2:]
                    low, _, high = statistics.quantiles(ratios, n=4)
                    columns.append(f"{statistics.median(ratios):.3f} ({low:.3f} to {high:.3f})")
                if name == "none":
                    columns[0] = f"{statistics.median(cpu for cpu, _ in found[2:]):.3f} s"
                print(
                    f"| {size} | {dtype} | {name} | {steps[name][1]:.1f} | {columns[0]} | {columns[1]} |",
                    flush=True,
                )
            del steps
            keras.backend.clear_session()
            gc.collect()


if __name__ == "__main__":
    main()
