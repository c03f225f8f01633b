"""A classifier's training step beside KerasHub and transformers on PyTorch: the same shape, rows and dtype.

    pip install -e '.[test]' -r benchmarks/requirements.txt
    python benchmarks/training_step.py --dtypes float32 mixed_bfloat16

Each contender is a process that waits until it is its turn, so that they take turns within one run; a turn is
a few steps, and the ratio of each turn is taken to kerasbert's in the same round. Weights are random, of
MiniLM-L6's shape, with its dropout; a step is forward, backward, clipping at norm 1 and AdamW, on a batch of
full rows. XLA is off (slower on a CPU), and torch.compile not asked for.
"""

import argparse
import functools
import os
import statistics
import sys

from turns import serve, take_turns

SHAPE = {"layers": 6, "heads": 12, "width": 384, "inner": 1536, "vocabulary": 30_522}


def rows(options):
    """Token ids, segment ids, mask and labels of a batch."""
    import numpy as np

    random = np.random.default_rng(0)
    ids = random.integers(1000, SHAPE["vocabulary"], (options.batch_size, options.length)).astype("int32")
    return ids, np.zeros_like(ids), np.ones_like(ids), random.integers(0, 2, options.batch_size)


def kerasbert_model(dtype):
    """A classifier of `SHAPE`, compiled."""
    import kerasbert

    config = kerasbert.BertConfig(
        vocabulary_size=SHAPE["vocabulary"],
        num_layers=SHAPE["layers"],
        num_heads=SHAPE["heads"],
        hidden_dim=SHAPE["width"],
        intermediate_dim=SHAPE["inner"],
    )
    encoder = kerasbert.BertEncoder(config, dtype=dtype)
    task = kerasbert.BertTextClassifier(encoder, None, ["no", "yes"], dtype=dtype)
    task.compile(kerasbert.training.BertAdamW(kerasbert.training.WarmupLinearDecay(1e-4, total_steps=10_000)))
    return task


def keras_hub_model(dtype):
    """As `kerasbert_model`."""
    import keras
    import keras_hub

    backbone = keras_hub.models.BertBackbone(
        vocabulary_size=SHAPE["vocabulary"],
        num_layers=SHAPE["layers"],
        num_heads=SHAPE["heads"],
        hidden_dim=SHAPE["width"],
        intermediate_dim=SHAPE["inner"],
        dropout=0.1,
        dtype=dtype,
    )
    task = keras_hub.models.BertTextClassifier(backbone, num_classes=2, preprocessor=None, dtype=dtype)
    task.compile(
        optimizer=keras.optimizers.AdamW(1e-4, global_clipnorm=1.0),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=[keras.metrics.SparseCategoricalAccuracy()],
        jit_compile=False,
    )
    return task


def keras_step(make, options):
    """A step of a model of Keras."""
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(options.threads)
    tf.config.threading.set_inter_op_parallelism_threads(options.threads)
    task = make(options.dtype)
    ids, segments, mask, y = rows(options)
    x = {"token_ids": ids, "segment_ids": segments, "padding_mask": mask}
    return lambda: task.train_on_batch(x, y)


def transformers_step(options):
    import torch
    import transformers

    torch.set_num_threads(options.threads)
    config = transformers.BertConfig(
        vocab_size=SHAPE["vocabulary"],
        num_hidden_layers=SHAPE["layers"],
        num_attention_heads=SHAPE["heads"],
        hidden_size=SHAPE["width"],
        intermediate_size=SHAPE["inner"],
    )
    model = transformers.BertForSequenceClassification(config).train()
    optimizer = torch.optim.AdamW(model.parameters(), 1e-4, fused=True)
    ids, segments, mask, y = (torch.tensor(array).long() for array in rows(options))
    bfloat16 = options.dtype == "mixed_bfloat16"

    def step():
        optimizer.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
            found = model(input_ids=ids, token_type_ids=segments, attention_mask=mask, labels=y)
        found.loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        return float(found.loss)

    return step


CONTENDERS = {
    "kerasbert": functools.partial(keras_step, kerasbert_model),
    "keras_hub": functools.partial(keras_step, keras_hub_model),
    "transformers": transformers_step,
}


def measure(options, dtype):
    """Seconds of a step, wall and CPU, by contender, a pair a round."""
    commands = {}
    for contender in options.contenders:
        command = [sys.executable, __file__, "--contender", contender, "--dtypes", dtype]
        for name in ("batch_size", "length", "threads", "steps"):
            command += [f"--{name.replace('_', '-')}", str(getattr(options, name))]
        commands[contender] = command, {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    return take_turns(commands, options.rounds)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--dtypes", nargs="+", default=["float32", "mixed_bfloat16"])
    parser.add_argument("--contenders", nargs="+", choices=CONTENDERS, default=list(CONTENDERS))
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--length", type=int, default=128)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--steps", type=int, default=2, help="of a turn")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--contender", choices=CONTENDERS, help=argparse.SUPPRESS)  # of a child
    options = parser.parse_args()
    if options.contender:
        options.dtype = options.dtypes[0]
        serve(CONTENDERS[options.contender](options), options.steps)
        return
    print("| dtype | contender | step, s | CPU, s | wall, times kerasbert's: median (least to most) |")
    print("|---|---|---|---|---|")
    for dtype in options.dtypes:
        found = measure(options, dtype)
        first = found[options.contenders[0]]
        for contender, rounds in found.items():
            wall, cpu = (statistics.median(values) for values in zip(*rounds, strict=True))
            ratios = [theirs[0] / ours[0] for theirs, ours in zip(rounds, first, strict=True)]
            print(
                f"| {dtype} | {contender} | {wall:.3f} | {cpu:.3f} | {statistics.median(ratios):.2f} "
                f"({min(ratios):.2f} to {max(ratios):.2f}) |",
                flush=True,
            )


if __name__ == "__main__":
    main()
