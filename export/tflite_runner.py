"""Runs a TFLite file on tokens, or on texts if it takes them."""

import threading
import warnings
import zipfile
from typing import Any

import numpy as np

from kerasbert import checks
from kerasbert.export.description import describe
from kerasbert.export.runner_errors import cannot_run, no_signature
from kerasbert.export.text_graphs import BY_ENDPOINT, TOKENIZERS, as_code_points, rows_of_texts
from kerasbert.export.tflite_files import INSTALL, tflite_bits
from kerasbert.export.token_batches import single_rows, token_arrays
from kerasbert.types import PathLike, Rows, Tensors


class TFLiteRunner:
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
        (self.signature,) = self.signatures.keys() - of_texts
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

    def tokenize(self, text: str, second: str | None = None) -> dict[str, np.ndarray]:
        """Tokenizes a text or a pair with the file's own tokenizer, if it takes text.

        Args:
            text: str.
            second: str or None, the second text of a pair.

        Returns:
            dict of `token_ids`, `segment_ids`, `padding_mask`, `starts` and `ends`, numpy int32 `(1, S)`.

        Raises:
            ValueError: if the file does not take text.
        """
        texts = (text,) if second is None else (text, second)
        name = next(name for name, inputs in TOKENIZERS.items() if len(inputs) == len(texts))
        return self.run_texts(name, dict(zip(TOKENIZERS[name], map(as_code_points, texts), strict=True)))

    def run_texts(self, name: str, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Runs a signature that takes code points.

        Args:
            name: str, the name of the signature.
            inputs: dict of numpy int32 arrays.

        Returns:
            dict of numpy arrays.

        Raises:
            ValueError: if the file does not take text.
        """
        if name not in self.signatures:
            raise checks.invalid(
                "Only a file that takes text can answer texts.",
                fix="Export it with `to_tflite(task, path, text=True)`, or pass tokens.",
                path=str(self.path),
                signatures=list(self.signatures),
            )
        with self._lock:
            if name not in self._of_texts:
                self._of_texts[name] = self._interpreter.get_signature_runner(name)
            return self._of_texts[name](**inputs)

    def predict(self, x: Rows) -> Any:
        """Answers texts with the file alone.

        Args:
            x: texts in memory, as for the task's `predict`.

        Returns:
            What the task's `predict` returns: an array of probabilities, lists of entities, answers.

        Raises:
            ValueError: if the file does not take text.
        """
        description = describe(self.path)
        kind, module = description["kind"], BY_ENDPOINT[description["kind"]]
        rows = rows_of_texts(kind, x)
        outputs = [self.run_texts(*module.inputs(kind, row)) for row in rows]
        truncated = sum(bool(np.any(output.get("truncated", 0))) for output in outputs)
        if truncated:
            warnings.warn(
                f"{truncated} of the {len(rows)} rows were longer than "
                f"max_sequence_length={description['max_sequence_length']} tokens and were truncated.",
                stacklevel=2,
            )
        return module.predictions(description, rows, outputs)


def _stacked(rows):
    """Stacks arrays of the same rank but perhaps different shapes; smaller ones are padded with zeros."""
    joined = np.zeros((len(rows), *np.max([row.shape for row in rows], axis=0)), rows[0].dtype)
    for place, row in zip(joined, rows, strict=True):
        place[tuple(map(slice, row.shape))] = row
    return joined
