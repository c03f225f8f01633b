"""Charts as SVG, in the colours of the page: they follow its light or dark look."""

import contextlib
import io
import re
import threading
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from kerasbert import checks

# Matplotlib draws with these colours, and the page's own take their place: see `style`.
_PLACES = {
    "#0a0b0c": "ink",
    "#0a0b0d": "faint",
    "#0a0b0e": "line",
    **{f"#0a0b{16 + i:02x}": f"c{i}" for i in range(6)},
}
_COLOURS = {name: colour for colour, name in _PLACES.items()}
WIDTH, HEIGHT = 5.2, 3.1  # inches; on a phone a unit of the drawing is then about a pixel
MARKS = "osD^vP"
# Matplotlib's settings hold for all threads.
_DRAWING = threading.RLock()


def reliability_chart(bins: Sequence[Any]) -> str:
    """Draws accuracy over probability, with a point for each `Bin`, the larger the more rows it has.

    Args:
        bins: sequence of `kerasbert.evaluation.Bin`.

    Returns:
        str, an SVG element.
    """
    with _figure("accuracy of answers by their probability", height=3.6) as (axes, drawn):
        axes.plot([0, 1], [0, 1], color=_COLOURS["faint"], linewidth=1, linestyle=(0, (4, 3)))
        most = max(b.rows for b in bins)
        points = [b.probability for b in bins], [b.accuracy for b in bins]
        axes.plot(*points, color=_COLOURS["c0"], linewidth=1.2)
        axes.scatter(*points, s=[14 + 150 * b.rows / most for b in bins], color=_COLOURS["c0"], zorder=3)
        low = min(0.5, *points[0], *points[1]) if min(points[0] + points[1]) >= 0.25 else 0.0
        axes.set(xlim=(low - 0.02, 1.02), ylim=(low - 0.05, 1.03))
        axes.set(xlabel="probability of the answer", ylabel="share that is right")
    return drawn[0]


def history_charts(history: Mapping[str, Sequence[float]]) -> list[str]:
    """Draws each measure of a training run over its epochs, with that of the validation rows beside it.

    Args:
        history: dict, as `History.history` of Keras.

    Returns:
        List of str, SVG elements.
    """
    left = {"learning_rate", *undrawn(history)}
    return [_history_chart(n, history) for n in history if not n.startswith("val_") and n not in left]


def undrawn(history: Mapping[str, Sequence[Any]]) -> list[str]:
    """Returns the names of measures with several numbers an epoch, such as one for each class."""
    return [name for name, values in history.items() if any(np.ndim(value) for value in values)]


def _history_chart(name, history):
    title = name.replace("_", " ")
    with _figure(f"{title} over the epochs") as (axes, drawn):
        lines = {"training": history[name], "validation": history.get(f"val_{name}")}
        for i, (label, values) in enumerate(lines.items()):
            if values is not None:
                epochs = range(1, len(values) + 1)
                axes.plot(epochs, values, marker=MARKS[i], markersize=5, color=_COLOURS[f"c{i}"], label=label)
        axes.set(xlabel="epoch", ylabel=title)
        axes.xaxis.get_major_locator().set_params(integer=True)
        if lines["validation"] is not None:
            axes.legend(frameon=False, labelcolor=_COLOURS["ink"])
    return drawn[0]


def latency_chart(series: Mapping[str, Sequence[tuple[int, float, float, float]]], title: str) -> str:
    """Draws latency over the length in tokens, both on logarithmic axes, with error bars.

    Args:
        series: dict, name of a file -> points `(length, median, low, high)` in milliseconds.
        title: str.

    Returns:
        str, an SVG element.
    """
    with _figure(title, height=2.6 + 0.2 * len(series)) as (axes, drawn):
        for i, (name, points) in enumerate(series.items()):
            lengths, median, low, high = zip(*points, strict=True)
            spread = [
                [max(m - x, 0) for m, x in zip(median, low, strict=True)],
                [max(x - m, 0) for m, x in zip(median, high, strict=True)],
            ]
            colour = _COLOURS[f"c{i % 6}"]
            axes.errorbar(
                lengths, median, spread, color=colour, marker=MARKS[i % len(MARKS)], markersize=5, capsize=3,
                label=plotted(name),
            )  # fmt: skip
        axes.set(xlabel="length in tokens", ylabel="ms", xscale="log", yscale="log")
        ticks = sorted({length for points in series.values() for length, *_ in points})
        axes.set_xticks(ticks, [str(tick) for tick in ticks], minor=False)
        axes.set_xticks([], minor=True)
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
        axes.yaxis.set_minor_formatter(lambda value, _: f"{value:g}" if f"{value:e}"[0] in "25" else "")
        axes.legend(
            frameon=False, labelcolor=_COLOURS["ink"], loc="lower left", bbox_to_anchor=(-0.1, 1), ncols=1,
            borderaxespad=0.2,
        )  # fmt: skip
    return drawn[0]


@contextlib.contextmanager
def _figure(title, height=HEIGHT):
    """Yields the axes of a figure, and a list, to which the SVG is added at the end."""
    matplotlib = checks.require("matplotlib", 'pip install "kerasbert[evaluation]"', "A chart")
    from matplotlib.figure import Figure

    ink, faint, line = (_COLOURS[name] for name in ("ink", "faint", "line"))
    look = {
        "svg.fonttype": "none",
        "svg.hashsalt": title,
        "font.size": 10,
        "text.color": ink,
        "axes.labelcolor": faint,
        "axes.edgecolor": line,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "grid.color": line,
        "grid.linewidth": 0.6,
        "axes.axisbelow": True,
        "xtick.color": line,
        "ytick.color": line,
        "xtick.labelcolor": faint,
        "ytick.labelcolor": faint,
    }
    drawn: list[str] = []
    with _DRAWING, matplotlib.rc_context(look):
        figure = Figure(figsize=(WIDTH, height), layout="constrained")
        axes = figure.subplots()
        yield axes, drawn
        text = io.StringIO()
        figure.savefig(text, format="svg", metadata={"Date": None}, transparent=True)
    drawn.append(_in_page_colours(text.getvalue(), title))


def _in_page_colours(svg, title):
    from kerasbert.pages.tables import escaped

    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"#0a0b[0-9a-f]{2}", lambda found: f"var(--{_PLACES[found.group()]})", svg)
    svg = re.sub(r"font: ([0-9.]+)px [^;\"]*", r"font: \1px system-ui, sans-serif", svg)
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    return svg.replace("<svg ", f'<svg role="img" aria-label="{escaped(title)}" ', 1)


def plotted(name: str) -> str:
    """Escapes a name for matplotlib: `$` would begin a formula, and `_` would hide it from the legend."""
    name = name.encode("utf-8", "replace").decode().replace("$", r"\$")
    return "\u200b" + name if name.startswith("_") or not name else name
