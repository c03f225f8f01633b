"""Texts to the symbols that SentencePiece's pieces are made of: its normalisation and its spaces."""

import numpy as np

from kerasbert import checks
from kerasbert.optional import tensorflow as tf
from kerasbert.text.trie import follow

META = "▁"  # stands for the space before a word, U+2581
# Symbols: a character of no piece, a space, META. The characters of the pieces follow.
UNKNOWN, SPACE, PREFIX = 0, 1, 2
# What Unicode calls white space.
WHITE_SPACE = (
    "\t\n\x0b\x0c\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
)
WHITE_SPACE += "\u2028\u2029\u202f\u205f\u3000"
_PAGE = 128
_NUM_CODE_POINTS = 0x110000
_STATE = 1 << 21  # code points are smaller
# Whether a character can be the first one of a string that is replaced as a whole, and a later one.
_FIRST, _LATER = 1, 2


class PieceCharacters:
    """Replaces characters by symbols, as the character map of a model says.

    The map's longest string that begins at a character is replaced, from left to right (Kudo & Richardson
    2018, "SentencePiece", section 3.2). Most strings of a map are single characters, which are looked up in
    tables with two levels; the others are looked for only in batches that may have one.

    Args:
        character_map: `CharacterMap`, or None.
        symbols: dict, the number of each character in the pieces, from `PREFIX` on.
        all_white_space: bool, whether white space that the map leaves as it is counts as a space.

    Raises:
        ValueError: if the map changes spaces in a way that words would depend on each other.
    """

    def __init__(self, character_map, symbols, all_white_space):
        symbols = {" ": SPACE} | symbols
        if all_white_space:
            symbols |= dict.fromkeys(WHITE_SPACE, SPACE)
        entries = np.zeros(_NUM_CODE_POINTS, np.int32)
        entries[[*map(ord, symbols)]] = list(symbols.values())
        kinds = np.zeros(_NUM_CODE_POINTS, np.int32)
        rows, numbers = [], {}  # the symbols of replacements with another number of symbols than one

        def entry_of(replacement):
            row = tuple(symbols.get(c, UNKNOWN) for c in replacement)
            if len(row) == 1:
                return row[0]
            if row not in numbers:
                numbers[row] = len(rows)
                rows.append(row)
            return -1 - numbers[row]

        edges, found = np.zeros((0, 3), np.int64), [None]
        if character_map is not None:
            edges, found = character_map.edges, character_map.replacements
        for state, code, to in edges.tolist():
            if code == ord(" ") and (state > 0 or found[to] not in (None, " ")):
                raise checks.invalid(
                    "The character map must leave spaces as they are.",
                    fix="Use a model whose normalisation splits words at the spaces of a text.",
                    where="SentencePieceTokenizer",
                )
            if state == 0 and found[to] is not None:
                entries[code] = entry_of(found[to])
        leads_on = np.isin(edges[:, 2], edges[:, 0])
        kinds[edges[(edges[:, 0] == 0) & leads_on, 1]] |= _FIRST
        kinds[edges[edges[:, 0] > 0, 1]] |= _LATER
        ends = [0 if text is None else entry_of(text) for text in found]
        ends_here = [text is not None for text in found]
        self._longest = 1 if character_map is None else character_map.longest
        table = np.stack([entries, kinds], axis=1).reshape(-1, _PAGE * 2)
        pages, numbers_of_pages = np.unique(table, axis=0, return_inverse=True)
        pages = pages.reshape(-1, 2)
        lengths = np.array([len(row) for row in rows] or [0], np.int32)
        keys = edges[:, 0] * _STATE + edges[:, 1]
        with tf.init_scope():  # eager tensors outlive the graph they are first used in
            self._pages = tf.constant(numbers_of_pages.reshape(-1).astype(np.int32) * _PAGE)
            self._entries, self._kinds = tf.constant(pages[:, 0]), tf.constant(pages[:, 1])
            self._row_lengths = tf.constant(lengths)
            self._row_starts = tf.constant(np.cumsum(lengths).astype(np.int32) - lengths)
            self._row_symbols = tf.constant([s for row in rows for s in row] or [0], tf.int32)
            # The last key is greater than all others, so that every search ends inside the table.
            self._keys = tf.constant(np.append(keys, np.iinfo(np.int64).max))
            self._targets = tf.constant(np.append(edges[:, 2], 0).astype(np.int32))
            self._ends = tf.constant(np.array(ends, np.int32))
            self._ends_here = tf.constant(ends_here)

    def symbols(self, code):
        """Replaces characters by symbols.

        Args:
            code: int32 (N,), code points of texts, each of which begins with a space.

        Returns:
            (symbols, sources, sizes), int32 (M,): the symbols; the place in `code` of the character that each
            one was made of; and how many characters it was made of.
        """
        places = tf.gather(self._pages, code // _PAGE) + code % _PAGE
        entries = tf.gather(self._entries, places)
        sources = tf.range(tf.size(code))
        ones = tf.ones_like(code)
        if self._longest > 1:
            kinds = tf.gather(self._kinds, places)
            may_begin = (kinds[:-1] & _FIRST > 0) & (kinds[1:] & _LATER > 0)
            entries, sources, ones = tf.cond(
                tf.reduce_any(may_begin),
                lambda: self._with_strings(code, entries, may_begin),
                lambda: (tf.identity(entries), tf.identity(sources), tf.identity(ones)),
            )
        return tf.cond(
            tf.reduce_any(entries < 0),
            lambda: self._expanded(entries, sources, ones),
            lambda: (tf.identity(entries), tf.identity(sources), tf.identity(ones)),
        )

    def _with_strings(self, code, entries, may_begin):
        """Replaces strings of several characters by the entry of their replacement."""
        begins = tf.cast(tf.where(may_begin)[:, 0], tf.int32)
        state, length, value = tf.zeros_like(begins), tf.zeros_like(begins), tf.zeros_like(begins)
        for number in range(self._longest):
            place = tf.minimum(begins + number, tf.size(code) - 1)
            inside = begins + number < tf.size(code)
            key = tf.cast(state, tf.int64) * _STATE + tf.cast(tf.gather(code, place), tf.int64)
            found = tf.searchsorted(self._keys, key)
            alive = (tf.gather(self._keys, found) == key) & inside & ((state > 0) | (number == 0))
            state = tf.where(alive, tf.gather(self._targets, found), 0)
            ends = alive & tf.gather(self._ends_here, state)
            length = tf.where(ends, number + 1, length)
            value = tf.where(ends, tf.gather(self._ends, state), value)
        several = length > 1
        begins, length, value = (tf.boolean_mask(x, several) for x in (begins, length, value))
        sizes = tf.tensor_scatter_nd_update(tf.ones_like(code), begins[:, tf.newaxis], length)
        entries = tf.tensor_scatter_nd_update(entries, begins[:, tf.newaxis], value)
        end = tf.size(code)
        places = tf.range(end + 1)
        kept = follow(places == 0, tf.minimum(places + tf.concat([sizes, [0]], 0), end))[:-1]
        kept = tf.cast(tf.where(kept)[:, 0], tf.int32)
        return tf.gather(entries, kept), kept, tf.gather(sizes, kept)

    def _expanded(self, entries, sources, sizes):
        """Puts the symbols of replacements of any length in the place of their entries."""
        row = tf.maximum(-1 - entries, 0)
        counts = tf.where(entries < 0, tf.gather(self._row_lengths, row), 1)
        ends = tf.cumsum(counts)
        total = tf.reduce_sum(counts)
        # Of entries without symbols the last one counts here: it is the one whose symbol follows.
        kept = tf.cast(tf.where(counts > 0)[:, 0], tf.int32)
        first = tf.gather(ends - counts, kept)
        marks = tf.scatter_nd(first[:, tf.newaxis], tf.ones_like(first), [total])
        entry = tf.gather(kept, tf.cumsum(marks) - 1)
        within = tf.range(total) - tf.gather(ends - counts, entry)
        value, row = tf.gather(entries, entry), tf.gather(row, entry)
        at = tf.where(value < 0, tf.gather(self._row_starts, row) + within, 0)
        symbols = tf.where(value < 0, tf.gather(self._row_symbols, at), value)
        return symbols, tf.gather(sources, entry), tf.gather(sizes, entry)


def words(symbols, sources, sizes):
    """Puts `PREFIX` before each word and leaves out the other spaces.

    The last space before a word becomes its `PREFIX`. A word that already begins with one, because the text
    does, gets no second one.

    Args:
        symbols, sources, sizes: int32 (M,), as `PieceCharacters.symbols` returns them.

    Returns:
        (symbols, sources, sizes), int32 (L,).
    """
    after = tf.concat([symbols[1:], [SPACE]], 0)
    space = symbols == SPACE
    prefix = space & (after != SPACE) & (after != PREFIX)
    kept = tf.where(~space | prefix)[:, 0]
    symbols = tf.where(prefix, PREFIX, symbols)
    return tuple(tf.gather(x, kept) for x in (symbols, sources, sizes))
