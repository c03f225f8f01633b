"""Keras' losses and metrics on the logits of tasks: they get what they expect, or are refused."""

import dataclasses

import keras
from keras import ops

from kerasbert import checks
from kerasbert.data import IGNORED

# The labels that Keras metrics expect: class numbers, one-hot vectors, 0 or 1, or real numbers.
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
    """What one output of a task is compared with in training.

    Args:
        kind: str: `"classes"`, one of C class numbers; `"labels"`, 0 or 1 for each of C labels; or
            `"numbers"`.
        classes: int, C; None if it differs from batch to batch.
        at_tokens: bool, whether each token has a label, or -100 to ignore it.
    """

    kind: str
    classes: int | None = None
    at_tokens: bool = False

    def form(self, name):
        """The form of labels and answers that the Keras metric of this name needs, or None if none fits."""
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
    """Applies a Keras metric to the probabilities of a task, whose outputs are logits.

    Args:
        metric: `keras.metrics.Metric`.
        kind: str, as in `Target`.
        form: str, what the metric expects: `"sparse"`, `"one_hot"`, `"binary"` or `"numbers"`. With two
            classes, `"binary"` metrics get the probability of the second.
        at_tokens: bool, as in `Target`.
        name: str, or None for the metric's name.
    """

    def __init__(self, metric, kind, form, at_tokens=False, name=None):
        super().__init__(name=name or metric.name)
        self.metric = metric
        self.kind, self.form, self.at_tokens = kind, form, at_tokens

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Converts labels and logits to the form that the metric expects; labels of -100 get weight 0."""
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
        """Returns the metric's result."""
        return self.metric.result()

    def reset_state(self):
        """Resets the metric."""
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
    """Adapts the metrics that a user passes to `compile` to a task.

    Args:
        metrics: as in `keras.Model.compile`.
        target: `Target`; a dict of them by output; or None, which leaves all metrics unchanged.
        accuracy: function that takes the name of an output, or None, and returns the task's own metrics for
            it.

    Raises:
        ValueError: if a Keras metric does not suit the task.
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
        return given  # a user's metric, or one of kerasbert: it gets labels and logits
    if kind in (keras.metrics.MeanMetricWrapper, keras.metrics.Mean, keras.metrics.Sum):
        return given
    form = target.form(kind.__name__)
    by_argmax = target.kind == "labels" and form == "one_hot" and metric.threshold is None
    if form is None or by_argmax or _from_logits(metric):
        raise _refused(given, target)
    return OnAnswers(metric, target.kind, form, target.at_tokens, name)


def _from_logits(measure):
    arguments = getattr(measure, "_fn_kwargs", {})  # exists if the metric or loss wraps a function
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
        "This Keras metric would be wrong here: metrics get probabilities (so do not set `from_logits`), "
        "and labels in the task's own form.",
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
    """Adapts the loss that a user passes to `compile` to a task.

    A cross-entropy given by name expects logits. A Keras loss that would read logits as probabilities, or
    expects labels in another form, is refused. A user's own loss gets labels and logits.

    Args:
        loss: as in `keras.Model.compile`.
        target: as in `metrics_for`.
        default: the task's own loss, or a dict of losses.
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
        "This Keras loss would be wrong here: losses get logits, and labels in the task's own form.",
        fix=f"Leave it out, for {type(default).__name__}"
        + ("" if target.kind == "numbers" else "; or write from_logits=True")
        + (f", and ignore_class={IGNORED}" if target.at_tokens else "")
        + ". A function of your own gets labels and logits.",
        where="compile",
        loss=loss if isinstance(loss, str) else getattr(loss, "__name__", type(loss).__name__),
        task_learns=target.kind,
    )
