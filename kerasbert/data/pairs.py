"""Batches of pairs or triplets of texts, in which each text is encoded separately."""

from kerasbert import checks
from kerasbert.data.batches import in_windows
from kerasbert.data.label_graphs import graph_weights
from kerasbert.data.rows import GROUP, same_length, text_columns
from kerasbert.data.tracing import without_autograph
from kerasbert.optional import tensorflow as tf

# How many numbers texts are hashed to. Losses get labels as float32, which holds all of these exactly. Should
# two different texts get the same number, they only count as equal.
FINGERPRINTS = 2**24


def pair_batches(rows, tokenizer, batch_size, max_length, *, shuffle=False, on_lengths=None):
    """Tokenizes pairs or triplets of texts, and puts those of about the same length into batches.

    Args:
        rows: `tf.data.Dataset` of dicts of scalar strings `text`, `text_pair` and optionally
            `text_negative`; also, optionally, `label`, a score, float `(1,)`, and `sample_weight`, a scalar.
        tokenizer: a tokenizer of `kerasbert.text`.
        batch_size: int, B, the number of groups in a batch; a group is a pair or triplet of G texts.
        max_length, shuffle, on_lengths: as for `text_batches`.

    Returns:
        `tf.data.Dataset` of tuples: the tokens of G * B texts as a dict of int32 `(G * B, S)`, where the
        texts of a group follow each other; labels; and sample weights `(G * B,)` if `rows` have them. The
        labels are the scores, `(G * B, 1)`. If there are no scores, they are int32 `(G * B, G)`: for each
        text, the numbers of all texts of its group, where equal texts have equal numbers.
    """
    names = [name for name in GROUP if name in rows.element_spec]
    size = len(names)

    def tokenize(window):
        texts = tf.stack([window[name] for name in names], axis=1)  # (groups, G)
        pieces = tokenizer.tokenize(tf.reshape(texts, [-1]))
        lengths = tokenizer.packed_lengths(pieces)
        if on_lengths is not None:
            on_lengths(lengths)
        order = tf.argsort(tf.reduce_max(tf.reshape(lengths, [-1, size]), axis=1), stable=True)
        each = tf.reshape(size * order[:, None] + tf.range(size), [-1])
        labels = window.get("label")
        if labels is None:
            labels = tf.cast(tf.strings.to_hash_bucket_fast(texts, FINGERPRINTS), tf.int32)
        weights = [graph_weights(window["sample_weight"])] if "sample_weight" in window else []
        each_of_group = tf.repeat(order, size)
        targets = tuple(tf.gather(column, each_of_group) for column in (labels, *weights))
        return tf.gather(pieces, each), targets

    def split(mix, pieces, targets):
        starts = mix(tf.range(0, tf.shape(targets[0])[0], size * batch_size))

        def one(start):
            part = slice(start, start + size * batch_size)
            tokens = tokenizer.pack(pieces[part], max_length=max_length)
            return tokens, *(target[part] for target in targets)

        return tf.data.Dataset.from_tensor_slices(starts).map(without_autograph(one))

    return in_windows(rows, batch_size, shuffle, tokenize, split)


def group_columns(x, where="x"):
    """Like `text_columns`, but `x` may also be a tuple of three columns, or a dict with `text_negative`.

    Returns:
        dict of string tensors `(rows,)`: `text`, and if given `text_pair` and `text_negative`.
    """
    if isinstance(x, tuple) and len(x) == 3 and not any(isinstance(c, (str, bytes)) for c in x):
        x = dict(zip(GROUP, x, strict=True))
    if not isinstance(x, dict) or "text_negative" not in x:
        return text_columns(x, where)
    if set(x) != set(GROUP):
        raise checks.invalid(
            "A dict of triplets must have `text`, `text_pair` and `text_negative`.",
            fix="Rename the columns.",
            where=where,
            names=sorted(map(str, x)),
        )
    columns = text_columns({name: x[name] for name in GROUP[:2]}, where)
    columns |= {"text_negative": text_columns(x["text_negative"], f"{where}: text_negative")["text"]}
    same_length(where, **columns)
    return columns
