"""What perturbations did to the answers of a model, as data and as tables."""

import dataclasses
import math
from collections.abc import Iterator
from typing import Any

from kerasbert.pages import Estimate, Table, percent

# Of this many examples the page of a report shows the texts.
SHOWN = 6
_Z = 1.959964  # of a 95 % interval


@dataclasses.dataclass(frozen=True)
class Example:
    """A text whose answer changed.

    Args:
        row: int, the number of the row.
        text, perturbed: str, the text before and after.
        answer, perturbed_answer: what the model answered to each, such as a class name.
    """

    row: int
    text: str
    perturbed: str
    answer: Any
    perturbed_answer: Any


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What one perturbation did.

    Args:
        name: str, the name of the perturbation.
        texts: int, how many texts it changed; the others do not count.
        changed: int, how many of these have another answer.
        examples: list of `Example`, the first rows among them.
    """

    name: str
    texts: int
    changed: int
    examples: list[Example]

    @property
    def rate(self) -> float:
        """float from 0 to 1, the fraction of the perturbed texts with another answer; 0 without any."""
        return self.changed / self.texts if self.texts else 0.0

    @property
    def interval(self) -> Estimate:
        """`Estimate`, the rate with its 95 % interval (Wilson 1927), in percent."""
        n, rate = max(self.texts, 1), self.rate
        middle = (rate + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
        half = _Z / (1 + _Z**2 / n) * math.sqrt(rate * (1 - rate) / n + _Z**2 / (4 * n * n))
        low, high = max(middle - half, 0.0), min(middle + half, 1.0)
        return Estimate(100 * rate, 100 * low, 100 * high, digits=1)

    def table(self) -> Table:
        """Returns the examples as a table."""
        title = f"{_name(self.name)}: {self.changed} of {self.texts} answers changed"
        return Table(title, _EXAMPLES_HEADER, [_cells(example) for example in self.examples], wide=True)

    def __str__(self):
        lines = [f"{self.name}: {self.changed} of {self.texts} answers changed ({self.rate:.1%})"]
        for example in self.examples:
            lines += [
                f"  row {example.row}: {example.answer} -> {example.perturbed_answer}",
                f"    {example.text!r}",
                f"    {example.perturbed!r}",
            ]
        return "\n".join(lines)

    def _repr_html_(self):
        return self.table()._repr_html_()


@dataclasses.dataclass(frozen=True)
class Invariance:
    """The outcomes of several perturbations, by name: `result["lower_case"].rate`.

    `print` and notebooks show it as a table with the largest rate first.

    Args:
        outcomes: dict of `Outcome` by name.
    """

    outcomes: dict[str, Outcome]

    def __getitem__(self, name: str) -> Outcome:
        return self.outcomes[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.outcomes)

    def __len__(self) -> int:
        return len(self.outcomes)

    @property
    def rates(self) -> dict[str, float]:
        """dict of the rates of changed answers by name, the largest first."""
        return {outcome.name: outcome.rate for outcome in self._sorted()}

    def _sorted(self):
        return sorted(self.outcomes.values(), key=lambda outcome: -outcome.rate)

    def table(self) -> Table:
        """Returns the rates as a table, the largest first."""
        rows = [[_name(o.name), o.changed, o.texts, o.interval] for o in self._sorted() if o.texts]
        left = [_name(o.name) for o in self._sorted() if not o.texts]
        note = "Rates with their 95 % intervals. Texts that a change leaves as they are do not count."
        if left:
            note += f" No text was changed by: {', '.join(left)}."
        header = ["change of the text", "other answer", "texts", "rate in %"]
        return Table("Answers that change although the label does not", header, rows, note)

    def examples_table(self, count: int = SHOWN) -> Table:
        """Returns texts with another answer as a table, one of each perturbation, the largest rate first.

        Args:
            count: int, how many at most.
        """
        found = [[*_cells(o.examples[0]), _name(o.name)] for o in self._sorted() if o.examples]
        return Table("Examples", [*_EXAMPLES_HEADER, "change"], found[:count], wide=True)

    def verdict(self) -> tuple[float, str]:
        """Returns the largest rate, from 0 to 1, and a sentence about it."""
        known = [outcome for outcome in self._sorted() if outcome.texts]
        if not known:
            return 0.0, "No change that keeps the label applies to these texts."
        worst = known[0]
        changes = f"{len(known)} changes" if len(known) > 1 else "1 change"
        return worst.rate, (
            f"Of {changes} that keep the label, the worst is {_name(worst.name)}: with it, "
            f"{percent(worst.rate)} of the answers change."
        )

    def __str__(self):
        width = max(map(len, self.outcomes))
        lines = [f"{'perturbation':{width}}  changed  texts  rate"]
        for o in self._sorted():
            lines.append(f"{o.name:{width}}  {o.changed:7}  {o.texts:5}  {o.rate:.1%}")
        return "\n".join(lines)

    def _repr_html_(self):
        return self.table()._repr_html_()


_EXAMPLES_HEADER = ["text", "changed text", "answer", "then"]


def _cells(example):
    return [example.text, example.perturbed, _answer(example.answer), _answer(example.perturbed_answer)]


def _answer(answer):
    return ", ".join(map(str, answer)) or "none" if isinstance(answer, tuple) else answer


def _name(name):
    return name.replace("_", " ")
