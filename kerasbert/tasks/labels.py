"""The labels of a task that is built on a checkpoint with labels of its own."""

import re

from kerasbert import checks
from kerasbert.data import check_labels

# What transformers calls classes that nobody named.
UNNAMED = re.compile(r"LABEL_\d+$")
# What other libraries call the arguments of a task, and what to write here.
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
# What they call the classes, or their number.
_OF_LABELS = {
    **dict.fromkeys(("num_labels", "num_classes", "n_classes"), "[str(i) for i in range({value})]"),
    "id2label": "list(id2label.values())",
    "label2id": "sorted(label2id, key=label2id.get)",
    "class_names": "class_names",
    "label_names": "label_names",
}


def refuse_other_names(arguments, where):
    """Raises TypeError for arguments that other libraries have, and that are called otherwise here."""
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


def kept_labels(task_class, checkpoint, arguments, fresh_heads, given):
    """Decides whether a head of a checkpoint is the one for a task's labels.

    It is if no labels were given, or the same ones, or as many where the checkpoint has no names for them.

    Args:
        task_class: with `head_names`.
        checkpoint: `Checkpoint`.
        arguments: dict, of the task to be built.
        fresh_heads: tuple of heads that the task does not take from the checkpoint.
        given: dict, arguments that the user gave.

    Returns:
        The pair `(arguments, fresh_heads)`.

    Raises:
        ValueError: if neither the user nor the checkpoint names labels.
    """
    refuse_other_names(given, f"{task_class.__name__}.from_preset")
    if "labels" in given:
        given = given | {"labels": check_labels(given["labels"], least=1)}
    if "labels" not in arguments:
        raise checks.invalid(
            "`labels` must be given: the checkpoint was not saved with a head for this task.",
            fix='Pass the class names, such as labels=["negative", "positive"].',
            where=f"{task_class.__name__}.from_preset",
            heads=checkpoint.heads,
        )
    if "labels" in given and set(task_class.head_names) & set(checkpoint.heads):
        theirs, ours = tuple(checkpoint.arguments["labels"]), tuple(given["labels"])
        unnamed = all(UNNAMED.match(label) for label in theirs)
        if theirs != ours and not (unnamed and len(theirs) == len(ours)):
            fresh_heads = (*fresh_heads, *task_class.head_names)
    return arguments, fresh_heads
