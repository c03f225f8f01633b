"""Pairs of texts without labels, for learning from the pairs alone."""

from kerasbert import checks
from kerasbert.data import (
    RowStream,
    counted,
    dataset_rows,
    is_dataset,
    is_tokens,
    pair_batches,
    streamed_rows,
    text_columns,
)
from kerasbert.optional import tensorflow as tf
from kerasbert.tasks.feed import Feed


class PairFeed(Feed):
    """A `Feed` that takes pairs without labels, too: the two texts of a pair are encoded each by itself."""

    def labelled(self, x, y, sample_weight, batch_size, shuffle=False, where="x"):
        """As `Feed.labelled`; without labels `x` must be pairs of texts."""
        rows = None if y is not None or is_tokens(x) else self._pairs(x, sample_weight, where)
        if rows is None:
            return super().labelled(x, y, sample_weight, batch_size, shuffle, where)
        self._need_tokenizer(where)
        task = self._task
        batches = pair_batches(
            rows,
            task.tokenizer,
            batch_size,
            task.max_sequence_length,
            shuffle=shuffle,
            on_lengths=self._counter(),
        )
        return batches, None, None

    def _pairs(self, x, sample_weight, where):
        """Rows of pairs, or None for a data set with labels."""
        if isinstance(x, RowStream):
            if x.labelled:
                return None
            rows = streamed_rows(x, lambda x, y, weight, place: text_columns(x, place), where)
        elif is_dataset(x):
            rows, batched = dataset_rows(counted(x))
            if "label" in rows.element_spec:
                return None
            rows = counted(rows.unbatch()) if batched else rows
        else:
            rows = tf.data.Dataset.from_tensor_slices(text_columns(x, where))
        names = set(rows.element_spec)
        if "text_pair" not in names or sample_weight is not None or not int(rows.cardinality()):
            raise checks.invalid(
                "Without labels, training takes pairs of texts that mean the same, and no weights.",
                fix="Pass (texts, partners), or vectors as labels after compile(loss='mse', metrics=None).",
                where=where,
                columns=sorted(names),
                rows=int(rows.cardinality()),
                sample_weight=type(sample_weight).__name__,
            )
        return rows

    def split(self, x, y, sample_weight, fraction):
        """As `Feed.split`; pairs without labels are cut, too."""
        if y is not None:
            return super().split(x, y, sample_weight, fraction)
        columns = self._columns(x, "x")
        cut = int(len(columns["text"]) * (1 - fraction))
        first, rest = ({n: c[rows] for n, c in columns.items()} for rows in (slice(cut), slice(cut, None)))
        return first, None, sample_weight, (rest, None)
