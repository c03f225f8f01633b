"""Keras' losses and metrics on the logits of tasks: given what they expect, or refused."""

import dataclasses

import keras
from keras import ops

from kerasbert import checks
from kerasbert.data import IGNORED

# What metrics of Keras expect: class numbers, or one-hot rows, beside probabilities; yes or no; numbers.
_SPARSE = ("SparseCategoricalAccuracy", "SparseTopKCategoricalAccuracy", "SparseCategoricalCrossentropy")
_ONE_HOT = (
    "CategoricalAccuracy",
    "TopKCategoricalAccuracy",
    "CategoricalCrossentropy",
    "F1Score",
    "FBetaScore",
)
_BINARY = (
    *("AUC", "Precision", "Recall", "PrecisionAtRecall", "RecallAtPrecision", "BinaryAccuracy"),
    *("SensitivityAtSpecificity", "SpecificityAtSensitivity", "BinaryCrossentropy"),
    *("TruePositives", "TrueNegatives", "FalsePositives", "FalseNegatives"),
)
_NUMBERS = (
    *("MeanSquaredError", "RootMeanSquaredError", "MeanAbsoluteError", "MeanAbsolutePercentageError"),
    *("MeanSquaredLogarithmicError", "CosineSimilarity", "LogCoshError", "R2Score", "PearsonCorrelation"),
    "ConcordanceCorrelation",
)
_FORM_OF = {
    **dict.fromkeys(_SPARSE, "sparse"),
    **dict.fromkeys(_ONE_HOT, "one_hot"),
    **dict.fromkeys(_BINARY, "binary"),
    **dict.fromkeys(_NUMBERS, "numbers"),
}
_CROSSENTROPY = ("crossentropy", "ce")
_F_SCORES = ("F1Score", "f1_score", "FBetaScore", "fbeta_score", "f_beta_score")


@dataclasses.dataclass(frozen=True)
class Target:
    """What one output of a task is compared with.

    Args:
        kind: str: `"classes"`, one number of C; `"labels"`, a zero or a one for each of C; or `"numbers"`.
        classes: int, C; None where it differs from batch to batch.
        at_tokens: bool, whether each token has a label, or -100.
    """

    kind: str
    classes: int | None = None
    at_tokens: bool = False

    def form(self, name):
        """How labels and answers must be put for the metric of Keras of this name, or None."""
        form = _FORM_OF.get(name)
        fits = {
            "sparse": self.kind == "classes",
            "one_hot": (self.kind == "classes" and self.classes is not None)
            or (self.kind == "labels" and name in _F_SCORES),
            "binary": self.kind == "labels" or (self.kind == "classes" and self.classes == 2),
            "numbers": self.kind == "numbers",
        }
        return form if fits.get(form) else None


@keras.saving.register_keras_serializable(package="kerasbert")
class OnAnswers(keras.metrics.Metric):
    """A metric of Keras on the probabilities of a task, whose outputs are logits.

    Args:
        metric: `keras.metrics.Metric`.
        kind: str, of `Target`.
        form: str: `"sparse"`, `"one_hot"`, `"binary"` or `"numbers"`, what the metric expects. Of two classes
            `"binary"` metrics get the probability of the second.
        at_tokens: bool, of `Target`.
        name: str or None for that of the metric.
    """

    def __init__(self, metric, kind, form, at_tokens=False, name=None):
        super().__init__(name=name or metric.name)
        self.metric = metric
        self.kind, self.form, self.at_tokens = kind, form, at_tokens

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Puts labels and logits as the metric expects them; labels of -100 get weight 0."""
        answers = ops.cast(y_pred, "float32")
        if self.kind != "numbers":
            answers = ops.softmax(answers) if self.kind == "classes" else ops.sigmoid(answers)
        if self.kind == "classes":
            y_true = ops.reshape(y_true, ops.shape(answers)[:-1])
        if self.at_tokens:
            counts = ops.cast(ops.not_equal(y_true, IGNORED), "float32")
            sample_weight = counts if sample_weight is None else counts * ops.cast(sample_weight, "float32")
            y_true = ops.reshape(ops.where(counts > 0, y_true, ops.zeros_like(y_true)), (-1,))
            sample_weight = ops.reshape(sample_weight, (-1,))
            answers = ops.reshape(answers, (-1, answers.shape[-1]) if self.kind == "classes" else (-1,))
        if self.kind == "classes" and self.form == "one_hot":
            y_true = ops.one_hot(ops.cast(y_true, "int32"), answers.shape[-1])
        if self.kind == "classes" and self.form == "binary":
            answers = answers[..., 1]
        self.metric.update_state(y_true, answers, sample_weight=sample_weight)

    def result(self):
        """The metric's."""
        return self.metric.result()

    def reset_state(self):
        """Starts anew."""
        self.metric.reset_state()

    def get_config(self):
        """Returns the arguments of `__init__`."""
        metric = keras.saving.serialize_keras_object(self.metric)
        return {
            "metric": metric,
            "kind": self.kind,
            "form": self.form,
            "at_tokens": self.at_tokens,
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config):
        """Builds it from `get_config`'s result."""
        return cls(**config | {"metric": keras.saving.deserialize_keras_object(config["metric"])})


def metrics_for(metrics, target, accuracy):
    """Metrics as a user gives them, as they are to be compiled.

    Args:
        metrics: as of `keras.Model.compile`.
        target: `Target`; a dict of them, by output; or None, which lets all metrics be.
        accuracy: function of the name of an output, or None, of the task's own metrics there.

    Raises:
        ValueError: if a metric of Keras cannot be right for the task.
    """
    if metrics is None or target is None:
        return metrics
    if isinstance(target, dict):
        if not isinstance(metrics, dict):
            parts = metrics if isinstance(metrics, (list, tuple)) else [metrics]
            if any(isinstance(part, (list, tuple)) for part in parts):
                metrics = dict(zip(target, parts, strict=True))
            else:
                metrics = {name: [_copy(part) for part in parts] for name in target}
        own = {name: lambda _, output=name: accuracy(output) for name in metrics}
        return {name: metrics_for(part, target.get(name), own[name]) for name, part in metrics.items()}
    if isinstance(metrics, dict):
        return {name: metrics_for(part, target, accuracy) for name, part in metrics.items()}
    if isinstance(metrics, (list, tuple)):
        return [metrics_for(part, target, accuracy) for part in metrics]
    return _metric(metrics, target, accuracy)


def _copy(metric):
    return metric.from_config(metric.get_config()) if isinstance(metric, keras.metrics.Metric) else metric


def _metric(given, target, accuracy):
    name = given if isinstance(given, str) else None
    if name in ("accuracy", "acc"):
        own = [m for m in accuracy(None) or () if m.name == "accuracy"]
        if not own:
            raise _refused(given, target)
        own[0].name = name
        return own[0]
    if name in _CROSSENTROPY:
        of_kind = {"classes": "SparseCategoricalCrossentropy", "labels": "BinaryCrossentropy"}
        given = of_kind.get(target.kind, "SparseCategoricalCrossentropy")
    if name in _F_SCORES:
        threshold = 0.5 if target.kind == "labels" else None
        score = keras.metrics.F1Score if "1" in name else keras.metrics.FBetaScore
        given = score(average="macro", threshold=threshold)
    metric = keras.metrics.get(given)
    kind = type(metric)
    if not isinstance(metric, keras.metrics.Metric) or not kind.__module__.startswith("keras."):
        return given  # a user's own, or one of ours: it gets labels and logits
    if kind in (keras.metrics.MeanMetricWrapper, keras.metrics.Mean, keras.metrics.Sum):
        return given
    form = target.form(kind.__name__)
    by_argmax = target.kind == "labels" and form == "one_hot" and metric.threshold is None
    if form is None or by_argmax or _from_logits(metric):
        raise _refused(given, target)
    return OnAnswers(metric, target.kind, form, target.at_tokens, name)


def _from_logits(measure):
    arguments = getattr(measure, "_fn_kwargs", {})  # of those that wrap a function
    return any(getattr(measure, name, False) for name in ("from_logits", "_from_logits")) or bool(
        arguments.get("from_logits")
    )


def _refused(metric, target):
    forms = {
        "classes": "metrics of class numbers, such as SparseCategoricalAccuracy"
        + (", or of one-hot rows, such as F1Score" if target.classes else "")
        + ("; and, of two classes, of yes or no, such as AUC" if target.classes == 2 else ""),
        "labels": "metrics of yes or no, such as AUC, Precision and Recall, or F1Score(threshold=0.5)",
        "numbers": "metrics of numbers, such as MeanSquaredError",
    }
    return checks.invalid(
        "This metric of Keras would be wrong for the task: metrics get probabilities (so no `from_logits`), "
        "and labels in the form of the task.",
        fix=f"Use {forms[target.kind]}; a function of your own gets labels and logits.",
        where="compile",
        metric=metric if isinstance(metric, str) else type(metric).__name__,
        task_learns=target.kind,
        classes=target.classes,
    )


# === Losses ===

_NAMES = {
    "sparsecategoricalcrossentropy": "classes",
    "binarycrossentropy": "labels",
    "bce": "labels",
    "binaryfocalcrossentropy": "labels",
}


def loss_for(loss, target, default):
    """A loss as a user gives it, as it is to be compiled.

    By name, cross-entropies are those of logits. A loss of Keras that would take logits for probabilities, or
    the labels of the task for others, is refused; one of a user's own gets labels and logits.

    Args:
        loss: as of `keras.Model.compile`.
        target: as for `metrics_for`.
        default: the task's own loss, or a dict of them.
    """
    if loss is None or target is None:
        return loss
    if isinstance(target, dict):
        named = loss if isinstance(loss, dict) else dict.fromkeys(target, loss)
        if isinstance(loss, (list, tuple)):
            named = dict(zip(target, loss, strict=True))
        return {name: loss_for(part, target.get(name), default.get(name)) for name, part in named.items()}
    if isinstance(loss, (list, tuple)) and len(loss) == 1:
        loss = loss[0]
    by_name = loss if isinstance(loss, str) else getattr(loss, "__name__", None)
    kind = loss if by_name and not isinstance(loss, str) else type(loss)
    if not isinstance(loss, str) and not getattr(kind, "__module__", "").startswith("keras."):
        return loss
    if isinstance(loss, dict) or kind is getattr(keras.losses, "LossFunctionWrapper", None):
        return loss
    key = (by_name or kind.__name__).lower().replace("_", "")
    if target.kind == "numbers":
        fits = "crossentropy" not in key and key not in ("ce", "bce")
        return loss if fits else _refuse_loss(loss, target, default)
    if by_name and (key in _CROSSENTROPY or _NAMES.get(key) == target.kind):
        if "focal" not in key:
            return default
        if target.at_tokens:
            _refuse_loss(loss, target, default)
        return keras.losses.BinaryFocalCrossentropy(from_logits=True)
    fits = not by_name and _NAMES.get(key) == target.kind and _from_logits(loss)
    if target.at_tokens:
        fits = fits and target.kind == "classes" and loss.get_config().get("ignore_class") == IGNORED
    return loss if fits else _refuse_loss(loss, target, default)


def _refuse_loss(loss, target, default):
    raise checks.invalid(
        "This loss of Keras would be wrong for the task: losses get logits, and labels in the task's form.",
        fix=f"Leave it out, for {type(default).__name__}"
        + ("" if target.kind == "numbers" else "; or write from_logits=True")
        + (f", and ignore_class={IGNORED}" if target.at_tokens else "")
        + ". A function of your own gets labels and logits.",
        where="compile",
        loss=loss if isinstance(loss, str) else getattr(loss, "__name__", type(loss).__name__),
        task_learns=target.kind,
    )
