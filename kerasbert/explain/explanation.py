"""What an explanation says, and how it shows itself."""

import dataclasses
import html
import math
from typing import Any

from kerasbert import checks
from kerasbert.pages.marks import AGAINST, FOR, Marked, mark


@dataclasses.dataclass(frozen=True)
class Token:
    """A token of the input and its share.

    Args:
        token: str, as in the vocabulary, such as `"##ly"`.
        part: int or None, the number of the text that it comes from: 0, or 1 for the second text of a pair;
            None for a special token.
        start, end: int or None, where it stands in this text, in characters.
        attribution: float.
    """

    token: str
    part: int | None
    start: int | None
    end: int | None
    attribution: float


@dataclasses.dataclass(frozen=True)
class Word:
    """A word of a text and its share, the sum over its tokens.

    Args:
        text: str, the characters from `start` to `end`.
        start, end: int, its position in the text, in characters.
        attribution: float; positive if the word speaks for the answer, negative if it speaks against it. 0.0
            if the model did not read the word, because the text was truncated or cut into windows.
        part: int, the number of the text: 0, or 1 for the second text of a pair.
    """

    text: str
    start: int
    end: int
    attribution: float
    part: int = 0


@dataclasses.dataclass(frozen=True)
class Explanation:
    """Which words of one row speak for an answer, and which against it.

    In a notebook it shows the text with coloured words: blue words speak for the answer, orange ones against
    it. The stronger the colour, the larger the share.

    Args:
        method: str, the function that made it.
        texts: tuple of str, the text, or the two texts of a pair.
        target: str, the answer that is explained, such as a class name.
        measure: str, the unit of `value` and of all attributions: `"log-odds"`, `"number"`, `"cosine
            similarity"` or `"attention"`. A word with a share of 0.69 in log-odds doubles the odds.
        words: list of `Word`, in the order of the text.
        tokens: list of `Token`, in the order of the input, with the special tokens.
        value: float, what the model computed for the target; NaN for attention.
        baseline_value: float, the same for the input without its words; NaN if the method has no baseline.
        note: str, what the explanation does not show.
    """

    method: str
    texts: tuple[str, ...]
    target: str
    measure: str
    words: list[Word]
    tokens: list[Token]
    value: float = math.nan
    baseline_value: float = math.nan
    note: str = ""

    @property
    def completeness_error(self) -> float:
        """By how much the sum of the attributions misses the value that it should have, as a fraction of this
        value; NaN if the method promises no sum.

        The attributions of integrated gradients add up to `value - baseline_value` (Sundararajan et al. 2017,
        proposition 1), but for the error of the numerical integral. More steps make it smaller.
        """
        whole = self.value - self.baseline_value
        missed = abs(sum(token.attribution for token in self.tokens) - whole)
        return missed / abs(whole) if whole else math.inf if missed else 0.0

    @property
    def probability(self) -> float:
        """The probability of the target, if `measure` is log-odds; NaN otherwise."""
        if self.measure != "log-odds":
            return math.nan
        return 1 / (1 + math.exp(-self.value)) if self.value > -700 else 0.0

    def top(self, count: int = 5) -> list[Word]:
        """Returns the `count` words with the largest shares, for or against, the largest first."""
        return sorted(self.words, key=lambda word: -abs(word.attribution))[:count]

    def joined(self, other: "Explanation") -> "Explanation":
        """Joins two explanations, in each of which the other text stayed as it is, to that of the pair.

        All shares are halved, so that they add up to the value minus the mean of both baseline values.
        """

        def half(part, offset):
            number = None if part.part is None else part.part + offset
            return dataclasses.replace(part, part=number, attribution=part.attribution / 2)

        return dataclasses.replace(
            self,
            texts=self.texts + other.texts,
            words=[half(w, 0) for w in self.words] + [half(w, len(self.texts)) for w in other.words],
            tokens=[half(t, 0) for t in self.tokens] + [half(t, len(self.texts)) for t in other.tokens],
            value=(self.value + other.value) / 2,
            baseline_value=(self.baseline_value + other.baseline_value) / 2,
        )

    def __str__(self):
        words = ", ".join(f"{word.text} {word.attribution:+.2f}" for word in self.top())
        return f"{self._title()}: {words}"

    def _title(self):
        title = f"{self.method} for {self.target}"
        if math.isnan(self.value):
            return title
        probability = "" if math.isnan(self.probability) else f", probability {self.probability:.1%}"
        return f"{title} ({self.measure} {self.value:+.2f}{probability})"

    # === Pictures ===

    def marked(self, part: int | None = None) -> Marked:
        """Returns a text with coloured words, a cell for a `kerasbert.pages.Table`.

        Args:
            part: int or None, the number of the text; None for all texts, joined by a bar.
        """
        chosen = range(len(self.texts)) if part is None else [part]
        text, words = "", []
        for number in chosen:
            text += " | " if number != chosen[0] else ""
            words += [
                (len(text) + word.start, len(text) + word.end, word.attribution)
                for word in self.words
                if word.part == number
            ]
            text += self.texts[number]
        return Marked(text, words)

    def to_html(self) -> str:
        """Returns a piece of HTML: the text with coloured words, for light and dark pages.

        Everything is escaped, and nothing is loaded from elsewhere. The share of a word appears under the
        pointer.
        """
        most = max((abs(word.attribution) for word in self.words), default=0.0)
        parts = [self.marked(part).html(most) for part in range(len(self.texts))]
        lines = [f'<p style="margin: .3em 0; font-size: .85em">{html.escape(self._title())}</p>']
        style = "margin: .3em 0; line-height: 1.9; white-space: pre-wrap; overflow-wrap: anywhere"
        lines += [f'<p dir="auto" style="{style}">{part}</p>' for part in parts]
        if self.measure != "attention":
            legend = f"{mark(FOR, 1, 'for')} {mark(AGAINST, 1, 'against')} {html.escape(self.target)}"
            if math.isfinite(self.completeness_error):
                legend += f"; completeness error {self.completeness_error:.2%}"
            lines.append(f'<p style="margin: .3em 0; font-size: .85em">{legend}</p>')
        if self.note:
            lines.append(f'<p style="margin: .3em 0; font-size: .85em"><em>{html.escape(self.note)}</em></p>')
        return f'<div class="kerasbert-explanation">{"".join(lines)}</div>'

    def _repr_html_(self):
        return self.to_html()

    def show(self) -> None:
        """Shows the text with coloured words in a notebook.

        Raises:
            ImportError: if IPython is not installed.
        """
        display = checks.require("IPython.display", "pip install ipython", "`show`")
        display.display(display.HTML(self.to_html()))

    def plot(self, ax: Any = None, most: int = 20) -> Any:
        """Draws a bar for each word, in the order of the text.

        Args:
            ax: `matplotlib.axes.Axes`, or None for a new figure.
            most: int, how many words to draw: those with the largest shares.

        Returns:
            The axes.

        Raises:
            ImportError: if matplotlib is not installed.
        """
        checks.positive_int("plot", most=most)
        if ax is None:
            pyplot = checks.require("matplotlib.pyplot", 'pip install "kerasbert[demo]"', "`plot`")
            _, ax = pyplot.subplots(figsize=(6, 1 + 0.25 * min(most, len(self.words))))
        chosen = {id(word) for word in self.top(most)}
        words = [word for word in self.words if id(word) in chosen][::-1]
        colours = [FOR if word.attribution >= 0 else AGAINST for word in words]
        places = range(len(words))  # names may occur twice
        ax.barh(
            places,
            [word.attribution for word in words],
            color=[tuple(int(n) / 255 for n in colour.split(",")) for colour in colours],
        )
        ax.set_yticks(places, [word.text.replace("$", r"\$") for word in words])
        ax.axvline(0, color="gray", linewidth=0.8)
        ax.set_xlabel(self.measure)
        ax.set_title(self._title().replace("$", r"\$"), fontsize="medium")
        return ax
