"""Turns raw text into files of pre-training examples."""

import collections
import dataclasses
import os
import tempfile
from collections.abc import Callable

from kerasbert import checks
from kerasbert.atomic import replacing
from kerasbert.pretraining.documents import Corpus
from kerasbert.pretraining.pairs import PAIRS
from kerasbert.pretraining.records import Manifest
from kerasbert.pretraining.shards import Layout, finish, make_shard
from kerasbert.text.base import TextTokenizer
from kerasbert.types import Config, PathLike

KIND = "folder of examples"  # the name of this kind of folder for `replacing`
SHARD_BYTES = 8 << 20  # the amount of text in a shard, which is made in memory
FUNCTIONS = ("split_sentences", "segment_words")  # the settings that are functions
_PENDING_BYTES = 8 << 20  # the amount of text that is collected before it is written to shards


@dataclasses.dataclass(frozen=True)
class ExampleSettings:
    """How examples are made from documents.

    Args:
        pairs: str. `"next_sentence"`: two segments, the second of which follows the first or comes from
            another document (Devlin et al. 2019, section 3.1). `"sentence_order"`: two consecutive segments,
            which may be swapped (ALBERT: Lan et al. 2020, section 3.1). `"none"`: consecutive whole sentences
            across documents, with a separator between documents (RoBERTa: Liu et al. 2019, section 4.2).
        max_length: int, the most tokens in an example, special tokens included.
        negative_rate: float, the fraction of pairs that are not in order. A chunk of a single sentence always
            gets a segment of another document, as in the original.
        short_sequence_rate: float, the fraction of documents (or of examples, if there are no pairs) with
            shorter examples, whose length is drawn uniformly between 2 and the maximum. RoBERTa uses 0.
        duplicates: int, how many times to go over each document, each time making other pairs.
        seed: int.
        split_sentences: None if each line is a sentence; True if lines are paragraphs, to split them by
            `kerasbert.data.split_sentences`; or a function that takes a line (str) and returns its sentences
            as a list of str.
        segment_words: function that takes a sentence (str) and returns its words, for whole word masking in
            Chinese, such as `jieba.lcut`; it may leave out spaces. None: words are those of the tokenizer.

    Raises:
        ValueError: if an argument is not valid.

    Example:

    >>> ExampleSettings(pairs="none", max_length=512, short_sequence_rate=0.0).max_length
    512
    """

    pairs: str = "next_sentence"
    max_length: int = 128
    negative_rate: float = 0.5
    short_sequence_rate: float = 0.1
    duplicates: int = 1
    seed: int = 0
    split_sentences: Callable[[str], list[str]] | bool | None = None
    segment_words: Callable[[str], list[str]] | None = None

    def __post_init__(self):
        where = "ExampleSettings"
        checks.one_of(where, PAIRS, pairs=self.pairs)
        checks.positive_int(where, max_length=self.max_length, duplicates=self.duplicates)
        checks.not_negative_int(where, seed=self.seed)
        checks.rate(where, negative_rate=self.negative_rate, short_sequence_rate=self.short_sequence_rate)
        for name in FUNCTIONS:
            function = getattr(self, name)
            if not (callable(function) or function is None or (name, function) == ("split_sentences", True)):
                raise checks.invalid(
                    f"`{name}` must be a function.",
                    fix='Pass a function, or leave it out; in TOML, write "module:function".',
                    where=where,
                    **{name: function},
                )

    def as_dict(self) -> Config:
        """The settings in a form that JSON can hold, with the names of functions."""
        values = dataclasses.asdict(self)
        return values | {name: getattr(values[name], "__qualname__", values[name]) for name in FUNCTIONS}


def write_examples(
    corpus: Corpus,
    folder: PathLike,
    tokenizer: TextTokenizer,
    settings: ExampleSettings | None = None,
    num_shards: int | None = None,
) -> Manifest:
    """Turns a corpus into examples for `pretraining_batches`, in TFRecord shards.

    Documents are distributed to shards in turn, so each shard is a sample of all files. Then shards are made
    in memory, one after the other: their documents are tokenized, turned into examples, and shuffled. Random
    segments come from another document of the same shard. The memory needed depends on the size of a shard
    and not of the corpus, but during the work there is a second copy of the text on disk.
    `write_examples_with_beam` writes identical files on many machines.

    Args:
        corpus: `Corpus`.
        folder: str or path; it appears complete or not at all, and replaces one that kerasbert wrote before.
        tokenizer: `BertTokenizer` or `RobertaTokenizer`.
        settings: `ExampleSettings`.
        num_shards: int or None; None: one shard for every 8 MiB of text.

    Returns:
        The `Manifest` of the folder.

    Raises:
        FileExistsError: if the folder contains anything but examples that kerasbert wrote.
        ValueError: if there is no text, if pairs need two documents but a shard has only one, or if a file
            does not have the form that `corpus` says.

    Example:

    >>> import pathlib, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> _ = (folder / "corpus.txt").write_text("good\\nfilm\\n\\nfilm\\n")
    >>> tokenizer = BertTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "good", "film"])
    >>> write_examples(Corpus(folder / "corpus.txt"), folder / "examples", tokenizer).num_documents
    2
    """
    settings, num_shards = check(corpus, tokenizer, settings, num_shards)
    with replacing(folder, KIND) as whole:
        whole.mkdir()
        shards = []
        with tempfile.TemporaryDirectory(prefix=".dealt.", dir=whole.parent) as dealt:
            _deal(corpus, dealt, num_shards)
            for shard in range(num_shards):
                path = os.path.join(dealt, str(shard))
                documents = Corpus(path) if os.path.exists(path) else ()
                shards.append(make_shard(str(whole), shard, num_shards, documents, tokenizer, settings))
                if documents:
                    os.remove(path)
        manifest = finish(str(whole), shards, tokenizer, settings)
    return dataclasses.replace(manifest, folder=os.fspath(folder))


def check(corpus, tokenizer, settings, num_shards):
    """Checks the arguments of `write_examples`, and returns the settings and the number of shards."""
    settings = settings or ExampleSettings()
    if not isinstance(corpus, Corpus):
        raise checks.invalid(
            "`corpus` must be a `Corpus`.",
            fix='Pass Corpus("folder/*.txt").',
            where="write_examples",
            kind=TypeError,
            corpus=corpus,
        )
    least = settings.max_length - Layout.of(tokenizer, settings.pairs).room(settings.max_length) + 2
    if settings.max_length < least:
        raise checks.invalid(
            f"`max_length` must be at least {least}: the special tokens and two more tokens.",
            fix="Pass a larger one, such as 128.",
            where="ExampleSettings",
            max_length=settings.max_length,
        )
    num_shards = num_shards if num_shards is not None else -(-corpus.size_bytes // SHARD_BYTES) or 1
    checks.positive_int("write_examples", num_shards=num_shards)
    return settings, num_shards


def shard_of(file, document, num_shards):
    """The shard for a document, given by the number of its file and its number in the file."""
    return (file + document) % num_shards


def _deal(corpus, folder, num_shards):
    """Writes the documents of each shard to its own file, without changing their order."""
    pending, size = collections.defaultdict(list), 0

    def write():
        for shard, texts in pending.items():
            with open(os.path.join(folder, str(shard)), "ab") as file:
                file.writelines(texts)
        pending.clear()

    for number, path in enumerate(corpus.paths):
        for document, lines in enumerate(corpus.documents(path)):
            text = ("\n".join(lines) + "\n\n").encode()
            pending[shard_of(number, document, num_shards)].append(text)
            size += len(text)
            if size > _PENDING_BYTES:
                write()
                size = 0
    write()
