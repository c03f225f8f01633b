"""What it costs a TFLite file to take texts: size, time and memory, of all-MiniLM-L6-v2 in int8.

    python benchmarks/text_files.py FOLDER

FOLDER is the model in Hugging Face's layout. Prints the sizes of a classifier's file that takes tokens and of
one that takes texts; with one thread, the milliseconds from text to answer by two calls, tokenizer and model,
and by one; and, each in a process of its own, the memory that a runtime needs for either. For the tokenizer
alone see `device_tokenizer.py`.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from device_tokenizer import SENTENCES, as_row, fastest_ms, peak_kilobytes

TOKENS = ("token_ids", "segment_ids", "padding_mask")
LENGTHS = (32, 64, 128)


def signatures(path):
    """The functions from code points to an answer: by two calls, and by one."""
    model = Interpreter(path, num_threads=1)
    names = ("tokenize", "classify", "classify_text")
    tokenize, classify, one = (model.get_signature_runner(name) for name in names)

    def two(code_points):
        tokens = tokenize(code_points=code_points)
        return classify(**{name: tokens[name] for name in TOKENS})

    return {"tokenizer": tokenize, "two calls": two, "one call": one}


def fixed(path, lengths):
    """Prints the milliseconds of each fixed length, beside the model alone on as many tokens."""
    for length in lengths:
        model = Interpreter(path, num_threads=1)
        classify, text = (
            model.get_signature_runner(name) for name in ("classify", f"classify_text_{length}")
        )
        row, ones = np.zeros((1, 8 * length), np.int32), np.ones((1, length), np.int32)
        row[0, : 3 * length] = as_row(SENTENCES["long"] * 3)[0, : 3 * length]
        alone = fastest_ms(classify, **dict.fromkeys(TOKENS, ones))
        ours = fastest_ms(text, code_points=row)
        print(f"{length} tokens: from text {ours:.2f} ms, model alone {alone:.2f} ms", flush=True)


def memory(path, name):
    """Prints the megabytes that opening a file and answering a text adds to a bare process."""
    before = peak_kilobytes()
    signatures(path)[name](code_points=as_row(SENTENCES["long"]))
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
            times = {call: fastest_ms(run, code_points=row) for call, run in signatures(str(path)).items()}
            print(f"{name}, {row.size} characters:", ", ".join(f"{n} {ms:.2f} ms" for n, ms in times.items()))
        for name in ("two calls", "one call"):
            command = [sys.executable, __file__, "memory", str(path), name]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            print(f"{name}: {json.loads(done.stdout.splitlines()[-1]):.0f} MB")


if __name__ == "__main__":
    memory(*sys.argv[2:]) if sys.argv[1] == "memory" else main(*sys.argv[1:])
