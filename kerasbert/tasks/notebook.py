"""What a notebook shows of a task."""

import math
from typing import Any

from kerasbert.pages import Table

MOST_LABELS = 20


class NotebookView:
    """The part of a task that shows itself as the last line of a notebook's cell."""

    def summary_table(self) -> Table:
        """Returns what the task is as a table: its answers, its encoder, its size."""
        config, rows = self.encoder.config, []
        labels = list(getattr(self, "labels", ()))
        if labels:
            more = f" and {len(labels) - MOST_LABELS:,} more" if len(labels) > MOST_LABELS else ""
            rows.append(["labels", ", ".join(map(str, labels[:MOST_LABELS])) + more])
        rows.append(["answers", ", ".join(self.answer_names)])
        limits = getattr(self, "thresholds", None)
        if limits:
            rows.append(["thresholds", ", ".join(f"{name} {value:.3g}" for name, value in limits.items())])
        blocks = f"{config.num_layers} blocks of width {config.hidden_dim}"
        rows.append(["encoder", f"{blocks}, {config.vocabulary_size:,} tokens"])
        every, learning = _count(self.weights), _count(self.trainable_weights)
        frozen = "" if every == learning else f", of which {learning:,} learn"
        rows.append(["parameters", f"{every:,}{frozen}"])
        rows.append(["longest input", f"{self.max_sequence_length} tokens"])
        return Table(type(self).__name__, ["", ""], rows)

    def _repr_html_(self) -> str:
        return self.summary_table()._repr_html_()


def _count(weights: Any) -> int:
    return sum(math.prod(weight.shape) for weight in weights)
