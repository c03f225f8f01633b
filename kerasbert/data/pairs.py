"""Batches of groups of texts, pairs or triplets, of which each text is encoded by itself."""

from kerasbert import checks
from kerasbert.data.batches import in_windows
from kerasbert.data.rows import GROUP, same_length, text_columns
from kerasbert.data.tracing import without_autograph
from kerasbert.optional import tensorflow as tf

# Numbers that float32 holds exactly: losses get their labels so. Two texts with one number by chance are only
# not told apart.
FINGERPRINTS = 2**24


def pair_batches(rows, tokenizer, batch_size, max_length, *, shuffle=False, on_lengths=None):
    """Tokenizes and batches pairs or triplets of texts of about one length.

    Args:
        rows: `tf.data.Dataset` of dicts of `text`, `text_pair` and perhaps `text_negative`, scalar strings;
            and perhaps `label`, float `(1,)`, a score, and `sample_weight`, a scalar.
        tokenizer: a tokenizer of `kerasbert.text`.
        batch_size: int, B groups of G texts.
        max_length, shuffle, on_lengths: as for `text_batches`.

    Returns:
        `tf.data.Dataset` of tuples: the tokens of G * B texts as a dict of int32 `(G * B, S)`, those of a
        group one after the other; labels; and weights `(G * B,)` where there are some. Labels are the
        scores, `(G * B, 1)`; without scores, int32 `(G * B, G)`, for each text a number for each text of its
        group: equal texts have equal numbers.
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
        weights = [window["sample_weight"]] if "sample_weight" in window else []
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
    """As `text_columns`; `x` may also be a tuple of three columns, or a dict with `text_negative`.

    Returns:
        dict of string tensors `(rows,)`: `text`, perhaps `text_pair`, and perhaps `text_negative`.
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
