"""Writes a page about a model and its exports: their answers, accuracy, speed and size."""

import dataclasses
import io
import json
import os
import pathlib
import platform
from collections.abc import Mapping

import keras

from kerasbert import checks
from kerasbert.atomic import replacing
from kerasbert.export.artifact import Artifact
from kerasbert.export.latency import Benchmark
from kerasbert.export.report_page import page, threads_text
from kerasbert.export.verification import Verification
from kerasbert.optional import tensorflow as tf
from kerasbert.types import PathLike


@dataclasses.dataclass(frozen=True)
class ModelCard:
    """A model card: what people must know before they use a model, and what is not in its files.

    Mitchell et al. 2019, https://arxiv.org/abs/1810.03993.

    Args:
        data: str, the data that the model was trained and evaluated on.
        metric: str, what its scores mean.
        limits: str, what it is not made for, and what it gets wrong.
    """

    data: str
    metric: str
    limits: str


def write_report(
    path: PathLike,
    task: keras.Model,
    *,
    title: str,
    card: ModelCard,
    scores: Mapping[str, float],
    artifacts: Mapping[str, Artifact],
    verifications: Mapping[str, Verification],
    benchmarks: Mapping[str, Benchmark],
    answers: Mapping[str, Mapping[str, str]],
) -> pathlib.Path:
    """Writes `report.html`, with a model card and plots, and a JSON file with the same numbers.

    Args:
        path: str or path of the HTML file; the JSON file has the same name and ends in `.json`.
        task: the Keras model.
        title: str.
        card: `ModelCard`.
        scores: dict, the Keras model's scores on the test set, from 0 to 1, as returned by the task's
            `scores`, or `keras_scores` of a `Verification`.
        artifacts: dict, name -> `Artifact`.
        verifications: dict, name -> `Verification`.
        benchmarks: dict, name -> `Benchmark`; files of other exporters can be included for comparison.
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
        "model": _describe(task),
        "card": plain(card),
        "scores": scores,
        "artifacts": {name: plain(artifact) for name, artifact in artifacts.items()},
        "verifications": {name: plain(result) for name, result in verifications.items()},
        "benchmarks": {name: plain(result) for name, result in benchmarks.items()},
        "answers": answers,
    }
    plots = latency_plot(benchmarks) + cost_plot(benchmarks) if benchmarks else ""
    # A lone surrogate, which UTF-8 cannot represent, is written as a JSON escape.
    written = json.dumps(numbers, indent=1, ensure_ascii=False).encode("utf-8", "backslashreplace")
    with replacing(path.with_suffix(".json")) as temporary:
        temporary.write_bytes(written)
    with replacing(path) as temporary:
        temporary.write_text(page(numbers, benchmarks, plots), encoding="utf-8")
    return path


def machine():
    """Returns a dict of the machine and the versions on which the numbers were measured."""
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
    """Draws the median latency over the length, with a line for each file and number of threads.

    Args:
        benchmarks: dict, name -> `Benchmark`.

    Returns:
        str, an SVG element.
    """
    figure, axes = _figure(4.5)
    for color, (name, result) in enumerate(benchmarks.items()):
        for style, count in enumerate(sorted(result.load_ms)):
            points = sorted(
                (length, ms) for (threads, length), ms in result.latency_ms.items() if threads == count
            )
            label = f"{_plotted(name)}, {threads_text(count)}"
            axes.plot(
                *zip(*points, strict=True), "o" + ("-", "--", ":")[style % 3], color=f"C{color}", label=label
            )
    axes.set(xlabel="length in tokens", ylabel="median latency in ms", ylim=(0, None), xlim=(0, None))
    axes.grid(alpha=0.3)
    axes.legend()
    return _svg(figure)


def cost_plot(benchmarks):
    """Draws size, load time and peak memory as bars, with one row for each file.

    Args:
        benchmarks: dict, name -> `Benchmark`; load time and memory are those with the fewest threads.

    Returns:
        str, an SVG element.
    """
    names = list(map(_plotted, benchmarks))
    fewest = [min(result.load_ms) for result in benchmarks.values()]
    pairs = list(zip(benchmarks.values(), fewest, strict=True))
    bars = {
        "size in MB": [result.size_bytes / 1e6 for result, _ in pairs],
        "load in ms": [result.load_ms[count] for result, count in pairs],
        "peak memory in MB": [result.memory_bytes[count] / 1e6 for result, count in pairs],
    }
    figure, panels = _figure(1 + 0.35 * len(names), len(bars))
    for axes, (label, values) in zip(panels, bars.items(), strict=True):
        drawn = axes.barh(names, values, color=[f"C{i}" for i in range(len(names))])
        axes.bar_label(drawn, fmt="%.3g", padding=2)
        axes.set(xlabel=label, xlim=(0, 1.25 * max(values) or 1))
    panels[0].invert_yaxis()
    return _svg(figure)


def _figure(height, panels=1):
    checks.require("matplotlib", "pip install 'kerasbert[demo]'", "A report's plot")
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, height), layout="constrained")
    return figure, figure.subplots(1, panels, sharey=panels > 1)


def _plotted(name):
    """Escapes a name for matplotlib: `$` would begin a formula, and `_` would hide it from the legend."""
    name = name.encode("utf-8", "replace").decode().replace("$", r"\$")
    return "\u200b" + name if name.startswith("_") else name


def _svg(figure):
    text = io.StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None})
    return text.getvalue()[text.getvalue().index("<svg") :]


def plain(record):
    """Converts a dataclass to a dict for JSON."""
    fields = {}
    for name, value in dataclasses.asdict(record).items():
        if isinstance(value, dict):
            value = {"x".join(map(str, k)) if isinstance(k, tuple) else str(k): v for k, v in value.items()}
        fields[name] = str(value) if isinstance(value, pathlib.Path) else value
    return fields


def _describe(task):
    config = task.encoder.config
    return {
        "task": type(task).__name__,
        "parameters": task.count_params(),
        "encoder": f"{config.num_layers} blocks of width {config.hidden_dim}, "
        f"{config.vocabulary_size:,} tokens",
        "labels": list(getattr(task, "labels", ())),
        "max_sequence_length": task.max_sequence_length,
    }
