"""A process that can import one runtime and numpy and nothing else, as on a device."""

import importlib.util
import json
import pathlib
import subprocess
import sys

# What the wheels of the two runtimes import, beside themselves, to run a model.
RUNTIMES = {"tflite": ("ai_edge_litert", "ml_dtypes"), "onnx": ("onnxruntime",)}
SCRIPTS = pathlib.Path(__file__).parent / "alone"
START = """
import importlib.util, runpy, sys
sys.path.append(sys.argv[1])
for name in ("tensorflow", "keras", "kerasbert", "onnx", "tf2onnx"):
    assert importlib.util.find_spec(name) is None, name
del sys.argv[0:2]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def run_alone(format, folder, script, *arguments):
    """Runs a script of `tests/alone`.

    Args:
        format: str, a key of `RUNTIMES`, whose packages can be imported.
        folder: `pathlib.Path`, an empty folder.
        script: str, its name.
        *arguments: str or path, and in the end what the script reads as JSON.

    Returns:
        What it printed as JSON.
    """
    for name in ("numpy", *RUNTIMES[format]):
        package = pathlib.Path(importlib.util.find_spec(name).origin).parent
        for path in (package, package.with_name(f"{name}.libs")):
            if path.is_dir() and not (folder / path.name).exists():
                (folder / path.name).symlink_to(path)
    *arguments, given = arguments
    command = [sys.executable, "-I", "-S", "-c", START, folder, SCRIPTS / script, *arguments]
    done = subprocess.run(list(map(str, command)), input=json.dumps(given), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])
