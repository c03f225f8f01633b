"""Added tokens, which are found in a text before it is split into words, as in Hugging Face's tokenizers."""

import dataclasses
import re
from typing import Any

from kerasbert import checks
from kerasbert.optional import tensorflow as tf

_MARK = b"\xff"  # never occurs in valid UTF-8, so no text contains it


@dataclasses.dataclass(frozen=True)
class AddedToken:
    """A token that is found anywhere in a text, even inside words, and is never split.

    Args:
        content: str, the token as it is written in texts.
        normalized: bool, whether to search for the token in the normalised text, so that an uncased tokenizer
            also finds it in capital letters. If False, it is found only exactly as written, and before the
            tokens that are normalised.
        special: bool, whether it is a control token, like `[SEP]`, and not part of what the text says. It is
            kept only so that it can be written back to Hugging Face's files.
        lstrip, rstrip: bool, whether the token absorbs the white space on its left or right in Hugging Face's
            tokenizers. Kept only for their files: BERT's token ids are the same either way.

    Raises:
        ValueError: if `content` is not a str or is blank, or a switch is not a bool.

    Example:

    >>> AddedToken("[URL]", special=True)
    AddedToken(content='[URL]', normalized=True, special=True, lstrip=False, rstrip=False)
    """

    content: str
    normalized: bool = True
    special: bool = False
    lstrip: bool = False
    rstrip: bool = False

    def __post_init__(self):
        if not isinstance(self.content, str) or not self.content.strip():
            raise checks.invalid(
                "The content of an added token must be a str that is not blank.",
                fix="Write the token as it appears in texts.",
                where="AddedToken",
                content=self.content,
            )
        switches = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)[1:]}
        for name, value in switches.items():
            if not isinstance(value, bool):
                raise checks.invalid(
                    f"`{name}` must be a bool.",
                    fix="Pass True or False.",
                    where="AddedToken",
                    **{name: value},
                )


class Finder:
    """Cuts texts at given tokens, in graph operations: the leftmost match first, and the longest one there.

    Args:
        contents: sequence of str, the tokens to find.
        ids: sequence of int, their ids. If two contents are equal, the id of the first is used.
    """

    def __init__(self, contents, ids):
        longest_first = sorted(set(contents), key=lambda content: (-len(content), content))
        self._pattern = f"({'|'.join(map(re.escape, longest_first))})"
        self.contents, self.ids = list(contents), list(ids)

    def cut(self, texts):
        """Cuts texts.

        Args:
            texts: string tensor (B,), valid UTF-8.

        Returns:
            (pieces, is_token, ids): pieces, ragged string (B, None), alternating between ordinary text and a
            token; is_token, bool (P,), for the flat values of `pieces`; ids, int32, of the tokens found.
        """
        marked = tf.strings.regex_replace(texts, self._pattern, _MARK + rb"\1" + _MARK)
        pieces = tf.strings.split(marked, sep=_MARK)
        place = tf.range(tf.size(pieces.flat_values, tf.int64)) - _first_of_row(pieces)
        is_token = place % 2 == 1
        found = tf.boolean_mask(pieces.flat_values, is_token)
        which = tf.argmax(tf.cast(found[:, tf.newaxis] == tf.constant(self.contents), tf.int32), axis=1)
        return pieces, is_token, tf.gather(tf.constant(self.ids), which)


def insert(pieces, is_token, ids, between, sizes):
    """Merges the tokens that `Finder.cut` found with the tokens of the text between them.

    Args:
        pieces, is_token, ids: the result of `Finder.cut`.
        between: tuple of (ids,) or (ids, starts, ends), ragged (P, None), for the pieces of ordinary text;
            positions count from the start of the piece.
        sizes: int32 (P,), the length of each piece, in the same unit as the positions.

    Returns:
        tuple of (ids,) or (ids, starts, ends), ragged int32 (B, None); positions count from the start of the
        text.
    """
    before = tf.cumsum(sizes, exclusive=True)
    before -= tf.gather(before, _first_of_row(pieces))
    first, *places = between
    shift = tf.gather(before, first.value_rowids())
    places = [x.with_flat_values(tf.cast(x.flat_values, tf.int32) + shift) for x in places]
    singles = [ids, *(tf.boolean_mask(x, is_token) for x in (before, before + sizes))]
    counts = tf.cast(is_token, tf.int64)
    joined = [
        tf.concat([several, tf.RaggedTensor.from_row_lengths(one, counts)], axis=1)
        for several, one in zip([first, *places], singles, strict=False)  # without offsets: ids alone
    ]
    splits = [tf.gather(x.row_splits, pieces.row_splits) for x in joined]
    return tuple(
        tf.RaggedTensor.from_row_splits(x.flat_values, rows, validate=False)
        for x, rows in zip(joined, splits, strict=True)
    )


def _first_of_row(pieces):
    """For each piece, the index of the first piece of its row."""
    return tf.gather(pieces.row_starts(), pieces.value_rowids())


def checked_added_tokens(tokens: Any) -> tuple[AddedToken, ...]:
    """Checks added tokens and returns them as a tuple of `AddedToken`.

    Args:
        tokens: sequence of `AddedToken`, str, or dicts with the fields of an `AddedToken`.

    Raises:
        TypeError: if an item is anything else.
        ValueError: if a token occurs twice or is not valid.
    """
    found = []
    for token in [tokens] if isinstance(tokens, (str, dict)) else tokens:
        if isinstance(token, str):
            token = AddedToken(token)
        elif isinstance(token, dict) and set(token) <= {f.name for f in dataclasses.fields(AddedToken)}:
            token = AddedToken(**token)
        elif not isinstance(token, AddedToken):
            raise checks.invalid(
                "An added token must be an `AddedToken` or a str.",
                fix='Pass ["[URL]"], or AddedToken("[URL]", normalized=False).',
                where="added_tokens",
                kind=TypeError,
                token=token,
            )
        found.append(token)
    contents = [token.content for token in found]
    if len(set(contents)) < len(contents):
        raise checks.invalid(
            "An added token must occur only once.",
            fix="Remove the duplicates.",
            where="added_tokens",
            tokens=contents,
        )
    return tuple(found)
