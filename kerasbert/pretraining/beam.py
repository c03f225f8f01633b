"""Writes the same examples as `write_examples` with an Apache Beam pipeline, on one or many machines."""

import contextlib
import os
from typing import Any

from kerasbert import checks
from kerasbert.atomic import replacing
from kerasbert.optional import tensorflow as tf
from kerasbert.pretraining import records
from kerasbert.pretraining.documents import Corpus
from kerasbert.pretraining.examples import KIND, ExampleSettings, check, shard_of
from kerasbert.pretraining.shards import finish, make_shard
from kerasbert.text.base import TextTokenizer
from kerasbert.types import PathLike


def write_examples_with_beam(
    corpus: Corpus,
    folder: PathLike,
    tokenizer: TextTokenizer,
    settings: ExampleSettings | None = None,
    num_shards: int | None = None,
    options: Any = None,
) -> records.Manifest:
    """Turns a corpus into examples with Apache Beam; the files are identical to those of `write_examples`.

    Each file of the corpus is read by one worker, and each shard is made by one worker, so many files and
    shards keep many workers busy. Beam's DirectRunner, which is used without `options`, holds all text in
    memory; Dataflow, Flink and Spark do not.

    Args:
        corpus: `Corpus`; the workers must have access to its files.
        folder: str or path to which the workers have access, such as `gs://...`. On a local file system it
            appears complete or not at all; elsewhere, `examples.json` is written last.
        tokenizer, settings, num_shards: as for `write_examples`; Beam must be able to send the functions in
            `settings` to workers.
        options: `apache_beam.options.pipeline_options.PipelineOptions`, which name the runner; or None.

    Returns:
        The `Manifest` of the folder.

    Raises:
        FileExistsError: if the folder contains anything but examples that kerasbert wrote.
        ImportError: if Apache Beam is not installed.
        ValueError: as for `write_examples`; Beam may wrap it in one of its own errors.
    """
    beam = checks.require("apache_beam", 'pip install "kerasbert[beam]"', "write_examples_with_beam")
    settings, num_shards = check(corpus, tokenizer, settings, num_shards)
    with _complete(os.fspath(folder)) as place, beam.Pipeline(options=options) as pipeline:
        _build(beam, pipeline, corpus, place, tokenizer, settings, num_shards)
    return records.Manifest.load(folder)


def _build(beam, pipeline, corpus, folder, tokenizer, settings, num_shards):
    """Adds all steps to a pipeline."""

    def deal(numbered):
        file, path = numbered
        for number, lines in enumerate(corpus.documents(path)):
            yield shard_of(file, number, num_shards), ((file, number), lines)

    def make(shard, documents):
        # Documents come in any order. Each shard also gets an empty one, so that shards without text exist.
        lines = [lines for place, lines in sorted(documents, key=lambda item: item[0]) if lines]
        return shard, make_shard(folder, shard, num_shards, lines, tokenizer, settings)

    def end(shards):
        finish(folder, [shard for _, shard in sorted(shards, key=lambda item: item[0])], tokenizer, settings)

    files = pipeline | "files" >> beam.Create(list(enumerate(corpus.paths))) | beam.Reshuffle()
    documents = files | "documents" >> beam.FlatMap(deal)
    nobody = pipeline | "shards" >> beam.Create([(shard, ((-1, -1), [])) for shard in range(num_shards)])
    grouped = (documents, nobody) | beam.Flatten() | beam.GroupByKey()
    made = grouped | "examples" >> beam.MapTuple(make)
    made | beam.combiners.ToList() | "manifest" >> beam.Map(end)


@contextlib.contextmanager
def _complete(folder):
    """Like `atomic.replacing` on a local file system; elsewhere, only removes the old manifest first."""
    if "://" not in folder:
        with replacing(folder, KIND) as whole:
            whole.mkdir()
            yield str(whole)
        return
    page = os.path.join(folder, records.MANIFEST)
    if tf.io.gfile.exists(page):
        tf.io.gfile.remove(page)
    tf.io.gfile.makedirs(folder)
    yield folder
