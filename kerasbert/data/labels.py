"""Turns labels, which may be names or numbers, into class numbers."""

import difflib
from collections.abc import Mapping, Sequence

import numpy as np

from kerasbert import checks
from kerasbert.types import Labels

# The label of a token that the loss ignores: a special token, padding, or a later sub-word token of a word.
IGNORED = -100
# What numbers among the labels can stand for, where this is not clear by itself.
NUMERIC_LABELS = (None, "names", "class_numbers", "indicators")


def check_labels(labels, least=2):
    """Checks class names and returns them as a tuple.

    Args:
        labels: sequence of str: a list, a tuple, an array, the keys of a dict.
        least: int, the least number of names.

    Raises:
        TypeError: if `labels` is not a sequence of names: for example a number of classes, or a set, whose
            order differs from process to process.
        ValueError: if there are too few names, or a name is empty or occurs twice.
    """
    problem = None
    if isinstance(labels, (set, frozenset)):
        problem = "Sort it: a set has no order, so a name could get another number in each process."
    elif isinstance(labels, Mapping):
        problem = "Pass the names alone, in the order of their numbers."
    elif isinstance(labels, int):
        problem = f"For {labels} classes without names, write labels=[str(i) for i in range({labels})]."
    elif isinstance(labels, (str, bytes)) or not hasattr(labels, "__iter__"):
        problem = 'Pass a list of names, such as ["negative", "positive"].'
    names = () if problem else tuple(str(n) if isinstance(n, str) else n for n in labels)
    if problem is None and not all(isinstance(name, str) for name in names):
        problem = "Write the names as str, such as labels=[str(name) for name in labels]."
    if problem:
        raise checks.invalid(
            "`labels` must be the class names, a sequence of str.",
            fix=problem,
            kind=TypeError,
            labels=sorted(labels, key=str) if isinstance(labels, (set, frozenset)) else labels,
        )
    if not all(names) or len(names) < least or len(set(names)) < len(names):
        raise checks.invalid(
            f"`labels` must be at least {'two' if least == 2 else 'one'} different class names.",
            fix='Pass the names in the order of their numbers, such as ["negative", "positive"].',
            labels=labels,
        )
    return names


def as_array(values):
    """Turns labels into an array; an array of objects if their lengths differ."""
    try:
        return np.asarray(values)
    except ValueError:
        values = list(values)
        array = np.empty(len(values), object)
        array[:] = values
        return array


def class_numbers(
    values: Labels,
    labels: Sequence[str],
    where: str = "y",
    item: str = "row",
    numeric_labels: str | None = None,
) -> np.ndarray:
    """Turns labels into class numbers.

    The rule is the same for lists, arrays, columns and files, whatever their dtype: a str is a name, and a
    whole number is a class number. If class names are numbers themselves, such as `("1", "2", "3")`, the
    number 1 could mean the name `"1"` or class 1, whose name is `"2"`. Numbers are then an error unless
    `numeric_labels` says what they mean; a str is still a name.

    Args:
        values: list, array or pandas Series of class names (str), or of class numbers (int).
        labels: tuple of str, the class names.
        where: str, named in errors.
        item: str, what errors call one of the values.
        numeric_labels: str or None, what numbers mean: `"names"` or `"class_numbers"`.

    Returns:
        int32 array `(rows,)`.

    Raises:
        ValueError: if a name is not among `labels`, a number is not in [0, classes), or numbers could be
            either names or class numbers.
        TypeError: if the values are neither names nor whole numbers.

    Example:

    >>> class_numbers(["positive", "negative"], ("negative", "positive")).tolist()
    [1, 0]
    >>> class_numbers([1, 2], ("1", "2", "3"), numeric_labels="names").tolist()
    [0, 1]
    """
    items = one_each(values, where)
    if not items:
        return np.zeros(0, "int32")
    if all(isinstance(value, (str, bytes)) for value in items):
        return _numbers_of_names([_text(value) for value in items], labels, where, item)
    named = any(isinstance(value, (str, bytes)) for value in items)
    good = [isinstance(value, (str, bytes)) if named else is_whole(value) for value in items]
    bad = None if all(good) else good.index(False)
    if bad is not None:
        raise checks.invalid(
            "Labels must be class names or whole class numbers, all of one kind.",
            fix="Convert them, or drop the rows that have no label.",
            where=f"{where}, {item} {bad}",
            kind=TypeError,
            values=items[bad],
        )
    check_numbers_are_clear(labels, numeric_labels, where)
    if numeric_labels == "names":
        return _numbers_of_names([str(int(value)) for value in items], labels, where, item)
    bad = next((row for row, value in enumerate(items) if not 0 <= value < len(labels)), None)
    if bad is not None:
        raise checks.invalid(
            f"A class number must be from 0 to {len(labels) - 1}: there are {len(labels)} classes.",
            fix="List the names of all classes in `labels`, or correct the row.",
            where=f"{where}, {item} {bad}",
            number=items[bad],
        )
    return np.array(items, "int32")


def check_numbers_are_clear(labels, numeric_labels, where):
    """Raises ValueError if numbers could be either class names or class numbers, and nothing says which."""
    if numeric_labels is not None:
        return
    for number, name in enumerate(labels):
        if _as_number(name) not in (None, number):
            raise checks.invalid(
                "Numbers as labels can be read in two ways: as class numbers, or as these names.",
                fix="Pass the labels as str, which are always names; or build the task with "
                'numeric_labels="names" or numeric_labels="class_numbers".',
                where=where,
                labels=labels,
                class_number=number,
                its_name=name,
            )


def one_each(values, where):
    """Turns labels, one per row, into a list of plain Python values; `(rows, 1)` counts as `(rows,)`."""
    shape = None
    if hasattr(values, "__array__"):
        values = np.asarray(values)
        shape = values.shape
        items = (values.tolist() if values.dtype.kind in "biufUSOT" else list(values)) if shape else None
    else:
        items = None if isinstance(values, (str, bytes)) or not hasattr(values, "__iter__") else list(values)
    if items and all(isinstance(value, (list, tuple, np.ndarray)) and len(value) == 1 for value in items):
        items = [value[0] for value in items]
    several = [isinstance(value, (list, tuple, set, np.ndarray)) for value in items or ()]
    if items is None or any(several):
        row = several.index(True) if several and not all(several) else None
        received = {"values": values if row is None else items[row]}
        raise checks.invalid(
            "There must be one label in each row.",
            fix="Pass a flat list of class names or class numbers; for one-hot rows, `rows.argmax(-1)`.",
            where=where if row is None else f"{where}, row {row}",
            **(received if shape is None else {"shape": shape}),
        )
    return [plain(value) for value in items]


def plain(value):
    """Turns a numpy number or str into a plain Python one; returns anything else as it is."""
    return value.item() if isinstance(value, np.generic) and value.dtype.kind in "biufUS" else value


def is_whole(value):
    """Whether a value is a whole number and not a bool."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value % 1 == 0


def _as_number(name):
    """The whole number that a name spells, or None."""
    try:
        number = float(name)
    except ValueError:
        return None
    return int(number) if is_whole(number) else None


def _text(value):
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def _numbers_of_names(names, labels, where, item):
    number_of = {name: number for number, name in enumerate(labels)}
    for row, name in enumerate(names):
        if name not in number_of:
            near = difflib.get_close_matches(name, labels, 1)
            hint = f"Did you mean {near[0]!r}? " if near else ""
            if not near and _as_number(name) is not None:
                hint = "Class numbers must be int, not str; with `read_csv`, pass parse_label=int. "
            raise checks.invalid(
                "A label must be one of the model's labels.",
                fix=f"{hint}The labels are {', '.join(labels)}.",
                where=f"{where}, {item} {row}",
                label=name,
            )
    return np.array([number_of[name] for name in names], "int32")
