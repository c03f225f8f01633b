"""Does pre-training learn? On WikiText-2, from nothing and from a checkpoint, with the command of README.

    pip install -e '.[vocabulary]'
    python benchmarks/pretraining.py scratch     # masked tokens and the next sentence
    python benchmarks/pretraining.py continued   # masked tokens, from splade-tiny-mlm

The set has two parts of 60 articles here. From scratch, articles of both are learned from but for every
eighth, which are held out; continued, one part is learned from and the test part is held out. The loss of
masked tokens stands beside what a model that knows only how frequent each token is would have on the very
same ones: its cross-entropy there, and the entropy of the tokens it was counted on.
"""

import argparse
import json
import os
import pathlib
import re
import tempfile
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

import kerasbert
from kerasbert.pretraining import pretrain, pretraining_batches, read_settings

SHARED = pathlib.Path(__file__).resolve().parents[2] / "shared"
HELD_OUT = 8
COMMON = """
output = "run"
log_every = 100
save_every = 1000
evaluate_every = 1000

[corpus]
files = "train.txt"

[validation]
files = "held_out.txt"

[optimizer]
learning_rate = {rate}
warmup_steps = {warmup}

[examples]
split_sentences = true
duplicates = {duplicates}
pairs = "{pairs}"

[[phases]]
steps = {steps}
max_length = {length}
batch_size = {batch}
"""
SCRATCH = """
[vocabulary]
size = 4000

[model]
num_layers = {layers}
num_heads = {heads}
hidden_dim = {width}
intermediate_dim = {inner}
max_sequence_length = {length}
"""


def articles(path):
    """Yields the articles of a part as lists of paragraphs, without headings and what was left out."""
    paragraphs = []
    for line in path.read_text("utf-8").splitlines():
        if re.fullmatch(r" = [^=].*[^=] = ", line):
            if paragraphs:
                yield paragraphs
            paragraphs = []
        elif line.strip() and not line.startswith(" = "):
            text = re.sub(r" @(.)@ ", r"\1", line.replace("<unk>", ""))
            paragraphs.append(" ".join(text.split()))
    yield paragraphs


def write_corpus(path, found):
    path.write_text("\n\n".join("\n".join(paragraphs) for paragraphs in found), "utf-8")


def unigram(tokenizer, text, batches):
    """The entropy of the tokens of a text, and the cross-entropy of their frequencies on labels; nats."""
    tokens = tokenizer.tokenize(text.splitlines()).flat_values.numpy()
    counts = np.bincount(tokens, minlength=tokenizer.vocabulary_size)
    shares = counts[counts > 0] / counts.sum()
    logs = np.log((counts + 1) / (counts + 1).sum())
    labels = [batch["mask_ids"][batch["mask_weights"] > 0] for batch in batches.as_numpy_iterator()]
    return -np.sum(shares * np.log(shares)), -np.mean(logs[np.concatenate(labels)])


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("kind", choices=("scratch", "continued"))
    parser.add_argument("--shared", type=pathlib.Path, default=SHARED, help="folder of data and models")
    parser.add_argument("--folder", type=pathlib.Path, help="of the run; a new one if not given")
    recipe = {
        "scratch": {"steps": 8000, "rate": 1e-3, "batch": 64, "length": 64, "duplicates": 10},
        "continued": {"steps": 2000, "rate": 2e-4, "batch": 32, "length": 128, "duplicates": 4},
    }
    for name, value in {**recipe["scratch"], "layers": 2, "heads": 2, "width": 128}.items():
        parser.add_argument(f"--{name}", type=type(value))
    options = parser.parse_args()
    values = {"layers": 2, "heads": 2, "width": 128, **recipe[options.kind]}
    values |= {name: given for name in values if (given := getattr(options, name)) is not None}
    values |= {"inner": 4 * values["width"], "warmup": values["steps"] // 10}
    values["pairs"] = "next_sentence" if options.kind == "scratch" else "none"

    folder = options.folder or pathlib.Path(tempfile.mkdtemp())
    folder.mkdir(exist_ok=True)
    texts = options.shared / "data" / "wikitext2"
    parts = {name: list(articles(texts / f"{name}.txt")) for name in ("valid", "test")}
    both = parts["valid"] + parts["test"]
    train, held_out = parts["valid"], parts["test"]
    if options.kind == "scratch":
        train = [article for i, article in enumerate(both) if i % HELD_OUT]
        held_out = both[::HELD_OUT]
    write_corpus(folder / "train.txt", train)
    write_corpus(folder / "held_out.txt", held_out)
    text = COMMON + SCRATCH
    if options.kind == "continued":
        text = f'preset = "{options.shared / "models" / "splade-tiny-mlm"}"\n' + COMMON
    (folder / "run.toml").write_text(text.format(**values))
    settings = read_settings(folder / "run.toml")

    start = time.perf_counter(), time.process_time()
    model = pretrain(settings)
    wall_s, cpu_s = time.perf_counter() - start[0], time.process_time() - start[1]

    batches = pretraining_batches(
        folder / "run" / f"validation-{values['length']}", model.tokenizer, values["batch"], epochs=1
    )
    entropy, cross_entropy = unigram(model.tokenizer, (folder / "train.txt").read_text("utf-8"), batches)
    lines = [json.loads(line) for line in (folder / "run" / "log.jsonl").read_text().splitlines()]
    print(f"{len(train)} articles to learn from, {len(held_out)} held out; {values}")
    print(f"{sum(line['tokens'] for line in lines) / 1e6:.1f} M tokens, {wall_s:.0f} s, CPU {cpu_s:.0f} s")
    print(f"single tokens: entropy {entropy:.3f}, cross-entropy on the held-out labels {cross_entropy:.3f}")
    if options.kind == "continued":
        before = kerasbert.BertPretrainer.from_preset(settings.preset, pairs="none")
        before.compile()
        for name, found in (("before", before), ("after", model)):
            print(name, found.evaluate(batches, verbose=0, return_dict=True))
    columns = ["step", "masked_lm_loss", "validation_masked_lm_loss", "validation_masked_lm_accuracy"]
    columns += ["next_sentence_accuracy", "validation_next_sentence_accuracy"]
    if options.kind == "continued":
        columns = ["step", "loss", "validation_loss"]
    print("| " + " | ".join(columns) + " |\n" + "|---" * len(columns) + "|")
    for line in lines:
        if "validation_loss" in line:
            print("| " + " | ".join(f"{line[name]:.3f}".rstrip("0").rstrip(".") for name in columns) + " |")


if __name__ == "__main__":
    main()
