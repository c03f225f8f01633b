"""Checks whether one task can learn from another, and finds the blocks to imitate."""

import keras
import numpy as np

from kerasbert import checks
from kerasbert.compression.imitation import attention_width
from kerasbert.tasks import BertMaskedLM
from kerasbert.tasks.text_task import TextTask
from kerasbert.text import BertTokenizer


def check_pair(student, teacher):
    """Raises an error unless a task can learn from another."""
    if not isinstance(student, (TextTask, BertMaskedLM)) or type(student) is not type(teacher):
        raise checks.invalid(
            "Student and teacher must be tasks of one class, on texts or `BertMaskedLM`.",
            fix="Build the student with the teacher's class.",
            where="Distiller",
            kind=TypeError,
            student=type(student).__name__,
            teacher=type(teacher).__name__,
        )
    if student.encoder is teacher.encoder:
        raise checks.invalid(
            "Student and teacher must have encoders of their own.",
            fix="Build a new encoder, or use `drop_layers(teacher)`.",
            where="Distiller",
            encoder=student.encoder.name,
        )
    for name in ("labels", "problem"):
        values = [getattr(task, name, None) for task in (student, teacher)]
        if values[0] != values[1]:
            raise checks.invalid(
                f"Student and teacher must have the same `{name}`, in the same order.",
                fix=f"Build the student with the teacher's `{name}`.",
                where="Distiller",
                student=values[0],
                teacher=values[1],
            )
    limits = student.max_sequence_length, teacher.encoder.config.max_sequence_length
    if limits[0] > limits[1]:
        raise checks.invalid(
            "The teacher must have positions for the longest input of the student.",
            fix="Build the student with a smaller `max_sequence_length`.",
            where="Distiller",
            student=limits[0],
            teacher=limits[1],
        )


def teacher_ids(student, teacher):
    """The teacher's id of each token of the student, int32 `(v,)`; None if both tokenizers are the same.

    Raises:
        ValueError: if the tokenizers differ in anything except tokens that the student lacks.
    """
    ours, theirs = (keras.saving.serialize_keras_object(task.tokenizer) for task in (student, teacher))
    if ours == theirs:
        return None
    both = isinstance(student.tokenizer, BertTokenizer) and isinstance(teacher.tokenizer, BertTokenizer)
    if both:
        ours, theirs = (task.tokenizer.get_config() for task in (student, teacher))
        tokens = ours.pop("vocabulary")
        both = set(tokens) <= set(theirs.pop("vocabulary")) and ours == theirs
    if not both:
        raise checks.invalid(
            "Student and teacher must have the same tokenizer, except for tokens that the student may lack.",
            fix="Build the student with the teacher's tokenizer, which `trim_vocabulary` may shorten.",
            where="Distiller",
            vocabulary_sizes=[
                task.tokenizer and task.tokenizer.vocabulary_size for task in (student, teacher)
            ],
        )
    return np.array([teacher.tokenizer.vocabulary.id_of(token) for token in tokens], "int32")


def check_weights(weight_of):
    """Raises ValueError unless weights are numbers of at least 0, and not all of them are 0."""
    values = weight_of.values()
    numbers = all(isinstance(value, (int, float)) and 0 <= value < float("inf") for value in values)
    if not numbers or not any(values):
        raise checks.invalid(
            "The weights of the parts must be numbers of at least 0, and at least one must be above 0.",
            fix="Leave all weights out to compare only the answers.",
            where="Distiller",
            **{f"{name}_weight": value for name, value in weight_of.items()},
        )


def imitated_blocks(layers, ours, theirs):
    """The number of the teacher's block for each of the student's blocks."""
    if layers is None:
        return [-(-(i + 1) * theirs // ours) - 1 for i in range(ours)]
    layers = list(layers)
    if len(layers) != ours or not set(layers) <= set(range(theirs)):
        raise checks.invalid(
            f"`layers` must be {ours} numbers from 0 to {theirs - 1}: a block of the teacher for each of the "
            "student's.",
            fix="Pass the blocks that `drop_layers` kept, or leave out `layers`.",
            where="Distiller",
            layers=layers,
        )
    return layers


def check_heads(ours, theirs):
    """Raises ValueError unless each pair of blocks has the same number of heads, and scores as in BERT.

    Args:
        ours, theirs: lists of `EncoderBlock`, the student's blocks and the teacher's blocks that they
            imitate.
    """
    for block in (*ours, *theirs):
        _check_calls(block, "attention_weight")
    heads = [(a.num_heads, b.num_heads) for a, b in zip(ours, theirs, strict=True)]
    if any(a != b for a, b in heads):
        raise checks.invalid(
            "Attention scores need as many heads in the student's blocks as in the teacher's.",
            fix="Leave out `attention_weight`; `relation_weight` works with any numbers of heads.",
            where="Distiller",
            heads_of_student_and_teacher=heads,
        )


def check_relations(ours, theirs, relation_heads):
    """Raises ValueError unless the queries of two blocks can be split into `relation_heads` parts."""
    checks.positive_int("Distiller", relation_heads=relation_heads)
    for block in (ours, theirs):
        _check_calls(block, "relation_weight")
    widths = [attention_width(block) for block in (ours, theirs)]
    if any(width % relation_heads for width in widths):
        raise checks.invalid(
            "`relation_heads` must divide the widths of queries in student and teacher.",
            fix="Choose a common divisor.",
            where="Distiller",
            relation_heads=relation_heads,
            widths=widths,
        )


def _check_calls(block, weight):
    """Raises ValueError if a block may have queries other than the projection of its input."""
    for part in (block, block.attention):
        checks.not_overridden("Distiller", part, "call", fix=f"Leave out `{weight}`.")
