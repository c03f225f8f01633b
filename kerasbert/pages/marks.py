"""Texts whose words are coloured by how much they speak for an answer, or against it."""

import dataclasses
import html
from collections.abc import Sequence

# Blue speaks for the answer and orange against it: also colour-blind people tell these apart.
FOR, AGAINST = "33, 113, 181", "230, 97, 1"
_STRONGEST = 0.65  # the opacity of the strongest word, on which black and white letters can be read


@dataclasses.dataclass(frozen=True)
class Marked:
    """A text with coloured words, such as a cell of a table. The stronger the colour, the larger the share.

    Args:
        text: str.
        words: sequence of `(start, end, share)`, in characters and in the order of the text; blue where the
            share is positive, orange where it is negative.

    Example:

    >>> str(Marked("a good film", [(2, 6, 1.5)]))
    'a good film'
    """

    text: str
    words: Sequence[tuple[int, int, float]]

    def __str__(self) -> str:
        return self.text

    def html(self, most: float | None = None) -> str:
        """Returns HTML in which everything is escaped; the share of a word appears under the pointer.

        Args:
            most: float or None, the share with the strongest colour; None for the largest one here.
        """
        if most is None:
            most = max((abs(share) for *_, share in self.words), default=0.0)
        end, pieces = 0, []
        for start, stop, share in self.words:
            pieces.append(_escaped(self.text[end:start]))
            strength = abs(share) / most if most else 0.0
            colour = FOR if share >= 0 else AGAINST
            pieces.append(mark(colour, strength, self.text[start:stop], f"{share:+.4f}"))
            end = stop
        return "".join([*pieces, _escaped(self.text[end:])])


def mark(colour: str, strength: float, text: str, title: str | None = None) -> str:
    """Returns a piece of text on a coloured ground, as HTML.

    Args:
        colour: str, `FOR` or `AGAINST`.
        strength: float, from 0 to 1.
        text: str.
        title: str or None, what appears under the pointer.
    """
    opacity = round(_STRONGEST * strength, 3)
    style = f"background: rgba({colour}, {opacity}); border-radius: .2em; padding: .1em 0"
    shown = "" if title is None else f' title="{html.escape(title)}"'
    return f'<span style="{style}"{shown}>{_escaped(text)}</span>'


def _escaped(text):
    """Escapes text; lone surrogates, which cannot be encoded, become question marks."""
    return html.escape(text.encode("utf-8", "replace").decode("utf-8"))
