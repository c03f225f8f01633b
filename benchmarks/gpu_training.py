"""A training step on a GPU in bfloat16: kerasbert on JAX beside transformers on PyTorch.

    pip install "jax[cuda12]" torch transformers -e .
    python benchmarks/gpu_training.py --shapes base large --lengths 128 512

A classifier of BERT's shape with random weights, dropout in hidden layers, none in attention, so that both
may take fused kernels (on PyTorch SDPA, and torch.compile around it all); AdamW, clipping at norm 1.
Contenders take turns (turns.py). Model FLOPs are counted as in
Chowdhery et al. 2022, appendix B: 6 for each weight of the blocks and token, and 12 * layers * width * length
for each token in attention; utilisation is their share of `--peak`, the device's dense bfloat16 TFLOP/s.
Memory is the most that each framework's allocator ever held.

**Not run yet:** there was no GPU at hand (benchmarks/LOG.md).
"""

import argparse
import os
import statistics
import sys

from turns import serve, take_turns

CONTENDERS = ("kerasbert", "transformers")
SHAPES = {"base": (12, 12, 768), "large": (24, 16, 1024)}  # layers, heads, width
TOKENS = 16_384  # of a batch
VOCABULARY = 30_522


def rows(length):
    import numpy as np

    random = np.random.default_rng(0)
    size = TOKENS // length, length
    ids = random.integers(1000, VOCABULARY, size).astype("int32")
    return ids, np.zeros_like(ids), np.ones_like(ids), random.integers(0, 2, size[0])


def kerasbert_step(shape, length):
    import jax
    import keras

    import kerasbert

    layers, heads, width = SHAPES[shape]
    config = kerasbert.BertConfig(
        vocabulary_size=VOCABULARY,
        num_layers=layers,
        num_heads=heads,
        hidden_dim=width,
        intermediate_dim=4 * width,
        attention_dropout=0.0,
    )
    keras.config.set_dtype_policy("mixed_bfloat16")
    task = kerasbert.BertTextClassifier(kerasbert.BertEncoder(config), None, ["no", "yes"])
    task.compile(kerasbert.training.BertAdamW(kerasbert.training.WarmupLinearDecay(1e-4, total_steps=10_000)))
    ids, segments, mask, y = rows(length)
    x = {"token_ids": ids, "segment_ids": segments, "padding_mask": mask}
    memory = lambda: jax.local_devices()[0].memory_stats()["peak_bytes_in_use"]  # noqa: E731
    return lambda: task.train_on_batch(x, y), memory


def transformers_step(shape, length):
    import torch
    import transformers

    layers, heads, width = SHAPES[shape]
    config = transformers.BertConfig(
        vocab_size=VOCABULARY,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        hidden_size=width,
        intermediate_size=4 * width,
        attention_probs_dropout_prob=0.0,
        attn_implementation="sdpa",
    )
    model = torch.compile(transformers.BertForSequenceClassification(config).train().cuda())
    optimizer = torch.optim.AdamW(model.parameters(), 1e-4, fused=True)
    ids, segments, mask, y = (torch.tensor(array).long().cuda() for array in rows(length))

    def step():
        optimizer.zero_grad()
        with torch.autocast("cuda", torch.bfloat16):
            found = model(input_ids=ids, token_type_ids=segments, attention_mask=mask, labels=y)
        found.loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        return float(found.loss)

    return step, torch.cuda.max_memory_allocated


def flops_per_token(shape, length):
    layers, _, width = SHAPES[shape]
    return 6 * layers * 12 * width**2 + 12 * layers * width * length


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--shapes", nargs="+", choices=SHAPES, default=list(SHAPES))
    parser.add_argument("--lengths", nargs="+", type=int, default=[128, 512])
    parser.add_argument(
        "--peak", type=float, default=989.0, help="dense bfloat16 TFLOP/s; 989 is an H100 SXM's"
    )
    parser.add_argument("--steps", type=int, default=10, help="of a turn")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--contender", choices=CONTENDERS, help=argparse.SUPPRESS)  # of a child
    options = parser.parse_args()
    if options.contender:
        step, memory = globals()[f"{options.contender}_step"](options.shapes[0], options.lengths[0])
        serve(step, options.steps)
        print(f"{options.contender}: {memory() / 2**30:.1f} GiB at most", file=sys.stderr)
        return
    print("| shape | tokens | contender | tokens a second | utilisation | times transformers' speed |")
    print("|---|---|---|---|---|---|")
    for shape in options.shapes:
        for length in options.lengths:
            case = ["--shapes", shape, "--lengths", str(length), "--steps", str(options.steps)]
            environment = {**os.environ, "KERAS_BACKEND": "jax", "XLA_PYTHON_CLIENT_PREALLOCATE": "false"}
            commands = {
                contender: ([sys.executable, __file__, "--contender", contender, *case], environment)
                for contender in CONTENDERS
            }
            found = take_turns(commands, options.rounds)
            for contender, rounds in found.items():
                speed = TOKENS / statistics.median(wall for wall, _ in rounds)
                share = speed * flops_per_token(shape, length) / (options.peak * 1e12)
                pairs = zip(rounds, found["transformers"], strict=True)
                ratio = statistics.median(theirs[0] / ours[0] for ours, theirs in pairs)
                print(f"| {shape} | {length} | {contender} | {speed:,.0f} | {share:.0%} | {ratio:.2f} |")


if __name__ == "__main__":
    main()
