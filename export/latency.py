"""Benchmarks an artifact: its latency, load time and memory."""

import dataclasses
import json
import pathlib
import subprocess
import sys
import tempfile
from collections.abc import Sequence

from kerasbert import checks
from kerasbert.export.artifact import Artifact
from kerasbert.export.report_speed import cost_table, latency_table
from kerasbert.export.runners import existing
from kerasbert.export.text_benchmarks import write_onnx_texts
from kerasbert.pages import escaped
from kerasbert.pages.style import fragment
from kerasbert.types import PathLike

LENGTHS = (16, 32, 64, 128, 256)


@dataclasses.dataclass(frozen=True)
class Benchmark:
    """The time and memory that one artifact needs on this machine, for one sequence at a time.

    Args:
        path: str, the artifact.
        size_bytes: int.
        load_ms: dict, threads -> milliseconds from opening the file to the first answer.
        memory_bytes: dict, threads -> peak memory in addition to that of the bare runtime.
        latency_ms: dict, (threads, length) -> median milliseconds.
        latency_p90_ms: dict, (threads, length) -> 90th percentile in milliseconds.
        latency_p10_ms: dict, (threads, length) -> 10th percentile in milliseconds.
        tokenizer_ms: dict, (threads, length) -> median milliseconds of the file's own tokenizer for a text of
            so many tokens; filled for a TFLite or ONNX file that takes text.
        from_text: bool, whether latencies are those from a text to its answer, tokenizer included, because
            the file takes no tokens: an ONNX file that takes text.
    """

    path: str
    size_bytes: int
    load_ms: dict[int, float]
    memory_bytes: dict[int, int]
    latency_ms: dict[tuple[int, int], float]
    latency_p90_ms: dict[tuple[int, int], float]
    latency_p10_ms: dict[tuple[int, int], float] = dataclasses.field(default_factory=dict)
    tokenizer_ms: dict[tuple[int, int], float] = dataclasses.field(default_factory=dict)
    from_text: bool = False

    def tokenizer_share(self, threads: int, length: int) -> float:
        """The tokenizer's time as a fraction of the model's own, which is without it."""
        ms, whole = self.tokenizer_ms[threads, length], self.latency_ms[threads, length]
        return ms / (whole - ms if self.from_text else whole)

    def _repr_html_(self) -> str:
        mine = {pathlib.Path(self.path).name: self}
        tables = (latency_table(mine), cost_table(mine))
        return fragment("".join(f"<h3>{escaped(table.title)}</h3>{table.html()}" for table in tables))


def benchmark(
    artifact: Artifact | PathLike,
    vocabulary_size: int,
    lengths: Sequence[int] = LENGTHS,
    threads: Sequence[int] = (1, 2),
    repeats: int = 30,
) -> Benchmark:
    """Benchmarks an artifact, for each number of threads in a new process that only loads the runtime.

    Args:
        artifact: `Artifact`, or the path of a SavedModel, a TFLite or an ONNX file. A file may come from
            another exporter if its inputs have our names or Hugging Face's (`input_ids`). An ONNX file that
            takes text gets its self-test's text, repeated; of several choices or sentences, each row is as
            long.
        vocabulary_size: int, V; token ids are drawn at random, without special tokens.
        lengths: sequence of int, the sequence lengths S to measure, at most `max_sequence_length`.
        threads: sequence of int.
        repeats: int, the number of timed runs, after three runs that are not timed.

    Returns:
        `Benchmark`.

    Raises:
        FileNotFoundError: if the artifact does not exist.
        RuntimeError: if the artifact cannot be run, for example because a length exceeds its positions.
        ValueError: if an ONNX file that takes text has no text of a length.
    """
    checks.positive_int("benchmark", vocabulary_size=vocabulary_size, repeats=repeats)
    path = existing(getattr(artifact, "path", artifact))
    if not isinstance(artifact, Artifact):
        artifact = Artifact.of(path, "any", signatures={})
    load_ms, memory_bytes = {}, {}
    median_ms, p90_ms, p10_ms, tokenizer_ms = {}, {}, {}, {}
    with tempfile.TemporaryDirectory() as folder:
        from_text = path.suffix == ".onnx" and write_onnx_texts(path, lengths, folder)
        for count in threads:
            numbers = (vocabulary_size, list(lengths), count, max(repeats, 2))
            measured = _measured(path, lengths, [*map(json.dumps, numbers), *([folder] if from_text else [])])
            load_ms[count], memory_bytes[count] = measured["load_ms"], measured["memory_bytes"]
            for row in measured["latency"]:
                median_ms[count, row["length"]] = row["median_ms"]
                p90_ms[count, row["length"]] = row["p90_ms"]
                p10_ms[count, row["length"]] = row["p10_ms"]
                if "tokenizer_ms" in row:
                    tokenizer_ms[count, row["length"]] = row["tokenizer_ms"]
    times = median_ms, p90_ms, p10_ms, tokenizer_ms
    return Benchmark(str(path), artifact.size_bytes, load_ms, memory_bytes, *times, from_text=from_text)


def _measured(path, lengths, arguments):
    """What `measure.py` prints."""
    script = pathlib.Path(__file__).with_name("measure.py")
    command = [sys.executable, str(script), str(path), *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise checks.invalid(
            "An artifact must run at every length.",
            fix="Leave out lengths above the model's `max_sequence_length`; the runtime's own message is "
            "above.",
            where=str(path),
            kind=RuntimeError,
            lengths=tuple(lengths),
        ) from RuntimeError(done.stderr[-2000:])
    return json.loads(done.stdout.splitlines()[-1])
