"""Added tokens: found in texts before anything else, as with Hugging Face."""

import dataclasses
import re

from kerasbert import checks
from kerasbert.optional import tensorflow as tf

_MARK = b"\xff"  # not part of any UTF-8, so in no text


@dataclasses.dataclass(frozen=True)
class AddedToken:
    """A token that is found anywhere in a text, within words too, and never split.

    Args:
        content: str, as it stands in texts.
        normalized: bool, whether it is looked for in normalised texts, so that an uncased tokenizer finds it
            in capital letters too; otherwise it is found only as it is written, and before the others.
        special: bool, whether it is no part of what a text says. Kept for Hugging Face.
        lstrip, rstrip: bool, kept for Hugging Face, where the token takes white space along: BERT's tokens
            are the same with and without.

    Raises:
        ValueError: if `content` is no str with something in it, or a switch is no bool.

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
                fix="Write the token as it stands in texts.",
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
    """Cuts texts at tokens, in graph operations: the leftmost one each time, and there the longest.

    Args:
        contents: sequence of str.
        ids: sequence of int, of the same length. Of equal contents the first counts.
    """

    def __init__(self, contents, ids):
        longest_first = sorted(set(contents), key=lambda content: (-len(content), content))
        self._pattern = f"({'|'.join(map(re.escape, longest_first))})"
        self._contents, self._ids = list(contents), list(ids)

    def cut(self, texts):
        """Cuts texts.

        Args:
            texts: string tensor (B,), valid UTF-8.

        Returns:
            (pieces, is_token, ids): ragged string (B, None), in turn what stands between tokens and a token;
            bool (P,), of all pieces in a row; int32, of those that are tokens.
        """
        marked = tf.strings.regex_replace(texts, self._pattern, _MARK + rb"\1" + _MARK)
        pieces = tf.strings.split(marked, sep=_MARK)
        place = tf.range(tf.size(pieces.flat_values, tf.int64)) - _first_of_row(pieces)
        is_token = place % 2 == 1
        found = tf.boolean_mask(pieces.flat_values, is_token)
        which = tf.argmax(tf.cast(found[:, tf.newaxis] == tf.constant(self._contents), tf.int32), axis=1)
        return pieces, is_token, tf.gather(tf.constant(self._ids), which)


def insert(pieces, is_token, ids, between, sizes):
    """Puts found tokens between those of the other pieces.

    Args:
        pieces, is_token, ids: of `Finder.cut`.
        between: ids, or ids, starts and ends, ragged (P, None), of the pieces that are no tokens; positions
            in the piece.
        sizes: int32 (P,), the length of each piece, in the unit of positions.

    Returns:
        ids, or ids, starts and ends, ragged int32 (B, None); positions in the text.
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
        for several, one in zip([first, *places], singles, strict=False)  # maybe ids alone
    ]
    splits = [tf.gather(x.row_splits, pieces.row_splits) for x in joined]
    return tuple(
        tf.RaggedTensor.from_row_splits(x.flat_values, rows, validate=False)
        for x, rows in zip(joined, splits, strict=True)
    )


def _first_of_row(pieces):
    """The number of the first piece in the row of each."""
    return tf.gather(pieces.row_starts(), pieces.value_rowids())


def checked_added_tokens(tokens):
    """Added tokens as a tuple of `AddedToken`s, each content once.

    Args:
        tokens: sequence of `AddedToken`, of str, or of the fields of one as a dict.

    Raises:
        TypeError: if there is anything else.
        ValueError: if one occurs twice or is none.
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
            "An added token must occur once.",
            fix="Leave out the other.",
            where="added_tokens",
            tokens=contents,
        )
    return tuple(found)
