"""The steps from rows to batches that all preprocessors share, and the methods that each may override."""

from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np

from kerasbert import checks
from kerasbert.data import (
    PackedTokens,
    RowOrder,
    RowStream,
    counted,
    dataset_rows,
    graph_weights,
    is_dataset,
    is_tokens,
    no_rows,
    ordered_batches,
    row_weights,
    same_length,
    stream_of,
    streamed_rows,
    text_batches,
    text_columns,
    without_autograph,
)
from kerasbert.optional import tensorflow as tf
from kerasbert.preprocessing.extra_inputs import take_extra_inputs
from kerasbert.preprocessing.splits import no_labels
from kerasbert.preprocessing.token_rows import checked_ids, token_columns, tokens_not_by_row
from kerasbert.types import Dataset, Labels, Rows, Shape, Tensor


class RowBatches:
    """The part of a preprocessor that reads rows and makes batches of them."""

    texts_in_graph = True  # whether a `tf.data.Dataset` of rows is processed in its graph, not in Python
    labels_at_tokens = False  # whether labels and weights are `(B, S)`
    empty: Any = ()  # an `x` without rows
    takes_extra_inputs = False
    # Set by a task: the shapes, for one row, of the numeric inputs in addition to the text, by name.
    extra_inputs: ClassVar[dict[str, Shape]] = {}
    encoder_config = None  # set by a task: token ids are then checked against the encoder's tables

    def labelled(
        self,
        x: Rows,
        y: Labels,
        sample_weight: Any,
        batch_size: int | None,
        shuffle: bool | RowOrder = False,
        where: str = "x",
    ) -> tuple[Any, Any, Any]:
        """Returns `x, y, sample_weight` for Keras: a data set and two Nones, or arrays of tokens.

        If `batch_size` is None, all rows in memory are one batch, in their order.
        """
        x = self.source(x)
        streamed = is_dataset(x) or isinstance(x, RowStream)
        if streamed and (y is not None or sample_weight is not None):
            raise checks.invalid(
                "A data set must contain its labels and weights.",
                fix="Let it yield `(x, y)` or `(x, y, sample_weight)`, and do not pass `y` or "
                "`sample_weight`.",
                where=where,
                y=type(y).__name__,
            )
        if is_dataset(x):
            x = counted(x)
        if is_tokens(x):
            return self._tokens(x, y, sample_weight, where)
        batched, numbers, tokenizer = False, None, self.tokenizer
        if is_dataset(x):
            self.need_tokenizer(where)
            rows, batched = dataset_rows(x)
            numbers = self.label_function()
            if "label" not in rows.element_spec:
                raise no_labels(where)
        else:
            rows, tokenizer = self._rows(x, y, sample_weight, where)
        if batch_size is None and not batched:
            rows, batched = rows.batch(int(rows.cardinality())), True
        batches = self._batches(rows, tokenizer, batch_size, batched, shuffle)

        def as_keras_takes_them(tokens, rest):
            if "segment_ids" in rest:
                tokens = tokens | {"segment_ids": rest["segment_ids"].to_tensor()}
            tokens = self._with_extra(tokens, rest)
            if numbers is not None:
                rest = rest | {"label": numbers(rest["label"])}
            weight = (graph_weights(rest["sample_weight"]),) if "sample_weight" in rest else ()
            return (tokens, *self._targets(rest, *weight))

        return batches.map(without_autograph(as_keras_takes_them)), None, None

    def unlabelled(
        self, x: Rows, batch_size: int | None, where: str = "x"
    ) -> tuple[Dataset, np.ndarray | None]:
        """Returns batches of tokens, and the row numbers in their order; None if rows keep their order."""
        self.need_tokenizer(where)
        order, batched = None, False
        if is_dataset(x):
            rows, batched = dataset_rows(x)
        else:
            # All rows are sorted by length, for the least padding.
            columns = self._columns(x, where)
            texts = [column for name, column in columns.items() if name not in self.extra_inputs]
            ids = [self.tokenizer.tokenize(column) for column in texts]
            order = np.argsort(-self.tokenizer.packed_lengths(*ids).numpy(), kind="stable")
            rows = dict(zip(("ids", "ids_pair"), ids, strict=False))
            rows |= {name: columns[name] for name in self.extra_inputs}
            rows = {name: tf.gather(column, order) for name, column in rows.items()}
            batch_size = batch_size or max(len(order), 1)
        batches = ordered_batches(
            rows,
            self.tokenizer,
            None if batched else batch_size,
            self.max_sequence_length,
            finish=self._with_extra,
            on_lengths=self.count_truncated,
        )
        return batches, order

    def tokens_only(
        self, x: Rows, batch_size: int | None, shuffle: bool | RowOrder = False, where: str = "x"
    ) -> Dataset:
        """Returns batches of the tokens of texts in memory, grouped by length as in `labelled`."""
        rows = tf.data.Dataset.from_tensor_slices(self._columns(x, where))
        return self._batches(rows, self.tokenizer, batch_size, False, shuffle).map(self._with_extra)

    # === Rows ===

    def source(self, x: Rows) -> Rows:
        """Returns `x` as it is, but a data set whose rows need Python as a `RowStream`."""
        if hasattr(x, "columns") or hasattr(x, "column_names") or isinstance(x, Iterator):
            raise checks.invalid(
                "Rows must be columns, or something that can be read again in each epoch.",
                fix="Pass columns, `table['text'], table['label']`, or `read_table(table, text='text')`; for "
                "a generator, `RowStream`. Both are in `kerasbert.data`.",
                where="x",
                kind=TypeError,
                x=type(x).__name__,
            )
        return x if self.texts_in_graph or not is_dataset(x) or is_tokens(x) else stream_of(x)

    def parts(self, x: Rows, y: Labels = None) -> Iterator[tuple[Rows, Labels, str]]:
        """Yields `x`, `y` and the place to show in errors: of all rows, or of each part of a stream."""
        x = self.source(x)
        if not isinstance(x, RowStream):
            yield x, y, "x"
            return
        part = None
        for part in x.parts():
            yield part.x, part.y, f"{part.places[0]} and after"
        if part is None:
            yield self.empty, (), "x"

    def tokens(self, x: Rows, where: str = "x") -> Any:
        """Returns `x`, tokens in memory or a data set of tokens, and checks their ids."""
        return checked_ids(x, self.encoder_config, where)

    def _tokens(self, x, y, sample_weight, where):
        x = self.tokens(x, where)
        if is_dataset(x):
            if not isinstance(x.element_spec, tuple):
                raise no_labels(where)
            numbers = self.label_function()
            return x.map(lambda tokens, y, *w: (tokens, numbers(y), *map(graph_weights, w))), None, None
        if y is None:
            raise no_labels(where)
        labels = self.label_numbers(y, f"{where}: y")
        named = labels if isinstance(labels, dict) else {"y": labels}
        same_length(where, **x, **named, sample_weight=sample_weight)
        if np.ndim(sample_weight) == 1 and not isinstance(sample_weight, dict):
            sample_weight = row_weights(sample_weight, f"{where}: sample_weight")
        return x, labels, sample_weight

    def _rows(self, x, y, sample_weight, where):
        """Rows with labels, and the tokenizer that packs them, as arguments of `text_batches`."""
        if isinstance(x, RowStream):
            rows = streamed_rows(x, self._prepared, where)
        else:
            rows = tf.data.Dataset.from_tensor_slices(self._prepared(x, y, sample_weight, where))
        if not int(rows.cardinality()):
            raise no_rows(where)
        return rows, PackedTokens() if "segment_ids" in rows.element_spec else self.tokenizer

    def _prepared(self, x, y, sample_weight, where):
        """Rows in memory as columns by name: tensors and arrays whose first axis is the rows."""
        columns = self._token_columns(x, where) if is_tokens(x) else self._columns(x, where)
        if y is None:
            raise no_labels(where)
        labels = {"label": self._label_numbers(y, columns, where)}
        if sample_weight is not None:
            labels["sample_weight"] = row_weights(sample_weight, f"{where}: sample_weight")
        same_length(where, **columns, **labels)
        return columns | labels

    def _token_columns(self, x, where):
        """The columns of tokens in memory by name, without padding."""
        if not self.texts_in_graph:
            raise tokens_not_by_row(x, where)
        numbers = {}
        if self.extra_inputs:
            x, numbers = take_extra_inputs(x, self.extra_inputs, where)
        return token_columns(x, self.encoder_config, self.max_sequence_length, where) | numbers

    def _columns(self, x, where):
        """The columns of texts in memory by name."""
        self.need_tokenizer(where)
        if not self.extra_inputs:
            return text_columns(x, where)
        texts, numbers = take_extra_inputs(x, self.extra_inputs, where)
        columns = text_columns(texts, where) | numbers
        same_length(where, **columns)
        return columns

    def _with_extra(self, tokens, rest):
        """The inputs of a batch: its tokens and its extra inputs."""
        return tokens | {name: rest[name] for name in self.extra_inputs}

    def _label_numbers(self, y, columns, where):
        """The labels of the rows of `columns`, converted for the loss."""
        return self.label_numbers(y, f"{where}: y")

    def _batches(self, rows, tokenizer, batch_size, batched, shuffle):
        length = self.max_sequence_length
        if batched:
            return ordered_batches(rows, tokenizer, None, length, on_lengths=self.count_truncated)
        return text_batches(
            rows, tokenizer, batch_size, length, shuffle=shuffle, on_lengths=self.count_truncated
        )

    def _targets(self, rest, *weight):
        """The labels of a batch, and its weights if there are any, as Keras expects them."""
        return (rest["label"], *weight)

    def count_truncated(self, lengths: Tensor) -> None:
        """Counts rows, and those longer than `max_sequence_length`; works in a graph."""
        self._truncation.add(lengths, self.max_sequence_length)

    def need_tokenizer(self, where: str) -> None:
        """Raises ValueError if there is no tokenizer, so that rows must be tokens."""
        if self.tokenizer is None:
            raise checks.invalid(
                "Texts need a tokenizer; a task without a tokenizer takes only tokens.",
                fix="Pass a dict of `token_ids`, `segment_ids` and `padding_mask`, or build the task with a "
                "tokenizer.",
                where=where,
                tokenizer=None,
            )
