"""Scripts that need a process of their own: backends and devices are chosen when Keras starts."""

import json
import pathlib

from forked import run_forked

TESTS = str(pathlib.Path(__file__).resolve().parent)


def run_apart(script, *arguments, **environment):
    """What a script prints as JSON in its last line; `sys.argv` is the folder of tests, and the arguments."""
    done = run_forked(script, TESTS, *arguments, **environment)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])
