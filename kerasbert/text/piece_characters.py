"""Texts to the symbols that SentencePiece's pieces are made of: its normalisation and its spaces."""

import numpy as np

from kerasbert import checks
from kerasbert.optional import tensorflow as tf
from kerasbert.text.code_point_tables import NUM_CODE_POINTS, PAGE, paged, row_of
from kerasbert.text.double_array import SparseRows
from kerasbert.text.known_characters import reduced
from kerasbert.text.symbol_rows import SymbolRows
from kerasbert.text.trie import follow

META = "▁"  # stands for the space before a word, U+2581
# Symbols: a character of no piece, a space, META. The characters of the pieces follow.
UNKNOWN, SPACE, PREFIX = 0, 1, 2
# What Unicode calls white space.
WHITE_SPACE = (
    "\t\n\x0b\x0c\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
)
WHITE_SPACE += "\u2028\u2029\u202f\u205f\u3000"


class PieceCharacters:
    """Replaces characters by symbols, as the character map of a model says.

    The map's longest string that begins at a character is replaced, from left to right (Kudo & Richardson
    2018, "SentencePiece", section 3.2). Most strings of a map are single characters, which are looked up in
    tables with two levels; the others are looked for only in batches that may have one.

    Args:
        character_map: `CharacterMap`, or None.
        symbols: dict, the number of each character in the pieces, from `PREFIX` on.
        all_white_space: bool, whether white space that the map leaves as it is counts as a space.
        others: sequence of tuple of symbols, what becomes of code points beyond Unicode's, from 0x110000 on.
        changes: dict or None, code point -> str of any length, what it becomes before the map is applied.
        unknown_from: int or None, the symbol of an unknown U+0000, which those of all other unknown
            characters follow; None for `UNKNOWN` whatever the character is.

    Raises:
        ValueError: if the map changes spaces in a way that words would depend on each other.
    """

    def __init__(self, character_map, symbols, all_white_space, others=(), changes=None, unknown_from=None):
        symbols = {" ": SPACE} | symbols
        if all_white_space:
            symbols |= dict.fromkeys(WHITE_SPACE, SPACE)
        # Of each code point: the entry of its replacement; if strings of several characters begin with it,
        # the state that it leads to; and its number among the characters that continue such strings.
        entries, firsts, laters = table = np.zeros(
            (3, NUM_CODE_POINTS + -(-len(others) // PAGE) * PAGE), np.int32
        )
        entries[[*map(ord, symbols)]] = list(symbols.values())
        self._rows, self._unknown_from = SymbolRows(), unknown_from

        def symbol_of(c):
            return symbols.get(c, UNKNOWN if unknown_from is None else unknown_from + ord(c))

        def entry_of(text):
            row = tuple(map(symbol_of, text))
            # Unknown characters that follow each other are one token.
            return UNKNOWN if {*row} == {UNKNOWN} else self._rows.entry_of(row)

        edges, found, self._longest = np.zeros((0, 3), np.int64), [None], 1
        if character_map is not None:
            self._check_spaces(character_map.edges, character_map.replacements)
            edges, found = character_map.edges, character_map.replacements
            if unknown_from is None:
                edges, found = reduced(character_map, set(symbols))
            self._longest = character_map.longest
        ends = [0 if text is None else entry_of(text) for text in found]
        whole = np.array([text is not None for text in found])
        alone, further = edges[edges[:, 0] == 0], edges[edges[:, 0] > 0]
        leads_on = alone[np.isin(alone[:, 2], edges[:, 0])]
        alone = alone[whole[alone[:, 2]]]
        entries[alone[:, 1]] = np.array(ends)[alone[:, 2]]
        firsts[leads_on[:, 1]] = leads_on[:, 2]
        later, columns = np.unique(further[:, 1], return_inverse=True)
        laters[later] = 1 + np.arange(len(later))
        entries[NUM_CODE_POINTS : NUM_CODE_POINTS + len(others)] = [*map(self._rows.entry_of, others)]

        following = [{} for _ in found]
        for state, column, to in zip(further[:, 0], columns.reshape(-1), further[:, 2], strict=True):
            following[state][int(column) + 1] = int(to)
        self._strings = SparseRows(following, len(later), 0, self._constant)
        page_of, pages = paged(table.T)
        self._pages = self._constant(page_of)
        self._entries, self._firsts, self._laters = map(self._constant, pages.T.copy())
        self._ends, self._whole = map(self._constant, (np.array(ends, np.int32), whole))
        self._rows.close(self._constant)
        self._changes = self._tables_of(changes, len(table.T)) if changes else None

    def _tables_of(self, changes, size):
        """The rows of code points that code points become, and the tables of their entries."""
        rows, entries = SymbolRows(), np.arange(size, dtype=np.int32)
        for code, text in changes.items():
            entries[code] = rows.entry_of(tuple(map(ord, text)))
        # Pages hold differences, so that those without changes are one.
        shift = np.where(entries < 0, entries - size, entries - np.arange(size, dtype=np.int32))
        rows.close(self._constant)
        return rows, size, *map(self._constant, paged(shift.astype(np.int32)))

    def _changed(self, code):
        """The code points that code points become, and the place of the one that each was made of."""
        rows, size, page_of, pages = self._changes
        shift = tf.gather(pages, row_of(code, page_of))
        places = tf.range(tf.size(code))
        found = tf.where(shift < -size, shift + size, code + shift), places, places
        return self._if(tf.reduce_any(found[0] < 0), lambda: rows.expanded(*found), found)[:2]

    def _check_spaces(self, edges, found):
        """Raises ValueError if the map changes spaces, so that words would depend on each other."""
        spaces = edges[edges[:, 1] == ord(" ")]
        if any(state > 0 or found[to] not in (None, " ") for state, _, to in spaces.tolist()):
            raise checks.invalid(
                "The character map must leave spaces as they are.",
                fix="Use a model whose normalisation splits words at the spaces of a text.",
                where="SentencePieceTokenizer",
            )

    def _constant(self, values):
        with tf.init_scope():  # eager tensors outlive the graph they are first used in
            return tf.constant(values)

    def _if(self, condition, change, values):
        """`change()` if the condition is true, and otherwise the values as they are."""
        return tf.cond(condition, change, lambda: tuple(map(tf.identity, values)))

    def symbols(self, code):
        """Replaces characters by symbols.

        Args:
            code: int32 (N,), code points of texts, each of which begins with a space.

        Returns:
            (symbols, sources, sizes), int32 (M,): the symbols; the place in `code` of the character that each
            one was made of; and how many characters it was made of.
        """
        if self._changes is None:
            return self._mapped(code)
        code, made_of = self._changed(code)
        symbols, sources, sizes = self._mapped(code)
        last = tf.gather(made_of, sources + sizes - 1)
        sources = tf.gather(made_of, sources)
        return symbols, sources, last - sources + 1

    def _mapped(self, code):
        """`symbols`, of code points that have been changed."""
        places = row_of(code, self._pages)
        entries = tf.gather(self._entries, places)
        if self._unknown_from is not None:
            entries = tf.where(entries == UNKNOWN, self._unknown_from + code, entries)
        found = entries, tf.range(tf.size(code)), tf.ones_like(code)
        if self._longest > 1:
            first, later = tf.gather(self._firsts, places), tf.gather(self._laters, places)
            may_begin = tf.reduce_any((first[:-1] > 0) & (later[1:] > 0))
            found = self._if(may_begin, lambda: self._with_strings(entries, first, later), found)
        has_rows = tf.reduce_any(found[0] < 0)
        replaced = found
        return self._if(has_rows, lambda: self._rows.expanded(*replaced), found)

    def _with_strings(self, entries, state, later):
        """Replaces strings of several characters by the entry of their replacement.

        Args:
            entries, state, later: int32 (N,), of each character what `__init__` says.

        Returns:
            (entries, sources, sizes), int32 (M,), without the characters inside of strings.
        """
        end, sizes = tf.size(entries), tf.ones_like(entries)
        for number in range(1, self._longest):
            later = tf.concat([later[1:], [0]], 0)
            state = self._strings.look_up(state, later)
            whole = tf.gather(self._whole, state)
            sizes = tf.where(whole, number + 1, sizes)
            entries = tf.where(whole, tf.gather(self._ends, state), entries)
        places = tf.range(end + 1)
        kept = follow(places == 0, tf.minimum(places + tf.concat([sizes, [0]], 0), end))[:-1]
        kept = tf.cast(tf.where(kept)[:, 0], tf.int32)
        return tf.gather(entries, kept), kept, tf.gather(sizes, kept)


def words(symbols, sources, sizes, most):
    """Puts `PREFIX` before each word and leaves out the other spaces.

    The last space before a word becomes its `PREFIX`. A word that already begins with one, because the text
    does, gets no second one.

    Args:
        symbols, sources, sizes: int32 (M,), as `PieceCharacters.symbols` returns them.
        most: int, the greatest symbol that belongs to a word.

    Returns:
        (symbols, sources, sizes), int32 (L,).
    """
    after = tf.concat([symbols[1:], [SPACE]], 0)
    space = symbols == SPACE
    prefix = space & (after != SPACE) & (after != PREFIX) & (after <= most)
    kept = tf.where(~space | prefix)[:, 0]
    symbols = tf.where(prefix, PREFIX, symbols)
    return tuple(tf.gather(x, kept) for x in (symbols, sources, sizes))


def spans(symbols, sources, sizes, first, last):
    """The places in the text of pieces.

    A piece that is the space before a word and nothing else is empty, and stands where the word begins;
    unless the space is one of several symbols that a character was replaced by.

    Args:
        symbols, sources, sizes: int32 (L,), as `words` returns them.
        first, last: int32 (T,), the first and the last symbol of each piece.

    Returns:
        (starts, ends), int32 (T,).
    """
    ends = tf.gather(sources + sizes, last)
    begins = first + tf.cast(tf.gather(symbols, first) == PREFIX, tf.int32)
    following = tf.gather(tf.concat([sources, [np.iinfo(np.int32).max]], 0), begins)
    return tf.where(begins > last, tf.minimum(ends, following), following), ends
