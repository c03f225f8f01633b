"""Raw text to examples in files."""

import collections
import dataclasses
import os
import tempfile

from kerasbert import checks
from kerasbert.atomic import replacing
from kerasbert.pretraining.documents import Corpus
from kerasbert.pretraining.pairs import PAIRS
from kerasbert.pretraining.records import Manifest
from kerasbert.pretraining.shards import Layout, finish, make_shard
from kerasbert.text.base import TextTokenizer
from kerasbert.types import Config, PathLike

KIND = "folder of examples"  # what `replacing` calls it
SHARD_BYTES = 8 << 20  # of text; a shard is made in memory
FUNCTIONS = ("split_sentences", "segment_words")  # settings that are
_PENDING_BYTES = 8 << 20  # of text that waits to be dealt


@dataclasses.dataclass(frozen=True)
class ExampleSettings:
    """How examples are made of documents.

    Args:
        pairs: str. `"next_sentence"`: two segments, the second of which follows the first or comes from
            another document (Devlin et al. 2019, section 3.1). `"sentence_order"`: two segments in a row,
            perhaps swapped (ALBERT: Lan et al. 2020, section 3.1). `"none"`: whole sentences in a row,
            across documents, with a separator between two (RoBERTa: Liu et al. 2019, section 4.2).
        max_length: int, the most tokens of an example, special ones included.
        negative_rate: float, the share of pairs that are not in order; a chunk of only one sentence always
            gets a segment of another document, as in the original.
        short_sequence_rate: float, the share of documents (without pairs: of examples) whose examples are to
            be shorter: of 2 tokens up to all, each as likely. RoBERTa has 0.
        duplicates: int, how many times to go over each document, for other pairs.
        seed: int.
        split_sentences: None where each line is a sentence; True where lines are paragraphs, for the
            sentences of `kerasbert.data.split_sentences`; or a function of a line (str) that returns its
            sentences as a list of str.
        segment_words: function of a sentence (str) that returns its words, for whole words of Chinese
            (`jieba.lcut` is one); it may leave out blanks. None: words are those of the tokenizer.

    Raises:
        ValueError: if an argument is wrong.

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
    split_sentences: object = None
    segment_words: object = None

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
                    fix='Pass one, or leave it out; in TOML it is named "module:function".',
                    where=where,
                    **{name: function},
                )

    def as_dict(self) -> Config:
        """The settings, fit for JSON; functions by their names."""
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

    Documents are dealt to shards in turn, so each shard is a sample of all files. A shard is then made in
    memory, one after the other: its documents are tokenized, examples are made of them and shuffled. Random
    segments come from another document of the same shard. Memory depends on the size of a shard, not of the
    corpus; the text is once more on disk meanwhile. `write_examples_with_beam` does the same on many
    machines, to the same bytes.

    Args:
        corpus: `Corpus`.
        folder: str or path, appears complete or not at all; one that kerasbert wrote is replaced.
        tokenizer: `BertTokenizer` or `RobertaTokenizer`.
        settings: `ExampleSettings`.
        num_shards: int or None; None: a shard for every 8 MiB of text.

    Returns:
        The `Manifest` of the folder.

    Raises:
        FileExistsError: if the folder holds anything but examples that kerasbert wrote.
        ValueError: if there is no text, if a shard has fewer than two documents where pairs need two, or
            if a file is not what `corpus` says.

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
    """Checks the arguments of `write_examples`; returns settings and number of shards."""
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
            f"`max_length` must be at least {least}: the special tokens and two others.",
            fix="Pass a larger one, such as 128.",
            where="ExampleSettings",
            max_length=settings.max_length,
        )
    num_shards = num_shards if num_shards is not None else -(-corpus.size_bytes // SHARD_BYTES) or 1
    checks.positive_int("write_examples", num_shards=num_shards)
    return settings, num_shards


def shard_of(file, document, num_shards):
    """Which shard a document goes to, by the number of its file and its number there."""
    return (file + document) % num_shards


def _deal(corpus, folder, num_shards):
    """Writes the documents of each shard to a file of its own, in their order."""
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
