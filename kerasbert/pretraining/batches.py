"""Turns examples in files into a stream of masked batches that can start at any step.

Batch `n` depends only on the files, the arguments and `n`. No random generator has a state: random numbers
come from counters (`draws`), keyed by the seed, by what they are used for, and by the number of the epoch,
the buffer or the batch. So the only state of a run is the number of batches that it has taken.

    epochs 0, 1, 2 ...   each has the shards in its own order; together they are one long sequence of examples
    buffers              the sequence is cut into buffers, each of which is shuffled and sorted by length
    batches              a buffer is cut into batches, whose order is shuffled
    masks                are drawn for each batch

Starting at step `n` only takes arithmetic: the step gives the buffer, this gives an example of an epoch, and
this gives a record of a shard, because `examples.json` has the number of examples in each shard. Earlier
records of the shard are skipped. (An iterator checkpoint of tf.data is also exact, but it stores the whole
shuffle buffer, takes as long, and ties a run to one version of TensorFlow and of this pipeline:
benchmarks/LOG.md.)
"""

import numpy as np

from kerasbert import checks
from kerasbert.data.draws import shuffled
from kerasbert.data.masking import Masking, mask_tokens
from kerasbert.optional import tensorflow as tf
from kerasbert.pretraining import records
from kerasbert.text.base import TextTokenizer
from kerasbert.types import Dataset, PathLike

SHUFFLE_BUFFER = 16_384  # examples
_WITHOUT_END = np.iinfo(np.int64).max


def pretraining_batches(
    folder: PathLike,
    tokenizer: TextTokenizer,
    batch_size: int,
    *,
    masking: Masking | None = None,
    seed: int = 0,
    step: int = 0,
    epochs: int | None = None,
    shuffle_buffer: int = SHUFFLE_BUFFER,
    length_multiple: int = 8,
    host: int = 0,
    num_hosts: int = 1,
) -> Dataset:
    """Streams masked batches of the examples in a folder.

    The stream depends only on the folder and these arguments: batch `n` is the same whenever and wherever it
    is made. So a run that has taken `n` batches resumes with `step=n`, and neither repeats nor skips an
    example; the number of batches is all that it has to store. To resume, one buffer has to be read.

    The order of the shards is different in every epoch. Examples are shuffled within a buffer and sorted by
    length, so that batches need little padding, and then the batches are shuffled. A batch may contain the
    end of one epoch and the beginning of the next, so all batches are full and no example is dropped. Masks
    are drawn anew for each batch.

    Args:
        folder: str or path, written by `write_examples`.
        tokenizer: the tokenizer with which the examples were written.
        batch_size: int, B, the global batch size of all hosts together.
        masking: `Masking`; None: BERT's whole word masking.
        seed: int.
        step: int, the number of batches that were taken before.
        epochs: int, or None for an endless stream. With an int, the last batch may be smaller.
        shuffle_buffer: int, the number of examples that are shuffled together.
        length_multiple: int, S is rounded up to a multiple of this, but never above the `max_length` of the
            examples. Pass `max_length` for one static shape.
        host: int, the number of this host, from 0.
        num_hosts: int, the number of hosts that share every batch; it must divide `batch_size`. The parts of
            all hosts together are the batch that a single host would have.

    Returns:
        `tf.data.Dataset` of dicts: `token_ids`, `segment_ids` and `padding_mask`, int32 `(B, S)`;
        `mask_positions` and `mask_ids` (the original tokens), int32, and `mask_weights`, float32, `(B, M)`;
        and, if examples are pairs, `next_sentence`, int32 `(B,)`: 0 if the segments are in order, 1 if not.

    Raises:
        FileNotFoundError: if the folder is not complete.
        ValueError: if an argument is out of range, the tokenizer has another vocabulary, or there are fewer
            examples than `batch_size`.

    Example:

    >>> import pathlib, tempfile
    >>> from kerasbert.pretraining import Corpus, write_examples
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> _ = (folder / "corpus.txt").write_text("good\\nfilm\\n\\nfilm\\n")
    >>> tokenizer = BertTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "good", "film"])
    >>> _ = write_examples(Corpus(folder / "corpus.txt"), folder / "examples", tokenizer)
    >>> batch = next(iter(pretraining_batches(folder / "examples", tokenizer, batch_size=2)))
    >>> tuple(batch["token_ids"].shape), tuple(batch["mask_ids"].shape)
    ((2, 8), (2, 19))
    """
    manifest = records.Manifest.load(folder)
    masking = masking or Masking()
    _check(manifest, tokenizer, batch_size, seed, step, epochs, shuffle_buffer, length_multiple)
    _check_hosts(batch_size, host, num_hosts)
    per_window = max(1, shuffle_buffer // batch_size)  # batches
    first_window, skip = divmod(step, per_window)

    rows = _records(manifest, seed, first_window * per_window * batch_size, epochs)
    windows = rows.batch(per_window * batch_size).enumerate(first_window)

    def sort(number, window):
        parsed = records.parse(window, manifest.has_pairs)
        order = shuffled(tf.range(tf.size(window)), seed, "examples", number)
        order = tf.gather(order, tf.argsort(tf.gather(parsed["token_ids"].row_lengths(), order), stable=True))
        return number, {name: tf.gather(values, order) for name, values in parsed.items()}

    def split(number, window):
        starts = tf.range(0, tf.cast(window["token_ids"].nrows(), tf.int32), batch_size)
        starts = shuffled(starts, seed, "batches", number)
        steps = number * per_window + tf.range(tf.size(starts, tf.int64))
        done = tf.where(number == first_window, skip, 0)

        def one(step, start):
            return step, {name: values[start : start + batch_size] for name, values in window.items()}

        return tf.data.Dataset.from_tensor_slices((steps[done:], starts[done:])).map(one)

    def mask(step, batch):
        return _masked(
            batch,
            tokenizer,
            masking,
            seed,
            step,
            max_length=manifest.max_length,
            length_multiple=length_multiple,
            part=slice(host, None, num_hosts),
            size=None if epochs else batch_size // num_hosts,
        )

    batches = windows.map(sort).prefetch(1).flat_map(split)
    batches = batches.map(mask, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
    options = tf.data.Options()
    # The workers of tf.distribute get their parts by `host`. If they shared the files, the stream would
    # differ.
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.OFF
    batches = batches.with_options(options)
    left = tf.data.INFINITE_CARDINALITY
    if epochs:
        left = max(0, -(-manifest.num_examples * epochs // batch_size) - step)
    return batches.apply(tf.data.experimental.assert_cardinality(left)).prefetch(tf.data.AUTOTUNE)


def _records(manifest, seed, position, epochs):
    """The serialized examples of all epochs in their order, starting at `position`."""
    counts, paths = tf.constant(manifest.counts, tf.int64), tf.constant(manifest.paths)
    first_epoch, skip = divmod(position, manifest.num_examples)

    def epoch(number):
        order = shuffled(tf.range(len(manifest.counts)), seed, "shards", number)
        sizes = tf.gather(counts, order)
        skipped = tf.where(number == first_epoch, tf.constant(skip, tf.int64), 0)
        skipped = tf.clip_by_value(skipped - tf.cumsum(sizes, exclusive=True), 0, sizes)
        wanted = skipped < sizes
        shards = tf.gather(paths, order)[wanted], skipped[wanted]
        return tf.data.Dataset.from_tensor_slices(shards)

    shards = tf.data.Dataset.range(first_epoch, epochs or _WITHOUT_END).flat_map(epoch)
    return shards.flat_map(lambda path, skipped: tf.data.TFRecordDataset(path).skip(skipped))


def _masked(batch, tokenizer, masking, seed, step, *, max_length, length_multiple, part, size):
    """Pads and masks a batch of ragged rows; see `pretraining_batches`."""
    lengths = tf.cast(batch["token_ids"].row_lengths(), tf.int32)
    width = -(-tf.reduce_max(lengths) // length_multiple) * length_multiple
    width = max_length if length_multiple >= max_length else tf.minimum(width, max_length)
    dense = tf.stack([-1, width])
    token_ids = batch["token_ids"].to_tensor(tokenizer.pad_id, shape=dense)
    continues = batch["continues"].to_tensor(shape=dense)
    masked = mask_tokens(
        token_ids,
        lengths,
        continues,
        tokenizer,
        masking,
        masking.predictions(max_length),
        seed,
        step,
        part,
    )
    lengths, second_start = lengths[part, tf.newaxis], batch["second_start"][part, tf.newaxis]
    places = tf.range(width)
    padding_mask = places < lengths
    result = masked | {
        "segment_ids": tf.cast(padding_mask & (places >= second_start), tf.int32),
        "padding_mask": tf.cast(padding_mask, tf.int32),
    }
    if "next_sentence" in batch:
        result["next_sentence"] = batch["next_sentence"][part]
    static = max_length if length_multiple >= max_length else None
    widths = {name: static for name in ("token_ids", "segment_ids", "padding_mask")}
    for name, values in result.items():
        shape = (size,) if values.shape.rank == 1 else (size, widths.get(name, values.shape[-1]))
        result[name] = tf.ensure_shape(values, shape)
    return result


def _check(manifest, tokenizer, batch_size, seed, step, epochs, shuffle_buffer, length_multiple):
    where = "pretraining_batches"
    positive = {
        "batch_size": batch_size,
        "shuffle_buffer": shuffle_buffer,
        "length_multiple": length_multiple,
    }
    checks.positive_int(where, **positive)
    checks.not_negative_int(where, seed=seed, step=step)
    if epochs is not None:
        checks.positive_int(where, epochs=epochs)
    if records.vocabulary_digest(tokenizer) != manifest.vocabulary:
        raise checks.invalid(
            "The tokenizer must be the one that the examples were written with.",
            fix="Pass that tokenizer, or write the examples again.",
            where=manifest.folder,
            vocabulary_size=tokenizer.vocabulary_size,
        )
    if manifest.num_examples < batch_size:
        raise checks.invalid(
            "There must be at least as many examples as a batch has.",
            fix="Pass a smaller `batch_size`, or more text.",
            where=manifest.folder,
            batch_size=batch_size,
            num_examples=manifest.num_examples,
        )


def _check_hosts(batch_size, host, num_hosts):
    checks.positive_int("pretraining_batches", num_hosts=num_hosts)
    checks.not_negative_int("pretraining_batches", host=host)
    if host >= num_hosts or batch_size % num_hosts:
        raise checks.invalid(
            "`num_hosts` must divide `batch_size`, and `host` must be less than `num_hosts`.",
            fix="Pass a multiple of `num_hosts`, and number hosts from 0.",
            where="pretraining_batches",
            batch_size=batch_size,
            host=host,
            num_hosts=num_hosts,
        )
