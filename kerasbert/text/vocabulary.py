"""The vocabulary: tokens in the order of their ids."""

import os
from collections.abc import Iterator, Sequence

from kerasbert import checks
from kerasbert.atomic import replacing
from kerasbert.json_files import read_json
from kerasbert.text import huggingface
from kerasbert.types import PathLike, Self

SPECIAL_TOKENS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
PAD, UNK, CLS, SEP, MASK = SPECIAL_TOKENS
MPNET_SPECIAL_TOKENS = ("<pad>", "[UNK]", "<s>", "</s>", "<mask>")
_BLANKS = " \t\r"  # only ASCII: the Chinese vocabulary contains U+2028 as a token of its own


class TokenList:
    """Tokens in the order of their ids; token `i` has id `i`.

    Args:
        tokens: sequence of str, which must contain all `special_tokens` of the class.
        where: str or None, the source, for error messages.

    Raises:
        TypeError: if `tokens` is not a sequence of str.
        ValueError: if a token is empty, occurs twice, or a special token is missing.
    """

    special_tokens: tuple[str, ...] = ()
    model = ""  # whose vocabulary it is, for error messages

    def __init__(self, tokens: Sequence[str], where: str | None = None) -> None:
        self.tokens = tuple(_checked(tokens, where))
        self._ids = {token: i for i, token in enumerate(self.tokens)}
        missing = [token for token in self.special_tokens if token not in self._ids]
        if missing:
            raise checks.invalid(
                f"A {self.model} vocabulary must hold {', '.join(self.special_tokens)}.",
                fix=f"Pass the vocabulary of a {self.model} checkpoint, or add the missing tokens.",
                where=where,
                missing=missing,
                tokens=list(self.tokens),
            )

    def id_of(self, token: str) -> int | None:
        """The id of a token, or None if it is not in the vocabulary."""
        return self._ids.get(token)

    def __getitem__(self, i: int) -> str:
        return self.tokens[i]

    def __len__(self) -> int:
        return len(self.tokens)

    def __iter__(self) -> Iterator[str]:
        return iter(self.tokens)

    def __contains__(self, token):
        return token in self._ids

    def __eq__(self, other):
        return type(other) is type(self) and self.tokens == other.tokens

    def __hash__(self):
        return hash(self.tokens)

    def __repr__(self):
        return f"{type(self).__name__}({len(self)} tokens)"


class Vocabulary(TokenList):
    """The tokens of a WordPiece vocabulary, in the order of their ids.

    A token that continues a word begins with `##` (Schuster & Nakajima 2012; Devlin et al. 2019, section 3).

    Args:
        tokens: sequence of str, token `i` has id `i`. All five of `SPECIAL_TOKENS` must be among them.
        where: str or None, the source, for error messages.

    Raises:
        TypeError: if `tokens` is not a sequence of str.
        ValueError: if a token is empty, occurs twice, or a special token is missing.

    Example:

    >>> vocabulary = Vocabulary(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "film", "##s"])
    >>> len(vocabulary), vocabulary.id_of("film"), vocabulary[6]
    (7, 5, '##s')
    """

    special_tokens = SPECIAL_TOKENS
    model = "BERT"

    @classmethod
    def from_file(cls, path: PathLike) -> Self:
        """Reads a `vocab.txt`: UTF-8, one token a line; spaces around tokens are ignored, as in the original.

        Args:
            path: str or path.

        Returns:
            A `Vocabulary`.

        Raises:
            FileNotFoundError: if there is no such file.
            ValueError: if the file is not UTF-8, is empty, or is not a BERT vocabulary.
        """
        return cls(tokens_in_file(path), where=os.fspath(path))

    @classmethod
    def from_tokenizer_json(cls, path: PathLike) -> Self:
        """Reads the vocabulary of a Hugging Face `tokenizer.json` that holds a WordPiece model.

        Args:
            path: str or path.

        Returns:
            A `Vocabulary`; `BertTokenizer.from_folder` also reads the tokenizer's options.

        Raises:
            FileNotFoundError: if there is no such file.
            ValueError: if the file is not a `tokenizer.json` with a WordPiece model, or has added tokens.
        """
        where = os.fspath(path)
        content = read_json(where)
        tokens, _ = huggingface.read_tokenizer_json(content, where)
        huggingface.check_nothing_added(content, tokens, where)
        return cls(tokens, where=where)

    def save(self, path: PathLike) -> None:
        """Writes a `vocab.txt`; the file appears complete or not at all.

        Args:
            path: str or path.

        Raises:
            FileExistsError: if `path` is a folder.
            OSError: if the disk is full; a file that was there before stays as it was.
            ValueError: as for `as_vocab_txt`.
        """
        content = self.as_vocab_txt()
        with replacing(path) as temporary:
            temporary.write_text(content, "utf-8", newline="\n")

    def as_vocab_txt(self) -> str:
        """The content of a `vocab.txt`.

        Returns:
            str, one token a line.

        Raises:
            ValueError: if a token could not be read back, because it has spaces around it or a line break in
                it.
        """
        for row, token in enumerate(self.tokens):
            if token != token.strip(_BLANKS) or "\n" in token or (row == 0 and token[0] == "\ufeff"):
                raise checks.invalid(
                    "A token of a vocab.txt must have no line break in it and no spaces around it.",
                    fix="Rename the token, for example to [unused7], so that all ids stay the same; no text "
                    "produces this token anyway.",
                    row=row,
                    token=token,
                )
        return "".join(f"{token}\n" for token in self.tokens)


class MPNetVocabulary(Vocabulary):
    """The tokens of MPNet: those of BERT, with other special tokens.

    Args:
        tokens: sequence of str, token `i` has id `i`; `<s>`, `<pad>`, `</s>`, `[UNK]` and `<mask>` must be
            among them.
        where: str or None, the source, for error messages.

    Raises:
        TypeError: if `tokens` is not a sequence of str.
        ValueError: if a token is empty, occurs twice, or a special token is missing.
    """

    special_tokens = MPNET_SPECIAL_TOKENS
    model = "MPNet"


def tokens_in_file(path):
    """The tokens in a `vocab.txt`, a list of str."""
    lines = read_utf8(os.fspath(path)).split("\n")
    if lines[-1] == "":  # the last line ends like every other
        del lines[-1]
    return [line.strip(_BLANKS) for line in lines]


def read_utf8(path):
    """Reads a vocabulary file as UTF-8, with or without a byte order mark, or raises an error."""
    if not os.path.isfile(path):
        raise checks.invalid(
            "The vocabulary file must exist.",
            fix="Check the path; in a BERT checkpoint it is called vocab.txt or tokenizer.json.",
            kind=FileNotFoundError,
            path=path,
        )
    with open(path, "rb") as file:
        data = file.read()
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise checks.invalid(
            "A vocabulary file must be UTF-8 text.",
            fix="Pass the vocab.txt of the checkpoint, or convert the file to UTF-8.",
            where=path,
            byte=error.object[error.start : error.start + 1],
            position=error.start,
        ) from error


def _checked(tokens, where):
    if isinstance(tokens, (str, bytes)) or not hasattr(tokens, "__iter__"):
        raise checks.invalid(
            "`tokens` must be a sequence of str.",
            fix="Pass a list of tokens, or use Vocabulary.from_file(path).",
            where=where,
            kind=TypeError,
            tokens=tokens,
        )
    tokens = list(tokens)
    if not tokens:
        raise checks.invalid(
            "A vocabulary must hold tokens.",
            fix="Pass a file with one token per line, or a list of tokens.",
            where=where,
            tokens=tokens,
        )
    first_row = {}
    for row, token in enumerate(tokens):
        if not isinstance(token, str):
            raise checks.invalid(
                "Every token must be a str.",
                fix="Decode it as UTF-8.",
                where=where,
                kind=TypeError,
                row=row,
                token=token,
            )
        if not token.isprintable() and any("\ud800" <= character <= "\udfff" for character in token):
            raise checks.invalid(
                "A token must not contain half a surrogate pair, which UTF-8 cannot encode.",
                fix="Replace it by an unused token, such as [unused7], so that all ids stay the same.",
                where=where,
                row=row,
                token=token,
            )
        if not token:
            raise checks.invalid(
                "A token must not be empty.",
                fix="Replace it by an unused token, such as [unused7], so that all ids stay the same.",
                where=where,
                row=row,
            )
        if first_row.setdefault(token, row) != row:
            raise checks.invalid(
                "A token must occur only once in a vocabulary.",
                fix="Rename the duplicate, for example to [unused7], so that all ids stay the same.",
                where=where,
                token=token,
                rows=(first_row[token], row),
            )
    return tokens
