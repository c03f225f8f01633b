"""Runs a TFLite file on tokens, or on texts if it takes them."""

import threading
import zipfile
from typing import Any

import numpy as np

from kerasbert import checks
from kerasbert.export.description import describe
from kerasbert.export.runner_errors import cannot_run, no_signature
from kerasbert.export.text_runner import TextRunner
from kerasbert.export.tflite_files import INSTALL, tflite_bits
from kerasbert.export.token_batches import single_rows, token_arrays
from kerasbert.types import PathLike, Tensors


class TFLiteRunner(TextRunner):
    """Runs a TFLite file, one sequence at a time.

    Several threads may share one runner: its interpreter is locked while it runs, so that their calls wait
    for each other. To run in parallel, open a runner for each thread; each has its own copy of the weights.
    `bits` is the number of bits of the narrowest weights: 32, 16, 8 or 4.

    Args:
        path: str or path of the file.
        num_threads: int.

    Call arguments:
        inputs: dict of int arrays `token_ids`, `segment_ids`, `padding_mask`, `(B, S)`. Rows are run one by
            one, up to the last 1 in their mask; zeros before it are padding, too.

    Returns:
        dict of numpy arrays, the answers of the rows in order, padded with zeros.

    Raises:
        ImportError: if `ai-edge-litert` is missing.
        ValueError: if the inputs have other names, or an array is not a valid batch of tokens.
        RuntimeError: if LiteRT cannot run the file on these tokens, for example because there are more than
            the model has positions.
    """

    def __init__(self, path: PathLike, num_threads: int = 1) -> None:
        litert = checks.require("ai_edge_litert.interpreter", INSTALL, "A TFLite file")
        # The interpreter is stored because the signature runners do not keep it alive.
        self._interpreter = litert.Interpreter(str(path), num_threads=num_threads)
        self.signatures = self._interpreter.get_signature_list()
        of_texts = {name for name, names in self.signatures.items() if "code_points" in names["inputs"]}
        # Those of fixed lengths have longer names.
        self.signature = min(self.signatures.keys() - of_texts, key=len)
        self._inputs = tuple(sorted(self.signatures[self.signature]["inputs"]))
        self._run = self._interpreter.get_signature_runner(self.signature)
        self._lock = threading.Lock()
        self.bits = tflite_bits(path)
        self.path = path
        self._of_texts: dict[str, Any] = {}
        # False while the file is being written, because its description is added last.
        self.takes_texts = bool(of_texts) and zipfile.is_zipfile(path)

    def __call__(self, inputs: Tensors) -> dict[str, np.ndarray]:
        """See the class."""
        if tuple(sorted(inputs)) != self._inputs:
            raise no_signature(tuple(sorted(inputs)), {self.signature: self._inputs})
        arrays = token_arrays(inputs, type(self).__name__)
        with self._lock:
            try:
                rows = [self._run(**row) for row in single_rows(arrays)]
            except (RuntimeError, ValueError) as error:
                raise cannot_run("LiteRT", self.path, error) from error
        return {name: _stacked([row[name][0] for row in rows]) for name in rows[0]}

    def description(self) -> dict[str, Any]:
        """What the file says of itself; see `export.describe`."""
        return describe(self.path)

    def _run_signature(self, name, inputs):
        with self._lock:
            if name not in self._of_texts:
                self._of_texts[name] = self._interpreter.get_signature_runner(name)
            return self._of_texts[name](**inputs)


def _stacked(rows):
    """Stacks arrays of the same rank but perhaps different shapes; smaller ones are padded with zeros."""
    joined = np.zeros((len(rows), *np.max([row.shape for row in rows], axis=0)), rows[0].dtype)
    for place, row in zip(joined, rows, strict=True):
        place[tuple(map(slice, row.shape))] = row
    return joined
