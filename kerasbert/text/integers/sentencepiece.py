"""`SentencePieceTokenizer` as a graph of integer operations."""

from kerasbert.optional import tensorflow as tf
from kerasbert.text.byte_fallback import ByteFallback
from kerasbert.text.code_point_tables import NUM_CODE_POINTS
from kerasbert.text.integers.finder import CodePointFinder
from kerasbert.text.integers.pairs import IntegerPiecePairs
from kerasbert.text.integers.unigram import IntegerUnigram
from kerasbert.text.piece_characters import PREFIX, SPACE, PieceCharacters, spans, words
from kerasbert.text.piece_pairs import APART
from kerasbert.text.sentencepiece_entries import BPE
from kerasbert.text.sentencepiece_pieces import pieces_of

_BLANK, _REPLACEMENT = ord(" "), 0xFFFD
_END = NUM_CODE_POINTS  # stands behind a text; special tokens have the numbers after it


class IntegerPieceCharacters(PieceCharacters):
    """`PieceCharacters` with operations that every runtime has."""

    def _constant(self, values):
        return values

    def _if(self, condition, change, values):
        return change()


class SentencePieceGraph:
    """Converts code points to the token ids of a `SentencePieceTokenizer`.

    The end of a text and the special tokens in it are code points beyond Unicode's, and each is a piece of
    its own. Behind a special token a new text begins, with a space before it.

    Args:
        tokenizer: `SentencePieceTokenizer`.
    """

    def __init__(self, tokenizer):
        vocabulary, byte_fallback = tokenizer.vocabulary, tokenizer.byte_fallback
        symbols, pieces, lowest = pieces_of(vocabulary, tokenizer.scores, byte_fallback)
        known = max(symbols.values())
        # Unknown characters have symbols of their own only if they become bytes.
        self._most = known + NUM_CODE_POINTS if byte_fallback else known
        unknown_from, unk_id = (known + 1, APART) if byte_fallback else (None, tokenizer.unk_id)
        self._special = None
        ids, rows = [tokenizer.pad_id], [(self._most + 1,)]
        if tokenizer.special_tokens_in_text:
            self._special = CodePointFinder(vocabulary.special_tokens)
            ids += map(vocabulary.id_of, vocabulary.special_tokens)
            rows += [(self._most + 1 + number, SPACE) for number in range(1, len(ids))]
        pieces |= {(known + number,): id_ for number, id_ in enumerate(ids, start=1)}
        strings, changes = tokenizer.replaced()
        self._characters = IntegerPieceCharacters(
            strings, symbols, tokenizer.all_white_space, rows, changes, unknown_from
        )
        scores, most = dict(enumerate(tokenizer.scores)), known + len(rows)
        if tokenizer.model == BPE:
            self._splitter = IntegerPiecePairs(pieces, scores, unk_id, most)
        else:
            self._splitter = IntegerUnigram(pieces, scores, lowest, unk_id, most)
        if byte_fallback:
            self._splitter = ByteFallback(self._splitter, symbols, vocabulary)
        self._keep_last_space = tokenizer.keep_last_space
        self._mask = self._most + 1 + len(vocabulary.special_tokens)  # the last one is the mask

    def tokenize(self, code_points):
        """Tokenizes one text.

        Args:
            code_points: int32 (N,), any integers. Integers that are not characters count as U+FFFD; zeros at
                the end are ignored.

        Returns:
            (ids, starts, ends), each int32 (T,), as in `SentencePieceTokenizer.tokenize_with_offsets`.
        """
        code, places, after = self._code(code_points)
        symbols, sources, sizes = self._characters.symbols(code)
        starts, ends = tf.gather(places, sources), tf.gather(after, sources + sizes - 1)
        if self._keep_last_space:
            symbols, starts, ends = self._with_last_spaces(code, symbols, sources, starts, ends)
        symbols, starts, sizes = words(symbols, starts, ends - starts, self._most)
        first, last, ids = self._splitter.split(symbols, symbols == PREFIX)
        starts, ends = spans(symbols, starts, sizes, first, last)
        return ids[:-1], starts[:-1], ends[:-1]  # without the end of the text

    def _code(self, code_points):
        """The code points of a text with a space before it, special tokens, and its end.

        Returns:
            (code, starts, ends), int32 (M,), with the places of each in the text.
        """
        known = (code_points >= 0) & (code_points < NUM_CODE_POINTS)
        known &= code_points // 0x800 != 0xD800 // 0x800
        code = tf.where(known, code_points, _REPLACEMENT)
        length = tf.reduce_max(tf.concat([[0], tf.where(code == 0, 0, tf.range(tf.size(code)) + 1)], 0))
        code = tf.concat([code[:length], [_END]], 0)
        starts = tf.range(length + 1)
        ends = starts + 1
        if self._special:
            found, sizes, inside = self._special.find(code)
            kept = tf.where(~inside)[:, 0]
            code = tf.where(found > 0, _END + found, code)
            code, starts, ends = (tf.gather(x, kept) for x in (code, starts, starts + sizes))
        return (tf.concat([[first], x], 0) for first, x in ((_BLANK, code), (-1, starts), (0, ends)))

    def _with_last_spaces(self, code, symbols, sources, starts, ends):
        """Makes a space at the end of a text, or before a special token, a token: empty, at the end."""
        plain = tf.concat([[False], code[1:] < NUM_CODE_POINTS], 0)
        following = tf.concat([symbols[1:], [SPACE]], 0)
        source = tf.concat([sources[1:], [1]], 0)
        last = (symbols == SPACE) & (following > self._most) & tf.gather(plain, source - 1)
        last &= following != self._mask
        end = tf.concat([starts[1:], [0]], 0)
        return tf.where(last, PREFIX, symbols), tf.where(last, end, starts), tf.where(last, end, ends)
