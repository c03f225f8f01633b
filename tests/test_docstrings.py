"""The examples in docstrings are run, and what users call to build and train models has one."""

import doctest
import importlib
import inspect
import pkgutil

import numpy as np
import pytest

import kerasbert
from kerasbert import export

NAMES = {"np": np, "BertConfig": kerasbert.BertConfig, "BertEncoder": kerasbert.BertEncoder}
NAMES["BertTokenizer"] = kerasbert.BertTokenizer


def modules():
    for package in (kerasbert, export):
        for found in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
            if found.name != "kerasbert.export.measure":  # a script
                yield found.name


# These train or export; the guides that run by default do so too.
LONG = {
    "kerasbert.compression.distillation",
    "kerasbert.evaluation.evaluate",
    "kerasbert.evaluation.report",
    "kerasbert.evaluation.temperature",
    "kerasbert.explain.methods",
    "kerasbert.pretraining.batches",
    "kerasbert.tasks.masked_lm",
    "kerasbert.tasks.question_answerer",
    "kerasbert.tasks.summarizer",
    "kerasbert.tasks.text_task",
    "kerasbert.tasks.token_classifier",
    "kerasbert.testing",
    "kerasbert.training.resume",
}


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=pytest.mark.slow if name in LONG else ()) for name in sorted(set(modules()))],
)
def test_the_examples_run(name):
    module = importlib.import_module(name)
    results = doctest.testmod(module, extraglobs=NAMES, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert results.failed == 0


# Results, which users read and do not make.
RESULTS = {"Answer", "Entity", "Summary", "Explanation", "Token", "Word", "Example", "Invariance", "Outcome"}
RESULTS |= {"Bin", "Calibration", "Comparison", "Duplicate", "Mistake", "Slice", "Suspect"}
RESULTS |= {"ClassEvaluation", "EntityEvaluation", "Evaluation", "LabelEvaluation", "NumberEvaluation"}
RESULTS |= {"QuestionEvaluation", "RetrievalEvaluation", "TemperatureScaling"}
# Takes a mesh of JAX's devices.
WITHOUT_EXAMPLE = {*RESULTS, "layout_map"}
WITH_EXAMPLES = [
    "",
    ".evaluation",
    ".explain",
    ".robustness",
    ".layers",
    ".heads",
    ".tasks",
    ".text",
    ".training",
    ".compression",
]
# These are about files and rows; the guides and `examples/` show them.
OTHERS = [".checkpoints", ".data", ".export", ".pretraining"]


def documented(package):
    """Classes and functions that a package shows, by name, with their docstrings."""
    module = importlib.import_module("kerasbert" + package)
    values = {name: getattr(module, name) for name in module.__all__}
    values = {n: v for n, v in values.items() if inspect.isclass(v) or inspect.isfunction(v)}
    return {name: inspect.getdoc(value) or "" for name, value in values.items()}


@pytest.mark.parametrize("package", [*WITH_EXAMPLES, *OTHERS])
def test_public_names_have_docstrings(package):
    assert [name for name, text in documented(package).items() if len(text) < 40] == []


@pytest.mark.parametrize("package", WITH_EXAMPLES)
def test_what_users_call_has_an_example(package):
    names = {name for name, text in documented(package).items() if ">>>" not in text}
    assert names <= WITHOUT_EXAMPLE
