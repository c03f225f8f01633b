"""Verifies on the user's own texts that an exported file is still the same model."""

import dataclasses

import numpy as np

from kerasbert import checks
from kerasbert.export import endpoints
from kerasbert.export.artifact import Artifact, in_float32
from kerasbert.export.differences import (
    VerificationError,
    answer_differences,
    text_differences,
    token_differences,
)
from kerasbert.export.intervals import check_drop, drop_interval, too_many_differ
from kerasbert.export.onnx_runner import OnnxRunner
from kerasbert.export.recipes import RECIPES
from kerasbert.export.runners import answer_texts, open_artifact
from kerasbert.export.saved_model_files import describe_saved_model
from kerasbert.export.saved_model_runner import SavedModelRunner
from kerasbert.export.structure import check_structure
from kerasbert.export.text_files import check_tokens, texts_in
from kerasbert.export.tflite_files import describe_tflite
from kerasbert.export.tflite_runner import TFLiteRunner
from kerasbert.export.verification_result import Verification
from kerasbert.optional import tensorflow as tf
from kerasbert.tasks.task import Task
from kerasbert.types import Labels, PathLike, Rows

# Float32 sums in another order differ by about 1e-6; those of another model differ by more than this.
EXACT = 1e-4
# For narrower weights, by their bits: the mean difference as a fraction of the spread of the model's answers.
# A fraction suits every model: narrow or deep models round more, with many classes probabilities are small,
# and vectors and scores have their own units. A broken file's answers are unrelated to the model's, and
# differ from them as much as the answers to different texts differ from each other: a fraction of about 1.
SHARES = {16: 0.01, 8: 0.05, 4: 0.3}
# Of an embedder in 8 bits: what users read of vectors are cosines, over hundreds of numbers whose roundings
# mostly cancel. With a tenth, the cosine of the file's vector and the model's is about 0.995.
SHARE_OF_VECTORS = 0.1
# The smallest limit, divided by the number of classes, for models that hardly distinguish texts, for example
# before training. Probabilities sum to 1 over the classes.
LEAST = 0.01
MIN_AGREEMENT = 0.99


def verify(
    task: Task,
    artifact: Artifact | PathLike,
    x: Rows,
    y: Labels = None,
    *,
    max_difference: float | None = None,
    max_mean_difference: float | None = None,
    min_agreement: float = MIN_AGREEMENT,
    max_drop: float | None = None,
) -> Verification:
    """Compares an artifact with the Keras model from which it was exported, and raises if they differ.

    A SavedModel, or a file that takes text, gets the texts themselves, so that its tokenizer is compared,
    too: the file's tokens must be equal for every text. Other TFLite or ONNX files get the task's tokens.
    Files compute in float32, and are compared with the model in float32. If an answer is not an array of
    numbers, but entities or a span, both the answers and the probabilities at all tokens are compared; of an
    ONNX file that takes text, the answers and their scores.

    Args:
        task: the kerasbert task that was exported.
        artifact: `Artifact`, or the path of one.
        x: texts in memory, as for `predict`, such as a test set.
        y: their labels, or None; if they are given, the scores of both are computed with the task's
            `score_predictions`.
        max_difference: float or None, the largest allowed difference of one number. None means 1e-4 for a
            file with float32 weights, which computes the same sums in another order, and no limit for a
            float16 or quantized one, where one text at the border of two classes says little.
        max_mean_difference: float or None, the largest allowed mean difference over all numbers. None means
            1e-4 for a file with float32 weights. For others it is a fraction of the mean deviation of the
            model's own answers to these texts from their mean: 1 % for float16, 5 % for int8 (10 % for the
            vectors of an embedder), 30 % for int4 and static recipes; but at least 0.01 divided by the number
            of classes.
        min_agreement: float in [0, 1], the smallest allowed fraction of such texts with the same label. It is
            not met if fewer than one in twenty samples of as many rows would have so many different labels by
            chance: one in 76 passes 0.99, three do not.
        max_drop: float or None, how much lower than the Keras model's any score may be: 0.005 is half a
            percent. It is not met if the lower end of the drop's one-sided 95 % confidence interval
            (`drop_interval`) is above it.

    Returns:
        `Verification`.

    Raises:
        VerificationError: if a limit is not met, or a number is not finite; it shows the worst text. Also if
            the file would not run fast on every device: if outputs are missing, or it has Flex or variable
            operations or more XNNPACK partitions than its recipe allows.
        ValueError: if there are no texts, or labels are needed.

    Warns:
        UserWarning: if texts were truncated, with their number.
    """
    return compare(
        task,
        artifact,
        open_artifact(artifact),
        x,
        y,
        max_difference=max_difference,
        max_mean_difference=max_mean_difference,
        min_agreement=min_agreement,
        max_drop=max_drop,
    )


def compare(
    task,
    artifact,
    runner,
    x,
    y=None,
    *,
    max_difference=None,
    max_mean_difference=None,
    min_agreement=MIN_AGREEMENT,
    max_drop=None,
):
    """`verify`, with the artifact opened: `runner` is what `open_artifact` returned."""
    if max_drop is not None:
        check_drop(max_drop, "verify")
    if not isinstance(runner, SavedModelRunner):
        task = in_float32(task)
    check_structure(task, describe(artifact, runner), VerificationError)
    columns = endpoints.BY_NAME[task.endpoint].columns(x)
    columns = [column for name, column in columns.items() if name not in task.extra_inputs]
    if not len(columns[0]):
        raise checks.invalid(
            "Verification needs texts.", fix="Pass the texts of a test set.", where="verify", x=x
        )
    if y is None and max_drop is not None:
        raise checks.invalid(
            "`max_drop` needs labels, to compute scores.", fix="Pass `y`.", where="verify", y=None
        )
    where = str(getattr(artifact, "path", artifact))
    if getattr(runner, "takes_texts", False):
        check_tokens(task, runner, texts_in(columns))
    # What `predict` returns, without the seconds that it takes to trace a graph of the model.
    expected = task.answers_with(task.preprocessor.for_one_call(), task.answer_tokens, x)
    try:
        found = answer_texts(runner, task, x)
    except (RuntimeError, tf.errors.OpError) as error:
        raise checks.invalid(
            "The artifact must be able to run on these texts' tokens.",
            fix="Export this task again.",
            where=where,
            kind=VerificationError,
            reason=str(error),
        ) from error
    if isinstance(expected, np.ndarray):
        differences = text_differences(expected, found, where)
    elif isinstance(runner, OnnxRunner) and runner.takes_texts:  # it takes no tokens
        differences = answer_differences(expected, found, where)
    else:
        differences = token_differences(task, runner, columns, where)
    result = _verification(task, where, columns, expected, found, differences)
    dropped = {}
    if y is not None:
        scores = [task.score_predictions(answers, x, y) for answers in (expected, found)]
        result = dataclasses.replace(result, keras_scores=scores[0], scores=scores[1])
        if max_drop is not None:
            dropped = _dropped(task, expected, found, x, y, scores[0], max_drop)
    share = _share(narrowest_bits(task, artifact, runner), task)
    limits = _limits(share, differences, max_difference, max_mean_difference)
    measured = {
        "max_difference": result.max_difference,
        "max_mean_difference": result.mean_difference,
    }
    broken = [f"{name}={limits[name]:.2g}" for name in limits if measured[name] > limits[name]]
    if result.label_agreement is not None:
        different = round(result.rows * (1 - result.label_agreement))
        if too_many_differ(result.rows, different, min_agreement):
            broken.append(f"min_agreement={min_agreement} ({different} of {result.rows} rows differ)")
    broken += [f"max_drop={max_drop} ({name} loses {drop:.4f})" for name, drop in dropped.items()]
    if result.not_finite or broken:
        broken_limits = checks.invalid(
            "The artifact must give the same answers as the Keras model, as finite numbers within the limits "
            "of `verify`." + (f" Beyond {', '.join(broken)}." if broken else ""),
            fix="Look at the worst text. Export this task again or choose a more exact recipe; or, if you "
            "accept the difference, pass a higher limit by its name.",
            where=result.path,
            kind=VerificationError,
            max_difference=result.max_difference,
            mean_difference=result.mean_difference,
            label_agreement=result.label_agreement,
            not_finite=result.not_finite,
            scores=result.scores,
            worst_text=result.worst_text,
        )
        broken_limits.verification = result
        raise broken_limits
    return result


def describe(artifact, runner):
    """Describes what is at an artifact's path now, as an `Artifact`.

    Args:
        artifact: `Artifact`, or a path.
        runner: what `open_artifact` returned for it.
    """
    path, recipe = getattr(artifact, "path", artifact), getattr(artifact, "recipe", None)
    if isinstance(runner, SavedModelRunner):
        return describe_saved_model(path)
    if isinstance(runner, TFLiteRunner):
        return describe_tflite(path, recipe)
    return Artifact.of(path, "onnx", signatures=runner.signatures)


def narrowest_bits(task, artifact, runner):
    """The bits of the narrowest weights; static recipes count as 4, because activations are rounded, too."""
    recipe = RECIPES.get(getattr(artifact, "recipe", None))
    if recipe and recipe.calibrated:
        return 4
    # A SavedModel computes as the task does.
    return min(runner.bits, 32 if task.compute_dtype == "float32" else 16)


def _share(bits, task):
    """The largest allowed mean difference as a fraction of the answers' spread; None for float32 weights."""
    return SHARE_OF_VECTORS if task.endpoint == "embed" and bits == 8 else SHARES.get(bits)


def _limits(share, differences, max_difference, max_mean_difference):
    """The largest allowed differences, by the names of their arguments."""
    most, mean = EXACT, EXACT
    if share is not None:
        most, mean = float("inf"), max(LEAST / differences.width, share * differences.spread)
    return {
        "max_difference": most if max_difference is None else max_difference,
        "max_mean_difference": mean if max_mean_difference is None else max_mean_difference,
    }


def _dropped(task, expected, found, x, y, names, max_drop):
    """The scores that are proven to drop by more than `max_drop`: name -> drop."""
    drops = {}
    for name in names:

        def measure(*rows, name=name):
            return task.score_predictions(*rows)[name]

        drop, least = drop_interval(measure, expected, found, x, y)
        if least > max_drop:
            drops[name] = drop
    return drops


def _same(one, two):
    """The fraction of rows that are equal."""
    return float(np.mean([np.all(a == b) for a, b in zip(one, two, strict=True)]))


def _verification(task, where, columns, expected, found, differences):
    worst = int(np.argmax(differences.row_maxima))
    text = tuple(column[worst] for column in columns)
    hard = task.hard_predictions(expected)
    return Verification(
        path=where,
        rows=len(expected),
        max_difference=max(differences.row_maxima),
        mean_difference=differences.mean,
        label_agreement=None if hard is None else _same(task.hard_predictions(found), hard),
        worst_text=text[0] if len(text) == 1 else text,
        not_finite=differences.not_finite,
    )
