"""Shows mkdocstrings the package as it is installed; in this checkout `export` lies beside `kerasbert`."""

import pathlib
import shutil
import tempfile

from mkdocs.plugins import event_priority

ROOT = pathlib.Path(__file__).resolve().parents[2]


@event_priority(100)  # before mkdocstrings reads its paths
def on_config(config):
    """Adds a folder to the paths of mkdocstrings, in which `export` is within `kerasbert`."""
    folder = tempfile.TemporaryDirectory(prefix="kerasbert-docs-")
    package = pathlib.Path(folder.name) / "kerasbert"
    for source, target in ((ROOT / "kerasbert", package), (ROOT / "export", package / "export")):
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    config.plugins["mkdocstrings"].config.handlers["python"]["paths"] = [str(package.parent)]
    config.extra["folder"] = folder  # removed with the config
    return config
