"""The BERT tokenizer: WordPiece in graph operations."""

import dataclasses
import os
import re
from collections.abc import Sequence

import keras

from kerasbert import checks
from kerasbert.json_files import read_json
from kerasbert.optional import tensorflow as tf
from kerasbert.text import huggingface, huggingface_out, normalization, offsets
from kerasbert.text.added_files import read_added_tokens
from kerasbert.text.added_tokens import AddedToken, Finder, checked_added_tokens, insert
from kerasbert.text.base import TextTokenizer
from kerasbert.text.vocabulary import UNK, Vocabulary
from kerasbert.text.wordpiece import WordPiece
from kerasbert.types import Config, PathLike, Self

_IN_NO_WORD = re.compile(r"[\x00-\x1f\x7f-\x9f\s]")


@keras.saving.register_keras_serializable(package="kerasbert")
class BertTokenizer(TextTokenizer):
    """Turns texts into the token ids of BERT, exactly as the original tokenizer does.

    It drops control characters, lower-cases, strips accents, splits at spaces, punctuation and Chinese
    characters, and then splits each word into sub-word tokens, the longest that the vocabulary holds first
    (Devlin et al. 2019, section 3; WordPiece: Schuster & Nakajima 2012; the algorithm: Song et al. 2021).
    The whole tokenizer consists of TensorFlow graph operations: it works on Python lists, in `tf.data`, in
    `tf.function` and inside a SavedModel.

    Bytes that are not valid UTF-8 are ignored, and a lone surrogate in a `str` is dropped.

    Args:
        vocabulary: `Vocabulary`, sequence of str, or the path of a `vocab.txt`.
        lowercase: bool, True for uncased models.
        strip_accents: bool or None; None means the same as `lowercase`.
        split_chinese: bool, whether each Chinese character is a word of its own.
        max_characters_per_word: int; longer words become `[UNK]`. The original uses 200, Hugging Face 100.
        special_tokens_in_text: bool, whether special tokens that are written in a text, such as `[MASK]`,
            become these tokens, as in Hugging Face's tokenizers. By default they are ordinary text, as in the
            original.
        added_tokens: sequence of str or `kerasbert.text.AddedToken`, tokens such as `[URL]` that are found in
            a text before it is split, and are never split themselves, as in Hugging Face's tokenizers. Tokens
            that the vocabulary lacks get the ids that follow its own.

    Raises:
        ImportError: if TensorFlow Text is not installed.
        TypeError: if an argument has the wrong type.
        ValueError: if the vocabulary is not a BERT vocabulary.

    Example:

    >>> tokenizer = BertTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "film", "##s", "good", "!"])
    >>> tokenizer.tokenize(["Good films!", ""]).to_list()
    [[7, 5, 6, 8], []]
    >>> tokenizer(["Good films!", "film"])["token_ids"].numpy().tolist()
    [[2, 7, 5, 6, 8, 3], [2, 5, 3, 0, 0, 0]]
    """

    _vocabulary_class: type[Vocabulary] = Vocabulary

    def __init__(
        self,
        vocabulary: Vocabulary | Sequence[str] | PathLike,
        lowercase: bool = True,
        strip_accents: bool | None = None,
        split_chinese: bool = True,
        max_characters_per_word: int = 200,
        special_tokens_in_text: bool = False,
        added_tokens: Sequence[str | AddedToken] = (),
    ) -> None:
        added_tokens = checked_added_tokens(added_tokens)
        if isinstance(vocabulary, (str, os.PathLike)):
            vocabulary = self._vocabulary_class.from_file(vocabulary)
        elif not isinstance(vocabulary, self._vocabulary_class) and not added_tokens:
            vocabulary = self._vocabulary_class(vocabulary)  # type: ignore[arg-type]
        num_wordpieces = len(vocabulary)
        if added_tokens:
            known = set(vocabulary)
            beside = (token.content for token in added_tokens if token.content not in known)
            vocabulary = self._vocabulary_class([*vocabulary, *beside])
        switches = {"split_chinese": split_chinese, "special_tokens_in_text": special_tokens_in_text}
        checks.one_of("BertTokenizer", (True, False), lowercase=lowercase, **switches)
        checks.one_of("BertTokenizer", (True, False, None), strip_accents=strip_accents)
        checks.positive_int("BertTokenizer", max_characters_per_word=max_characters_per_word)
        self.vocabulary: Vocabulary = vocabulary  # type: ignore[assignment]
        self.added_tokens = added_tokens
        self.wordpieces = self.vocabulary.tokens[:num_wordpieces]
        self.lowercase = lowercase
        self.strip_accents = strip_accents
        self.split_chinese = split_chinese
        self.max_characters_per_word = max_characters_per_word
        self.special_tokens_in_text = special_tokens_in_text
        self.pad_id, self.unk_id, self.cls_id, self.sep_id, self.mask_id = map(
            self.vocabulary.id_of, self.vocabulary.special_tokens
        )
        self._wordpiece = WordPiece(self._model_tokens(), split_chinese, max_characters_per_word)
        self.added_token_finders = self._make_finders()

    @classmethod
    def from_folder(cls, folder: PathLike, special_tokens_in_text: bool = False) -> Self:
        """Loads the tokenizer from a folder with Hugging Face's files.

        Args:
            folder: str or path. It must hold `tokenizer.json` or `vocab.txt`, and `tokenizer_config.json` if
                options differ from the defaults. If two files give the same option, `tokenizer_config.json`
                decides, as in Hugging Face's library. The limit on word lengths comes from `tokenizer.json`.
            special_tokens_in_text: bool, as for `BertTokenizer`.

        Returns:
            A `BertTokenizer`.

        Raises:
            FileNotFoundError: if the folder contains neither `tokenizer.json` nor `vocab.txt`.
            ValueError: if the content of a file is not valid.
        """
        names = ("tokenizer.json", "vocab.txt", "tokenizer_config.json")
        tokenizer_json, vocab_txt, config = (os.path.join(folder, name) for name in names)
        content, options, settings = {}, {}, {}
        if os.path.isfile(tokenizer_json):
            content = read_json(tokenizer_json)
            tokens, options = huggingface.read_tokenizer_json(content, tokenizer_json)
        else:
            tokens = cls._vocabulary_class.from_file(vocab_txt).tokens
        if os.path.isfile(config):
            settings = read_json(config)
            options.update(huggingface.read_tokenizer_config(settings))
        special = cls._vocabulary_class.special_tokens
        options["added_tokens"] = read_added_tokens(folder, tokens, content, settings, special)
        return cls(tokens, **options, special_tokens_in_text=special_tokens_in_text)

    def save_vocabulary(self, path: PathLike) -> None:
        """Writes a `vocab.txt`; the file appears complete or not at all.

        Args:
            path: str or path.
        """
        self.vocabulary.save(path)

    def _files(self, max_length):
        return huggingface_out.bert_files(self, max_length)

    def get_config(self) -> Config:
        """The constructor's arguments, in a form that JSON can hold.

        Returns:
            dict; the vocabulary is a list of str.
        """
        return {
            "vocabulary": list(self.wordpieces),
            "lowercase": self.lowercase,
            "strip_accents": self.strip_accents,
            "split_chinese": self.split_chinese,
            "max_characters_per_word": self.max_characters_per_word,
            "special_tokens_in_text": self.special_tokens_in_text,
            "added_tokens": [dataclasses.asdict(token) for token in self.added_tokens],
        }

    def _model_tokens(self):
        """The tokens as they occur in normalised texts, where special tokens have been marked."""
        mark = normalization.SPECIAL
        # No word contains white space or control characters, so such tokens are replaced by names that never
        # occur: the model would wrongly find a token U+2028, and fails on tokens with control characters.
        tokens = [
            f"{mark}{i}" if _IN_NO_WORD.search(token) else token for i, token in enumerate(self.vocabulary)
        ]
        beside = range(len(self.wordpieces), len(tokens))
        tokens[len(self.wordpieces) :] = [f"{mark}{i}" for i in beside]  # only `Finder` finds these
        for special in self.vocabulary.special_tokens:
            name = normalization.marked(special.lower() if self.lowercase else special)
            if special != UNK:  # the model needs its name, and also returns it for the marked word
                tokens[self.vocabulary.id_of(special)] = name
        return tokens

    def _make_finders(self):
        """Finders of added tokens in texts as written and in normalised texts; None for no tokens."""
        # If two tokens are equal once normalised, the special one is used.
        tokens = sorted(self.added_tokens, key=lambda token: not token.special)
        as_written = [token.content for token in tokens if not token.normalized]
        normalised = [token.content for token in tokens if token.normalized]
        contents = [as_written, []]
        if normalised:
            with tf.init_scope():
                found = self._normalise(tf.constant(normalised)).numpy()
            contents[1] = [content.decode() for content in found]
        ids = [[self.vocabulary.id_of(token) for token in names] for names in (as_written, normalised)]
        return [Finder(*both) if both[0] else None for both in zip(contents, ids, strict=True)]

    @property
    def _accents(self):
        """Whether accents are kept."""
        return not (self.lowercase if self.strip_accents is None else self.strip_accents)

    def _normalise(self, texts, keep_marks=False):
        return normalization.normalise(texts, self.lowercase, self._accents, keep_marks)

    def _joined(self, tokens):
        return " ".join(tokens).replace(" ##", "")

    def _tokenize(self, texts, with_offsets):
        texts = normalization.valid_utf8(texts)
        as_written, _ = self.added_token_finders
        if as_written is None:
            return self._tokenize_valid(texts, with_offsets)
        pieces, is_token, ids = as_written.cut(texts)
        between = self._tokenize_valid(tf.where(is_token, "", pieces.flat_values), with_offsets)
        sizes = tf.strings.length(pieces.flat_values, unit="UTF8_CHAR")
        return insert(pieces, is_token, ids, between, sizes)

    def _tokenize_valid(self, texts, with_offsets):
        normalised = texts
        if self.special_tokens_in_text:
            normalised = normalization.mark_special_tokens(texts, self.vocabulary.special_tokens)
        normalised = self._normalise(normalised, keep_marks=self.special_tokens_in_text)
        _, finder = self.added_token_finders
        if finder is None:
            normalised = self._wordpiece.separate_words(normalised)
            ids, starts, ends = self._wordpiece.tokenize_with_byte_offsets(normalised)
        else:
            pieces, is_token, found = finder.cut(normalised)
            plain = self._wordpiece.separate_words(tf.where(is_token, "", pieces.flat_values))
            between = self._wordpiece.tokenize_with_byte_offsets(plain)
            marked = tf.where(is_token, pieces.flat_values, plain)
            ids, starts, ends = insert(pieces, is_token, found, between, tf.strings.length(marked))
            normalised = tf.strings.unsorted_segment_join(marked, pieces.value_rowids(), pieces.nrows())
        if not with_offsets:
            return (ids,)
        lengths = offsets.normalised_lengths(self.lowercase, self._accents)
        return ids, *offsets.to_characters(texts, normalised, starts, ends, lengths)
