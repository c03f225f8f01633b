"""Is the exported model still the same model? Asked of the user's own texts."""

import dataclasses

import numpy as np

from kerasbert import checks
from kerasbert.export import endpoints
from kerasbert.export.artifact import Artifact
from kerasbert.export.measure import token_inputs
from kerasbert.export.runners import SavedModelRunner, TFLiteRunner, answer_texts, open_artifact
from kerasbert.export.saved_model_files import describe_saved_model
from kerasbert.export.structure import check_structure
from kerasbert.export.tflite_files import describe_tflite
from kerasbert.optional import tensorflow as tf
from kerasbert.text import TOKEN_INPUTS


@dataclasses.dataclass(frozen=True)
class Verification:
    """How far an artifact's answers are from the Keras model's, on some texts.

    Args:
        path: str, the artifact.
        rows: int, how many texts were compared.
        max_difference: float, the largest difference of one number: a probability, of a class or at a token;
            or of an embedding or a regression.
        mean_difference: float, over all of them.
        label_agreement: float in [0, 1], the share of rows with the same label, labels, entities, answer, or
            best tokens; None for tasks without any.
        worst_text: the text with the largest difference.
        not_finite: int, how many of the artifact's numbers are NaN or infinite.
        keras_points: dict, the Keras model's scores if labels were given, by the names that the task's
            `points` has, such as `"accuracy"` or `"f1"`; from 0 to 100.
        points: dict, the artifact's.
    """

    path: str
    rows: int
    max_difference: float
    mean_difference: float
    label_agreement: float | None
    worst_text: object
    not_finite: int
    keras_points: dict = dataclasses.field(default_factory=dict)
    points: dict = dataclasses.field(default_factory=dict)


class VerificationError(ValueError):
    """Raised when an artifact is not the same model; `verification` holds the numbers."""

    def __init__(self, message):
        super().__init__(message)
        self.verification = None


def verify(
    task,
    artifact,
    texts,
    labels=None,
    *,
    max_difference=None,
    max_mean_difference=None,
    min_agreement=0.99,
    max_drop=None,
):
    """Compares an artifact with the Keras model it was made of, and raises if they differ.

    A SavedModel is given the texts themselves, so its tokenizer is compared too; a TFLite file gets the
    task's tokens. Where an answer is no array of numbers, but entities or a span, both are compared: the
    answers, and the probabilities at all tokens.

    Args:
        task: the kerasbert task that was exported.
        artifact: `Artifact`, or the path of one.
        texts: texts as for `predict`, in memory; such as a test set.
        labels: labels of the texts or None; with them the scores of both are measured, by the task's
            `points`.
        max_difference: float or None, the largest difference of one probability that passes. None means
            1e-4 for SavedModel and float32 TFLite, which compute the same sums in another order, and no
            limit for a float16 or quantized file, where one text at the border of two classes says little.
        max_mean_difference: float or None, the same for the mean over all probabilities. None means 1e-4
            and 5e-3: quantized products differ by about this much between instruction sets.
        min_agreement: float in [0, 1], the smallest share of rows with the same label that passes.
        max_drop: float or None, how many points less than the Keras model's any score may be.

    Returns:
        `Verification`.

    Raises:
        VerificationError: if a limit does not hold, or a number is not finite; it names the worst text. Or if
            the file is none that runs fast everywhere: outputs missing, Flex or variable operations, more
            XNNPACK partitions than its recipe has.
        ValueError: if there are no texts, or labels are needed.
    """
    runner = open_artifact(artifact)
    check_structure(task, describe(artifact, runner), VerificationError)
    columns = list(endpoints.BY_NAME[task.endpoint].columns(texts).values())
    if not len(columns[0]):
        raise checks.invalid("Verifying needs texts.", fix="Pass a test set.", where="verify", texts=texts)
    expected, found = task.predict(texts, verbose=0), answer_texts(runner, task, texts)
    has_numbers = isinstance(expected, np.ndarray)
    if has_numbers:
        differences = _differences(expected, found, artifact)
    else:
        differences = _token_differences(task, runner, columns)
    result = _verification(task, artifact, columns, expected, found, differences)
    if labels is not None:
        points = [task.points(answers, texts, labels) for answers in (expected, found)]
        result = dataclasses.replace(result, keras_points=points[0], points=points[1])
    elif max_drop is not None:
        raise checks.invalid(
            "A drop of scores is measured by labels.", fix="Pass `labels`.", where="verify", labels=None
        )
    default_max, default_mean = (1e-4, 1e-4) if runner.exact else (float("inf"), 5e-3)
    limits = {
        "max_difference": default_max if max_difference is None else max_difference,
        "mean_difference": default_mean if max_mean_difference is None else max_mean_difference,
    }
    within = all(getattr(result, name) <= limit for name, limit in limits.items())
    agreement = 1.0 if result.label_agreement is None else result.label_agreement
    drop = max((result.keras_points[name] - value for name, value in result.points.items()), default=0.0)
    dropped = max_drop is not None and drop > max_drop
    if result.not_finite or not within or agreement < min_agreement or dropped:
        error = checks.invalid(
            "The artifact must give the Keras model's answers: differences within "
            f"{limits}, and the same label for at least {min_agreement:.1%} of the texts"
            + ("." if max_drop is None else f"; and at most {max_drop} points less."),
            fix="Look at the worst text; export again from this very task, or choose a finer recipe.",
            where=result.path,
            kind=VerificationError,
            max_difference=result.max_difference,
            mean_difference=result.mean_difference,
            label_agreement=result.label_agreement,
            not_finite=result.not_finite,
            points=result.points,
            worst_text=result.worst_text,
        )
        error.verification = result
        raise error
    return result


def describe(artifact, runner):
    """What stands at an artifact's path now, as an `Artifact`.

    Args:
        artifact: `Artifact`, or a path.
        runner: what `open_artifact` returned for it.
    """
    path, recipe = getattr(artifact, "path", artifact), getattr(artifact, "recipe", None)
    if isinstance(runner, SavedModelRunner):
        return describe_saved_model(path)
    if isinstance(runner, TFLiteRunner):
        return describe_tflite(path, recipe)
    names = {"inputs": list(runner.inputs), "outputs": list(runner.outputs)}
    return Artifact.of(path, "onnx", signatures={runner.signature: names})


def verify_export(task, artifact, data, limits):
    """What exports ask of a new file: `verify` on `data`, or without any that it runs on random tokens.

    Args:
        task, artifact: as for `verify`.
        data: `(x, y)`, y perhaps None; or None.
        limits: dict, the limits of `verify`; or True for its own.

    Raises:
        VerificationError: as `verify`; without data if a number is not finite, or if the file computes in
            float32 and differs by more than 1e-4.
    """
    if data is not None:
        verify(task, artifact, *data, **(limits if isinstance(limits, dict) else {}))
        return
    runner = open_artifact(artifact)
    for length in (3, min(40, task.max_sequence_length)):
        tokens = token_inputs(length, task.tokenizer.vocabulary_size)
        expected = {name: value.numpy() for name, value in task.answer_tokens(tokens).items()}
        found = runner(tokens)
        for name, values in expected.items():
            off = _differences(values, found[name], artifact)
            if not np.isfinite(off).all() or (runner.exact and off.max() > 1e-4):
                raise checks.invalid(
                    "A new artifact must give the Keras model's answers to random tokens.",
                    fix="Use the tested versions of TensorFlow and the runtime; report this if you do.",
                    where=str(artifact.path),
                    kind=VerificationError,
                    output=name,
                    length=length,
                    difference=float(off.max()),
                )


def _same(one, two):
    """The share of rows that are equal."""
    return float(np.mean([np.all(a == b) for a, b in zip(one, two, strict=True)]))


def _differences(expected, found, artifact):
    """How far each number of each row is off, infinite where it is not finite."""
    if found.shape != expected.shape:
        raise checks.invalid(
            "The artifact must have as many answers as the Keras model.",
            fix="Export again from this very task.",
            where=str(getattr(artifact, "path", artifact)),
            kind=VerificationError,
            artifact=found.shape,
            keras=expected.shape,
        )
    finite = np.isfinite(found)
    return np.where(finite, np.abs(np.where(finite, found, 0.0) - expected), np.inf)


def _token_differences(task, runner, columns):
    """The same for the numbers at each token: a list of arrays, one to a row."""
    by_keras = tf.function(
        task.answer_tokens, [{name: tf.TensorSpec((None, None), tf.int32) for name in TOKEN_INPUTS}]
    )
    differences = []

    def compare(tokens):
        tokens = {name: np.asarray(value) for name, value in tokens.items()}
        mask = tokens["padding_mask"]
        answers = {name: value.numpy() for name, value in by_keras(tokens).items()}
        pair = (task.comparable(x, mask)[mask > 0] for x in (answers, runner(tokens)))
        differences[-1].append(_differences(*pair, runner).ravel())
        return answers

    for row in zip(*columns, strict=True):
        differences.append([np.zeros(0)])
        x = tuple([text] for text in row)
        task.predict_by(compare, x[0] if len(x) == 1 else x)
    return [np.concatenate(parts) for parts in differences]


def _verification(task, artifact, columns, expected, found, differences):
    row_maxima = [row.max(initial=0.0) for row in differences]
    worst = int(np.argmax(row_maxima))
    text = tuple(column[worst] for column in columns)
    decided = task.decisions(expected)
    everything = np.concatenate([np.ravel(row) for row in differences])
    return Verification(
        path=str(getattr(artifact, "path", artifact)),
        rows=len(expected),
        max_difference=float(max(row_maxima)),
        mean_difference=float(everything.mean()) if everything.size else 0.0,
        label_agreement=None if decided is None else _same(task.decisions(found), decided),
        worst_text=text[0] if len(text) == 1 else text,
        not_finite=int(np.isinf(everything).sum()),
    )
