"""What it costs a TFLite file to take texts: size, time and memory, of all-MiniLM-L6-v2 in int8.

    python benchmarks/text_files.py FOLDER

FOLDER is the model in Hugging Face's layout. Prints the sizes of a classifier's file that takes tokens, of
one that takes texts, and of one with fixed lengths; with one thread, the milliseconds of the tokenizer and of
the way from text to answer by two calls, tokenizer and model, and by one. They take turns, so that a busy
machine slows both: the median of their ratios counts. And, each in a process of its own, the memory that a
runtime needs for either. For the tokenizer alone see `device_tokenizer.py`, for long texts `long_texts.py`.
"""

import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from device_tokenizer import SENTENCES, as_row, peak_kilobytes

TOKENS = ("token_ids", "segment_ids", "padding_mask")
LENGTHS = (32, 64, 128)
ROUNDS = 200


def signatures(path):
    """The functions from code points to an answer: by two calls, and by one; and what the two are."""
    interpreter, tokens = Interpreter(path, num_threads=1), {}
    names = ("tokenize", "classify", "classify_text")
    tokenize, classify, one = (interpreter.get_signature_runner(name) for name in names)

    def two(code_points):
        found = tokenize(code_points=code_points)
        return classify(**{name: found[name] for name in TOKENS})

    def model(code_points):
        key = code_points.tobytes()
        if key not in tokens:
            tokens[key] = {name: tokenize(code_points=code_points)[name].copy() for name in TOKENS}
        return interpreter, classify(**tokens[key])  # the signatures do not keep it alive

    return {"tokenizer": tokenize, "model": model, "two calls": two, "one call": one}


def in_turns(calls):
    """Calls functions in turns, in one order and the other.

    Args:
        calls: dict, name -> function without arguments.

    Returns:
        dict, name -> milliseconds of each round.
    """
    found = {name: [] for name in calls}
    for i in range(ROUNDS + 5):
        for name in list(calls)[:: -1 if i % 2 else 1]:
            start = time.perf_counter()
            calls[name]()
            found[name].append(1e3 * (time.perf_counter() - start))
    return {name: times[5:] for name, times in found.items()}


def compared(calls, *pairs):
    """Prints the fastest of each call, and the medians of the ratios of pairs of them."""
    times = in_turns(calls)
    print("  " + ", ".join(f"{name} {min(ms):.2f} ms" for name, ms in times.items()), flush=True)
    for names in pairs:
        ratios = [a / b for a, b in zip(*(times[name] for name in names), strict=True)]
        low, median, high = statistics.quantiles(ratios, n=4)
        print(f"  {' / '.join(names)}: median {median:.3f}, quartiles {low:.3f} and {high:.3f}", flush=True)


def fixed(path, lengths):
    """Compares each fixed length with the model alone on as many tokens."""
    for length in lengths:
        model = Interpreter(path, num_threads=1)
        classify, text = (
            model.get_signature_runner(name) for name in ("classify", f"classify_text_{length}")
        )
        row, ones = np.zeros((1, 8 * length), np.int32), np.ones((1, length), np.int32)
        row[0, : 3 * length] = as_row(SENTENCES["long"] * 3)[0, : 3 * length]
        print(f"{length} tokens, fixed:")
        calls = {
            "from text": lambda text=text, row=row: text(code_points=row),
            "model alone": lambda run=classify, ones=ones: run(**dict.fromkeys(TOKENS, ones)),
        }
        compared(calls, ("from text", "model alone"))


def memory(path, name, text):
    """Prints the megabytes that opening a file and answering a text adds to a bare process."""
    before = peak_kilobytes()
    signatures(path)[name](code_points=as_row(SENTENCES[text]))
    print(json.dumps((peak_kilobytes() - before) / 1024))


def main(folder):
    import kerasbert
    from kerasbert import export

    task = kerasbert.BertTextClassifier.from_preset(folder, labels=["bad", "good"])
    with tempfile.TemporaryDirectory() as temporary:
        for name, text, lengths in (
            ("tokens", False, ()),
            ("texts of fixed lengths", True, LENGTHS),
            ("texts", True, ()),
        ):
            path = pathlib.Path(temporary) / f"{name}.tflite"
            artifact = export.to_tflite(task, path, text=text, lengths=lengths, verify=False)
            print(
                f"takes {name}: {artifact.size_bytes / 1e6:.2f} MB, {artifact.partitions} partition",
                flush=True,
            )
            fixed(str(path), lengths)
        for name, sentence in SENTENCES.items():
            row = as_row(sentence)
            print(f"{name}, {row.size} characters:")
            calls = {
                call: lambda run=run, row=row: run(code_points=row)
                for call, run in signatures(str(path)).items()
            }
            compared(calls, ("one call", "two calls"), ("tokenizer", "model"))
        for name in ("two calls", "one call", "tokenizer"):
            command = [sys.executable, __file__, "memory", str(path), name, "long"]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            print(f"{name}: {json.loads(done.stdout.splitlines()[-1]):.0f} MB", flush=True)


if __name__ == "__main__":
    memory(*sys.argv[2:]) if sys.argv[1] == "memory" else main(*sys.argv[1:])
