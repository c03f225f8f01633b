"""Tables and pages for people to read: in a terminal, in a notebook, and as HTML."""

from kerasbert.pages.marks import Marked
from kerasbert.pages.style import STYLE, document
from kerasbert.pages.tables import Bar, Estimate, Shade, Table, counted, escaped, percent, score_name

__all__ = [
    "STYLE",
    "Bar",
    "Estimate",
    "Marked",
    "Shade",
    "Table",
    "counted",
    "document",
    "escaped",
    "percent",
    "score_name",
]
