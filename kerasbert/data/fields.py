"""Which fields of a record are a row's text, its label and so on."""

import dataclasses
import math
from collections.abc import Callable, Sequence

from kerasbert import checks


@dataclasses.dataclass(frozen=True)
class Fields:
    """The names under which records, which are dicts, hold what a row needs.

    Args:
        text: str, the text.
        label: str, the label; a sequence of str for as many numbers or labels; None for rows without.
        text_pair: str or None, the second text.
        words: str or None, a list of words, in place of `text`.
        choices: str, a list of choices; a sequence of str for the texts of as many choices; or None.
        parse_label: function of what stands at a label, or None.
        tokens: dict of str, the lists of tokens, as an encoder names them, in place of `text`; or None.
    """

    text: str
    label: str | Sequence | None
    text_pair: str | None = None
    words: str | None = None
    choices: str | Sequence | None = None
    parse_label: Callable | None = None
    tokens: dict | None = None

    def __post_init__(self):
        for name, value in (("label", self.label), ("choices", self.choices), ("tokens", self.tokens)):
            if isinstance(value, (set, frozenset)):
                raise checks.invalid(
                    f"`{name}` must be names in an order, which a set has not.",
                    fix="Pass a list.",
                    kind=TypeError,
                    **{name: sorted(value)},
                )

    @property
    def names(self):
        """All names, a list of str."""
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
            records: iterable of pairs: where a record stands, and the record, or the error that it is.

        Yields:
            Pairs: the place, and the row, or the error that it is.
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
        except Exception as error:  # a user's function may raise any
            raise checks.invalid(
                f"`parse_label` must be able to read the label in `{name}`.",
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
        f"What stands in `{name}` must be {kind}.",
        fix='Correct the row, or pass on_bad="skip".',
        where=where,
        value=value,
    )
