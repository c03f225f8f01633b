"""Chooses masked tokens anew for every batch, in graph operations over the whole batch."""

import dataclasses

import numpy as np

from kerasbert import checks
from kerasbert.data import draws
from kerasbert.optional import tensorflow as tf
from kerasbert.text import BertweetTokenizer, RobertaTokenizer, SentencePieceTokenizer
from kerasbert.text.base import TextTokenizer
from kerasbert.types import Tensor, Tensors


@dataclasses.dataclass(frozen=True)
class Masking:
    """Which tokens a masked language model has to predict, and what replaces them.

    As in the original `create_pretraining_data`, `round(rate * n)` tokens of an example with n tokens
    (special tokens included) are to be predicted, at least one and at most `max_predictions`. Words are
    chosen in random order, and a word with more tokens than are still to be chosen is skipped. A span is cut
    after the last word that fits. Special tokens (including `[UNK]`) and padding are never chosen, and never
    used as random replacements.

    Args:
        rate: float, the fraction of tokens to predict.
        max_predictions: int or None, M; None: as many as `rate` gives for the longest example.
        whole_words: bool, whether all tokens of a word are chosen together (whole word masking).
        span_weights: tuple of float, the relative probabilities of spans of 1, 2, ... words, such as
            `geometric_spans()` or `ngram_spans()`. Every sequence is cut at random into spans of these
            lengths that no special token interrupts, and some of these spans are chosen.
        mask_token_rate: float, the fraction of the chosen tokens to replace by `[MASK]`.
        random_token_rate: float, the fraction to replace by a random token. The other tokens stay as they
            are.
        by_span: bool, whether all tokens of a word or span are treated alike, as in SpanBERT. If False, each
            token is treated independently, as in the original.

    Raises:
        ValueError: if an argument is out of range.

    Example:

    >>> from kerasbert.pretraining import geometric_spans
    >>> Masking(span_weights=geometric_spans(), by_span=True).predictions(512)
    77
    """

    rate: float = 0.15
    max_predictions: int | None = None
    whole_words: bool = True
    span_weights: tuple[float, ...] = (1.0,)
    mask_token_rate: float = 0.8
    random_token_rate: float = 0.1
    by_span: bool = False

    def __post_init__(self):
        rates = {"mask_token_rate": self.mask_token_rate, "random_token_rate": self.random_token_rate}
        checks.rate("Masking", rate=self.rate, **rates)
        if self.max_predictions is not None:
            checks.positive_int("Masking", max_predictions=self.max_predictions)
        if sum(rates.values()) > 1 + 1e-9:
            raise checks.invalid(
                "`mask_token_rate` and `random_token_rate` must add up to at most 1.",
                fix="Lower one of them.",
                where="Masking",
                **rates,
            )
        weights = np.asarray(self.span_weights, float)
        if weights.ndim != 1 or not weights.size or not (np.isfinite(weights) & (weights >= 0)).all():
            weights = np.zeros(1)
        if not weights.sum():
            raise checks.invalid(
                "`span_weights` must be numbers of at least 0, and at least one must be above 0.",
                fix="Pass (1.0,) for single words, or geometric_spans().",
                where="Masking",
                span_weights=self.span_weights,
            )
        object.__setattr__(self, "span_weights", tuple(self.span_weights))  # a list if it comes from JSON

    def predictions(self, max_length: int) -> int:
        """int, M: the most tokens to predict in an example of up to `max_length` tokens."""
        return self.max_predictions or max(1, round(self.rate * max_length))


def mask_tokens(
    token_ids: Tensor,
    lengths: Tensor,
    continues: Tensor,
    tokenizer: TextTokenizer,
    masking: Masking,
    max_predictions: int,
    seed: int,
    number: Tensor,
    keep: slice | None = None,
) -> Tensors:
    """Chooses and replaces tokens of a batch, and returns the inputs of `BertPretrainer`.

    Args:
        token_ids: int32 tensor `(B, S)`.
        lengths: int32 tensor `(B,)`, the number of tokens in each row.
        continues: bool tensor `(B, S)`, whether a token continues the word of the token before it.
        tokenizer: a tokenizer.
        masking: `Masking`.
        max_predictions: int, M.
        seed: int.
        number: int64 scalar tensor, the number of the batch. The result depends only on this number, the seed
            and the tokens.
        keep: slice or None, the rows to return: the result is that slice of the result for all rows.

    Returns:
        dict of int32 `token_ids` `(B, S)`; int32 `mask_positions` `(B, M)`, in ascending order; int32
        `mask_ids` `(B, M)`, the original tokens at these positions; and float32 `mask_weights` `(B, M)`,
        which are 0 where a row has fewer than M predictions.
    """
    width = tf.shape(token_ids)[1]
    kept = token_ids if keep is None else token_ids[keep]
    chosen, replaced = choose_tokens(
        token_ids, lengths, continues, tokenizer, masking, max_predictions, seed, number, keep
    )

    def at_chosen(values):
        return tf.ragged.boolean_mask(values, chosen).to_tensor(shape=(None, max_predictions))

    return {
        "token_ids": replaced,
        "mask_positions": at_chosen(tf.zeros_like(kept) + tf.range(width)),
        "mask_ids": at_chosen(kept),
        "mask_weights": at_chosen(tf.ones_like(kept, tf.float32)),
    }


def choose_tokens(
    token_ids, lengths, continues, tokenizer, masking, max_predictions, seed, number, keep=None
):
    """Like `mask_tokens`, but returns its result for every position.

    Returns:
        Two tensors `(B, S)`: bool, which tokens are to be predicted; int32, the tokens after replacement.
    """
    rows, width = tf.unstack(tf.shape(token_ids))
    keep = slice(None) if keep is None else keep

    def uniform(purpose, width=width, **kind):
        return draws.uniform([rows, width], seed, purpose, number, **kind)[keep]

    special = {getattr(tokenizer, f"{name}_id") for name in ("pad", "unk", "cls", "sep", "mask")}
    ordinary = np.array([i not in special for i in range(tokenizer.vocabulary_size)])
    scores, fates = uniform("order"), uniform("fate")
    others = uniform("other", minval=0, maxval=int(ordinary.sum()), dtype=tf.int32)
    spans = uniform("spans", width + len(masking.span_weights))
    token_ids, lengths, continues = token_ids[keep], lengths[keep], continues[keep]

    eligible = tf.gather(ordinary, token_ids) & tf.sequence_mask(lengths, width)
    words, units = _words_and_spans(eligible, continues, masking, spans)
    wanted = tf.cast(tf.round(masking.rate * tf.cast(lengths, tf.float32)), tf.int32)
    chosen = _choose(words, units, eligible, tf.clip_by_value(wanted, 1, max_predictions), scores)

    if masking.by_span:
        fates = tf.gather(fates, units, batch_dims=1)
    others = tf.gather(tf.constant(np.flatnonzero(ordinary), tf.int32), others)
    replaced = tf.where(fates < masking.mask_token_rate + masking.random_token_rate, others, token_ids)
    replaced = tf.where(fates < masking.mask_token_rate, tokenizer.mask_id, replaced)
    return chosen, tf.where(chosen, replaced, token_ids)


def continuations(tokenizer):
    """Which tokens of the vocabulary continue a word.

    Args:
        tokenizer: `BertTokenizer`, whose sub-word tokens inside a word begin with `##`; or
            `RobertaTokenizer` or `SentencePieceTokenizer`, whose words begin with a space, so that
            punctuation belongs to the word before it; or `BertweetTokenizer`, each of whose tokens counts as
            a word, because its marks stand at the end of the token before.

    Returns:
        bool array `(V,)`.

    Example:

    >>> tokenizer = BertTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "film", "##s"])
    >>> continuations(tokenizer).tolist()
    [False, False, False, False, False, False, True]
    """
    if isinstance(tokenizer, BertweetTokenizer):
        return np.zeros(tokenizer.vocabulary_size, bool)
    if isinstance(tokenizer, SentencePieceTokenizer):
        return np.array([not token.startswith("▁") for token in tokenizer.vocabulary])
    if isinstance(tokenizer, RobertaTokenizer):
        return np.array([not token.startswith("Ġ") for token in tokenizer.vocabulary])
    return np.array([token.startswith("##") for token in tokenizer.vocabulary])


def _words_and_spans(eligible, continues, masking, random):
    """Numbers the words, which stay whole, and the spans, which are chosen together.

    Args:
        eligible: bool tensor `(B, S)`, which tokens may be chosen.
        continues: bool tensor `(B, S)`, as for `mask_tokens`.
        masking: `Masking` with spans of up to L words.
        random: float tensor `(B, S + L)` in [0, 1).

    Returns:
        Two int32 tensors `(B, S)`, the word and the span of each token, numbered from 0 from the left of each
        row. At tokens that are not eligible the numbers have no meaning.
    """
    begins = eligible
    after_gap = ~tf.pad(eligible[:, :-1], [[0, 0], [1, 0]])
    if masking.whole_words:
        begins &= ~continues | after_gap
    words = _numbered(begins)
    longest = len(masking.span_weights)
    if longest == 1:
        return words, words
    # Spans of random lengths are laid end to end over the words of a row. The start of the first is random
    # too.
    cumulative = np.cumsum(masking.span_weights) / np.sum(masking.span_weights)
    lengths = 1 + tf.raw_ops.Bucketize(input=random[:, 1:], boundaries=cumulative[:-1].tolist())
    ends = tf.cumsum(lengths, axis=1) - tf.cast(random[:, :1] * longest, tf.int32)
    spans = tf.searchsorted(ends, words, side="right")
    changes = spans != tf.pad(spans[:, :-1], [[0, 0], [1, 0]])
    return words, _numbered(begins & (after_gap | changes))


def _numbered(begins):
    return tf.maximum(tf.cumsum(tf.cast(begins, tf.int32), axis=1) - 1, 0)


def _choose(words, spans, eligible, budget, scores):
    """Chooses spans in random order until the budget is spent.

    A span with more tokens than are left in the budget is cut after its last word that fits. A span whose
    first word does not fit is skipped.

    Args:
        words, spans: int32 tensors `(B, S)`, from `_words_and_spans`.
        eligible: bool tensor `(B, S)`, which tokens may be chosen.
        budget: int32 tensor `(B,)`, the most tokens to choose.
        scores: float tensor `(B, S)` in [0, 1): spans are chosen in descending order of their scores.

    Returns:
        bool tensor `(B, S)`, the tokens that were chosen.
    """
    rows, width = tf.unstack(tf.shape(words))
    base = tf.range(rows)[:, tf.newaxis] * width  # the index of each row's start in a flat tensor

    def over(groups, values, reduce):  # reduces over the eligible tokens of each group
        flat = tf.where(eligible, groups + base, -1)
        return tf.reshape(
            reduce(tf.reshape(values, [-1]), tf.reshape(flat, [-1]), rows * width), [rows, width]
        )

    places = tf.zeros_like(words) + tf.range(width)
    last = over(words, places, tf.math.unsorted_segment_max)
    first = over(spans, places, tf.math.unsorted_segment_min)
    # For each token, how many tokens of its span are chosen if the span is cut after this token's word.
    needed = tf.gather(last, words, batch_dims=1) - tf.gather(first, spans, batch_dims=1) + 1
    whole = over(spans, needed, tf.math.unsorted_segment_max)
    least = over(spans, needed, tf.math.unsorted_segment_min)

    count = tf.reduce_max(spans) + 1
    order = tf.math.top_k(tf.where(whole > 0, scores, -1.0), count)[1]
    whole, least = (tf.transpose(tf.gather(x, order, batch_dims=1)) for x in (whole, least))

    def take(step, left, taken):
        partly = tf.where(least[step] <= left, left, 0)
        size = tf.where(whole[step] <= left, tf.maximum(whole[step], 0), partly)
        return step + 1, left - size, taken.write(step, size)

    taken = tf.TensorArray(tf.int32, count, element_shape=[None])
    taken = tf.while_loop(lambda step, *_: step < count, take, (0, budget, taken))[2].stack()
    taken = tf.scatter_nd(
        tf.reshape(order + base, [-1, 1]), tf.reshape(tf.transpose(taken), [-1]), [rows * width]
    )
    return eligible & (needed <= tf.gather(taken, spans + base))
