"""Shows mkdocstrings the package as it is installed; in this checkout `export` lies beside `kerasbert`."""

import pathlib
import re
import shutil
import tempfile

from mkdocs.plugins import event_priority

ROOT = pathlib.Path(__file__).resolve().parents[2]


# `Example:`, and what a session of Python shows until the next blank line.
EXAMPLE = re.compile(r"^( *)>>> .*?(?=\n\n|\n *\"\"\")", re.M | re.S)


@event_priority(100)  # before mkdocstrings reads its paths
def on_config(config):
    """Adds a copy to the paths of mkdocstrings, with `export` within `kerasbert` and examples as code."""
    folder = tempfile.TemporaryDirectory(prefix="kerasbert-docs-")
    package = pathlib.Path(folder.name) / "kerasbert"
    for source, target in ((ROOT / "kerasbert", package), (ROOT / "export", package / "export")):
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    for path in package.rglob("*.py"):
        code = EXAMPLE.sub(r"\1```pycon\n\g<0>\n\1```", path.read_text("utf-8"))
        path.write_text(re.sub(r"^( +)Example:$", r"\1**Example**", code, flags=re.M), "utf-8")
    config.plugins["mkdocstrings"].config.handlers["python"]["paths"] = [str(package.parent)]
    config.extra["folder"] = folder  # removed with the config
    return config
