"""How fast is the tokenizer? One run measures it beside Hugging Face's and KerasHub's, on the same texts.

    python benchmarks/tokenizer.py                       # English and Chinese from ../shared/data
    python benchmarks/tokenizer.py --text my.txt --vocabulary vocab.txt

Prints a Markdown table of megabytes of text a second. Hugging Face's `tokenizers` and `keras-hub` are
measured if they can be imported.
"""

import argparse
import contextlib
import functools
import json
import os
import pathlib
import statistics
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
SHARED = pathlib.Path(__file__).resolve().parents[2] / "shared" / "data"


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--text", type=pathlib.Path, help="UTF-8 file, one text a line; needs --vocabulary")
    parser.add_argument("--vocabulary", type=pathlib.Path, help="vocab.txt for --text")
    parser.add_argument("--cased", action="store_true", help="the vocabulary of --text is cased")
    parser.add_argument("--shared", type=pathlib.Path, default=SHARED, help="folder of the shared data")
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--batch", type=int, default=256, help="texts a batch in tf.data")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="tf.data's num_parallel_calls")
    args = parser.parse_args()
    if args.text and not args.vocabulary:
        parser.error("--text needs --vocabulary")
    sets = [(args.text.name, lines(args.text), args.vocabulary)] if args.text else shared_sets(args.shared)
    print(f"Median of {args.repeats} repeats; {os.cpu_count()} cores; tf.data threads: {args.threads}\n")
    print("| texts | tokenizer | call | MB/s | range | times `encode_batch` |\n|---|---|---|---|---|---|")
    for name, texts, vocabulary in sets:
        size_bytes = sum(len(text.encode()) for text in texts)
        speeds = measure(candidates(texts, vocabulary, not args.cased, args), size_bytes, args.repeats)
        base = next((statistics.median(s) for (_, call), s in speeds.items() if call == "encode_batch"), None)
        for (who, call), values in speeds.items():
            median = statistics.median(values)
            times = f"{median / base:.1f}" if base else "-"
            label, spread = f"{name}, {size_bytes / 1e6:.1f} MB", f"{min(values):.1f} to {max(values):.1f}"
            print(f"| {label} | {who} | {call} | {median:.1f} | {spread} | {times} |")


def lines(path):
    return [line for line in path.read_text("utf-8").split("\n") if line.strip()]


def shared_sets(folder):
    zh = json.loads((folder / "xquad/xquad.zh.json").read_text("utf-8"))["data"]
    zh = [paragraph["context"] for article in zh for paragraph in article["paragraphs"]] * 5
    uncased, chinese = "bert_base_uncased.vocab.txt", "chinese_L-12_H-768_A-12.vocab.txt"
    return [
        ("wikitext2", lines(folder / "wikitext2/valid.txt"), folder / "vocab" / uncased),
        ("xquad zh", zh, folder / "vocab" / chinese),
    ]


def candidates(texts, vocabulary, lowercase, args):
    """{(who, call): function without arguments}, each tokenizes all texts once."""
    import tensorflow as tf

    from kerasbert.text import BertTokenizer

    ours = BertTokenizer(vocabulary, lowercase=lowercase)
    calls = {
        ("kerasbert", "tokenize, one call"): lambda: ours.tokenize(texts),
        ("kerasbert", "tokenize_with_offsets, one call"): lambda: ours.tokenize_with_offsets(texts),
        ("kerasbert", "tokenize and pack to 128, one call"): lambda: ours(texts, max_length=128),
    }
    batches = tf.data.Dataset.from_tensor_slices(texts).batch(args.batch).cache()

    def in_data(function):
        dataset = batches.map(function, num_parallel_calls=args.threads, deterministic=True)
        return lambda: [None for _ in dataset]

    calls["kerasbert", "tokenize, tf.data"] = in_data(ours.tokenize)
    calls["kerasbert", "tokenize_with_offsets, tf.data"] = in_data(ours.tokenize_with_offsets)
    calls["kerasbert", "tokenize and pack to 128, tf.data"] = in_data(functools.partial(ours, max_length=128))
    with contextlib.suppress(ImportError):
        from tokenizers import BertWordPieceTokenizer

        rust = BertWordPieceTokenizer(str(vocabulary), lowercase=lowercase)._tokenizer
        calls["tokenizers", "encode_batch"] = lambda: rust.encode_batch(texts, add_special_tokens=False)
        calls["tokenizers", "encode_batch_fast"] = lambda: rust.encode_batch_fast(
            texts, add_special_tokens=False
        )
    with contextlib.suppress(ImportError):
        import keras_hub

        hub = keras_hub.models.BertTokenizer(vocabulary=str(vocabulary), lowercase=lowercase)
        calls["keras-hub", "call, one call"] = lambda: hub(texts)
        calls["keras-hub", "call, tf.data"] = in_data(hub)
    return calls


def measure(calls, size_bytes, repeats):
    """{(who, call): list of MB/s}; every repeat runs each call once, so that a busy moment meets all."""
    for call in calls.values():
        call()
    speeds = {key: [] for key in calls}
    for _ in range(repeats):
        for key, call in calls.items():
            start = time.perf_counter()
            call()
            speeds[key].append(size_bytes / (time.perf_counter() - start) / 1e6)
    return speeds


if __name__ == "__main__":
    main()
