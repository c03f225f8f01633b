"""Between a user's texts and Keras' loop: batches of tokens, and a count of what was cut off."""

import warnings
from collections.abc import Iterator

import numpy as np

from kerasbert import checks
from kerasbert.data import (
    PackedTokens,
    RowStream,
    counted,
    dataset_rows,
    is_dataset,
    is_tokens,
    no_rows,
    ordered_batches,
    same_length,
    stream_of,
    streamed_rows,
    text_batches,
    text_columns,
)
from kerasbert.optional import tensorflow as tf
from kerasbert.text import TOKEN_INPUTS


class Feed:
    """Makes batches for one call of a task's `fit`, `evaluate` or `predict`.

    Args:
        task: `TextTask`.
    """

    texts_in_graph = True  # a `tf.data.Dataset` of rows stays one
    labels_at_tokens = False  # labels and weights are `(B, S)`
    empty = ()  # an `x` without rows

    def __init__(self, task):
        self._task = task
        self._counts = None

    def labelled(self, x, y, sample_weight, batch_size, shuffle=False, where="x"):
        """Returns `x, y, sample_weight` as Keras takes them: a data set alone, or arrays of tokens."""
        x = self.source(x)
        streamed = is_dataset(x) or isinstance(x, RowStream)
        if streamed and (y is not None or sample_weight is not None):
            raise checks.invalid(
                "A data set must bring its own labels and weights.",
                fix="Let it give `(x, y)`, or `(x, y, sample_weight)`, and pass no others.",
                where=where,
                y=type(y).__name__,
            )
        if is_dataset(x):
            x = counted(x)
        if is_tokens(x):
            return self._tokens(x, y, sample_weight, where)
        batched, numbers, tokenizer = False, None, self._task.tokenizer
        if is_dataset(x):
            self._need_tokenizer(where)
            rows, batched = dataset_rows(x)
            numbers = self._task.label_function()
            if "label" not in rows.element_spec:
                raise no_labels(where)
        else:
            rows, tokenizer = self._rows(x, y, sample_weight, where)
        batches = self._batches(rows, tokenizer, batch_size, batched, shuffle)

        def as_keras_takes_them(tokens, rest):
            if "segment_ids" in rest:
                tokens = tokens | {"segment_ids": rest["segment_ids"].to_tensor()}
            if numbers is not None:
                rest = rest | {"label": numbers(rest["label"])}
            weight = (rest["sample_weight"],) if "sample_weight" in rest else ()
            return (tokens, *self._targets(rest, *weight))

        return batches.map(as_keras_takes_them), None, None

    def _targets(self, rest, *weight):
        """Labels, and weights where there are some, of the columns of a batch, as Keras takes them."""
        return (rest["label"], *weight)

    def _tokens(self, x, y, sample_weight, where):
        if is_dataset(x):
            if not isinstance(x.element_spec, tuple):
                raise no_labels(where)
            numbers = self._task.label_function()
            return x.map(lambda tokens, y, *weight: (tokens, numbers(y), *weight)), None, None
        _check_ids(x, self._task.encoder.config, where)
        if y is None:
            raise no_labels(where)
        labels = self._task.label_numbers(y, f"{where}: y")
        named = labels if isinstance(labels, dict) else {"y": labels}
        same_length(where, **x, **named, sample_weight=sample_weight)
        return x, labels, sample_weight

    # === Rows ===

    def source(self, x):
        """What a user passes as `x`; a data set whose rows need Python becomes a `RowStream`."""
        if hasattr(x, "columns") or hasattr(x, "column_names") or isinstance(x, Iterator):
            raise checks.invalid(
                "Rows must come as columns, or as what can be read again in each epoch.",
                fix="Pass columns, `table['text'], table['label']`, or `read_table(table, text='text')`; for "
                "a generator, `RowStream`. Both are in `kerasbert.data`.",
                where="x",
                kind=TypeError,
                x=type(x).__name__,
            )
        return x if self.texts_in_graph or not is_dataset(x) or is_tokens(x) else stream_of(x)

    def parts(self, x, y=None):
        """Yields `x`, `y` and a name for errors: of all rows, or part by part of those of a stream."""
        x = self.source(x)
        if not isinstance(x, RowStream):
            yield x, y, "x"
            return
        part = None
        for part in x.parts():
            yield part.x, part.y, f"{part.places[0]} and after"
        if part is None:
            yield self.empty, (), "x"

    def _rows(self, x, y, sample_weight, where):
        """Rows with labels, and a tokenizer that packs them, as `text_batches` takes them."""
        if isinstance(x, RowStream):
            rows = streamed_rows(x, self._prepared, where)
        else:
            rows = tf.data.Dataset.from_tensor_slices(self._prepared(x, y, sample_weight, where))
        if not int(rows.cardinality()):
            raise no_rows(where)
        return rows, PackedTokens() if "segment_ids" in rows.element_spec else self._task.tokenizer

    def _prepared(self, x, y, sample_weight, where):
        """Rows in memory as columns, by name: tensors and arrays with a first axis of rows."""
        columns = self._token_columns(x, where) if is_tokens(x) else self._columns(x, where)
        if y is None:
            raise no_labels(where)
        labels = {"label": self._label_numbers(y, columns, where)}
        if sample_weight is not None:
            labels["sample_weight"] = np.asarray(sample_weight, "float32")
        same_length(where, **columns, **labels)
        return columns | labels

    def _token_columns(self, x, where):
        """Tokens in memory, without padding."""
        if set(x) != set(TOKEN_INPUTS) or not self.texts_in_graph:
            raise checks.invalid(
                "Rows of tokens must have all of their inputs, and one label or list of numbers each.",
                fix=f"Name {', '.join(TOKEN_INPUTS)}; tokens for other tasks come as arrays, or as a "
                "`tf.data.Dataset` of batches.",
                where=where,
                names=sorted(x),
            )
        _check_ids(x, self._task.encoder.config, where)
        places = np.arange(1, x["padding_mask"].shape[1] + 1)
        lengths = np.max((x["padding_mask"] != 0) * places, axis=1, initial=1)
        limit = self._task.encoder.config.max_sequence_length
        if lengths.max() > limit:
            raise checks.invalid(
                f"Tokens must be at most {limit}, as many as the encoder has positions for.",
                fix="Write them anew with a shorter `max_length`.",
                where=where,
                tokens=lengths.max().item(),
            )
        ragged = {n: tf.RaggedTensor.from_tensor(x[n], lengths=lengths) for n in ("token_ids", "segment_ids")}
        return {"ids": ragged["token_ids"], "segment_ids": ragged["segment_ids"]}

    def _columns(self, x, where):
        """The texts of `x` in memory, by name."""
        self._need_tokenizer(where)
        return text_columns(x, where)

    def _label_numbers(self, y, columns, where):
        """The labels of rows of `columns`, as the loss takes them."""
        return self._task.label_numbers(y, f"{where}: y")

    def _batches(self, rows, tokenizer, batch_size, batched, shuffle):
        length, count = self._task.max_sequence_length, self._counter()
        if batched:
            return ordered_batches(rows, tokenizer, None, length, on_lengths=count)
        return text_batches(rows, tokenizer, batch_size, length, shuffle=shuffle, on_lengths=count)

    def unlabelled(self, x, batch_size, where="x"):
        """Returns batches of tokens, and the row numbers in the order of the batches (None: as they come)."""
        self._need_tokenizer(where)
        order, batched = None, False
        if is_dataset(x):
            rows, batched = dataset_rows(x)
        else:
            # Sorted by length over all rows: least padding.
            columns = text_columns(x, where)
            lengths = self._task.tokenizer.packed_lengths(
                *(self._task.tokenizer.tokenize(column) for column in columns.values())
            )
            order = np.argsort(-lengths.numpy(), kind="stable")
            rows = tf.data.Dataset.from_tensor_slices(
                {name: tf.gather(column, order) for name, column in columns.items()}
            )
        batches = ordered_batches(
            rows,
            self._task.tokenizer,
            None if batched else batch_size,
            self._task.max_sequence_length,
            on_lengths=self._counter(),
        )
        return batches.map(lambda tokens, rest: tokens), order

    def split(self, x, y, sample_weight, fraction):
        """Cuts the last `fraction` of the rows off: `x, y, sample_weight` and `validation_data`."""
        columns = self._columns(x, "x")
        y = self._label_numbers(y, columns, "x")
        same_length("x", **columns, y=y, sample_weight=sample_weight)
        return cut_off(lambda rows: {n: c[rows] for n, c in columns.items()}, y, sample_weight, fraction)

    def _need_tokenizer(self, where):
        if self._task.tokenizer is None:
            raise checks.invalid(
                "A task without a tokenizer takes tokens only.",
                fix="Pass a dict of `token_ids`, `segment_ids`, `padding_mask`, or give it a tokenizer.",
                where=where,
                tokenizer=None,
            )

    # === Truncation ===

    def _counter(self):
        """Returns a graph function that counts rows, and those that are longer than the task takes."""
        if self._counts is None:
            self._counts = [tf.Variable(0, dtype=tf.int64) for _ in range(2)]
        seen, truncated = self._counts

        def count(lengths):
            seen.assign_add(tf.size(lengths, out_type=tf.int64))
            longer = tf.cast(lengths > self._task.max_sequence_length, tf.int64)
            truncated.assign_add(tf.reduce_sum(longer))

        return count

    def warn_if_truncated(self):
        """Warns, with the count, if texts did not fit."""
        seen, truncated = (0, 0) if self._counts is None else (int(count) for count in self._counts)
        if truncated:
            warnings.warn(
                f"{truncated} of the {seen} texts that were read were longer than "
                f"max_sequence_length={self._task.max_sequence_length} tokens and were truncated.",
                stacklevel=3,
            )


def cut_off(part, y, sample_weight, fraction):
    """Cuts the last `fraction` of rows off.

    Args:
        part: function of a slice of rows, that returns these of `x`.
        y: sequence, a label to a row.
        sample_weight: sequence or None.
        fraction: float.

    Returns:
        `x`, `y` and `sample_weight` of the first rows, and a tuple of those of the last.
    """
    weight = None if sample_weight is None else np.asarray(sample_weight)
    cut = int(len(y) * (1 - fraction))

    def rows(which):
        return part(which), y[which], None if weight is None else weight[which]

    return *rows(slice(cut)), rows(slice(cut, None))


def cut_lists(x, y, sample_weight, fraction):
    """As `cut_off`, of rows of `x` and `y` that come as any sequences."""
    x, y = list(x), list(y)
    same_length("x", x=x, y=y, sample_weight=sample_weight)
    return cut_off(x.__getitem__, y, sample_weight, fraction)


def no_labels(where):
    """The error of training and evaluation without labels."""
    return checks.invalid(
        "Training and evaluation need labels.",
        fix="Pass `y`, one label to a text; or a data set of `(x, y)`.",
        where=where,
        y=None,
    )


def _check_ids(x, config, where):
    """Raises ValueError if ids are outside their embedding: some devices would read zeros there."""
    for name, rows in (("token_ids", config.vocabulary_size), ("segment_ids", config.num_segments)):
        ids = np.asarray(x[name]) if name in x and rows else np.zeros(1, int)
        if ids.dtype.kind not in "iu" or (ids.size and not 0 <= ids.min() <= ids.max() < max(rows, 1)):
            raise checks.invalid(
                f"`{name}` must be whole numbers from 0 to {rows - 1}.",
                fix="Use the tokenizer that belongs to the encoder.",
                where=where,
                dtype=str(ids.dtype),
                lowest=ids.min().item(),
                highest=ids.max().item(),
            )
