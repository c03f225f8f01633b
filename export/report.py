"""Writes a page about a model and its exports: their answers, accuracy, speed and size."""

import dataclasses
import json
import os
import pathlib
import platform
from collections.abc import Mapping, Sequence
from typing import Any

import keras

from kerasbert.atomic import replacing
from kerasbert.export.artifact import Artifact
from kerasbert.export.latency import Benchmark
from kerasbert.export.report_input import check_parts, for_json
from kerasbert.export.report_page import page
from kerasbert.export.verification_result import Verification
from kerasbert.optional import tensorflow as tf
from kerasbert.pages import escaped
from kerasbert.pages.files import html_path, write_html
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


_Path: Any = type(pathlib.Path())


class Report(_Path):
    """The path of a page, which a notebook shows in a frame."""

    def _repr_html_(self) -> str:
        page = escaped(self.read_text("utf-8"))
        return f'<iframe title="report" srcdoc="{page}" style="border:0;height:48rem;width:100%"></iframe>'


def write_report(
    path: PathLike,
    task: keras.Model | None,
    *,
    title: str,
    card: ModelCard | None = None,
    scores: Mapping[str, float] | None = None,
    artifacts: Mapping[str, Artifact] | None = None,
    verifications: Mapping[str, Verification] | None = None,
    benchmarks: Mapping[str, Benchmark] | None = None,
    answers: Mapping[str, Mapping[str, Any]] | None = None,
    expected: Mapping[str, str] | None = None,
    evaluation: Any = None,
    history: keras.callbacks.History | Mapping[str, Sequence[float]] | None = None,
    explanations: Mapping[int, Any] | None = None,
    robustness: Any = None,
) -> pathlib.Path:
    """Writes `report.html`, one page that needs nothing else, and a JSON file with the same numbers.

    The verdict comes first, and then the reasons for it. `kerasbert.evaluation.report` writes the same page
    for a model that was not exported.

    Args:
        path: str or path of the HTML file, which ends in `.html`; the JSON file has the same name and ends in
            `.json`. Files of these names are replaced.
        task: the Keras model, or None if only a file is known.
        title: str.
        card: `ModelCard` or None.
        scores: dict or None, the Keras model's scores on the test set, from 0 to 1, as returned by the task's
            `scores`, or `keras_scores` of a `Verification`; None for those of `evaluation`.
        artifacts: dict or None, name -> `Artifact`.
        verifications: dict or None, name -> `Verification`.
        benchmarks: dict or None, name -> `Benchmark`; files of other exporters can be included for
            comparison.
        answers: dict or None, text -> {name of a model -> its answer, as a str, or a pair of it and its
            probability}.
        expected: dict or None, text -> the right answer.
        evaluation: what `kerasbert.evaluation.evaluate` or `evaluate_retrieval` returns, or None.
        history: what `fit` returned, or its `history`, for the curves of training; or None.
        explanations: dict or None, what `kerasbert.evaluation.explain_mistakes` returned; the words of these
            mistakes are coloured.
        robustness: what `kerasbert.robustness.invariance` returned, or None.

    Returns:
        `pathlib.Path` of the HTML file; a notebook shows the page.

    Raises:
        ImportError: if `matplotlib` is missing.
        TypeError: if something is of another kind than is said here.
        ValueError: if the path does not end in `.html`.
    """
    path = Report(html_path(path, "write_report"))
    history = getattr(history, "history", history)
    named = {"artifacts": artifacts, "verifications": verifications, "benchmarks": benchmarks}
    check_parts(
        card, named, {"history": history, "scores": scores, "answers": answers}, evaluation, robustness
    )
    artifacts, verifications, benchmarks = artifacts or {}, verifications or {}, benchmarks or {}
    if scores is None:
        scores = {} if evaluation is None else evaluation.scores
    numbers = {
        "title": title,
        "machine": machine(),
        "model": _describe(task),
        "card": plain(ModelCard("", "", "") if card is None else card),
        "scores": scores,
        "artifacts": {name: plain(artifact) for name, artifact in artifacts.items()},
        "verifications": {name: plain(result) for name, result in verifications.items()},
        "benchmarks": {name: plain(result) for name, result in benchmarks.items()},
        "answers": dict(answers or {}),
        "expected": dict(expected or {}),
        "evaluation": None
        if evaluation is None
        else {"model": evaluation.model, "scores": evaluation.scores},
        "history": history,
        "explanations": {row: _explained(found) for row, found in (explanations or {}).items()},
        "robustness": None
        if robustness is None
        else {
            o.name: {"texts": o.texts, "changed": o.changed, "rate": o.rate}
            for o in robustness.outcomes.values()
        },
    }
    # A lone surrogate, which UTF-8 cannot represent, is written as a JSON escape.
    written = json.dumps(for_json(numbers), indent=1, ensure_ascii=False, allow_nan=False)
    shown = page(numbers, benchmarks, evaluation, history, explanations, robustness)
    with replacing(path.with_suffix(".json")) as temporary:
        temporary.write_bytes(written.encode("utf-8", "backslashreplace"))
    write_html(path, shown)
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


def plain(record):
    """Converts a dataclass to a dict for JSON."""
    fields = {}
    for name, value in dataclasses.asdict(record).items():
        if isinstance(value, dict):
            value = {"x".join(map(str, k)) if isinstance(k, tuple) else str(k): v for k, v in value.items()}
        fields[name] = str(value) if isinstance(value, pathlib.Path) else value
    return fields


def _explained(explanation):
    return {
        "target": explanation.target,
        "words": [[word.text, round(word.attribution, 4)] for word in explanation.words],
    }


def _describe(task):
    if task is None:
        return None
    config = task.encoder.config
    return {
        "task": type(task).__name__,
        "parameters": task.count_params(),
        "encoder": f"{config.num_layers} blocks of width {config.hidden_dim}, "
        f"{config.vocabulary_size:,} tokens",
        "labels": list(getattr(task, "labels", ())),
        "max_sequence_length": task.max_sequence_length,
        "windows": hasattr(task.preprocessor, "windows"),
    }
