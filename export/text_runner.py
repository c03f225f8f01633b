"""What runners of files that take texts have in common."""

import warnings
from typing import Any

import numpy as np

from kerasbert import checks
from kerasbert.export.text_graphs import BY_ENDPOINT, TOKENIZERS, as_code_points, rows_of_texts
from kerasbert.types import Rows


def warn_of_truncated(truncated: int, rows: int, max_sequence_length: int) -> None:
    """Warns the caller of a caller if rows were truncated, with their number."""
    if truncated:
        warnings.warn(
            f"{truncated} of the {rows} rows had a text that was too long for the model, which reads up to "
            f"max_sequence_length={max_sequence_length} tokens at once, and were truncated.",
            stacklevel=3,
        )


class TextRunner:
    """Answers texts with a file alone.

    Attributes:
        signatures: dict, signature -> {"inputs": names, "outputs": names}.
        takes_texts: bool.
    """

    signatures: dict[str, Any]
    takes_texts: bool
    path: Any

    def description(self) -> dict[str, Any]:
        """What the file says of itself; see `export.describe`."""
        raise NotImplementedError

    def _run_signature(self, name, inputs):
        raise NotImplementedError

    def run_texts(self, name: str, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Runs a signature that takes code points.

        Args:
            name: str, the name of the signature.
            inputs: dict of numpy int32 arrays.

        Returns:
            dict of numpy arrays.

        Raises:
            ValueError: if the file does not take text, or takes another number of texts.
        """
        if name not in self.signatures:
            raise checks.invalid(
                f"Only a file that takes text can answer texts, here by a signature `{name}`.",
                fix="Export it with `text=True` (for pairs of texts `to_onnx` needs `pairs=True`, too), or "
                "pass tokens.",
                path=str(self.path),
                signatures=list(self.signatures),
            )
        return self._run_signature(name, inputs)

    def tokenize(self, text: str, second: str | None = None) -> dict[str, np.ndarray]:
        """Tokenizes a text or a pair with the file's own tokenizer, if it takes text.

        Args:
            text: str.
            second: str or None, the second text of a pair.

        Returns:
            dict of `token_ids`, `segment_ids`, `padding_mask`, `starts` and `ends`, numpy int32 `(1, S)`.

        Raises:
            ValueError: if the file does not take text, or takes another number of texts.
        """
        texts = (text,) if second is None else (text, second)
        name = next(name for name, inputs in TOKENIZERS.items() if len(inputs) == len(texts))
        return self.run_texts(name, dict(zip(TOKENIZERS[name], map(as_code_points, texts), strict=True)))

    def takes(self, x: Rows) -> bool:
        """Whether the file has a signature for rows like these, of one text or of two."""
        kind = self.description()["kind"]
        return all(
            BY_ENDPOINT[kind].inputs(kind, row)[0] in self.signatures for row in rows_of_texts(kind, x)[:1]
        )

    def predict(self, x: Rows) -> Any:
        """Answers texts with the file alone.

        Args:
            x: texts in memory, as for the task's `predict`.

        Returns:
            What the task's `predict` returns: an array of probabilities, lists of entities, answers.

        Raises:
            ValueError: if the file does not take text, or takes another number of texts.
        """
        description = self.description()
        kind, module = description["kind"], BY_ENDPOINT[description["kind"]]
        rows = rows_of_texts(kind, x)
        outputs = [self.run_texts(*module.inputs(kind, row)) for row in rows]
        truncated = sum(bool(np.any(output.get("truncated", 0))) for output in outputs)
        warn_of_truncated(truncated, len(rows), description["max_sequence_length"])
        return module.predictions(description, rows, outputs)
