"""How fast an artifact answers, how long it takes to load and how much memory it needs."""

import dataclasses
import json
import pathlib
import subprocess
import sys
from collections.abc import Sequence

from kerasbert import checks
from kerasbert.export.artifact import Artifact
from kerasbert.export.runners import existing
from kerasbert.types import PathLike

LENGTHS = (16, 32, 64, 128, 256)


@dataclasses.dataclass(frozen=True)
class Benchmark:
    """What one artifact takes, on this machine, for one sequence at a time.

    Args:
        path: str, the artifact.
        size_bytes: int.
        load_ms: dict, threads -> milliseconds from opening the file to the first answer.
        memory_bytes: dict, threads -> peak memory above that of the bare runtime.
        latency_ms: dict, (threads, length) -> median milliseconds.
        latency_p90_ms: the same, the 90th percentile.
    """

    path: str
    size_bytes: int
    load_ms: dict[int, float]
    memory_bytes: dict[int, int]
    latency_ms: dict[tuple[int, int], float]
    latency_p90_ms: dict[tuple[int, int], float]


def benchmark(
    artifact: Artifact | PathLike,
    vocabulary_size: int,
    lengths: Sequence[int] = LENGTHS,
    threads: Sequence[int] = (1, 2),
    repeats: int = 30,
) -> Benchmark:
    """Measures an artifact, each number of threads in a fresh process that has only the runtime.

    Args:
        artifact: `Artifact`, or the path of a SavedModel, a TFLite or an ONNX file. A file may come from
            elsewhere, if its inputs are called like ours or like Hugging Face's (`input_ids`).
        vocabulary_size: int, V; token ids are drawn from the words among them.
        lengths: sequence of int, S of each measurement, at most the model's `max_sequence_length`.
        threads: sequence of int.
        repeats: int, timed runs of each, after three that are not.

    Returns:
        `Benchmark`.

    Raises:
        FileNotFoundError: if nothing is there.
        RuntimeError: if the artifact cannot be run, such as at a length beyond its positions.
    """
    checks.positive_int("benchmark", vocabulary_size=vocabulary_size, repeats=repeats)
    path = existing(getattr(artifact, "path", artifact))
    if not isinstance(artifact, Artifact):
        artifact = Artifact.of(path, "any", signatures={})
    script = pathlib.Path(__file__).with_name("measure.py")
    load_ms, memory_bytes, median_ms, p90_ms = {}, {}, {}, {}
    for count in threads:
        numbers = [json.dumps(n) for n in (vocabulary_size, list(lengths), count, max(repeats, 2))]
        command = [sys.executable, str(script), str(path), *numbers]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise checks.invalid(
                "An artifact must run at every length.",
                fix="Leave out lengths beyond the model's `max_sequence_length`, or read what failed above.",
                where=str(path),
                kind=RuntimeError,
                lengths=tuple(lengths),
            ) from RuntimeError(done.stderr[-2000:])
        measured = json.loads(done.stdout.splitlines()[-1])
        load_ms[count], memory_bytes[count] = measured["load_ms"], measured["memory_bytes"]
        for row in measured["latency"]:
            median_ms[count, row["length"]] = row["median_ms"]
            p90_ms[count, row["length"]] = row["p90_ms"]
    return Benchmark(str(path), artifact.size_bytes, load_ms, memory_bytes, median_ms, p90_ms)
