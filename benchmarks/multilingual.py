"""Texts in many languages: the tokenizer's speed, and how small an embedder for three languages becomes.

    python benchmarks/multilingual.py speed FOLDER [--shared DATA]
    python benchmarks/multilingual.py file FOLDER --output FILE [--recipe RECIPE]

FOLDER is multilingual E5 small, or a checkpoint of its shape, in Hugging Face's layout. `speed` tokenizes
XQuAD in four languages in one batch, beside Hugging Face's tokenizer. `file` trims the vocabulary to English,
Chinese and German by passages of XQuAD, Wikipedia and CMRC and by the most frequent words of `wordfreq`,
writes the int8 file with its tokenizer, and compares its vectors with those of the untrimmed float model, on
texts that were not used for trimming.
"""

import argparse
import json
import os
import pathlib
import resource
import statistics
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


def corpus(shared, words):
    """Texts in English, Chinese and German that say which pieces stay, and the most frequent words."""
    import wordfreq

    frequent = (word for language in LANGUAGES[:3] for word in wordfreq.top_n_list(language, words))
    texts = [form for word in frequent for form in (word, word.capitalize())]
    texts += [text for language in LANGUAGES[:3] for text in xquad(shared, language)[0]]
    texts += (shared / "wikitext2/valid.txt").read_text("utf-8").split("\n")
    chinese = json.loads((shared / "cmrc2018/cmrc2018_dev.json").read_text("utf-8"))
    texts += strings(chinese)
    return texts + (shared / "wikitext2/test.txt").read_text("utf-8").split("\n")


def strings(value):
    if isinstance(value, str):
        return [value]
    values = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for part in values for text in strings(part)]


def held_out(shared, count=100):
    """Texts in the three languages that `corpus` does not hold: questions of XQuAD."""
    return {language: xquad(shared, language)[1][::7][:count] for language in LANGUAGES[:3]}


def file(folder, shared, output, recipe, words):
    import numpy as np

    import kerasbert
    from kerasbert import compression, export

    task = kerasbert.BertTextEmbedder.from_preset(
        folder, prompts={"query": "query: ", "passage": "passage: "}
    )
    tests = {k: ["query: " + text for text in v] for k, v in held_out(shared).items()}
    before = {language: task.predict(texts, verbose=0) for language, texts in tests.items()}
    trimmed = compression.trim_vocabulary(
        task, corpus(shared, words), keep=task.tokenizer.to_tokens(task.tokenizer.tokenize("query: passage:"))
    )
    sizes = task.tokenizer.vocabulary_size, trimmed.tokenizer.vocabulary_size
    for language, texts in tests.items():
        pairs = zip(
            *(t.tokenizer.to_tokens(t.tokenizer.tokenize(texts)) for t in (task, trimmed)), strict=True
        )
        same = sum(a == b for a, b in pairs)
        print(f"{language}: {same} of {len(texts)} texts have the same pieces")
    del task
    start = time.perf_counter()
    # The defaults of the limits are those of models with smaller values (RESULTS.md has E5's).
    limits = {"max_mean_difference": 0.02, "max_difference": 0.2}
    artifact = export.to_tflite(trimmed, output, recipe=recipe, text=True, verify=limits)
    print(f"{sizes[0]} -> {sizes[1]} pieces, {artifact.size_bytes / 1e6:.1f} MB, {recipe}", end=", ")
    print(f"{artifact.partitions} partition, {time.perf_counter() - start:.0f} s to write")
    runner = export.open_artifact(output)
    for language, texts in tests.items():
        found = np.asarray(runner.predict(texts))
        cosines = np.sum(found * before[language], axis=1)
        print(
            f"{language}: cosine with the float model, mean {cosines.mean():.4f}, least {cosines.min():.4f}"
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("speed", "file"))
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--shared", type=pathlib.Path, default=SHARED)
    parser.add_argument("--output", type=pathlib.Path, default=pathlib.Path("e5.tflite"))
    parser.add_argument("--recipe", default="dynamic_wi8_afp32")
    parser.add_argument(
        "--words", type=int, default=20_000, help="how many words of each language keep their pieces"
    )
    arguments = parser.parse_args()
    if arguments.what == "speed":
        speed(arguments.folder, arguments.shared)
    else:
        file(arguments.folder, arguments.shared, arguments.output, arguments.recipe, arguments.words)
