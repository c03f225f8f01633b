"""Which fields of a record hold a row's text, its label and so on."""

import dataclasses
import math
from collections.abc import Callable, Sequence
from typing import Any

from kerasbert import checks


@dataclasses.dataclass(frozen=True)
class Fields:
    """The names of the fields in which records, which are dicts, hold the parts of a row.

    Args:
        text: str, the field of the text.
        label: str, the field of the label; a sequence of str for several labels or numbers; None for rows
            without labels.
        text_pair: str or None, the field of the second text.
        words: str or None, the field of a list of words, which replaces `text`.
        choices: str, the field of a list of choices; a sequence of str, the fields of single choices; or
            None.
        parse_label: function that converts the value of a label's field, or None.
        tokens: dict, an encoder's input name -> the field with the list of ints for it, which replaces
            `text`; or None.
    """

    text: str
    label: str | Sequence[str] | None
    text_pair: str | None = None
    words: str | None = None
    choices: str | Sequence[str] | None = None
    parse_label: Callable[[Any], Any] | None = None
    tokens: dict[str, str] | None = None

    def __post_init__(self):
        for name, value in (("label", self.label), ("choices", self.choices), ("tokens", self.tokens)):
            if isinstance(value, (set, frozenset)):
                raise checks.invalid(
                    f"`{name}` must be names in a fixed order, which a set does not have.",
                    fix="Pass a list.",
                    kind=TypeError,
                    **{name: sorted(value)},
                )

    @property
    def names(self):
        """The names of all fields, a list of str."""
        x = list(self.tokens.values()) if self.tokens else self.words or self.text
        parts = [x, self.text_pair, self.choices, self.label]
        return [name for part in parts if part for name in ([part] if isinstance(part, str) else part)]

    @property
    def labelled(self):
        """Whether rows have labels."""
        return self.label is not None

    def rows(self, records):
        """Turns records into rows, `(x, y)` or `x`.

        Args:
            records: iterable of pairs: the place of a record, and the record or the error found there.

        Yields:
            Pairs: the place, and the row or the error found there.
        """
        for where, record in records:
            try:
                yield where, record if isinstance(record, Exception) else self._row(record, where)
            except ValueError as error:
                yield where, error

    def _row(self, record, where):
        x = self._x(record, where)
        if self.label is None:
            return x
        if isinstance(self.label, str):
            return x, self._label(record, self.label, where)
        return x, [self._label(record, name, where) for name in self.label]

    def _x(self, record, where):
        if self.tokens:
            return {name: _value(record, field, where) for name, field in self.tokens.items()}
        if self.words:
            return _strings(record, self.words, where)
        text = _string(record, self.text, where)
        if self.text_pair:
            return text, _string(record, self.text_pair, where)
        if isinstance(self.choices, str):
            return text, _strings(record, self.choices, where)
        return (text, [_string(record, name, where) for name in self.choices]) if self.choices else text

    def _label(self, record, name, where):
        value = _value(record, name, where)
        if self.parse_label is None:
            return value
        try:
            return self.parse_label(value)
        except Exception as error:  # a user's function may raise any exception
            raise checks.invalid(
                f"`parse_label` must be able to convert the label in `{name}`.",
                fix='Correct the row or the function, or pass on_bad="skip".',
                where=where,
                value=value,
                reason=f"{type(error).__name__}: {error}",
            ) from error


def _value(record, name, where):
    value = record.get(name)
    if value is None or (isinstance(value, float) and math.isnan(value)):
        raise checks.invalid(
            f"A row must have a value in `{name}`.",
            fix='Correct the row, name another field, or pass on_bad="skip".',
            where=where,
            value=value,
            fields=list(record),
        )
    return value


def _string(record, name, where):
    value = _value(record, name, where)
    if not isinstance(value, str):
        raise _of_another_type(name, "a str", value, where)
    return value


def _strings(record, name, where):
    values = _value(record, name, where)
    listed = hasattr(values, "__iter__") and not isinstance(values, (str, bytes, dict))
    if not listed or not all(isinstance(value, str) for value in values):
        raise _of_another_type(name, "a list of str", values, where)
    return list(values)


def _of_another_type(name, kind, value, where):
    return checks.invalid(
        f"The value of `{name}` must be {kind}.",
        fix='Correct the row, or pass on_bad="skip".',
        where=where,
        value=value,
    )
