"""Converts code points to the inputs of an encoder."""

from kerasbert import checks
from kerasbert.optional import tensorflow as tf
from kerasbert.text import packing
from kerasbert.text.albert import AlbertTokenizer
from kerasbert.text.integers.byte_level import ByteLevelGraph
from kerasbert.text.integers.sentencepiece import SentencePieceGraph
from kerasbert.text.integers.wordpiece import WordPieceGraph
from kerasbert.text.mpnet import MPNetTokenizer
from kerasbert.text.roberta import RobertaTokenizer
from kerasbert.text.sentencepiece import SentencePieceTokenizer
from kerasbert.text.tokenizer import BertTokenizer

PLACES = ("starts", "ends")


class IntegerTokenizer:
    """A tokenizer as a graph of integer operations, for runtimes without strings.

    It takes code points and returns exactly the token ids and offsets of the given tokenizer, because its
    tables contain what that tokenizer does with every character of Unicode. All operations are builtin
    operations of TFLite and standard operations of ONNX. The time is linear in the length of a text.

    A text may be padded with zeros, which do not become tokens. An integer that is not a code point counts as
    U+FFFD, like a surrogate in a `str`; BERT drops it.

    Args:
        tokenizer: a tokenizer of `kerasbert`.

    Raises:
        TypeError: if the tokenizer is of another kind.
        ValueError: if its vocabulary has several of the combining marks that Unicode's normalisation
            reorders.

    Example:

    >>> tokenizer = BertTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "film", "##s", "good", "!"])
    >>> packed = IntegerTokenizer(tokenizer).pack([ord(c) for c in "Good films!"], max_length=32)
    >>> packed["token_ids"].numpy().tolist(), packed["ends"].numpy().tolist()
    ([[2, 7, 5, 6, 8, 3]], [[0, 4, 9, 10, 11, 0]])
    """

    def __init__(self, tokenizer):
        graphs = {
            BertTokenizer: WordPieceGraph,
            MPNetTokenizer: WordPieceGraph,
            RobertaTokenizer: ByteLevelGraph,
            SentencePieceTokenizer: SentencePieceGraph,
            AlbertTokenizer: SentencePieceGraph,
        }
        if type(tokenizer) not in graphs:
            raise checks.invalid(
                f"`tokenizer` must be a {', a '.join(kind.__name__ for kind in graphs)}.",
                fix="Pass the `tokenizer` of a task.",
                kind=TypeError,
                where="IntegerTokenizer",
                tokenizer=type(tokenizer).__name__,
            )
        self._tokenizer = tokenizer
        self._graph = graphs[type(tokenizer)](tokenizer)

    def tokenize(self, code_points):
        """Tokenizes one text, without special tokens.

        Args:
            code_points: int32 (N,) or (1, N), any integers.

        Returns:
            (ids, starts, ends), each int32 (T,), as in `tokenize_with_offsets`.
        """
        code_points = tf.convert_to_tensor(code_points, tf.int32)
        if code_points.shape.rank == 2:  # runtimes resize inputs: this concat fails for more than one row
            code_points = tf.concat([code_points, [[0]]], 1)
        return self._graph.tokenize(tf.reshape(code_points, [-1]))

    def pack(self, code_points, pair_code_points=None, max_length=None):
        """Tokenizes and packs one text or a pair, as the tokenizer's `pack` does.

        Args:
            code_points: int32 (N,) or (1, N).
            pair_code_points: like `code_points`, or None.
            max_length: int or None, the most tokens, including special tokens.

        Returns:
            dict of `token_ids`, `segment_ids`, `padding_mask`, `starts` and `ends`, each int32 (1, S). Starts
            and ends count code points in the text of the token; they are 0 for special tokens.

        Raises:
            ValueError: if `max_length` has no room for the special tokens.
        """
        texts = (code_points,) if pair_code_points is None else (code_points, pair_code_points)
        return self.join([self.tokenize(text) for text in texts], max_length)

    def joined_length(self, sizes):
        """The number of tokens of one or two texts with their special tokens, before truncation.

        Args:
            sizes: list of one or two int32, the number of tokens of each text.
        """
        return sum(sizes) + 2 + (self._tokenizer.num_separators if len(sizes) == 2 else 0)

    def join(self, texts, max_length=None):
        """Packs what `tokenize` returned for one text or for both texts of a pair.

        Args:
            texts: list of `(ids, starts, ends)`.
            max_length: as for `pack`.

        Returns:
            See `pack`.
        """
        tokenizer, pairs = self._tokenizer, len(texts) == 2
        tokenizer.check_room(max_length, pairs)
        if max_length is not None:
            texts = _truncated(texts, max_length - self.joined_length([0] * len(texts)))
        cls, sep = ([[id_], [0], [0]] for id_ in (tokenizer.cls_id, tokenizer.sep_id))
        parts = [cls, texts[0], sep]
        if pairs:
            parts += [sep] * (tokenizer.num_separators - 1) + [texts[1], sep]
        ids, starts, ends = (tf.concat(values, 0) for values in zip(*parts, strict=True))
        segments = tf.zeros_like(ids)
        if pairs:
            second = tf.size(ids) - 1 - tf.size(texts[1][0])  # the position of the second text's first token
            segments += tokenizer.second_segment * tf.cast(tf.range(tf.size(ids)) >= second, tf.int32)
        values = (ids, segments, tf.ones_like(ids), starts, ends)
        return dict(zip((*packing.TOKEN_INPUTS, *PLACES), (x[tf.newaxis] for x in values), strict=True))


def _truncated(texts, budget):
    """Truncates the (ids, starts, ends) of one or two texts to `budget` tokens in all."""
    sizes = [tf.size(ids) for ids, _, _ in texts]
    kept = packing.truncated_lengths(*sizes, budget) if len(texts) == 2 else [tf.minimum(sizes[0], budget)]
    return [[values[:count] for values in text] for text, count in zip(texts, kept, strict=True)]
