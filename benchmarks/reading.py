"""How much memory do the readers take on files that are 10 and 50 times as large?

    python benchmarks/reading.py

Every measurement is a process of its own, which reads a file as `fit` does, once to check and count the rows
and once in batches of tokens, and trains nothing. Memory is the peak of the process over what it had after
importing and building a task. Files are public sets, repeated with a number at the end of each text. Prints a
Markdown table.
"""

import argparse
import itertools
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import kerasbert
from kerasbert.data import read_conll, read_csv, read_json_lines, read_squad, read_tfrecord, write_tfrecord

SHARED = pathlib.Path(__file__).resolve().parents[2] / "shared/data"
TIMES = (1, 10, 50)


# === Files ===


def pairs(sets, times):
    rows = read_csv(sets / "qnli/dev.tsv", "question", text_pair="sentence", separator="\t", quoted=False)
    for i in range(times):
        yield from (((first, f"{second} {i}"), label) for (first, second), label in rows)


def sentences(sets, times):
    rows = list(read_conll(sets / "bc5cdr/train.tsv"))
    for i in range(times):
        yield from (([*words, str(i)], [*labels, "O"]) for words, labels in rows)


def articles(sets, times):
    articles = json.loads((sets / "xquad/xquad.en.json").read_text("utf-8"))["data"]
    for i, article in itertools.product(range(times), articles):
        paragraphs = [p | {"context": f"{p['context']} {i}"} for p in article["paragraphs"]]
        yield article | {"paragraphs": paragraphs}


def write_json_lines(path, rows):
    with path.open("w") as file:
        file.writelines(json.dumps(dict(row)) + "\n" for row in rows)


def write_pairs(path, sets, times):
    names = ("text", "text_pair", "label")
    write_json_lines(path, (zip(names, (*x, y), strict=True) for x, y in pairs(sets, times)))


def write_table(path, sets, times):
    rows = ("\t".join([*x, y]) for x, y in pairs(sets, times))
    with path.open("w") as file:
        file.writelines(line + "\n" for line in itertools.chain(["text\ttext_pair\tlabel"], rows))


def write_conll(path, sets, times):
    with path.open("w") as file:
        for row in sentences(sets, times):
            file.writelines(f"{word}\t{label}\n" for word, label in zip(*row, strict=True))
            file.write("\n")


def write_questions(path, sets, times):
    paragraphs = (p for article in articles(sets, times) for p in article["paragraphs"])
    rows = ((p["context"], question) for p in paragraphs for question in p["qas"])
    names = ("text_pair", "text", "label")
    write_json_lines(path, (zip(names, (c, q["question"], q["answers"]), strict=True) for c, q in rows))


def write_squad(path, sets, times):
    path.write_text(json.dumps({"data": list(articles(sets, times))}))


WRITE = {
    "read_csv": write_table,
    "read_json_lines": write_pairs,
    "read_tfrecord": lambda path, sets, times: write_tfrecord(path, pairs(sets, times)),
    "read_conll": write_conll,
    "read_json_lines, answers": write_questions,
    "read_squad": write_squad,
}
READ = {
    "read_csv": lambda path: read_csv(path, text_pair="text_pair", separator="\t", quoted=False),
    "read_json_lines": lambda path: read_json_lines(path, text_pair="text_pair"),
    "read_tfrecord": lambda path: read_tfrecord(path, text_pair="text_pair"),
    "read_conll": read_conll,
    "read_json_lines, answers": lambda path: read_json_lines(path, text_pair="text_pair"),
    "read_squad": read_squad,
}


# === One process ===


def task_for(reader, vocabulary):
    tokenizer = kerasbert.BertTokenizer(vocabulary)
    config = kerasbert.BertConfig(
        vocabulary_size=tokenizer.vocabulary_size,
        num_layers=1,
        num_heads=1,
        hidden_dim=4,
        intermediate_dim=4,
        max_sequence_length=384,
    )
    encoder = kerasbert.BertEncoder(config)
    if reader == "read_conll":
        labels = kerasbert.data.scheme_labels(["Chemical", "Disease"])
        return kerasbert.BertTokenClassifier(encoder, tokenizer, labels)
    if reader in ("read_squad", "read_json_lines, answers"):
        return kerasbert.BertQuestionAnswerer(encoder, tokenizer)
    return kerasbert.BertTextClassifier(encoder, tokenizer, ["entailment", "not_entailment"])


def memory_mb(name):
    """A line of /proc/self/status."""
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) / 1e3 for line in file if line.startswith(name))


def measure(reader, path, vocabulary, shuffle):
    task = task_for(reader, vocabulary)
    preprocessor = task.preprocessor
    pathlib.Path("/proc/self/clear_refs").write_text("5")  # forget the peak so far
    before, start = memory_mb("VmHWM"), time.perf_counter()
    batches = preprocessor.labelled(READ[reader](path), None, None, 32, shuffle)[0]
    count = sum(len(batch[0]["token_ids"]) for batch in batches)
    seconds = time.perf_counter() - start
    print(json.dumps({"peak_mb": memory_mb("VmHWM") - before, "rows": count, "seconds": seconds}))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=pathlib.Path, default=SHARED, help="folder with the sets")
    parser.add_argument("--readers", nargs="*", choices=READ, default=list(READ))
    parser.add_argument("--shuffle", action="store_true", help="as `fit` does: of 100,000 rows at a time")
    parser.add_argument("--measure", nargs=2, metavar=("READER", "FILE"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    vocabulary = options.data / "vocab/bert_base_uncased.vocab.txt"
    if options.measure:
        return measure(*options.measure, vocabulary, options.shuffle)
    print("| reader | file, MB | rows or windows | peak memory, MB | rows a second, twice read |")
    print("|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for reader, times in itertools.product(options.readers, TIMES):
            path = pathlib.Path(folder) / "rows"
            WRITE[reader](path, options.data, times)
            command = [sys.executable, __file__, "--data", options.data, "--measure", reader, path]
            done = subprocess.run(command + ["--shuffle"] * options.shuffle, capture_output=True, text=True)
            if done.returncode:
                sys.exit(done.stderr)
            found = json.loads(done.stdout.splitlines()[-1])
            size_mb, speed = path.stat().st_size / 1e6, found["rows"] / found["seconds"]
            row = f"`{reader}` | {size_mb:.1f} | {found['rows']:,} | {found['peak_mb']:.0f} | {speed:,.0f}"
            print(f"| {row} |", flush=True)


if __name__ == "__main__":
    main()
