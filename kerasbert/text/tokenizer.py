"""The BERT tokenizer: texts to token ids, in graph operations."""

import os
import re

import keras

from kerasbert import checks
from kerasbert.optional import tensorflow as tf
from kerasbert.text import decoding, huggingface, normalization, offsets, packing
from kerasbert.text.inputs import as_text_tensor
from kerasbert.text.vocabulary import SPECIAL_TOKENS, UNK, Vocabulary, read_utf8
from kerasbert.text.wordpiece import WordPiece

_IN_NO_WORD = re.compile(r"[\x00-\x1f\x7f-\x9f\s]")


@keras.saving.register_keras_serializable(package="kerasbert")
class BertTokenizer:
    """Turns texts into the token ids of BERT, exactly as the original tokenizer does.

    Drops control characters, lower-cases, strips accents, splits at spaces, punctuation and Chinese
    characters, then splits words into the longest pieces that the vocabulary holds. (Devlin et al. 2019,
    section 3; WordPiece: Schuster & Nakajima 2012; the algorithm: Song et al. 2021.) All of it is
    TensorFlow graph operations: the same tokenizer works on Python lists, in `tf.data`, in `tf.function`
    and inside a SavedModel.

    Bytes that are not UTF-8 are ignored, and a lone surrogate in a `str` is dropped.

    Args:
        vocabulary: `Vocabulary`, sequence of str, or path of a `vocab.txt`.
        lowercase: bool, True for uncased models.
        strip_accents: bool or None; None: as `lowercase`.
        split_chinese: bool, whether each Chinese character is a word of its own.
        max_characters_per_word: int; longer words become `[UNK]`. The original has 200, Hugging Face 100.
        special_tokens_in_text: bool, whether `[MASK]` and the like in the text become that token, as with
            Hugging Face. By default they are text, as in the original.

    Raises:
        ImportError: if TensorFlow Text is not installed.
        TypeError: if an argument has the wrong type.
        ValueError: if the vocabulary is not one of BERT.

    Example:

    >>> tokenizer = BertTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "film", "##s", "good", "!"])
    >>> tokenizer.tokenize(["Good films!", ""]).to_list()
    [[7, 5, 6, 8], []]
    >>> tokenizer(["Good films!", "film"])["token_ids"].numpy().tolist()
    [[2, 7, 5, 6, 8, 3], [2, 5, 3, 0, 0, 0]]
    """

    def __init__(
        self,
        vocabulary,
        lowercase=True,
        strip_accents=None,
        split_chinese=True,
        max_characters_per_word=200,
        special_tokens_in_text=False,
    ):
        if isinstance(vocabulary, (str, os.PathLike)):
            vocabulary = Vocabulary.from_file(vocabulary)
        elif not isinstance(vocabulary, Vocabulary):
            vocabulary = Vocabulary(vocabulary)
        switches = {"split_chinese": split_chinese, "special_tokens_in_text": special_tokens_in_text}
        checks.one_of("BertTokenizer", (True, False), lowercase=lowercase, **switches)
        checks.one_of("BertTokenizer", (True, False, None), strip_accents=strip_accents)
        checks.positive_int("BertTokenizer", max_characters_per_word=max_characters_per_word)
        self.vocabulary = vocabulary
        self.lowercase = lowercase
        self.strip_accents = strip_accents
        self.split_chinese = split_chinese
        self.max_characters_per_word = max_characters_per_word
        self.special_tokens_in_text = special_tokens_in_text
        self.pad_id, self.unk_id, self.cls_id, self.sep_id, self.mask_id = map(
            vocabulary.id_of, SPECIAL_TOKENS
        )
        self._wordpiece = WordPiece(self._model_tokens(), split_chinese, max_characters_per_word)

    @classmethod
    def from_folder(cls, folder, special_tokens_in_text=False):
        """Reads the tokenizer of a folder in Hugging Face's layout.

        Args:
            folder: str or path. It holds `tokenizer.json` or `vocab.txt`, and `tokenizer_config.json` if
                options differ from the defaults. Of two that name the same option, `tokenizer_config.json`
                decides, as with Hugging Face. The limit on word lengths comes from `tokenizer.json`.
            special_tokens_in_text: bool, as for `BertTokenizer`.

        Returns:
            A `BertTokenizer`.

        Raises:
            FileNotFoundError: if the folder holds neither vocabulary.
            ValueError: if a file is not what its name says.
        """
        names = ("tokenizer.json", "vocab.txt", "tokenizer_config.json")
        tokenizer_json, vocab_txt, config = (os.path.join(folder, name) for name in names)
        options = {}
        if os.path.isfile(tokenizer_json):
            tokens, options = huggingface.read_tokenizer_json(read_utf8(tokenizer_json), tokenizer_json)
            vocabulary = Vocabulary(tokens, where=tokenizer_json)
        else:
            vocabulary = Vocabulary.from_file(vocab_txt)
        if os.path.isfile(config):
            options.update(huggingface.read_tokenizer_config(read_utf8(config), config))
        return cls(vocabulary, **options, special_tokens_in_text=special_tokens_in_text)

    @property
    def vocabulary_size(self):
        """int, the number of tokens."""
        return len(self.vocabulary)

    def tokenize(self, texts):
        """Turns texts into token ids, without special tokens.

        Args:
            texts: one text, or B of them: str, bytes, list, numpy array, pandas Series or string tensor.

        Returns:
            Ragged int32 (B, None), or an int32 tensor (S,) for one text.

        Raises:
            TypeError: if something is not text.
        """
        return self._tokenize(as_text_tensor(texts, "texts"), with_offsets=False)[0]

    def tokenize_with_offsets(self, texts):
        """Turns texts into token ids and says where in the text each token stands.

        Args:
            texts: as for `tokenize`.

        Returns:
            (ids, starts, ends), each ragged int32 (B, None), or int32 (S,) for one text. Positions are
            characters (code points) of the original text: `text[start:end]` is what the token was made of.
            In bytes that are not UTF-8 the ignored ones do not count.

        Raises:
            TypeError: if something is not text.
        """
        return self._tokenize(as_text_tensor(texts, "texts"), with_offsets=True)

    def pack(self, first, second=None, max_length=None):
        """Packs token ids for the encoder: `[CLS] first [SEP]`, or `[CLS] first [SEP] second [SEP]`.

        Too long pairs lose tokens at the end of the longer text, of the second if both are as long, until
        they fit (Devlin et al. 2019, appendix A.2, as in the original code).

        Args:
            first: ragged int32 (B, None) from `tokenize`, or (S,) for one text.
            second: like `first`, or None.
            max_length: int or None, the most tokens in a row, special tokens included.

        Returns:
            dict of `token_ids`, `segment_ids` and `padding_mask` (1 for tokens, 0 for padding), each int32
            (B, S), where S is the longest row; (S,) for one text.

        Raises:
            ValueError: if `max_length` has no room for the special tokens.
        """
        least = 2 if second is None else 3
        if max_length is not None:
            checks.positive_int("BertTokenizer.pack", max_length=max_length)
            if max_length < least:
                raise checks.invalid(
                    f"`max_length` must be at least {least}, the number of special tokens.",
                    fix="Pass a larger number, such as 128.",
                    where="BertTokenizer.pack",
                    max_length=max_length,
                )
        one, first, second = packing.as_ragged(first, second)
        packed = packing.pack(
            first, second, max_length, cls_id=self.cls_id, sep_id=self.sep_id, pad_id=self.pad_id
        )
        return {name: value[0] for name, value in packed.items()} if one else packed

    def packed_lengths(self, first, second=None):
        """How long packed rows are before truncation, special tokens included.

        Args:
            first: ragged int32 (B, None) from `tokenize`, or (S,) for one text.
            second: like `first`, or None.

        Returns:
            int32 (B,), or () for one text. Rows above `max_length` are the ones that `pack` truncates.
        """
        one, first, second = packing.as_ragged(first, second)
        lengths = packing.packed_lengths(
            packing.row_lengths(first), None if second is None else packing.row_lengths(second)
        )
        return lengths[0] if one else lengths

    def __call__(self, texts, second=None, max_length=None):
        """Tokenizes and packs, see `tokenize` and `pack`.

        Args:
            texts: one text, or B of them.
            second: as many texts, or None.
            max_length: int or None.

        Returns:
            dict of `token_ids`, `segment_ids` and `padding_mask`, each int32 (B, S), or (S,) for one text.
        """
        texts = as_text_tensor(texts, "texts")
        if second is not None:
            second = as_text_tensor(second, "second")
            second = self.tokenize(second)
        return self.pack(self.tokenize(texts), second, max_length)

    def to_tokens(self, ids):
        """The tokens of ids.

        Args:
            ids: int, or list, array or ragged tensor of them, of any depth.

        Returns:
            str, or lists of str of the same depth.
        """
        return decoding.to_tokens(decoding.as_list(ids), self.vocabulary)

    def detokenize(self, ids):
        """Readable text for ids: pieces of a word joined, without [PAD], [CLS] and [SEP].

        What normalisation took away (case, accents, spaces) is not restored; [UNK] and [MASK] stand for
        words and stay.

        Args:
            ids: list of int or (S,) tensor; or B of them, as list, array or ragged tensor.

        Returns:
            str, or list of B str.
        """
        return decoding.to_text(decoding.as_list(ids), self.vocabulary)

    def save_vocabulary(self, path):
        """Writes a `vocab.txt`; the file appears complete or not at all.

        Args:
            path: str or path.
        """
        self.vocabulary.save(path)

    def get_config(self):
        """The constructor's arguments, fit for JSON.

        Returns:
            dict; the vocabulary is a list of str.
        """
        return {
            "vocabulary": list(self.vocabulary),
            "lowercase": self.lowercase,
            "strip_accents": self.strip_accents,
            "split_chinese": self.split_chinese,
            "max_characters_per_word": self.max_characters_per_word,
            "special_tokens_in_text": self.special_tokens_in_text,
        }

    @classmethod
    def from_config(cls, config):
        """Makes the tokenizer of a `get_config`.

        Args:
            config: dict.

        Returns:
            A `BertTokenizer`.
        """
        return cls(**config)

    def _model_tokens(self):
        """The tokens as they stand in normalised texts: special ones only where they have been marked."""
        mark = normalization.SPECIAL
        # No word holds these, but the model would find a token U+2028, and fails with control characters.
        tokens = [
            f"{mark}{i}" if _IN_NO_WORD.search(token) else token for i, token in enumerate(self.vocabulary)
        ]
        for special in SPECIAL_TOKENS:
            name = special[1:-1].lower() if self.lowercase else special[1:-1]
            if special != UNK:  # the model wants it by its name, and gives it for the mark as well
                tokens[self.vocabulary.id_of(special)] = f"{mark}{name}{mark}"
        return tokens

    def _tokenize(self, texts, with_offsets):
        if texts.shape.rank == 0:
            return [tokens[0] for tokens in self._tokenize(texts[tf.newaxis], with_offsets)]
        accents = not (self.lowercase if self.strip_accents is None else self.strip_accents)
        texts = normalised = normalization.valid_utf8(texts)
        if self.special_tokens_in_text:
            normalised = normalization.mark_special_tokens(texts, SPECIAL_TOKENS)
        normalised = normalization.normalise(
            normalised, self.lowercase, accents, keep_marks=self.special_tokens_in_text
        )
        normalised = self._wordpiece.separate_words(normalised)
        ids, starts, ends = self._wordpiece.tokenize_with_byte_offsets(normalised)
        if not with_offsets:
            return (ids,)
        lengths = offsets.normalised_lengths(self.lowercase, accents)
        return ids, *offsets.to_characters(texts, normalised, starts, ends, lengths)
