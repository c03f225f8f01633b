"""Masked batches a second beside transformers' collator for whole words; memory over the size of a corpus.

    python benchmarks/pretraining_input.py speed ../shared/data
    python benchmarks/pretraining_input.py memory ../shared/data

Speed: both sides start from the same tokens (WikiText-2, 128 a row) and give masked batches of whole words;
they take turns, and the ratio is that of each turn. transformers 5 has no `DataCollatorForWholeWordMask` any
more; what replaced it is `DataCollatorForLanguageModeling(whole_word_mask=True)`, and that is taken where the
other is missing. It is run in the process and in a `DataLoader` of two workers, and the faster one counts.

Memory: the corpus is written 1, 10 and 50 times in a row; a new process for each makes examples, and reads an
epoch of batches. What is reported is the most memory that it ever held.
"""

import argparse
import json
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

BATCH_SIZE, MAX_LENGTH, SECONDS, TURNS = 256, 128, 3.0, 7


def tokenizer_of(data):
    import kerasbert

    return kerasbert.BertTokenizer(data / "vocab" / "bert_base_uncased.vocab.txt")


def speed(data):
    import numpy as np
    import tensorflow as tf
    import torch
    import transformers

    from kerasbert.pretraining import Corpus, ExampleSettings, Masking, pretraining_batches, write_examples
    from kerasbert.pretraining.records import parse

    tokenizer = tokenizer_of(data)
    with tempfile.TemporaryDirectory() as folder:
        settings = ExampleSettings(pairs="none", max_length=MAX_LENGTH, short_sequence_rate=0.0)
        corpus = Corpus(data / "wikitext2" / "*.txt")
        manifest = write_examples(corpus, f"{folder}/examples", tokenizer, settings)
        rows = parse(tf.stack(list(tf.data.TFRecordDataset(manifest.paths))), has_pairs=False)

        vocab = data / "vocab" / "bert_base_uncased.vocab.txt"
        theirs = transformers.BertTokenizerFast(str(vocab))
        if hasattr(transformers, "DataCollatorForWholeWordMask"):
            collator = transformers.DataCollatorForWholeWordMask(theirs)
        else:
            collator = transformers.DataCollatorForLanguageModeling(theirs, whole_word_mask=True)
        features = [
            feature(np.array(ids), np.array(inside))
            for ids, inside in zip(rows["token_ids"].to_list(), rows["continues"].to_list(), strict=True)
        ]
        loader = torch.utils.data.DataLoader(
            Repeated(features), batch_size=BATCH_SIZE, collate_fn=collator, num_workers=2
        )
        streams = {"transformers, in the process": collated(features, collator)}
        streams["transformers, 2 workers"] = iter(loader)
        for name, masking in {"words": Masking(), "tokens": Masking(whole_words=False)}.items():
            streams[f"kerasbert, {name}"] = iter(
                pretraining_batches(
                    manifest.folder, tokenizer, BATCH_SIZE, masking=masking, length_multiple=MAX_LENGTH
                )
            )
        print(
            f"{type(collator).__name__} of transformers {transformers.__version__}, {len(features)} examples"
        )
        rates = {name: [] for name in streams}
        for turn in range(TURNS + 1):
            for name, stream in streams.items():
                rate = examples_a_second(stream)
                if turn:  # the first is for warming up
                    rates[name].append(rate)
    for name, found in rates.items():
        print(f"{name:32} {statistics.median(found):9.0f} examples/s  ({min(found):.0f} to {max(found):.0f})")
    best = [max(pair) for pair in zip(*list(rates.values())[:2], strict=True)]
    ratios = [ours / other for ours, other in zip(rates["kerasbert, words"], best, strict=True)]
    print(
        f"ratio in each turn: {' '.join(f'{r:.1f}' for r in ratios)}; median {statistics.median(ratios):.1f}"
    )


def feature(ids, inside):
    """What transformers' tokenizer gives for a row: a word's pieces have offsets that touch."""
    import numpy as np

    padded = np.zeros(MAX_LENGTH, int)
    padded[: len(ids)] = ids
    starts = np.arange(MAX_LENGTH) * 2
    ends = starts + 1
    ends[: len(ids) - 1] += inside[1:]
    return {
        "input_ids": padded.tolist(),
        "attention_mask": (np.arange(MAX_LENGTH) < len(ids)).astype(int).tolist(),
        "special_tokens_mask": np.isin(padded, [0, 101, 102]).astype(int).tolist(),
        "offset_mapping": np.stack([starts, ends], 1).tolist(),
    }


class Repeated:
    """Features without end, for a `DataLoader`."""

    def __init__(self, features):
        self.features = features

    def __len__(self):
        return 1 << 30

    def __getitem__(self, i):
        return dict(self.features[i % len(self.features)])


def collated(features, collator):
    rows, place = Repeated(features), 0
    while True:
        yield collator([rows[i] for i in range(place, place + BATCH_SIZE)])
        place += BATCH_SIZE


def examples_a_second(stream):
    count, start = 0, time.perf_counter()
    while time.perf_counter() - start < SECONDS:
        next(stream)
        count += BATCH_SIZE
    return count / (time.perf_counter() - start)


def memory(data):
    text = b"".join(path.read_bytes() + b"\n\n" for path in sorted((data / "wikitext2").glob("*.txt")))
    print(
        "| corpus | examples | imported | + examples written | + an epoch of batches | examples/s written |"
    )
    print("|---|---|---|---|---|---|")
    for times in (1, 10, 50):
        with tempfile.TemporaryDirectory() as folder:
            with open(f"{folder}/corpus.txt", "wb") as file:
                for _ in range(times):
                    file.write(text)
            command = [sys.executable, __file__, "one", str(data), "--folder", folder]
            found = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
        held = " | ".join(f"{found[name]} MB" for name in ("imported", "written", "read"))
        size = f"{times} x, {times * len(text) / 1e6:.0f} MB"
        print(f"| {size} | {found['examples']} | {held} | {found['rate']:.0f} |", flush=True)


def one(data, folder):
    """Makes and reads the examples of `folder/corpus.txt`; tells how much memory that took."""
    from kerasbert.pretraining import Corpus, pretraining_batches, write_examples

    def most():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1000

    tokenizer = tokenizer_of(data)
    tokenizer.tokenize(["a text"])
    found = {"imported": most()}
    start = time.perf_counter()
    manifest = write_examples(Corpus(f"{folder}/corpus.txt"), f"{folder}/examples", tokenizer)
    found |= {"examples": manifest.num_examples, "written": most()}
    found["rate"] = manifest.num_examples / (time.perf_counter() - start)
    for _ in pretraining_batches(f"{folder}/examples", tokenizer, BATCH_SIZE, epochs=1):
        pass
    print(json.dumps(found | {"read": most()}))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=["speed", "memory", "one"])
    parser.add_argument("data", type=pathlib.Path, help="the shared data folder")
    parser.add_argument("--folder", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.what == "one":
        one(arguments.data, arguments.folder)
    else:
        {"speed": speed, "memory": memory}[arguments.what](arguments.data)
