"""Writes pages as files."""

import os
import pathlib
from typing import Any

from kerasbert import checks
from kerasbert.atomic import replacing


def html_path(path: Any, where: str) -> pathlib.Path:
    """Returns the path of a page; raises ValueError, which shows `where`, unless its name ends in `.html`."""
    if not isinstance(path, (str, os.PathLike)) or pathlib.Path(path).suffix not in (".html", ".htm"):
        raise checks.invalid(
            "The name of a page must end in `.html`.",
            fix='Pass a path such as "report.html".',
            where=where,
            path=path,
        )
    return pathlib.Path(path)


def write_html(path: pathlib.Path, content: str) -> None:
    """Writes a page, and replaces an earlier one when the new one is whole."""
    with replacing(path) as temporary:
        temporary.write_text(content, encoding="utf-8")
