"""How much the answers of a file differ from the Keras model's."""

import dataclasses
import pathlib

from kerasbert.pages import Table, percent, score_name


@dataclasses.dataclass(frozen=True)
class Verification:
    """How much an artifact's answers to some texts differ from the Keras model's.

    Args:
        path: str, the artifact.
        rows: int, how many texts were compared.
        max_difference: float, the largest difference of one number: a probability of a class or at a token,
            or a number of an embedding or a regression.
        mean_difference: float, the mean difference over all numbers.
        label_agreement: float in [0, 1], the fraction of rows with the same label, labels, entities, answer
            or best tokens; None for tasks without these.
        worst_text: the text with the largest difference.
        not_finite: int, how many of the artifact's numbers are NaN or infinite.
        keras_scores: dict, the Keras model's scores, from 0 to 1, if labels were given, with the names of the
            task's `scores`, such as `"accuracy"` or `"f1"`.
        scores: dict, the artifact's scores.
    """

    path: str
    rows: int
    max_difference: float
    mean_difference: float
    label_agreement: float | None
    worst_text: object
    not_finite: int
    keras_scores: dict[str, float] = dataclasses.field(default_factory=dict)
    scores: dict[str, float] = dataclasses.field(default_factory=dict)

    def table(self) -> Table:
        """Returns the comparison as a table."""
        rows = [["texts", f"{self.rows:,}"]]
        if self.label_agreement is not None:
            rows.append(["same answer", percent(self.label_agreement)])
        rows.append(["largest difference of a number", f"{self.max_difference:.2g}"])
        rows.append(["mean difference", f"{self.mean_difference:.2g}"])
        if self.not_finite:
            rows.append(["NaN or infinite", f"{self.not_finite:,}"])
        for name, score in self.scores.items():
            rows.append([score_name(name), f"{score:.3f}, Keras model {self.keras_scores[name]:.3f}"])
        rows.append(["text with the largest difference", str(self.worst_text)])
        return Table(f"{pathlib.Path(self.path).name} beside the Keras model", ["", ""], rows)

    def _repr_html_(self) -> str:
        return self.table()._repr_html_()
