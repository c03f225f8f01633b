"""The tokenizer as integers: size, time beside the model it serves, long texts, memory.

    python benchmarks/device_tokenizer.py FOLDER [LARGE]

FOLDER is all-MiniLM-L6-v2 in Hugging Face's layout. All numbers come from one run, on one thread of LiteRT:
the time of the tokenizer as a ratio to that of the int8 model, for the same sentence. A vocabulary of 119,547
tokens is made of syllables in many scripts, or read from LARGE, a `vocab.txt`.
"""

import pathlib
import random
import subprocess
import sys
import tempfile
import time

import numpy as np
from ai_edge_litert.interpreter import Interpreter

SENTENCES = {
    "short": "The film was not nearly as good as I had hoped",
    "long": "He was born in a small town in the north of Italy, and although he travelled far, he wrote of "
    "it all his life; the letters that he sent home were printed in 1931 (and again, unabridged, in 1977). ",
}
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
SCRIPTS = [
    (0x61, 26),
    (0xE0, 30),
    (0x3B1, 25),
    (0x430, 32),
    (0x561, 38),
    (0x5D0, 27),
    (0x621, 40),
    (0x905, 50),
]
SCRIPTS += [(0xE01, 46), (0x10D0, 33), (0x3041, 86), (0xAC00, 3000), (0x4E00, 8000)]


def made_vocabulary(count):
    """Words and pieces of one to seven letters, drawn script by script from frequent beginnings."""
    chance, tokens = random.Random(7), dict.fromkeys(SPECIAL)
    for first, size in SCRIPTS:
        for c in range(first, first + size):
            tokens |= {chr(c): None, "##" + chr(c): None}
    known = list(tokens)[len(SPECIAL) :]
    while len(tokens) < count:
        first, size = SCRIPTS[min(int(chance.expovariate(0.4)), len(SCRIPTS) - 1)]
        token = (
            chance.choice(known)
            if chance.random() < 0.4
            else chance.choice(["", "##"]) + chr(first + chance.randrange(size))
        )
        token += (
            chr(ord(token[-1]) // 256 * 256 + 97)
            if chance.random() < 0.1
            else chr(first + int(size * chance.random() ** 2))
        )
        if len(token) < 12 and token not in tokens:
            tokens[token] = None
            known.append(token)
    return list(tokens)


def convert(tokenizer, path):
    """Writes the tokenizer as a TFLite file of one signature."""
    import tensorflow as tf

    from kerasbert.text.integers import IntegerTokenizer

    integers, module = IntegerTokenizer(tokenizer), tf.Module()
    spec = tf.TensorSpec((1, None), tf.int32, "code_points")
    module.function = tf.function(integers.pack, input_signature=[spec], autograph=False)
    converter = tf.lite.TFLiteConverter.from_concrete_functions(
        [module.function.get_concrete_function()], module
    )
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
    path.write_bytes(converter.convert())
    return path


def fastest_ms(call, **inputs):
    times, end = [], time.perf_counter() + 2
    while time.perf_counter() < end or len(times) < 5:
        start = time.perf_counter()
        call(**inputs)
        times.append(time.perf_counter() - start)
    return 1e3 * min(times)


def as_row(text):
    return np.array([[ord(c) for c in text]], np.int32)


def memory(path, count):
    """In a process of its own: milliseconds for a text of `count` characters, and the megabytes it adds."""
    runner = Interpreter(str(path), num_threads=1).get_signature_runner()
    row = as_row((SENTENCES["long"] * (count // 100))[:count])
    runner(code_points=row[:, :10])
    before = peak_kilobytes()
    ms = fastest_ms(runner, code_points=row)
    print(f"{count} characters: {ms:.1f} ms, {(peak_kilobytes() - before) / 1024:.0f} MB")


def peak_kilobytes():
    """Of this process alone: `getrusage` begins with what the parent had."""
    status = pathlib.Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0])


def main(folder, large=None):
    import kerasbert
    from kerasbert import export

    with tempfile.TemporaryDirectory() as temporary:
        temporary = pathlib.Path(temporary)
        task = kerasbert.BertTextEmbedder.from_preset(folder)
        file = convert(task.tokenizer, temporary / "tokenizer.tflite")
        print(f"{task.tokenizer.vocabulary_size} tokens: {file.stat().st_size / 1e6:.2f} MB")
        artifact = export.to_tflite(task, temporary / "int8.tflite")
        model = Interpreter(str(artifact.path), num_threads=1).get_signature_runner()
        tokenize = Interpreter(str(file), num_threads=1).get_signature_runner()
        for name, sentence in SENTENCES.items():
            row = as_row(sentence)
            inputs = {k: v for k, v in tokenize(code_points=row).items() if k not in ("starts", "ends")}
            ours, models = fastest_ms(tokenize, code_points=row), fastest_ms(model, **inputs)
            size = f"{row.shape[1]} characters, {inputs['token_ids'].shape[1]} tokens"
            print(f"{name}, {size}: {ours:.2f} ms, {ours / models:.1%} of the model's")
        for count in (1_000, 10_000, 100_000):
            subprocess.run([sys.executable, __file__, "memory", str(file), str(count)], check=True)
        tokens = large or made_vocabulary(119_547)
        tokenizer = kerasbert.BertTokenizer(tokens, lowercase=False)
        start = time.perf_counter()
        size = convert(tokenizer, temporary / "large.tflite").stat().st_size
        seconds = time.perf_counter() - start
        print(f"{tokenizer.vocabulary_size} tokens: {size / 1e6:.2f} MB, {seconds:.0f} s to make")


if __name__ == "__main__":
    if sys.argv[1] == "memory":
        memory(sys.argv[2], int(sys.argv[3]))
    else:
        main(*sys.argv[1:])
