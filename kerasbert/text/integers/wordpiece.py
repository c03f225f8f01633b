"""`BertTokenizer` as a graph of integer operations."""

import collections

from kerasbert.optional import tensorflow as tf
from kerasbert.text.integers.characters import LETTER, SINGLE, SPACE, CharacterTables
from kerasbert.text.integers.finder import CodePointFinder, TokenFinder
from kerasbert.text.trie import CONTINUATION, WORD, Trie, follow


class WordPieceGraph:
    """Converts code points to the token ids of a `BertTokenizer`.

    Normalised characters are looked up in tables, and the kinds of characters decide where words begin. The
    longest token that begins at each character is found in the trie of the vocabulary, for all characters at
    once. The tokens of a word are those that are reached from its first character, token by token.

    Args:
        tokenizer: `BertTokenizer`.
    """

    def __init__(self, tokenizer):
        # Tokens that are written out in texts: added tokens, before and after normalisation, and `[MASK]`.
        written, normalised = ((f.contents, f.ids) if f else ([], []) for f in tokenizer.added_token_finders)
        of_model = tokenizer.vocabulary.special_tokens
        special = of_model if tokenizer.special_tokens_in_text else ()
        tokens = {token: i for i, token in enumerate(tokenizer.wordpieces) if token not in of_model}
        counts = collections.Counter(c for token in (*tokens, *normalised[0]) for c in token)
        # Frequent characters get small numbers, so that the trie has few gaps.
        symbols = {c: i for i, (c, _) in enumerate(counts.most_common(), start=1)}
        alone = [*written[1], *map(tokenizer.vocabulary.id_of, special), *normalised[1]]
        alone_symbols = range(len(symbols) + 1, len(symbols) + 1 + len(alone))
        words = {(symbol,): i for symbol, i in zip(alone_symbols, alone, strict=True)}
        continuations = {}
        for token, i in tokens.items():
            continues = token.startswith("##") and token != "##"
            place, characters = (continuations, token[2:]) if continues else (words, token)
            place[tuple(symbols[c] for c in characters)] = i
        most = len(symbols) + len(alone)
        self._characters = CharacterTables(tokenizer, symbols, alone_symbols)
        self._written = CodePointFinder(written[0]) if written[0] else None
        self._special = CodePointFinder(special) if special else None
        self._normalised = TokenFinder(normalised[0], symbols, most) if normalised[0] else None
        self._first_special, self._first_normalised = len(written[0]), len(written[0]) + len(special)
        self._trie = Trie(words, continuations, most)
        self._unk_id = tokenizer.unk_id
        self._max_characters = tokenizer.max_characters_per_word

    def tokenize(self, code_points):
        """Tokenizes one text.

        Args:
            code_points: int32 (N,), any integers; those that are not characters are dropped.

        Returns:
            (ids, starts, ends), each int32 (T,), as in `BertTokenizer.tokenize_with_offsets`.
        """
        code_points = tf.concat([code_points, [ord(" ")]], 0)  # so that nothing below is empty
        after = tf.range(tf.size(code_points)) + 1
        found_rows = tf.fill(tf.shape(code_points), -1)  # rows of written tokens; 0 within a token
        for finder, first in ((self._written, 0), (self._special, self._first_special)):
            if finder:
                found, sizes, inside = finder.find(code_points)
                row = tf.gather([0, *self._characters.special_rows[first:]], found)
                found_rows = tf.where((found > 0) | inside, row, found_rows)
                after += sizes - 1
                if finder is self._written:  # the text before a token and the one after it are separate
                    code_points = tf.where(found_rows >= 0, ord(" "), code_points)
        rows = self._characters.look_up(code_points)
        rows = tf.where(found_rows >= 0, found_rows, rows)
        symbols, begins, sources, last_sources = self._split(rows)

        size = tf.size(symbols)
        places = tf.range(size)
        word = tf.cumsum(tf.cast(begins, tf.int32)) - 1
        word_starts = _where(begins)
        word_ends = tf.concat([word_starts[1:], [size]], 0)
        ends = tf.gather(word_ends, word)
        lengths, values = self._trie.longest(symbols, tf.where(begins, WORD, CONTINUATION), ends - places)
        ids = values - 1
        reached = follow(begins, places + lengths)
        # A word is unknown if a position is reached where no token begins, or if it is too long.
        stuck = tf.concat([[0], tf.cumsum(tf.cast(reached & (lengths == 0), tf.int32))], 0)
        unknown = tf.gather(stuck, word_ends) > tf.gather(stuck, word_starts)
        unknown |= word_ends - word_starts > self._max_characters
        unknown = tf.gather(unknown, word)

        tokens = _where((unknown & begins) | (reached & ~unknown))[
            :-1
        ]  # without the last, which `_split` adds
        last = tf.where(unknown, ends, places + lengths) - 1
        last = tf.gather(last_sources, tf.gather(last, tokens))
        ids = tf.where(unknown, self._unk_id, ids)
        return tf.gather(ids, tokens), tf.gather(sources, tokens), tf.gather(after, last)

    def _split(self, rows):
        """Concatenates the characters of rows, without spaces, and adds one that belongs to no word.

        Returns:
            (symbols, begins, sources, last_sources), each (M,): int32, the symbols; bool, whether a word
            begins there; int32, the position of the code point, and of the last one of an added token.
        """
        cells = tf.reshape(tf.gather(self._characters.rows, rows), [-1])
        kept = _where(cells != 0)
        cells, sources = tf.gather(cells, kept), kept // self._characters.rows.shape[1]
        last_sources = sources
        if self._normalised:
            found, sizes, inside = self._normalised.find(cells // 4)
            row = tf.gather([0, *self._characters.special_rows[self._first_normalised :]], found)
            cells = tf.where(found > 0, tf.gather(self._characters.rows[:, 0], row), cells)
            last_sources = tf.gather(sources, tf.range(tf.size(sources)) + sizes - 1)
            kept = _where(~inside)
            cells, sources, last_sources = (tf.gather(x, kept) for x in (cells, sources, last_sources))
        kinds = cells % 4
        before = tf.concat([[SPACE], kinds[:-1]], 0)
        begins = (kinds == SINGLE) | (before != LETTER)
        kept = _where(kinds != SPACE)
        rows = ((cells // 4, 0), (begins, True), (sources, 0), (last_sources, 0))
        return tuple(tf.concat([tf.gather(x, kept), [last]], 0) for x, last in rows)


def _where(condition):
    return tf.cast(tf.where(condition)[:, 0], tf.int32)
