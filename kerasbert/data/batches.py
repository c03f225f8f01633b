"""Batches of texts of about the same length, padded to the longest text of the batch."""

from kerasbert.data.row_order import RowOrder, shuffled
from kerasbert.data.tracing import without_autograph
from kerasbert.optional import tensorflow as tf

# How many batches of rows are sorted by length together: enough to need little padding, and few enough to
# keep the order random.
WINDOW = 32


def text_batches(rows, tokenizer, batch_size, max_length, *, shuffle=False, on_lengths=None):
    """Tokenizes and batches rows of text.

    Args:
        rows: `tf.data.Dataset` of dicts with `text` and optionally `text_pair` (scalar strings), or with
            `ids` and optionally `ids_pair` (token ids, from a ragged tensor). All other keys, such as `label`
            and `sample_weight`, are passed through.
        tokenizer: `BertTokenizer`.
        batch_size: int, B.
        max_length: int, the most tokens in a row, an upper limit for S.
        shuffle: bool, whether rows come in a new random order in each pass; or the `RowOrder` that decides
            it.
        on_lengths: function, or None; it is called in the graph with the lengths of rows before truncation,
            an int tensor `(rows,)`.

    Returns:
        `tf.data.Dataset` of pairs: the tokens as a dict of int32 `(B, S)`, and all other columns as a dict of
        tensors `(B,)`, or ragged `(B, None)` where `rows` has ragged tensors.
    """

    def by_length(window):
        first, second, lengths, rest = _tokenize(window, tokenizer, on_lengths)
        order = tf.argsort(lengths, stable=True)
        second = None if second is None else tf.gather(second, order)
        return tf.gather(first, order), second, {name: tf.gather(v, order) for name, v in rest.items()}

    def split(mixed, first, second, rest):
        starts = mixed(tf.range(0, tf.cast(first.nrows(), tf.int32), batch_size))

        def one(start):
            part = slice(start, start + batch_size)
            pair = None if second is None else second[part]
            tokens = tokenizer.pack(first[part], pair, max_length=max_length)
            return tokens, {name: v[part] for name, v in rest.items()}

        return tf.data.Dataset.from_tensor_slices(starts).map(without_autograph(one))

    return in_windows(rows, batch_size, shuffle, by_length, split)


def in_windows(rows, batch_size, shuffle, sort, split):
    """Sorts large windows of rows and splits them into batches.

    Args:
        rows: `tf.data.Dataset` of rows.
        batch_size: int, rows in a batch.
        shuffle: bool or `RowOrder`, as for `text_batches`.
        sort: graph function that takes a window of rows and returns a tuple.
        split: graph function that makes a data set of batches from what `sort` returned. Its first argument
            is a function that takes the indices of the first row of each batch, and returns them in the order
            in which the batches come.

    Returns:
        `tf.data.Dataset` of batches, which knows its cardinality if `rows` does.
    """
    count = int(rows.cardinality())
    size = batch_size * WINDOW
    if shuffle:
        order = shuffle if isinstance(shuffle, RowOrder) else RowOrder()
        windows = order.windows(rows, size).map(without_autograph(lambda key, window: (key, sort(window))))

        def batches_of(key, window):
            return split(lambda starts: shuffled(starts, key), *window)
    else:
        windows = rows.batch(size).map(without_autograph(sort))

        def batches_of(*window):  # type: ignore[misc]
            return split(lambda starts: starts, *window)

    batches = windows.flat_map(without_autograph(batches_of))
    if count != tf.data.UNKNOWN_CARDINALITY:
        count = count if count < 0 else -(-count // batch_size)
        batches = batches.apply(tf.data.experimental.assert_cardinality(count))
    return batches.prefetch(tf.data.AUTOTUNE)


def ordered_batches(rows, tokenizer, batch_size, max_length, *, finish=None, on_lengths=None):
    """Tokenizes and batches rows of text without changing their order.

    Args:
        rows: as for `text_batches`, or a dict of columns in memory. If these fit into one batch, it is packed
            at once: to trace the graphs of a data set takes far longer.
        tokenizer, max_length, on_lengths: as for `text_batches`.
        batch_size: int, B; None if the elements of `rows` are already batches.
        finish: function that is called with the tokens of a batch and its other columns, and returns the
            batch; or None for a pair of both.

    Returns:
        `tf.data.Dataset` of batches, by default the same as those of `text_batches`.
    """

    def pack(window):
        first, second, _, rest = _tokenize(window, tokenizer, on_lengths)
        tokens = tokenizer.pack(first, second, max_length=max_length)
        return (tokens, rest) if finish is None else finish(tokens, rest)

    if isinstance(rows, dict):
        count = next(iter(rows.values())).shape[0]
        if 0 < count <= batch_size:
            return tf.data.Dataset.from_tensors(pack(rows))
        rows = tf.data.Dataset.from_tensor_slices(rows)
    batches = rows if batch_size is None else rows.batch(batch_size)
    return batches.map(without_autograph(pack)).prefetch(tf.data.AUTOTUNE)


class PackedTokens:
    """Takes the place of a tokenizer in `text_batches` for rows whose `ids` are already packed."""

    @staticmethod
    def packed_lengths(ids, second=None):
        """The lengths of ragged `(B, None)` ids."""
        return ids.row_lengths()

    @staticmethod
    def pack(ids, second=None, max_length=None):
        """Pads ids and returns a dict of `token_ids` and `padding_mask`, int32 `(B, S)`."""
        return {"token_ids": ids.to_tensor(), "padding_mask": tf.ones_like(ids).to_tensor()}


def _tokenize(window, tokenizer, on_lengths):
    """Tokenizes a window of rows: ids, ids of second texts (or None), packed lengths, and other columns."""
    first = window["ids"] if "ids" in window else tokenizer.tokenize(window["text"])
    second = window.get("ids_pair")
    if "text_pair" in window:
        second = tokenizer.tokenize(window["text_pair"])
    lengths = tokenizer.packed_lengths(first, second)
    if on_lengths is not None:
        on_lengths(lengths)
    texts = ("ids", "ids_pair", "text", "text_pair")
    rest = {name: v for name, v in window.items() if name not in texts}
    return first, second, lengths, rest
