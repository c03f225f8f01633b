"""Who may import whom."""

import ast
import configparser
import importlib
import pathlib
import subprocess
import sys

import pytest

import kerasbert

ROOT = pathlib.Path(__file__).resolve().parents[1]
EVERYONE = {"checks", "atomic", "fast_training", "json_files", "keras_private", "optional", "pages", "types"}
ALLOWED = {
    "checks": set(),
    "atomic": {"checks"},
    "fast_training": {"optional"},
    "json_files": {"checks"},
    "keras_private": set(),
    "types": set(),
    "optional": {"checks"},
    "config": set(),
    "text": set(),
    "layers": set(),
    "heads": {"layers"},
    "adaptation": set(),
    "rematerialization": set(),
    "encoder": {"layers", "config", "checkpoints", "adaptation", "rematerialization"},
    "checkpoints": {"config", "layers"},
    "data": {"text"},
    "training": set(),
    "pretraining": {"config", "data", "encoder", "tasks", "text", "training"},
    "preprocessing": {"data", "text"},
    "tasks": {"encoder", "heads", "text", "data", "training", "checkpoints", "preprocessing"},
    "compression": {"config", "data", "encoder", "layers", "preprocessing", "tasks", "text"},
    "pages": set(),
    "evaluation": {"data", "explain", "export", "preprocessing", "tasks", "text"},
    "export": {"layers", "text", "config", "encoder", "checkpoints", "data", "tasks"},
    "__init__": {"config", "encoder", "tasks", "text"},
    "__main__": {"__version__", "pretraining", "train_command", "export"},
    "train_command": {"data", "tasks", "training"},
    "robustness": {"data", "encoder", "export", "layers", "tasks", "training"},
    "explain": {"data", "layers", "preprocessing", "tasks"},
    "testing": {"export", "tasks", "text"},
}
PURE = {
    "layers",
    "adaptation",
    "rematerialization",
    "encoder",
    "heads",
    "checkpoints",
    "config",
    "training",
    "tasks",
    "compression",
    "checks",
    "atomic",
    "fast_training",
    "keras_private",
}


def files():
    for path in [*ROOT.glob("kerasbert/**/*.py"), *ROOT.glob("export/**/*.py")]:
        parts = path.relative_to(ROOT).with_suffix("").parts
        yield path, parts[0] if parts[0] == "export" else parts[1]


def imported(path):
    """Modules that a file imports, at the top and inside functions."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            for name in node.names:
                yield f"{node.module}.{name.name}"


def test_rooms_import_only_what_the_design_allows():
    wrong = []
    for path, room in files():
        for module in imported(path):
            parts = module.split(".")
            if parts[0] == "kerasbert" and parts[1] not in ALLOWED[room] | EVERYONE | {room}:
                wrong.append(f"{path.relative_to(ROOT)} imports {module}")
    assert not wrong


def test_model_code_imports_no_tensorflow():
    wrong = [
        f"{path.relative_to(ROOT)} imports {module}"
        for path, room in files()
        if room in PURE
        for module in imported(path)
        if module.split(".")[0] in ("tensorflow", "tensorflow_text")
    ]
    assert not wrong


def run(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd="/")


def test_importing_kerasbert_leaves_tensorflow_text_and_export_alone():
    done = run(
        "import kerasbert, sys; "
        "rooms = ('tensorflow_text', 'kerasbert.export', 'ai_edge_litert'); "
        "print([m for m in rooms if m in sys.modules])"
    )
    assert done.stdout == "[]\n", done.stderr


def test_export_refuses_another_name():
    done = run(f"import sys; sys.path.insert(0, {str(ROOT)!r}); import export")
    assert "must be imported as `kerasbert.export`" in done.stderr


def test_in_a_clone_that_is_not_installed_export_says_what_to_do(monkeypatch):
    def missing(name):
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(ImportError, match="pip install --editable"):
        kerasbert.__getattr__("export")
    with pytest.raises(ModuleNotFoundError, match=r"'kerasbert\.data'"):
        kerasbert.__getattr__("data")


def test_without_tensorflow_text_models_work_and_texts_say_what_to_install():
    done = run(
        "import sys; sys.modules['tensorflow_text'] = None\n"
        "import kerasbert\n"
        "kerasbert.BertEncoder(kerasbert.BertConfig(num_layers=1))\n"
        "try: kerasbert.BertTokenizer(['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]']).tokenize(['a'])\n"
        "except ImportError as error: print(error)"
    )
    assert "tensorflow_text" in done.stdout, done.stderr
    assert "pip install" in done.stdout


def test_every_package_is_installed():
    """Installed from this folder all are found; a wheel has only those that setup.cfg names."""
    settings = configparser.ConfigParser()
    settings.read(ROOT / "setup.cfg")
    named = settings["options"]["packages"].split()
    folders = {"kerasbert": ROOT / "kerasbert", "kerasbert.export": ROOT / "export"}
    found = {
        ".".join([name, *path.parent.relative_to(folder).parts])
        for name, folder in folders.items()
        for path in folder.rglob("__init__.py")
    }
    assert sorted(named) == sorted(found)
