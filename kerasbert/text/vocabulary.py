"""The vocabulary: tokens in the order of their ids."""

import os

from kerasbert import checks
from kerasbert.atomic import replacing
from kerasbert.text import huggingface

PAD, UNK, CLS, SEP, MASK = SPECIAL_TOKENS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


class Vocabulary:
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

    def __init__(self, tokens, where=None):
        self.tokens = tuple(_checked(tokens, where))
        self._ids = {token: i for i, token in enumerate(self.tokens)}

    @classmethod
    def from_file(cls, path):
        """Reads a `vocab.txt`: UTF-8, one token a line, blanks around it ignored as in the original.

        Args:
            path: str or path.

        Returns:
            A `Vocabulary`.

        Raises:
            FileNotFoundError: if there is no such file.
            ValueError: if it is not UTF-8, empty, or no vocabulary.
        """
        where = os.fspath(path)
        lines = read_utf8(where).split("\n")
        if lines[-1] == "":  # the last line ends like every other
            del lines[-1]
        # Only ASCII blanks: the Chinese vocabulary holds U+2028 as a token of its own.
        return cls([line.strip(" \t\r") for line in lines], where=where)

    @classmethod
    def from_tokenizer_json(cls, path):
        """Reads the vocabulary of a Hugging Face `tokenizer.json` that holds a WordPiece model.

        Args:
            path: str or path.

        Returns:
            A `Vocabulary`; `BertTokenizer.from_folder` reads the options beside it.

        Raises:
            FileNotFoundError: if there is no such file.
            ValueError: if it is not such a file.
        """
        where = os.fspath(path)
        return cls(huggingface.read_tokenizer_json(read_utf8(where), where)[0], where=where)

    def save(self, path):
        """Writes a `vocab.txt`; the file appears complete or not at all.

        Args:
            path: str or path.
        """
        with replacing(path) as temporary:
            temporary.write_text("".join(f"{token}\n" for token in self.tokens), "utf-8", newline="\n")

    def id_of(self, token):
        """The id of a token, or None if it is not in the vocabulary."""
        return self._ids.get(token)

    def __getitem__(self, i):
        return self.tokens[i]

    def __len__(self):
        return len(self.tokens)

    def __iter__(self):
        return iter(self.tokens)

    def __contains__(self, token):
        return token in self._ids

    def __eq__(self, other):
        return isinstance(other, Vocabulary) and self.tokens == other.tokens

    def __hash__(self):
        return hash(self.tokens)

    def __repr__(self):
        return f"Vocabulary({len(self)} tokens)"


def read_utf8(path):
    """Reads a text file as UTF-8, with or without a byte order mark; says so if it is not one."""
    if not os.path.isfile(path):
        raise checks.invalid(
            "The vocabulary file must exist.",
            fix="Check the path; a BERT checkpoint has it as vocab.txt or tokenizer.json.",
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
            fix="Pass a file or list with one token a row.",
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
        if not token:
            raise checks.invalid(
                "A token must not be empty.",
                fix="Write an unused token there, such as [unused7], so that all ids stay.",
                where=where,
                row=row,
            )
        if first_row.setdefault(token, row) != row:
            raise checks.invalid(
                "A token must occur once in a vocabulary.",
                fix="Rename the row that is not wanted, such as to [unused7], so that all ids stay.",
                where=where,
                token=token,
                rows=(first_row[token], row),
            )
    missing = [token for token in SPECIAL_TOKENS if token not in first_row]
    if missing:
        raise checks.invalid(
            f"A BERT vocabulary must hold {', '.join(SPECIAL_TOKENS)}.",
            fix="Pass the vocab.txt of a BERT checkpoint, or add the missing tokens.",
            where=where,
            missing=missing,
            tokens=tokens,
        )
    return tokens
