"""The examples in docstrings are run, and every public name has one."""

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


@pytest.mark.parametrize("name", sorted(set(modules())))
def test_the_examples_run(name):
    module = importlib.import_module(name)
    results = doctest.testmod(module, extraglobs=NAMES, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert results.failed == 0


@pytest.mark.parametrize(
    "package",
    ["", ".layers", ".heads", ".tasks", ".text", ".data", ".pretraining", ".training", ".compression"],
)
def test_public_names_have_docstrings(package):
    module = importlib.import_module("kerasbert" + package)
    names = {n: v for n, v in vars(module).items() if inspect.isclass(v) or inspect.isfunction(v)}
    assert [name for name, value in names.items() if len(inspect.getdoc(value) or "") < 40] == []
