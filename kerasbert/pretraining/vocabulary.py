"""Learns a WordPiece vocabulary from a corpus."""

import collections

from kerasbert import checks
from kerasbert.pretraining.documents import Corpus
from kerasbert.text.vocabulary import CLS, MASK, PAD, SEP, UNK, Vocabulary

_LONGEST_WORD = 200  # in characters; longer words are [UNK] for a tokenizer, and make learning slow


def train_vocabulary(
    corpus: Corpus,
    size: int,
    *,
    lowercase: bool = True,
    strip_accents: bool | None = None,
    split_chinese: bool = True,
    min_frequency: int = 2,
    num_unused: int = 99,
) -> Vocabulary:
    """Learns a WordPiece vocabulary with the trainer of Hugging Face's `tokenizers`.

    The text is streamed twice, and only the frequency of each word is kept in memory. The trainer merges the
    most frequent neighbours, as in byte-pair encoding (Sennrich et al. 2016), and marks sub-word tokens
    inside a word with `##`. At most half of the vocabulary consists of single characters, the most frequent
    ones. The same text always gives the same vocabulary.

    Args:
        corpus: `Corpus`.
        size: int, the most tokens; a small corpus gives fewer.
        lowercase, strip_accents, split_chinese: as for `BertTokenizer`, which must get the same values.
        min_frequency: int, how often a sub-word token must occur.
        num_unused: int, the number of tokens `[unused0]`, `[unused1]` ... after `[PAD]`, which are reserved
            for words that are added later. With 99, special tokens have the same ids as in Google's
            vocabularies: `[PAD]` 0, `[UNK]` 100, `[CLS]` 101, `[SEP]` 102, `[MASK]` 103; with 0, they have
                the ids 0 to 4.

    Returns:
        `Vocabulary`, for `BertTokenizer`; its `save` writes a `vocab.txt`.

    Raises:
        ImportError: if `tokenizers` is not installed.
        ValueError: if `size` is too small, or the corpus has no words.

    Example:

    >>> import pathlib, tempfile
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "corpus.txt"
    >>> _ = file.write_text("films, filming, film\\n")
    >>> train_vocabulary(Corpus(file), 16, num_unused=0).tokens[:5]
    ('[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]')
    """
    install = 'pip install "kerasbert[vocabulary]"'
    hf = checks.require("tokenizers", install, "train_vocabulary")
    checks.positive_int("train_vocabulary", size=size, min_frequency=min_frequency)
    checks.not_negative_int("train_vocabulary", num_unused=num_unused)
    checks.one_of("train_vocabulary", (True, False), lowercase=lowercase, split_chinese=split_chinese)
    checks.one_of("train_vocabulary", (True, False, None), strip_accents=strip_accents)
    special = [PAD, *(f"[unused{i}]" for i in range(num_unused)), UNK, CLS, SEP, MASK]
    if size <= len(special) + 1:
        raise checks.invalid(
            f"`size` must have room for {len(special)} special tokens and other tokens.",
            fix="Pass a larger size, such as 30_000, or `num_unused=0`.",
            where="train_vocabulary",
            size=size,
            num_unused=num_unused,
        )
    if not isinstance(corpus, Corpus):
        raise checks.invalid(
            "`corpus` must be a `Corpus`.",
            fix='Pass Corpus("folder/*.txt").',
            where="train_vocabulary",
            kind=TypeError,
            corpus=corpus,
        )
    learner = hf.Tokenizer(hf.models.WordPiece(unk_token=UNK))
    learner.normalizer = hf.normalizers.Sequence(
        [
            hf.normalizers.BertNormalizer(
                handle_chinese_chars=split_chinese, strip_accents=strip_accents, lowercase=lowercase
            ),
            hf.normalizers.Replace(hf.Regex(rf"\S{{{_LONGEST_WORD + 1},}}"), ""),
        ]
    )
    learner.pre_tokenizer = hf.pre_tokenizers.BertPreTokenizer()
    characters, inside = _alphabet(corpus, learner, (size - len(special)) // 4)
    # The trainer breaks ties by id, and gives ids to unlisted characters in an order that varies from run to
    # run. So all of them are listed.
    trainer = hf.trainers.WordPieceTrainer(
        vocab_size=size,
        min_frequency=min_frequency,
        initial_alphabet=characters,
        limit_alphabet=len(characters),
        special_tokens=[*special, *(f"##{character}" for character in inside)],
        show_progress=False,
    )
    learner.train_from_iterator(iter(corpus), trainer)
    ids = learner.get_vocab()
    return Vocabulary(sorted(ids, key=ids.get))


def _alphabet(corpus, learner, most):
    """The most frequent characters of words, and those among them that can continue a word."""
    found = collections.Counter()
    for lines in corpus:
        for line in lines:
            found.update(line)
    counts = collections.Counter()
    for character, count in found.items():
        for part in learner.normalizer.normalize_str(character).replace(" ", ""):
            counts[part] += count
    if not counts:
        raise checks.invalid(
            "A corpus must have words.", fix="Check the files, and `layout`.", where="train_vocabulary"
        )
    characters = sorted(sorted(counts), key=counts.get, reverse=True)[:most]

    def within_words(character):
        words = learner.pre_tokenizer.pre_tokenize_str(learner.normalizer.normalize_str(f"a{character}a"))
        return len(words) == 1

    return sorted(characters), sorted(filter(within_words, characters))
