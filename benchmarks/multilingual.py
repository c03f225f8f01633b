"""Texts in many languages: the tokenizer's speed, and how small an embedder for three languages becomes.

    python benchmarks/multilingual.py speed FOLDER [--shared DATA]
    python benchmarks/multilingual.py file FOLDER --output FILE [--recipe RECIPE] [--pieces 49500]

FOLDER is multilingual E5 small, as `e5_small.py` writes it. `speed` tokenizes XQuAD in four languages in one
batch, beside Hugging Face's tokenizer. `file` keeps the pieces that English, Chinese and German use most
(`frequent_pieces.py`), writes a file with its tokenizer, and compares its vectors, in a process that has
LiteRT alone, with those of the untrimmed float model, on questions and passages of XQuAD.
"""

import argparse
import json
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
SHARED = pathlib.Path(__file__).resolve().parents[2] / "shared" / "data"
LANGUAGES = ("en", "zh", "de", "ar")


def xquad(shared, language):
    """(passages, questions) of XQuAD."""
    content = json.loads((shared / f"xquad/xquad.{language}.json").read_text("utf-8"))["data"]
    passages = [p for article in content for p in article["paragraphs"]]
    return [p["context"] for p in passages], [q["question"] for p in passages for q in p["qas"]]


def speed(folder, shared, repeats=7):
    import tokenizers

    import kerasbert

    ours = kerasbert.SentencePieceTokenizer.from_folder(folder)
    theirs = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
    print("| language | MB | kerasbert, MB/s | Hugging Face's batch, MB/s | ratio | processor time |")
    print("|---|---|---|---|---|---|")
    for language in LANGUAGES:
        passages, questions = xquad(shared, language)
        texts = [*passages, *questions] * 2
        size = sum(len(text.encode()) for text in texts) / 1e6
        calls = (
            lambda texts=texts: ours.tokenize(texts),
            lambda texts=texts: theirs.encode_batch_fast(texts, add_special_tokens=False),
        )
        (a, a_cpu), (b, b_cpu) = fastest(calls, repeats)
        speeds = f"{size:.1f} | {size / a:.2f} | {size / b:.2f} | {b / a:.2f} | {a_cpu / b_cpu:.2f}"
        print(f"| {language} | {speeds} |")


def fastest(calls, repeats):
    """The median seconds of each call, and of its processor time; calls take turns."""
    times = [[] for _ in calls]
    for number in range(repeats + 1):
        for call, found in zip(calls, times, strict=True):
            start, cpu = time.perf_counter(), processor_seconds()
            call()
            if number:  # the first one traces
                found.append((time.perf_counter() - start, processor_seconds() - cpu))
    return [[statistics.median(column) for column in zip(*found, strict=True)] for found in times]


def processor_seconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def held_out(shared, languages, questions=150, passages=24):
    """Texts that no piece was chosen by: questions and passages of XQuAD, with E5's prompts."""
    found = {}
    for language in languages:
        contexts, asked = xquad(shared, language)
        found[f"{language}, questions"] = _some("query: ", asked, questions)
        found[f"{language}, passages"] = _some("passage: ", contexts, passages)
    return found


def _some(prompt, texts, count):
    return [prompt + text for text in texts[:: len(texts) // count][:count]]


def file(folder, shared, output, recipe, pieces, languages):
    import numpy as np
    import tokenizers
    from frequent_pieces import ranked

    import kerasbert
    from kerasbert import compression, export

    prompts = {"query": "query: ", "passage": "passage: "}
    task = kerasbert.BertTextEmbedder.from_preset(folder, prompts=prompts)
    tests = held_out(shared, languages)
    before = {name: task.predict(texts, verbose=0) for name, texts in tests.items()}
    fast = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
    trimmed = compression.trim_vocabulary(
        task, [*prompts.values()], keep=ranked(fast, languages, shared)[:pieces]
    )
    sizes = task.tokenizer.vocabulary_size, trimmed.tokenizer.vocabulary_size
    exact = {}
    for name, texts in tests.items():
        found = [t.tokenizer.to_tokens(t.tokenizer.tokenize(texts)) for t in (task, trimmed)]
        exact[name] = sum(a == b for a, b in zip(*found, strict=True)) / len(texts)
    del task
    start = time.perf_counter()
    # The defaults of the limits are those of models with smaller values (RESULTS.md has E5's).
    limits = {"max_mean_difference": 0.02, "max_difference": 0.2}
    artifact = export.to_tflite(trimmed, output, recipe=recipe, text=True, verify=limits)
    print(f"{sizes[0]} -> {sizes[1]} pieces, {artifact.size_bytes / 1e6:.2f} MB, {recipe}", end=", ")
    print(f"{artifact.partitions} partition, {time.perf_counter() - start:.0f} s to write")
    print(
        "| texts | number | same pieces | cosine, mean | 1 % are below | least |\n|---|---|---|---|---|---|"
    )
    for name, found in alone(output, tests).items():
        cosines = np.sum(np.array(found) * before[name], axis=1)
        low = np.quantile(cosines, 0.01)
        print(f"| {name} | {len(found)} | {exact[name]:.1%}", end=" | ")
        print(f"{cosines.mean():.4f} | {low:.4f} | {cosines.min():.4f} |")


# Without TensorFlow, Keras and kerasbert: the file, its runtime, and texts as numbers of characters.
ALONE = """
import json, sys
for name in ("tensorflow", "keras", "kerasbert", "tokenizers", "sentencepiece"):
    sys.modules[name] = None
import numpy as np
from ai_edge_litert.interpreter import Interpreter
embed = Interpreter(sys.argv[1]).get_signature_runner("embed_text")
vector = lambda text: embed(code_points=np.array([[*map(ord, text)]], "int32"))["embedding"][0].tolist()
print(json.dumps({name: [*map(vector, texts)] for name, texts in json.load(sys.stdin).items()}))
"""


def alone(path, texts):
    """What a file answers to texts in a process that has its runtime and numpy."""
    command = [sys.executable, "-c", ALONE, str(path)]
    return json.loads(
        subprocess.run(command, input=json.dumps(texts), capture_output=True, check=True, text=True).stdout
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("speed", "file"))
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--shared", type=pathlib.Path, default=SHARED)
    parser.add_argument("--output", type=pathlib.Path, default=pathlib.Path("e5.tflite"))
    parser.add_argument("--recipe", default="mixed48")
    parser.add_argument("--pieces", type=int, default=49_500)
    parser.add_argument("--languages", nargs="+", default=LANGUAGES[:3])
    arguments = parser.parse_args()
    if arguments.what == "speed":
        speed(arguments.folder, arguments.shared)
    else:
        chosen = arguments.recipe, arguments.pieces, arguments.languages
        file(arguments.folder, arguments.shared, arguments.output, *chosen)
