"""Does fine-tuning with int4 kernels in the forward pass gain over OCTAV and blocks of 64?

    pip install -e '.[tflite,ner]'
    python benchmarks/fine_tuning.py wnut17 --save tagger.keras
    python benchmarks/quantization_aware.py wnut17 --model tagger.keras

A fine-tuned model is trained on for some epochs twice: as it is, and with each kernel rounded to int4 at
OCTAV's scale in every step, its gradient passed through (Jacob et al. 2018, https://arxiv.org/abs/1712.05877;
Sakr et al. 2022, https://arxiv.org/abs/2206.06501). Prints scores of each, and of its int4 files.
"""

import os
import pathlib
import tempfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
from keras import ops
from public_sets import SETS, fine_tuned_parser

from kerasbert import export
from kerasbert.layers.dense import BertDense
from kerasbert.training import BertAdamW

RECIPES = ("dynamic_wi4_afp32", "dynamic_wi4b64_afp32")
BITS, ITERATIONS = 4, 10


def rounded(kernel):
    """A kernel in int4 with OCTAV's scale for each output channel, as floats."""
    size = ops.abs(kernel)
    clip = ops.mean(size, axis=0)
    for _ in range(ITERATIONS):
        beyond = ops.cast(size > clip, "float32")
        inside = 4.0**-BITS / 3 * ops.sum(1 - beyond, axis=0)
        clip = ops.sum(size * beyond, axis=0) / (inside + ops.sum(beyond, axis=0))
    most = 2 ** (BITS - 1) - 1
    scale = clip / most
    return ops.clip(ops.round(kernel / scale), -most, most) * scale


def call_with_int4(layer, inputs, training=None):
    """`BertDense.call`, but in training the kernel is rounded and its gradient passed through."""
    kernel = ops.convert_to_tensor(layer.kernel)
    if training:
        kernel = kernel + ops.stop_gradient(rounded(kernel) - kernel)
    return ops.matmul(inputs, kernel) + layer.bias


def train_on(options, parts, aware):
    """The model after some more epochs."""
    keras.utils.set_random_seed(options.seed)
    plain = BertDense.call
    if aware:
        BertDense.call = call_with_int4
    try:
        task = keras.saving.load_model(options.model)
        task.compile(optimizer=BertAdamW(options.learning_rate))
        batch_size = SETS[options.set].batch_size
        task.fit(*parts["train"], epochs=options.epochs, batch_size=batch_size, verbose=0)
    finally:
        BertDense.call = plain
    return task


def main():
    parser = fine_tuned_parser(__doc__)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--learning-rate", type=float, default=5e-5)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    parts = SETS[options.set].read(options.shared)
    x, y = map(list, parts["test"])
    print(f"| {options.set} | Keras | {' | '.join(RECIPES)} |\n|---|---|{'---|' * len(RECIPES)}")
    models = {
        "as it was": lambda: keras.saving.load_model(options.model),
        "trained on": lambda: train_on(options, parts, aware=False),
        "trained on with int4": lambda: train_on(options, parts, aware=True),
    }
    for name, make in models.items():
        task = make()
        found = [task.score_predictions(task.predict(x, verbose=0), x, y)]
        for recipe in RECIPES:
            with tempfile.TemporaryDirectory() as folder:
                artifact = export.to_tflite(task, pathlib.Path(folder) / "model.tflite", recipe)
                answers = export.answer_texts(export.open_artifact(artifact), task, x)
                found.append(task.score_predictions(answers, x, y))
        print(
            f"| {name} | {' | '.join(f'{100 * next(iter(scores.values())):.2f}' for scores in found)} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
