"""The labels of a task, which may be those of the checkpoint that it is built on."""

import re

from kerasbert import checks
from kerasbert.data import check_labels

# The names that transformers gives to classes without a name.
UNNAMED = re.compile(r"LABEL_\d+$")
# The names of a task's arguments in other libraries, and what to write here instead.
_OF_TASKS = {
    "backbone": "Write encoder=...; a BertEncoder is what KerasHub calls a backbone.",
    **dict.fromkeys(
        ("max_length", "max_seq_length", "sequence_length"), "Write max_sequence_length={value}."
    ),
    "doc_stride": "Write window_step={value}.",
    "stride": "Write window_step=..., the tokens from the start of one window to the start of the next; "
    "stride={value} may be that, or the tokens that windows share, as in transformers.",
    **dict.fromkeys(
        ("output_hidden_states", "output_attentions"),
        "Call task.encoder(tokens, return_all=True), which returns `hidden_states` and `attentions`.",
    ),
}
# Their names for the classes or the number of classes.
_OF_LABELS = {
    **dict.fromkeys(("num_labels", "num_classes", "n_classes"), "[str(i) for i in range({value})]"),
    "id2label": "list(id2label.values())",
    "label2id": "sorted(label2id, key=label2id.get)",
    "class_names": "class_names",
    "label_names": "label_names",
}


def refuse_other_names(arguments, where):
    """Raises TypeError for arguments of other libraries that have another name here."""
    for name, instead in _OF_TASKS.items():
        if name in arguments:
            raise checks.invalid(
                f"A task has no argument `{name}`.",
                fix=instead.format(value=arguments[name]),
                where=where,
                kind=TypeError,
                **{name: arguments[name]},
            )
    for name, instead in _OF_LABELS.items():
        if name in arguments:
            raise checks.invalid(
                "The classes of a task are named by `labels`, a sequence of str.",
                fix=f"Write labels={instead.format(value=arguments[name])}.",
                where=where,
                kind=TypeError,
                **{name: arguments[name]},
            )


class Labelled:
    """The part of a classifier that names its classes, by the labels of its preprocessor."""

    @property
    def labels(self) -> tuple[str, ...]:
        """tuple of str, the class names in the order of their numbers."""
        return self.preprocessor.labels

    @classmethod
    def _arguments(cls, checkpoint, given):
        return kept_labels(cls, checkpoint, *super()._arguments(checkpoint, given), given)


def kept_labels(task_class, checkpoint, arguments, fresh_heads, given):
    """Decides whether the head of a checkpoint fits a task's labels.

    It does if no labels were given, or the same ones, or the same number where the checkpoint has no names.

    Args:
        task_class: the class of the task, which has `head_names`.
        checkpoint: `Checkpoint`.
        arguments: dict, the arguments of the task to be built.
        fresh_heads: tuple of the names of heads that are not loaded from the checkpoint.
        given: dict, the arguments that the user gave.

    Returns:
        The pair `(arguments, fresh_heads)`.

    Raises:
        ValueError: if neither the user nor the checkpoint gives labels.
    """
    refuse_other_names(given, f"{task_class.__name__}.from_preset")
    if "labels" in given:
        given = given | {"labels": check_labels(given["labels"], least=1)}
    if "labels" not in arguments:
        raise checks.invalid(
            "`labels` must be given, because the checkpoint has no head for this task.",
            fix='Pass the class names, such as labels=["negative", "positive"].',
            where=f"{task_class.__name__}.from_preset",
            heads=checkpoint.heads,
        )
    if "labels" in given and set(task_class.head_names) & set(checkpoint.heads):
        theirs, ours = tuple(checkpoint.arguments["labels"]), tuple(given["labels"])
        unnamed = all(UNNAMED.match(label) for label in theirs)
        if theirs != ours and not (unnamed and len(theirs) == len(ours)):
            fresh_heads = (*fresh_heads, *task_class.head_names)
            if "thresholds" not in given:  # the checkpoint's are of other labels
                arguments = {name: value for name, value in arguments.items() if name != "thresholds"}
    return arguments, fresh_heads
