"""The public API is annotated: users' type checkers and editors read it, since `py.typed` says so."""

import functools
import importlib
import inspect

import pytest

import kerasbert

PACKAGES = ["", *(f".{name}" for name in kerasbert._PACKAGES)]
# Beside names without an underscore, what users call by an operator or by a call.
OPERATORS = ("__init__", "__call__", "__getitem__", "__iter__", "__len__")


def functions_of(value):
    """A public function, or the functions behind the public methods and properties of a class of ours."""
    if inspect.isfunction(value):
        yield value
    if inspect.isclass(value):
        for owner in value.__mro__:
            for name, member in vars(owner).items():
                if owner.__module__.startswith("kerasbert") and (name[0] != "_" or name in OPERATORS):
                    yield from behind(member)


def behind(member):
    if isinstance(member, property):
        yield from (function for function in (member.fget, member.fset) if function)
    elif isinstance(member, functools.cached_property):
        yield member.func
    elif isinstance(member, (classmethod, staticmethod)):
        yield member.__func__
    elif inspect.isfunction(member):
        yield inspect.unwrap(member)


def unannotated(function):
    """The parameters without a type, and `return`."""
    signature = inspect.signature(function)
    missing = [p.name for p in signature.parameters.values() if p.annotation is p.empty]
    if "." in function.__qualname__ and missing[:1] in (["self"], ["cls"]):
        missing = missing[1:]
    return [*missing, "return"] if signature.return_annotation is signature.empty else missing


@pytest.mark.parametrize("package", PACKAGES)
def test_public_names_are_annotated(package):
    module = importlib.import_module("kerasbert" + package)
    functions = [f for name in module.__all__ for f in functions_of(getattr(module, name))]
    ours = [f for f in functions if f.__module__.startswith("kerasbert") and f.__name__ != "<lambda>"]
    assert ours
    missing = {f"{f.__module__}.{f.__qualname__}": unannotated(f) for f in ours}
    assert {name: parameters for name, parameters in missing.items() if parameters} == {}
