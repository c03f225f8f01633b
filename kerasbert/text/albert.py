"""The tokenizer of ALBERT: a Unigram model of SentencePiece, lower case, and BERT's special tokens."""

import functools
import sys
import unicodedata
from collections.abc import Sequence

import keras

from kerasbert import checks
from kerasbert.text import albert_files
from kerasbert.text.albert_files import AlbertVocabulary
from kerasbert.text.charsmap import CharacterMap, CharacterStrings, character_map
from kerasbert.text.sentencepiece import SentencePieceTokenizer
from kerasbert.types import PathLike, Self

_QUOTES = "`'"


@keras.saving.register_keras_serializable(package="kerasbert")
class AlbertTokenizer(SentencePieceTokenizer):
    """Turns texts into the token ids of ALBERT, as Hugging Face's tokenizer does.

    Lan et al. 2020, section 4.1, https://arxiv.org/abs/1909.11942. Two backticks or apostrophes become a
    quotation mark, accents are stripped, letters become lower case; then the text is split as by
    `SentencePieceTokenizer`. A text becomes `[CLS] text [SEP]`, and a pair `[CLS] first [SEP] second [SEP]`,
    with segment id 1 for the second text. (ALBERT's own code also splits a comma from the digits before it,
    which Hugging Face's tokenizer does not.)

    Args:
        vocabulary: sequence of str, the pieces in the order of their ids, with `<pad>`, `<unk>`, `[CLS]`,
            `[SEP]` and `[MASK]` among them.
        scores, charsmap, all_white_space, keep_last_space: as for `SentencePieceTokenizer`.
        special_tokens_in_text: as for `SentencePieceTokenizer`.
        lowercase: bool, whether letters become lower case.
        strip_accents: bool, whether characters are decomposed (NFKD) and lose their marks.
        byte_fallback: as for `SentencePieceTokenizer`.

    Raises:
        TypeError: if an argument has the wrong type.
        ValueError: if the vocabulary lacks a special token, the scores do not belong to it, or the character
            map is damaged.

    Example:

    >>> pieces = ["<pad>", "<unk>", "[CLS]", "[SEP]", "[MASK]", "▁", "▁cafe", "s", "▁good"]
    >>> tokenizer = AlbertTokenizer(pieces, [0, 0, 0, 0, 0, -4, -3, -2.5, -3.5])
    >>> tokenizer.to_tokens(tokenizer.tokenize("Good Cafés"))
    ['▁good', '▁cafe', 's']
    >>> tokenizer("good", "cafe")["segment_ids"].numpy().tolist()
    [0, 0, 0, 1, 1]
    """

    _settings = (
        *(name for name in SentencePieceTokenizer._settings if name != "model"),
        "lowercase",
        "strip_accents",
    )
    _vocabulary_class = AlbertVocabulary
    num_separators = 1
    second_segment = 1

    def __init__(
        self,
        vocabulary: AlbertVocabulary | Sequence[str],
        scores: Sequence[float],
        charsmap: str | None = None,
        all_white_space: bool = True,
        keep_last_space: bool = False,
        special_tokens_in_text: bool = False,
        lowercase: bool = True,
        strip_accents: bool = True,
        byte_fallback: bool = False,
    ) -> None:
        checks.one_of("AlbertTokenizer", (True, False), lowercase=lowercase, strip_accents=strip_accents)
        self.lowercase = lowercase
        self.strip_accents = strip_accents
        super().__init__(
            vocabulary,
            scores,
            charsmap,
            all_white_space,
            keep_last_space,
            special_tokens_in_text,
            byte_fallback=byte_fallback,
        )

    @classmethod
    def from_folder(cls, folder: PathLike, special_tokens_in_text: bool = False) -> Self:
        """Loads the tokenizer from a folder with `tokenizer.json` or `spiece.model`.

        Args:
            folder: str or path. Beside a `spiece.model`, `tokenizer_config.json` says whether to lower-case
                and to keep accents.
            special_tokens_in_text: bool, as for `AlbertTokenizer`.

        Returns:
            An `AlbertTokenizer`.

        Raises:
            FileNotFoundError: if the folder contains none of these files.
            ValueError: if the content of a file is not valid, or needs something that is not supported.
        """
        tokens, scores, options = albert_files.read_folder(folder)
        return cls(tokens, scores, **options, special_tokens_in_text=special_tokens_in_text)

    @classmethod
    def from_file(cls, path: PathLike, special_tokens_in_text: bool = False) -> Self:
        """Loads the tokenizer from a `spiece.model`, with lower case and without accents.

        Args:
            path: str or path.
            special_tokens_in_text: bool, as for `AlbertTokenizer`.

        Returns:
            An `AlbertTokenizer`.

        Raises:
            FileNotFoundError: if there is no such file.
            ValueError: if the file is damaged, or needs something that is not supported.
        """
        tokens, scores, options = albert_files.read_model(path)
        return cls(tokens, scores, **options, special_tokens_in_text=special_tokens_in_text)

    def replaced(self) -> tuple[CharacterMap | CharacterStrings | None, dict[int, str] | None]:
        """What normalisation replaces: strings by the model's map, and characters before that."""
        return _with_quotes(self.charsmap), _changes(self.lowercase, self.strip_accents)


@functools.lru_cache(maxsize=2)
def _with_quotes(charsmap):
    """The strings of a character map, and two backticks or apostrophes, which become a quotation mark."""
    return CharacterStrings.of(character_map(charsmap)).with_strings({2 * quote: '"' for quote in _QUOTES})


@functools.lru_cache(maxsize=4)
def _changes(lowercase, strip_accents):
    """Code point -> what it becomes before the character map, for those that become something else."""
    changes = {}
    for code in range(sys.maxunicode + 1):
        text = character = chr(code)
        if strip_accents:
            decomposed = unicodedata.normalize("NFKD", character)
            text = "".join(c for c in decomposed if not unicodedata.category(c).startswith("M"))
        if lowercase:
            text = "".join(c.lower() for c in text)
        # A wide apostrophe is none where two become a quotation mark; the map makes it one after that.
        if text != character and not set(text) & set(_QUOTES):
            changes[code] = text
    return changes
