"""`BertTokenizer` as a graph of integers."""

import collections

from kerasbert.optional import tensorflow as tf
from kerasbert.text.integers.characters import LETTER, SINGLE, SPACE, CharacterTables
from kerasbert.text.integers.special_tokens import SpecialTokens
from kerasbert.text.integers.trie import CONTINUATION, DEAD, WORD, Trie
from kerasbert.text.vocabulary import SPECIAL_TOKENS


class WordPieceGraph:
    """Splits code points into the ids of a `BertTokenizer`.

    Normalised characters are looked up in tables, and words begin where the kinds of characters say so. All
    characters walk the trie of the vocabulary at once, each for the longest token that begins there. The
    tokens of a word are those that its first character leads to, from token to token.

    Args:
        tokenizer: `BertTokenizer`.
    """

    def __init__(self, tokenizer):
        special = SPECIAL_TOKENS if tokenizer.special_tokens_in_text else ()
        tokens = {token: i for i, token in enumerate(tokenizer.vocabulary) if token not in SPECIAL_TOKENS}
        counts = collections.Counter(c for token in tokens for c in token)
        # Small numbers for what is frequent, so that the trie has few gaps.
        symbols = {c: i for i, (c, _) in enumerate(counts.most_common(), start=1)}
        special_symbols = range(len(symbols) + 1, len(symbols) + 1 + len(special))
        words = {(s,): tokenizer.vocabulary.id_of(t) for s, t in zip(special_symbols, special, strict=True)}
        continuations = {}
        for token, i in tokens.items():
            continues = token.startswith("##") and token != "##"
            place, characters = (continuations, token[2:]) if continues else (words, token)
            place[tuple(symbols[c] for c in characters)] = i
        self._characters = CharacterTables(tokenizer, symbols, special_symbols)
        self._special = SpecialTokens(special) if special else None
        self._trie = Trie(words, continuations)
        self._unk_id = tokenizer.unk_id
        self._max_characters = tokenizer.max_characters_per_word

    def tokenize(self, code_points):
        """Splits one text.

        Args:
            code_points: int32 (N,), any integers; those that are no characters are dropped.

        Returns:
            (ids, starts, ends), each int32 (T,), as of `BertTokenizer.tokenize_with_offsets`.
        """
        code_points = tf.concat([code_points, [ord(" ")]], 0)  # so that nothing below is empty
        rows = self._characters.look_up(code_points)
        after = tf.range(tf.size(code_points)) + 1
        if self._special:
            found, sizes, inside = self._special.find(code_points)
            special = tf.gather([0, *self._characters.special_rows], found)
            rows = tf.where(inside, 0, tf.where(found > 0, special, rows))
            after += sizes - 1
        symbols, begins, sources = self._split(rows)

        size = tf.size(symbols)
        places = tf.range(size)
        word = tf.cumsum(tf.cast(begins, tf.int32)) - 1
        word_starts = _where(begins)
        word_ends = tf.concat([word_starts[1:], [size]], 0)
        ends = tf.gather(word_ends, word)
        lengths, ids = self._longest_tokens(symbols, begins, ends - places)
        reached = _follow(begins, places + lengths)
        # A word is unknown if a place is reached where no token begins, or if it is too long.
        stuck = tf.concat([[0], tf.cumsum(tf.cast(reached & (lengths == 0), tf.int32))], 0)
        unknown = tf.gather(stuck, word_ends) > tf.gather(stuck, word_starts)
        unknown |= word_ends - word_starts > self._max_characters
        unknown = tf.gather(unknown, word)

        tokens = _where((unknown & begins) | (reached & ~unknown))[
            :-1
        ]  # without the last, which `_split` adds
        last = tf.where(unknown, ends, places + lengths) - 1
        last = tf.gather(sources, tf.gather(last, tokens))
        ids = tf.where(unknown, self._unk_id, ids)
        return tf.gather(ids, tokens), tf.gather(sources, tokens), tf.gather(after, last)

    def _split(self, rows):
        """Puts the characters of rows one after another, without spaces, and one of no word behind them.

        Returns:
            (symbols, begins, sources), each (M,): int32; bool, whether a word begins there; int32, the place
            of the code point.
        """
        cells = tf.reshape(tf.gather(self._characters.rows, rows), [-1])
        kept = _where(cells != 0)
        cells, sources = tf.gather(cells, kept), kept // self._characters.rows.shape[1]
        kinds = cells % 4
        before = tf.concat([[SPACE], kinds[:-1]], 0)
        begins = (kinds == SINGLE) | (before != LETTER)
        kept = _where(kinds != SPACE)
        symbols, begins, sources = (tf.gather(x, kept) for x in (cells // 4, begins, sources))
        return tuple(tf.concat([x, [last]], 0) for x, last in ((symbols, 0), (begins, True), (sources, 0)))

    def _longest_tokens(self, symbols, begins, rest):
        """Finds the longest token at each place.

        Args:
            symbols: int32 (M,).
            begins: bool (M,), whether a word begins there.
            rest: int32 (M,), how many characters the word has from there on.

        Returns:
            (lengths, ids), int32 (M,): length 0 where no token begins.
        """
        places = tf.range(tf.size(symbols))

        def step(length, state, longest, value):
            ahead = tf.gather(symbols, tf.minimum(places + length, tf.size(symbols) - 1))
            symbol = tf.where(length < rest, ahead, 0)
            following = tf.gather(self._trie.base, state) + symbol
            state = tf.where(tf.gather(self._trie.check, following) == state, following, DEAD)
            found = tf.gather(self._trie.value, state)
            length += 1
            return length, state, tf.where(found > 0, length, longest), tf.where(found > 0, found, value)

        none = tf.zeros_like(symbols)
        _, _, lengths, values = tf.while_loop(
            lambda length, state, longest, value: tf.reduce_any(state != DEAD),
            step,
            (0, tf.where(begins, WORD, CONTINUATION), none, none),
        )
        return lengths, values - 1


def _follow(begins, targets):
    """Finds what can be reached from some places, where each leads to one further on, or to itself.

    Steps are doubled each time, so that a word of a million tokens takes twenty.

    Args:
        begins: bool (M,).
        targets: int32 (M,).

    Returns:
        bool (M,).
    """
    size = tf.size(targets)

    def step(reached, targets, _):
        # The place behind the last takes what comes from where nobody is: all that is written is 1.
        hit = tf.where(reached, targets, size)[:, tf.newaxis]
        hits = tf.scatter_nd(hit, tf.ones_like(targets), [size + 1])[:-1] > 0
        more = tf.reduce_any(hits & ~reached)
        return reached | hits, tf.gather(targets, targets), more

    return tf.while_loop(lambda reached, targets, more: more, step, (begins, targets, True))[0]


def _where(condition):
    return tf.cast(tf.where(condition)[:, 0], tf.int32)
