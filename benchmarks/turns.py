"""Contenders that take turns: each a process that waits until it is asked for a few steps."""

import json
import subprocess
import sys
import time


def serve(step, steps):
    """In a contender: warms up, and does `steps` steps for each line of standard input.

    Args:
        step: function without arguments, that returns when a step is done.
        steps: int.
    """
    for _ in range(3):
        step()
    print("ready", flush=True)
    for _ in sys.stdin:
        start = time.perf_counter(), time.process_time()
        for _ in range(steps):
            step()
        seconds = time.perf_counter() - start[0], time.process_time() - start[1]
        print(json.dumps([value / steps for value in seconds]), flush=True)


def take_turns(commands, rounds):
    """Starts contenders, and asks them in turns, in one order and the other.

    Args:
        commands: dict of name to a pair of command (list of str) and environment (dict).
        rounds: int.

    Returns:
        dict of name to a list of `rounds` pairs: wall and CPU seconds of a step.
    """
    processes = {}
    for name, (command, environment) in commands.items():
        process = subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        while process.stdout.readline().strip() != "ready":
            if process.poll() is not None:
                sys.exit(f"{name} failed")
        processes[name] = process
    found = {name: [] for name in processes}
    for i in range(rounds):
        for name in list(processes)[:: -1 if i % 2 else 1]:
            processes[name].stdin.write("\n")
            processes[name].stdin.flush()
            found[name].append(json.loads(processes[name].stdout.readline()))
    for process in processes.values():
        process.communicate()
    return found
