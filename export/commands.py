"""The commands `python -m kerasbert export`, `verify` and `benchmark`."""

import dataclasses
import json
import pathlib

import keras

from kerasbert import checks
from kerasbert.data import read_conll, read_csv, read_json_lines, read_squad
from kerasbert.export.budget import AccuracyBudget
from kerasbert.export.latency import benchmark
from kerasbert.export.onnx_files import to_onnx
from kerasbert.export.recipes import DEFAULT
from kerasbert.export.report import plain
from kerasbert.export.saved_model import to_saved_model
from kerasbert.export.tflite import to_tflite
from kerasbert.export.verification import verify
from kerasbert.tasks.task import Task


def export_command(options):
    """Exports a `.keras` file; the name of the target decides the format."""
    task, data = _task(options.model), None
    if options.data:
        data = _rows(options.data, options)
    target = pathlib.Path(options.target)
    if target.suffix != ".tflite" and (options.recipe or options.max_drop is not None):
        raise checks.invalid(
            "Recipes and budgets are only for TFLite files.",
            fix="Give the output a name that ends in .tflite.",
            where="export",
            target=str(target),
        )
    limits = {name: getattr(options, name) for name in ("min_agreement", "max_mean_difference")}
    checked = {"data": data, "verify": {name: x for name, x in limits.items() if x is not None} or True}
    if target.suffix == ".onnx":
        artifact = to_onnx(task, target, text=options.takes_text, **checked)
    elif target.suffix != ".tflite":
        artifact = to_saved_model(task, target, **checked)
    elif options.max_drop is not None:
        budget = AccuracyBudget(options.metric, options.max_drop)
        artifact = to_tflite(task, target, budget=budget, text=options.takes_text, **checked)
    else:
        recipe = options.recipe or DEFAULT
        artifact = to_tflite(task, target, recipe, text=options.takes_text, **checked)
    for trial in artifact.trials:
        kept = f", at another recipe: {', '.join(trial.part_recipes)}" if trial.part_recipes else ""
        print(
            f"{trial.recipe}{kept}: {trial.size_bytes / 1e6:.1f} MB, score {trial.score:.4f}, "
            f"{trial.drop:.4f} lower on {trial.rows} rows, "
            f"at least {max(trial.least_drop, 0.0):.4f} at 95 % confidence"
        )
    _show(artifact, ("path", "format", "recipe", "size_bytes", "sha256", "signatures", "partitions"))


def verify_command(options):
    """Compares an artifact with the `.keras` file from which it was exported."""
    task = _task(options.model)
    names = ("min_agreement", "max_mean_difference", "max_drop")
    limits = {name: getattr(options, name) for name in names if getattr(options, name) is not None}
    _show(verify(task, options.artifact, *_rows(options.data, options), **limits))


def benchmark_command(options):
    """Benchmarks artifacts one after the other."""
    size = _task(options.model).encoder.config.vocabulary_size
    for path in options.artifacts:
        found = benchmark(path, size, options.lengths, options.threads, options.repeats)
        print(f"{path}: {found.size_bytes / 1e6:.1f} MB")
        for threads in options.threads:
            times = (f"{n} tokens {found.latency_ms[threads, n]:.2f} ms" for n in options.lengths)
            print(
                f"  threads {threads}: {', '.join(times)}; loading {found.load_ms[threads]:.0f} ms, "
                f"memory {found.memory_bytes[threads] / 1e6:.0f} MB"
            )


def _show(record, names=None):
    fields = plain(record)
    for name in names or [field.name for field in dataclasses.fields(record)]:
        value = fields[name]
        line = f"{name}: {value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}"
        print(line.encode("utf-8", "backslashreplace").decode())  # a text may have a lone surrogate


def _task(path):
    if not pathlib.Path(path).exists():
        raise checks.invalid(
            "The file of the model must exist.",
            fix="Check the path; `task.save('film.keras')` writes one.",
            kind=FileNotFoundError,
            model=path,
        )
    try:
        task = keras.saving.load_model(path)
    except Exception as error:  # Keras has no exception class for damaged files
        raise checks.invalid(
            "The model must be a complete `.keras` file of a kerasbert task.",
            fix="The file is damaged or was written by another program. Save the task again.",
            model=path,
            reason=str(error),
        ) from error
    if not isinstance(task, Task):
        raise checks.invalid(
            "A model must be a kerasbert task, such as a `BertTextClassifier`.",
            fix="Build a task on the model, and save the task.",
            model=path,
            type=type(task).__name__,
        )
    return task


def _rows(path, options):
    """Reads the texts and labels of a file into memory; its name decides the format."""
    name = path.lower()
    if name.endswith(".json"):
        rows = read_squad(path)
        return (list(rows.questions), list(rows.contexts)), rows.answers
    if name.endswith((".conll", ".bio", ".iob")):
        return tuple(map(list, zip(*read_conll(path), strict=True)))
    columns = {"text": options.text, "label": options.label, "text_pair": options.text_pair}
    if name.endswith(".jsonl"):
        rows = read_json_lines(path, **columns)
    else:
        rows = read_csv(path, separator="\t" if name.endswith(".tsv") else ",", **columns)
    x, y = map(list, zip(*rows, strict=True))
    return (tuple(map(list, zip(*x, strict=True))) if options.text_pair else x), y
