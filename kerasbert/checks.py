"""Argument checks, and the common form of all error messages of kerasbert.

A message says four things: the rule, what was received, where, and the fix.
"""

import importlib
import math
import pathlib
import reprlib

_short = reprlib.Repr()
_short.maxstring = _short.maxother = 120
_short.maxlist = _short.maxtuple = _short.maxdict = 8


def invalid(rule, *, fix, where=None, kind=ValueError, **received):
    """Builds the exception for a broken rule; the caller raises it.

    Args:
        rule: str, one full sentence that states the rule.
        fix: str, one full sentence that says what to do.
        where: str or None, the place of the error: a function or class, a file, a row.
        kind: the class of the exception.
        **received: the wrong values by name; long values are shortened.

    Returns:
        An instance of `kind`.

    Example:

    >>> raise invalid("`num_heads` must divide `hidden_dim` exactly.",
    ...               fix="Choose a divisor, such as 4 or 8.", num_heads=7, hidden_dim=64)
    Traceback (most recent call last):
        ...
    ValueError: `num_heads` must divide `hidden_dim` exactly. Received: num_heads=7, hidden_dim=64. \
Choose a divisor, such as 4 or 8.
    """
    parts = [rule]
    if received:
        parts.append("Received: " + ", ".join(f"{k}={_short.repr(v)}" for k, v in received.items()) + ".")
    if where:
        parts.append(f"In: {where}.")
    return kind(" ".join([*parts, fix]))


def require(module, install, purpose="This"):
    """Imports an optional package, or raises an error that says how to install it.

    Args:
        module: str, the module to import, such as `"tensorflow_text"`.
        install: str, the command that installs it.
        purpose: str, what needs it, as the subject of a sentence.

    Returns:
        The module.

    Raises:
        ImportError: if the module cannot be imported.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise invalid(
            f"{purpose} needs the package `{module}`.",
            fix=f"Install it with: {install}",
            kind=ImportError,
            reason=str(error),
        ) from error


def keras_file(filepath):
    """Returns the path of a model to save, or raises ValueError if its name does not end in `.keras`.

    Keras also writes the old `.h5` format, but kerasbert's models cannot be loaded from it.
    """
    path = pathlib.Path(filepath)
    if path.suffix != ".keras":
        raise invalid(
            "The name of a saved model must end in `.keras`.",
            fix=f"Save it as {path.with_suffix('.keras').name!r}; or only its weights, with `save_weights`.",
            where="save",
            filepath=str(path),
        )
    return path


def positive_int(where, **values):
    """Raises ValueError unless every value is an int of at least 1."""
    _numbers(where, values, int, lambda value: value >= 1, "a positive int", "1 or more")


def not_negative_int(where, **values):
    """Raises ValueError unless every value is an int of at least 0."""
    _numbers(where, values, int, lambda value: value >= 0, "an int of at least 0", "0 or more")


def fraction(where, **values):
    """Raises ValueError unless every value is a number in [0, 1)."""
    rule = "a number from 0 up to but not including 1"
    _numbers(where, values, (int, float), lambda value: 0 <= value < 1, rule, "a fraction, such as 0.1")


def rate(where, **values):
    """Raises ValueError unless every value is a number in [0, 1]."""
    rule = "a number from 0 to 1"
    _numbers(where, values, (int, float), lambda value: 0 <= value <= 1, rule, "a rate, such as 0.1")


def positive_float(where, **values):
    """Raises ValueError unless every value is a finite number above 0."""
    rule, example = "a number above 0", "a small positive number, such as 1e-12 for an epsilon"
    _numbers(where, values, (int, float), lambda value: 0 < value < float("inf"), rule, example)


def not_negative_float(where, **values):
    """Raises ValueError unless every value is a finite number of at least 0."""
    rule = "a finite number of at least 0"
    _numbers(where, values, (int, float), lambda value: 0 <= value < float("inf"), rule, "0 or more")


def _numbers(where, values, kinds, holds, rule, example):
    """Raises ValueError unless every value is one of `kinds`, which no bool is, and `holds` for it."""
    for name, value in values.items():
        if isinstance(value, bool) or not isinstance(value, kinds) or not holds(value):
            raise invalid(f"`{name}` must be {rule}.", fix=f"Pass {example}.", where=where, **{name: value})


def one_of(where, allowed, **values):
    """Raises ValueError unless every value is among `allowed`."""
    for name, value in values.items():
        if value not in allowed:
            raise invalid(
                f"`{name}` must be one of {', '.join(map(repr, allowed))}.",
                fix="Choose one of these.",
                where=where,
                **{name: value},
            )


def comes_from_here(cls, method):
    """Whether the method that a class uses is defined in kerasbert; True if it has no such method."""
    owner = next((c for c in cls.__mro__ if method in vars(c)), None)
    return owner is None or owner.__module__.startswith("kerasbert.")


def overridden(part, *methods):
    """The methods of a task, an encoder or a layer that a user's class overrides, such as `Mine.call`."""
    kind = type(part)
    return [f"{kind.__name__}.{method}" for method in methods if not comes_from_here(kind, method)]


def not_overridden(where, part, *methods, fix):
    """Raises ValueError if a user's class overrides a method that is not called, but computed another way.

    Whoever does a method's work without calling it asks this first, since the result would be another
    model's.

    Args:
        where: str, who does the work, a public name.
        part: the task, the encoder or the layer.
        *methods: str, the names of the methods.
        fix: str, as for `invalid`.
    """
    found = overridden(part, *methods)
    if found:
        raise invalid(
            f"`{where}` does the work of {' and '.join(f'`{method}`' for method in methods)} itself, so that "
            "an override would be ignored.",
            fix=fix,
            where=where,
            overridden=found,
        )


def divides(where, *, num_heads, hidden_dim):
    """Raises ValueError unless `num_heads` divides `hidden_dim`."""
    if hidden_dim % num_heads:
        small = [n for n in range(1, math.isqrt(hidden_dim) + 1) if hidden_dim % n == 0]
        divisors = {*small, *(hidden_dim // n for n in small)}
        near = sorted(divisors, key=lambda n: abs(n - num_heads))
        raise invalid(
            "`num_heads` must divide `hidden_dim` exactly.",
            fix=f"Choose a divisor, such as {' or '.join(map(str, sorted(near[:2])))}.",
            where=where,
            num_heads=num_heads,
            hidden_dim=hidden_dim,
        )
