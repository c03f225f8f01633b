"""Reads JSON files of other programs, and checks their content before it is used."""

import json
import pathlib

from kerasbert import checks

NAMES = {dict: "object", list: "array", str: "string", bool: "boolean", int: "whole number"}


def read_json(path, kind=dict):
    """Reads a JSON file.

    Args:
        path: str or path, UTF-8, with or without a byte order mark.
        kind: the class of the content that the file must have: dict or list.

    Returns:
        dict or list.

    Raises:
        OSError: if the file cannot be read; FileNotFoundError if it is not there.
        ValueError: if the file is not UTF-8 or not JSON, or its content is of another class.
    """
    try:
        text = pathlib.Path(path).read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise checks.invalid(
            "A JSON file that belongs to this folder cannot be read.",
            fix="Download the folder again, with all of its files.",
            where=str(path),
            kind=type(error),
            reason=error.strerror,
        ) from error
    except UnicodeDecodeError as error:
        raise _not_json(path, error) from error
    return parse_json(text, path, kind)


def parse_json(text, where, kind=dict):
    """Like `read_json`, for text that was already read; `where` is its place, for error messages."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:  # RecursionError: nested thousands of levels deep
        raise _not_json(where, error) from error
    if not isinstance(content, kind):
        raise checks.invalid(
            f"The file must hold one JSON {NAMES[kind]}.",
            fix="Download the file again.",
            where=str(where),
            content=content,
        )
    return content


def json_field(content, name, kind, where, default=None):
    """Returns the value of a field after checking its class.

    Args:
        content: dict, a JSON object.
        name: str, the name of the field.
        kind: the class that the value must have, one of `NAMES`.
        where: str or path of the file, for error messages.
        default: the value to return if the field is missing or null.

    Returns:
        The value, or `default`.

    Raises:
        ValueError: if the value is of another class.
    """
    value = content.get(name)
    if value is None:
        return default
    check_kind(value, kind, name, where)
    return value


def check_kind(value, kind, name, where):
    """Raises ValueError unless a value of a JSON file has class `kind`; arguments as for `json_field`."""
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise checks.invalid(
            f"`{name}` must be a JSON {NAMES[kind]}.",
            fix="Download the file again, or correct it.",
            where=str(where),
            received=value,
        )


def strings_field(content, name, where):
    """The value of a field that holds an array of strings; an empty list if it is missing or null."""
    values = json_field(content, name, list, where, [])
    for value in values:
        check_kind(value, str, f"{name}[...]", where)
    return values


def _not_json(where, error):
    return checks.invalid(
        "The file must be JSON in UTF-8.", fix="Download the file again.", where=str(where), reason=str(error)
    )
