"""Splits normalised texts into WordPiece ids, with byte positions."""

import numpy as np

from kerasbert import checks
from kerasbert.optional import tensorflow as tf
from kerasbert.optional import tensorflow_text
from kerasbert.text.normalization import EDGE, SPECIAL, TOO_LONG

_SPACE = r"\t\n\r\p{Z}"
_PUNCTUATION = r"!-/:-@\[-`{-~\p{P}"
# The blocks that the original calls Chinese characters.
_CHINESE = (
    r"\x{4e00}-\x{9fff}\x{3400}-\x{4dbf}\x{20000}-\x{2a6df}\x{2a700}-\x{2b73f}"
    r"\x{2b740}-\x{2b81f}\x{2b820}-\x{2ceaf}\x{f900}-\x{faff}\x{2f800}-\x{2fa1f}"
)
# The most frequent characters that end a word. The class is small enough for a regular expression that counts
# up to 201 other characters to stay cheap.
_FREQUENT_ENDS = r"\x00-\x20!-/:-@\[-`{-~\x{3000}-\x{3003}\x{3400}-\x{4dbf}\x{4e00}-\x{9fff}"
_MOST_COUNTED = 201


class WordPiece:
    """Splits normalised texts into words, and words into sub-word tokens, the longest possible first.

    WordPiece: Schuster & Nakajima 2012. The algorithm, linear in the length of the text: Song et al. 2021,
    "Fast WordPiece Tokenization".

    Args:
        tokens: sequence of str, in the order of their ids; it must contain `[UNK]`.
        split_chinese: bool, whether each Chinese character is a word of its own.
        max_characters_per_word: int; longer words become `[UNK]`.
    """

    def __init__(self, tokens, split_chinese, max_characters_per_word):
        self._split_chinese = split_chinese
        self._max_characters = max_characters_per_word
        try:
            with tf.init_scope():  # the model outlives the graph it is first used in
                self._model = tensorflow_text.FastWordpieceTokenizer(
                    tokens,
                    max_bytes_per_word=np.iinfo(np.int32).max,  # `separate_words` has a limit in characters
                    token_out_type=tf.int32,
                    no_pretokenization=not split_chinese,
                )
        except RuntimeError as error:
            raise checks.invalid(
                "TensorFlow Text must be able to build a model of the vocabulary.",
                fix="Rename the token that the reason names, for example to [unused7].",
                where="BertTokenizer",
                reason=str(error),
            ) from error

    def separate_words(self, texts):
        """Marks the words that TensorFlow Text's model would not treat as BERT does.

        Words that are too long get the mark TOO_LONG in front: no token begins with it, so they become
        `[UNK]`. To find them, and also if Chinese characters are not words of their own, EDGE is put around
        every space and punctuation mark.

        Args:
            texts: string tensor (B,), normalised.

        Returns:
            string tensor (B,).
        """
        if not self._split_chinese:
            return self._separate_each_word(texts)
        count = min(self._max_characters + 1, _MOST_COUNTED)
        maybe_long = tf.strings.regex_full_match(texts, f"(?s).*[^{_FREQUENT_ENDS}]{{{count}}}.*")
        return tf.cond(
            tf.reduce_any(maybe_long), lambda: self._separate_each_word(texts), lambda: tf.identity(texts)
        )

    def _separate_each_word(self, texts):
        ends = f"[{_SPACE}]+|[{_PUNCTUATION}{_CHINESE if self._split_chinese else ''}]"
        texts = tf.strings.regex_replace(texts, f"({ends})", rf"{EDGE}\1{EDGE}")
        pieces = tf.strings.split(texts, sep=EDGE)
        words = pieces.flat_values
        long = tf.strings.length(words, unit="UTF8_CHAR") > self._max_characters
        long &= tf.logical_not(_is_space(words))
        long &= tf.strings.substr(words, 0, 1) != SPECIAL  # `[MASK]` has six characters but is one token
        words = tf.where(long, TOO_LONG + words, words)
        return tf.strings.unsorted_segment_join(words, pieces.value_rowids(), pieces.nrows(), separator=EDGE)

    def tokenize_with_byte_offsets(self, texts):
        """Splits texts into sub-word tokens.

        Args:
            texts: string tensor (B,), normalised, from `separate_words`.

        Returns:
            (ids, starts, ends), ragged int32, int64, int64 (B, None); positions count bytes of `texts`.
        """
        if self._split_chinese:  # the model itself splits at spaces, punctuation and Chinese characters
            return self._model.tokenize_with_offsets(texts)
        words = tf.strings.split(texts, sep=EDGE)
        sizes = tf.cast(tf.strings.length(words.flat_values), tf.int64) + 1  # each with the EDGE after it
        in_batch = tf.concat([[0], tf.cumsum(sizes)], 0)
        in_text = in_batch[:-1] - tf.gather(in_batch, tf.gather(words.row_starts(), words.value_rowids()))
        words = words.with_flat_values(tf.where(_is_space(words.flat_values), "", words.flat_values))
        ids, starts, ends = self._model.tokenize_with_offsets(words)
        shift = words.with_flat_values(in_text[:, tf.newaxis])
        return ids.merge_dims(1, 2), (starts + shift).merge_dims(1, 2), (ends + shift).merge_dims(1, 2)


def _is_space(words):
    return tf.strings.regex_full_match(words, f"[{_SPACE}]+")
