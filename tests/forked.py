"""What needs a process of its own, in one that has imported TensorFlow already.

The import is most of what such a process costs: 2 to 12 seconds of a processor, for each of some hundred
conversions and scripts. A server imports TensorFlow once, computes nothing, and forks for each of them.
"""

import atexit
import json
import os
import pathlib
import subprocess
import sys
import tempfile

SERVER = """
import json, os, sys, traceback
import tensorflow
for line in sys.stdin:
    request = json.loads(line)
    child = os.fork()
    if not child:
        status = 1
        for stream, number in (("stdout", 1), ("stderr", 2)):
            os.dup2(os.open(request[stream], os.O_WRONLY | os.O_CREAT, 0o600), number)
        try:
            os.environ.update(request["environment"])
            sys.argv = ["-c", *request["arguments"]]
            exec(compile(request["script"], "<script>", "exec"), {"__name__": "__main__"})
            status = 0
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
        except BaseException:
            traceback.print_exc()
        sys.stdout.flush(); sys.stderr.flush()
        os._exit(status)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    print(status, flush=True)
"""
_server = None


def run_forked(script, *arguments, **environment):
    """Runs a script in a fork of the server, as `python -c script *arguments` would.

    Returns:
        `subprocess.CompletedProcess`, with text.
    """
    global _server
    if _server is None or _server.poll() is not None:
        command = [sys.executable, "-c", SERVER]
        _server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        atexit.register(_server.kill)
    with tempfile.TemporaryDirectory() as folder:
        streams = {name: os.path.join(folder, name) for name in ("stdout", "stderr")}
        request = {"script": script, "arguments": list(map(str, arguments)), "environment": environment}
        print(json.dumps(request | streams), file=_server.stdin, flush=True)
        status = int(_server.stdout.readline())
        texts = (pathlib.Path(path).read_text("utf-8", "replace") for path in streams.values())
        return subprocess.CompletedProcess(script, status, *texts)
