"""What does temperature scaling do to the calibration error of a fine-tuned all-MiniLM-L6-v2?

    pip install -e '.[evaluation]'
    python benchmarks/fine_tuning.py vader_polarity --save film.keras
    python benchmarks/calibration.py vader_polarity --model film.keras

The temperature is fitted on the dev part, and the error (15 bins, Guo et al. 2017) measured on the test part,
before and after. "By chance" is the error that 19 in 20 perfectly calibrated models would stay below on such
rows. Prints rows of a Markdown table.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
from public_sets import SETS, fine_tuned_parser

from kerasbert.evaluation import evaluate, fit_temperature


def main():
    options = fine_tuned_parser(__doc__).parse_args()
    parts = SETS[options.set].read(options.shared)
    dev, test = ([list(column) for column in parts[name]] for name in ("dev", "test"))
    task = keras.saving.load_model(options.model)
    print("| | temperature | calibration error | by chance | mean probability | accuracy |")
    print("|---|---|---|---|---|---|")
    temperature = 1.0
    for name in ("before", "after"):
        if name == "after":
            temperature = fit_temperature(task, *dev).temperature
        found = evaluate(task, *test)
        calibration = found.calibration
        print(
            f"| {name} | {temperature:.3f} | {calibration.error:.4f} | {calibration.chance:.4f} "
            f"| {calibration.mean_probability:.4f} | {found.scores['accuracy']:.4f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
