"""Tables, as text for a terminal and as HTML."""

import dataclasses
import html
import math
from collections.abc import Sequence
from typing import Any

from kerasbert.pages.marks import Marked

# Texts longer than this are cut in a terminal, where a row is a line.
WIDEST = 60


@dataclasses.dataclass(frozen=True)
class Estimate:
    """A number with the ends of a range: the confidence interval of a score, the spread of a latency.

    Args:
        value, low, high: float.
        digits: int, how many to show after the point.

    Example:

    >>> print(Estimate(0.857, 0.842, 0.871))
    0.857 (0.842 to 0.871)
    """

    value: float
    low: float
    high: float
    digits: int = 3

    def __str__(self) -> str:
        if math.isnan(self.value):  # such as a correlation of one row
            return ""
        value, low, high = (f"{number:,.{self.digits}f}" for number in (self.value, self.low, self.high))
        return f"{value} ({low} to {high})"


@dataclasses.dataclass(frozen=True)
class Shade:
    """A cell whose background is the darker, the larger `share` is, from 0 to 1.

    `good` cells are green and others orange, as in a confusion matrix.
    """

    text: str
    share: float
    good: bool = True

    def __str__(self) -> str:
        return self.text


@dataclasses.dataclass(frozen=True)
class Bar:
    """A cell with a bar whose length is `share`, from 0 to 1, of the cell's width."""

    text: str
    share: float

    def __str__(self) -> str:
        return self.text


@dataclasses.dataclass(frozen=True)
class Table:
    """A table that shows itself well wherever it is printed.

    Cells are str, numbers, None for an empty cell, `Estimate`, `Shade`, `Bar` or `Marked`. Columns of
    numbers are aligned to the right.

    Args:
        title: str.
        header: sequence of str, one for each column.
        rows: sequence of rows, each a sequence of cells.
        note: str, what a reader must know to understand the table.
        wide: bool, whether cells hold long texts. On a narrow screen each row is then a block of its own.

    Example:

    >>> print(Table("Classes", ["class", "F1"], [["good", 0.5], ["bad", 1.0]]))
    Classes
    class     F1
    good   0.500
    bad    1.000
    """

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[Any]]
    note: str = ""
    wide: bool = False

    def __str__(self) -> str:
        shown = [[_one_line(cell) for cell in row] for row in [self.header, *self.rows]]
        widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
        right = self._numeric()
        lines = [
            "  ".join(
                cell.rjust(width) if aligned else cell.ljust(width)
                for cell, width, aligned in zip(row, widths, right, strict=True)
            ).rstrip()
            for row in shown
        ]
        return "\n".join([self.title, *lines, *filter(None, [self.note])])

    def html(self) -> str:
        """Returns the table as HTML, without the title."""
        right = self._numeric()

        def line(cells, tag):
            cells = [
                _cell(tag, *parts, self.wide)
                for parts in zip(cells, self.header, right, [True, *[False] * len(right)], strict=False)
            ]
            return f"<tr>{''.join(cells)}</tr>"

        head = f"<thead>{line(self.header, 'th')}</thead>" if any(self.header) else ""
        body = "".join(line(row, "td") for row in self.rows)
        kind = ' class="wide"' if self.wide else ""
        note = f'<p class="note">{escaped(self.note)}</p>' if self.note else ""
        return (
            f'<div class="scroll" tabindex="0"><table{kind}>{head}<tbody>{body}</tbody></table></div>{note}'
        )

    def _repr_html_(self) -> str:
        from kerasbert.pages.style import fragment

        return fragment(f"<h3>{escaped(self.title)}</h3>{self.html()}")

    def _numeric(self):
        """Whether each column holds numbers only."""
        columns = list(zip(*self.rows, strict=True)) or [()] * len(self.header)
        return [
            any(cell is not None for cell in column)
            and all(cell is None or not isinstance(cell, (str, bool, Marked)) for cell in column)
            for column in columns
        ]


def counted(count: int, noun: str) -> str:
    """Writes a number of things, such as `1 row` and `2,000 rows`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def percent(share: float) -> str:
    """Writes a share as a percentage with one digit after the point, such as `85.7 %`.

    Args:
        share: float, from 0 to 1.
    """
    return f"{100 * share:.1f} %"


_SHORT = {"roc auc": "ROC AUC", "f1": "F1", "mrr": "MRR", "ndcg": "nDCG", "pearson": "Pearson's r"}
_SHORT |= {"spearman": "Spearman's rho"}


def score_name(name: str) -> str:
    """Writes the name of a score for people.

    Example:

    >>> score_name("macro_f1"), score_name("roc_auc")
    ('macro F1', 'ROC AUC')
    """
    name = name.replace("_", " ")
    for plain, better in _SHORT.items():
        name = name.replace(plain, better)
    return name


def escaped(value: Any) -> str:
    """Escapes text for HTML; lone surrogates, which cannot be encoded, become question marks."""
    return html.escape(shown(value).encode("utf-8", "replace").decode("utf-8"))


def shown(value: Any) -> str:
    """Writes a cell as text: scores with three digits after the point, counts with commas."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int) or (hasattr(value, "dtype") and value.dtype.kind in "iu"):
        return f"{int(value):,}"
    if isinstance(value, float) or hasattr(value, "dtype"):
        value = float(value)
        if not math.isfinite(value):
            return "" if math.isnan(value) else str(value)
        if 0 < abs(value) < 0.001:
            return f"{value:.1g}"
        digits = 3 if abs(value) < 10 else 1 if abs(value) < 1000 else 0
        return f"{value:,.{digits}f}"
    return str(value)


def _one_line(cell):
    text = " ".join(shown(cell).split())
    return text if len(text) <= WIDEST else text[: WIDEST - 1] + "…"


def _cell(tag, cell, name, right, first, wide):
    kinds = ["num"] if right else []
    style = ""
    if isinstance(cell, Shade):
        kinds.append("good" if cell.good else "bad")
        style = f' style="--share:{min(max(cell.share, 0), 1):.3f}"'
    content = escaped(cell).replace(" %", "\u00a0%")  # a number and its unit stay in one line
    if isinstance(cell, Bar):
        width = 100 * min(max(cell.share, 0), 1)
        content = f'{content}<span class="bar"><i style="width:{width:.1f}%"></i></span>'
    if isinstance(cell, Marked):
        content = cell.html()
    if isinstance(cell, Estimate):
        value, _, ends = str(cell).partition(" (")
        content = f'{value} <span class="note">{ends.rstrip(")")}</span>'
    tag = "th" if first else tag
    scope = ' scope="row"' if first and cell is not name else ""
    kind = f' class="{" ".join(kinds)}"' if kinds else ""
    label = f' data-label="{escaped(name)}"' if name else ""
    # Texts are read from the side where their script begins.
    side = ' dir="auto"' if wide and isinstance(cell, (str, Marked)) and cell is not name else ""
    return f"<{tag}{scope}{kind}{style}{label}{side}>{content}</{tag}>"
