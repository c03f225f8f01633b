"""The tokenizer as integers: size, time beside the model it serves, long texts, memory.

    pip install wordfreq tokenizers
    python benchmarks/device_tokenizer.py FOLDER [LARGE]

FOLDER is all-MiniLM-L6-v2 in Hugging Face's layout. All numbers come from one run, on one thread of LiteRT:
the time of the tokenizer as a ratio to that of the int8 model, for the same sentence. A vocabulary of 119,547
tokens is trained on words of 42 languages, or read from LARGE, a `vocab.txt`.
"""

import pathlib
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
LARGE, WORDS = 119_547, 60_000  # as many tokens as bert-base-multilingual-cased has; words of each language


def multilingual_vocabulary(count):
    """Cased pieces that Hugging Face's trainer finds in the most frequent words of 42 languages.

    Frequencies are smoothed, as for multilingual BERT, so that small languages get their share.
    """
    import tokenizers
    import wordfreq

    def lines():
        for language in wordfreq.available_languages("best"):
            words = wordfreq.get_frequency_dict(language, "best")
            words = sorted(words.items(), key=lambda item: -item[1])[:WORDS]
            for word, frequency in words:
                # The lists are in small letters; texts have capitals, too.
                yield f"{word} {word.capitalize()} " * round((frequency / words[-1][1]) ** 0.5)

    trained = tokenizers.BertWordPieceTokenizer(lowercase=False)
    options = {"vocab_size": count, "min_frequency": 2, "limit_alphabet": 20_000}
    trained.train_from_iterator(lines(), special_tokens=SPECIAL, show_progress=False, **options)
    return sorted(trained.get_vocab(), key=trained.get_vocab().get)


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
        tokens = large or multilingual_vocabulary(LARGE)
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
