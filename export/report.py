"""One page about a model and its exports: what they answer, how exactly, how fast, how large."""

import dataclasses
import html
import io
import json
import os
import pathlib
import platform

import keras

from kerasbert import checks
from kerasbert.atomic import replacing
from kerasbert.optional import tensorflow as tf

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
h1, h2 { line-height: 1.2 } h2 { margin-top: 2.5rem }
table { border-collapse: collapse; margin: 1rem 0 } td, th { padding: .3rem .8rem; text-align: right }
th { border-bottom: 2px solid #888 } td { border-bottom: 1px solid #ddd }
td:first-child, th:first-child, .text td, .text th { text-align: left }
.worst td:last-child, .worst th:last-child { text-align: left }
svg { max-width: 100%; height: auto } .note { color: #555 }
"""


def write_report(path, task, *, title, accuracy, artifacts, verifications, benchmarks, answers):
    """Writes `report.html`, with a plot of latency over length, and the same numbers as JSON beside it.

    Args:
        path: str or path of the HTML file; the JSON file has the same name and ends in `.json`.
        task: the Keras model.
        title: str.
        accuracy: float, of the Keras model on the test set.
        artifacts: dict, name -> `Artifact`.
        verifications: dict, name -> `Verification`.
        benchmarks: dict, name -> `Benchmark`.
        answers: dict, text -> {name of a model -> its answer, as a str}.

    Returns:
        `pathlib.Path` of the HTML file.

    Raises:
        ImportError: if `matplotlib` is missing.
    """
    path = pathlib.Path(path)
    numbers = {
        "title": title,
        "machine": machine(),
        "model": {"parameters": task.count_params(), "labels": list(getattr(task, "labels", ()))},
        "accuracy": accuracy,
        "artifacts": {name: plain(artifact) for name, artifact in artifacts.items()},
        "verifications": {name: plain(result) for name, result in verifications.items()},
        "benchmarks": {name: plain(result) for name, result in benchmarks.items()},
        "answers": answers,
    }
    plot = latency_plot(benchmarks)
    with replacing(path.with_suffix(".json")) as temporary:
        temporary.write_text(json.dumps(numbers, indent=1, ensure_ascii=False), encoding="utf-8")
    with replacing(path) as temporary:
        temporary.write_text(_page(numbers, verifications, benchmarks, artifacts, plot), encoding="utf-8")
    return path


def machine():
    """Returns a dict that names the machine and the versions that the numbers belong to."""
    processor = platform.processor()
    cpuinfo = pathlib.Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [
            line.split(":")[1].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line
        ]
        processor = names[0] if names else processor
    return {
        "processor": processor,
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "keras": keras.version(),
        "tensorflow": tf.__version__,
    }


def latency_plot(benchmarks):
    """Draws median latency over length, a line for each artifact and number of threads.

    Args:
        benchmarks: dict, name -> `Benchmark`.

    Returns:
        str, an SVG element.
    """
    checks.require("matplotlib", "pip install 'kerasbert[demo]'", "A report's plot")
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = figure.subplots()
    for color, (name, result) in enumerate(benchmarks.items()):
        for style, count in enumerate(sorted(result.load_ms)):
            points = sorted(
                (length, ms) for (threads, length), ms in result.latency_ms.items() if threads == count
            )
            label = f"{name}, {count} thread{'s' * (count > 1)}"
            axes.plot(
                *zip(*points, strict=True), "o" + ("-", "--", ":")[style % 3], color=f"C{color}", label=label
            )
    axes.set(xlabel="length in tokens", ylabel="median latency in ms", ylim=(0, None), xlim=(0, None))
    axes.grid(alpha=0.3)
    axes.legend()
    text = io.StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None})
    return text.getvalue()[text.getvalue().index("<svg") :]


def plain(record):
    """A frozen record as JSON takes it."""
    fields = {}
    for name, value in dataclasses.asdict(record).items():
        if isinstance(value, dict):
            value = {"x".join(map(str, k)) if isinstance(k, tuple) else str(k): v for k, v in value.items()}
        fields[name] = str(value) if isinstance(value, pathlib.Path) else value
    return fields


def _page(numbers, verifications, benchmarks, artifacts, plot):
    model, machine = numbers["model"], numbers["machine"]
    exact = [["Keras", f"{numbers['accuracy']:.1%}", "", "", "", ""]]
    for name, result in verifications.items():
        accuracy = ", ".join(f"{value:.1f}" for value in result.points.values())
        agreement = ""
        if result.label_agreement is not None:
            agreement = f"{result.label_agreement:.1%} of {result.rows}"
        difference = [f"{result.max_difference:.2g}", f"{result.mean_difference:.2g}"]
        exact.append([name, accuracy, agreement, *difference, result.worst_text])
    size = [
        [name, f"{a.size_bytes / 1e6:.1f}", a.recipe or "", "" if a.partitions is None else a.partitions]
        for name, a in artifacts.items()
    ]
    lengths = sorted({length for result in benchmarks.values() for _, length in result.latency_ms})
    speed = [
        [
            f"{name}, {count} thread{'s' * (count > 1)}",
            *(f"{result.latency_ms[count, n]:.2f}" for n in lengths),
            f"{result.load_ms[count]:.0f}",
            f"{result.memory_bytes[count] / 1e6:.0f}",
        ]
        for name, result in benchmarks.items()
        for count in sorted(result.load_ms)
    ]
    answers = numbers["answers"]
    names = list(next(iter(answers.values()))) if answers else []
    replies = [[text, *(row[name] for name in names)] for text, row in answers.items()]
    parts = [
        f"<h1>{_text(numbers['title'])}</h1>",
        f"<p>{model['parameters']:,} parameters; classes: {_text(', '.join(model['labels']))}.</p>",
        "<h2>Is it the same model?</h2>",
        _table(
            ["", "accuracy", "same label", "largest difference", "mean difference", "worst text"],
            exact,
            "worst",
        ),
        "<p class=note>Differences are of single answers, such as probabilities, from the Keras model's.</p>",
        "<h2>Size</h2>",
        _table(["", "MB", "recipe", "XNNPACK partitions"], size),
        "<h2>Speed</h2>",
        plot,
        _table(["median ms at", *(f"{n} tokens" for n in lengths), "load ms", "memory MB"], speed),
        "<p class=note>One sequence at a time, after three unmeasured runs, in a process that has only "
        "the runtime. Load: from opening the file to the first answer. "
        "Memory: peak above the bare runtime's.</p>",
        "<h2>Answers</h2>",
        _table(["text", *names], replies, "text"),
        "<h2>Measured on</h2>",
        f"<p>{_text(', '.join(f'{key} {value}' for key, value in machine.items()))}</p>",
    ]
    title = _text(numbers["title"])
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
        f"<style>{STYLE}</style>{''.join(parts)}</html>\n"
    )


def _table(header, rows, kind=""):
    def line(cells, tag):
        return "<tr>" + "".join(f"<{tag}>{_text(cell)}</{tag}>" for cell in cells) + "</tr>"

    return f'<table class="{kind}">{line(header, "th")}{"".join(line(row, "td") for row in rows)}</table>'


def _text(value):
    """Text for HTML; lone surrogates, which no file can hold, become question marks."""
    return html.escape(str(value).encode("utf-8", "replace").decode("utf-8"))
