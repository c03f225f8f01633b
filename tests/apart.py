"""Scripts that need a process of their own: backends and devices are chosen when Keras starts."""

import json
import os
import pathlib
import subprocess
import sys

from forked import run_forked

TESTS = str(pathlib.Path(__file__).resolve().parent)


def run_apart(script, *arguments, **environment):
    """What a script prints as JSON in its last line; `sys.argv` is the folder of tests, and the arguments."""
    if "KERAS_BACKEND" in environment:  # perhaps without TensorFlow
        command = [sys.executable, "-c", script, TESTS, *arguments]
        done = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True)
    else:
        done = run_forked(script, TESTS, *arguments, **environment)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])
