"""The tokenizer of XLM-RoBERTa and its relatives: SentencePiece's models in graph operations."""

import itertools
from collections.abc import Sequence

import keras

from kerasbert import checks
from kerasbert.optional import tensorflow as tf
from kerasbert.text import normalization, sentencepiece_out
from kerasbert.text import sentencepiece_files as files
from kerasbert.text.added_tokens import Finder, insert
from kerasbert.text.base import TextTokenizer
from kerasbert.text.byte_fallback import ByteFallback, check_byte_pieces, joined
from kerasbert.text.charsmap import CharacterMap, CharacterStrings, character_map
from kerasbert.text.code_point_tables import NUM_CODE_POINTS
from kerasbert.text.piece_characters import META, PREFIX, SPACE, PieceCharacters, spans, words
from kerasbert.text.piece_pairs import APART, PiecePairs
from kerasbert.text.sentencepiece_entries import BPE, UNIGRAM
from kerasbert.text.sentencepiece_files import SentencePieceVocabulary
from kerasbert.text.sentencepiece_pieces import checked_scores, pieces_of
from kerasbert.text.unigram import Unigram
from kerasbert.types import PathLike, Self


@keras.saving.register_keras_serializable(package="kerasbert")
class SentencePieceTokenizer(TextTokenizer):
    """Turns texts into the token ids of XLM-RoBERTa, multilingual E5 and others that share its vocabulary.

    The characters of a text are replaced as the character map of the model says, and each word, with the
    space before it, is split into the pieces with the greatest sum of scores (SentencePiece: Kudo &
    Richardson 2018; Unigram: Kudo 2018, section 3.1; XLM-R: Conneau et al. 2020). The whole tokenizer
    consists of stateless TensorFlow graph operations: it works on Python lists, in `tf.data`, in
    `tf.function` and inside a SavedModel.

    Characters that no piece holds become `<unk>`, one for those that follow each other; or, with
    `byte_fallback`, the pieces of their bytes in UTF-8, such as `<0xE4>`, each of which has the place of the
    whole character. Bytes that are not valid UTF-8 are ignored, and a lone surrogate in a `str` counts as
    U+FFFD.

    Args:
        vocabulary: sequence of str, the pieces in the order of their ids, with `<s>`, `<pad>`, `</s>`,
            `<unk>` and `<mask>` among them. In a piece, `▁` (U+2581) stands for the space before a word.
        scores: sequence of float, the score of each piece, its logarithmic probability.
        charsmap: str or None, the model's `precompiled_charsmap` in Base64, as in a `tokenizer.json`.
        all_white_space: bool, whether white space other than spaces, such as U+0085, also separates words if
            the character map leaves it as it is, as it does in XLM-R's `tokenizer.json`. SentencePiece itself
            takes it for ordinary characters.
        keep_last_space: bool, whether a text that ends with a space ends with the token `▁`, as some
            `tokenizer.json` files say. SentencePiece itself ignores spaces at the end.
        special_tokens_in_text: bool, whether special tokens that are written in a text, such as `<mask>`,
            become these tokens, as in Hugging Face's tokenizers. By default they are ordinary text.
        model: str, `"unigram"`; or `"bpe"`: of neighbouring pieces, those that make the piece with the
            highest score are joined first, until no two make a piece (Sennrich et al. 2016, section 3.2).
        byte_fallback: bool, whether unknown characters become the pieces of their bytes, `<0x00>` to
            `<0xFF>`, all of which the vocabulary must hold. As in SentencePiece, a text that contains one of
            these as it is written, such as `<0x41>`, is ordinary text.

    Raises:
        TypeError: if an argument has the wrong type.
        ValueError: if the vocabulary lacks a special token or a byte piece, the scores do not belong to it,
            or the character map is damaged.

    Example:

    >>> pieces = ["<s>", "<pad>", "</s>", "<unk>", "▁", "▁film", "s", "▁good", "<mask>"]
    >>> tokenizer = SentencePieceTokenizer(pieces, [0, 0, 0, 0, -4, -3, -2.5, -3.5, 0])
    >>> tokenizer.to_tokens(tokenizer.tokenize("good films"))
    ['▁good', '▁film', 's']
    >>> tokenizer("good", "film")["token_ids"].numpy().tolist()
    [0, 7, 2, 2, 5, 2]
    """

    _lists = ("vocabulary", "scores")
    _settings: tuple[str, ...] = (
        "charsmap",
        "all_white_space",
        "keep_last_space",
        "special_tokens_in_text",
        "model",
        "byte_fallback",
    )
    _vocabulary_class: type[SentencePieceVocabulary] = SentencePieceVocabulary
    num_separators = 2
    second_segment = 0

    def __init__(
        self,
        vocabulary: SentencePieceVocabulary | Sequence[str],
        scores: Sequence[float],
        charsmap: str | None = None,
        all_white_space: bool = False,
        keep_last_space: bool = False,
        special_tokens_in_text: bool = False,
        model: str = UNIGRAM,
        byte_fallback: bool = False,
    ) -> None:
        if not isinstance(vocabulary, self._vocabulary_class):
            vocabulary = self._vocabulary_class(vocabulary)  # type: ignore[arg-type]
        switches = {"all_white_space": all_white_space, "keep_last_space": keep_last_space}
        switches |= {"special_tokens_in_text": special_tokens_in_text, "byte_fallback": byte_fallback}
        checks.one_of("SentencePieceTokenizer", (True, False), **switches)
        self.vocabulary = vocabulary
        checks.one_of("SentencePieceTokenizer", (UNIGRAM, BPE), model=model)
        self.model = model
        self.byte_fallback = byte_fallback
        if byte_fallback:
            check_byte_pieces(vocabulary, "SentencePieceTokenizer")
        self.scores = checked_scores(scores, vocabulary, model)
        self.charsmap = charsmap
        self.all_white_space = all_white_space
        self.keep_last_space = keep_last_space
        self.special_tokens_in_text = special_tokens_in_text
        self.pad_id, self.unk_id, self.cls_id, self.sep_id, self.mask_id = map(
            vocabulary.id_of, vocabulary.special_tokens
        )
        symbols, pieces, lowest = pieces_of(vocabulary, self.scores, byte_fallback)
        self._most = max(symbols.values())
        strings, changes = self.replaced()
        options = {"changes": changes, "unknown_from": self._most + 1 if byte_fallback else None}
        self._characters = PieceCharacters(strings, symbols, all_white_space, **options)
        by_id, unk_id = dict(enumerate(self.scores)), APART if byte_fallback else self.unk_id
        self._splitter: PiecePairs | Unigram | ByteFallback
        if model == BPE:
            self._splitter = PiecePairs(pieces, by_id, unk_id, self._most)
        else:
            self._splitter = Unigram(pieces, by_id, lowest, unk_id, self._most)
        if byte_fallback:
            self._splitter = ByteFallback(self._splitter, symbols, vocabulary)
            self._most += NUM_CODE_POINTS
        self._prefix_id = pieces.get((PREFIX,), self.unk_id)
        self._finder = None
        if special_tokens_in_text:
            special = vocabulary.special_tokens
            self._finder = Finder(special, [*map(vocabulary.id_of, special)])

    def replaced(self) -> tuple[CharacterMap | CharacterStrings | None, dict[int, str] | None]:
        """What normalisation replaces: strings by the model's map, and characters before that."""
        return character_map(self.charsmap), None

    @classmethod
    def from_folder(cls, folder: PathLike, special_tokens_in_text: bool = False) -> Self:
        """Loads the tokenizer from a folder with Hugging Face's or SentencePiece's files.

        Args:
            folder: str or path. It must hold `tokenizer.json`, `sentencepiece.bpe.model`, `spiece.model` or
                `tokenizer.model`; the first of these is read.
            special_tokens_in_text: bool, as for `SentencePieceTokenizer`.

        Returns:
            A `SentencePieceTokenizer`.

        Raises:
            FileNotFoundError: if the folder contains none of these files.
            ValueError: if the content of a file is not valid, or needs something that is not supported.
        """
        tokens, scores, options = files.read_folder(folder, cls._vocabulary_class)
        return cls(tokens, scores, **options, special_tokens_in_text=special_tokens_in_text)

    @classmethod
    def from_file(cls, path: PathLike, special_tokens_in_text: bool = False) -> Self:
        """Loads the tokenizer from a model file of SentencePiece.

        If the file holds all of `<s>`, `<pad>`, `</s>`, `<unk>` and `<mask>`, its ids are kept. If it begins
        with `<unk>`, `<s>` and `</s>`, as SentencePiece writes files if it is not told otherwise, ids are
        those of XLM-R: `<s>`, `<pad>`, `</s>`, `<unk>`, the pieces of the file, `<mask>`.

        Args:
            path: str or path of a `sentencepiece.bpe.model`, `spiece.model` or `tokenizer.model`.
            special_tokens_in_text: bool, as for `SentencePieceTokenizer`.

        Returns:
            A `SentencePieceTokenizer`.

        Raises:
            FileNotFoundError: if there is no such file.
            ValueError: if the file is damaged, or needs something that is not supported.
        """
        tokens, scores, options = files.read_model(path, cls._vocabulary_class)
        return cls(tokens, scores, **options, special_tokens_in_text=special_tokens_in_text)

    def _files(self, max_length):
        return sentencepiece_out.folder_files(self, max_length)

    def _joined(self, tokens):
        # As in SentencePiece, no text begins with `▁`; it may with a space that is a byte.
        tokens = list(itertools.dropwhile(META.__eq__, tokens))
        tokens[:1] = [token.removeprefix(META) for token in tokens[:1]]
        tokens = [token.replace(META, " ") for token in tokens]
        return joined(tokens) if self.byte_fallback else "".join(tokens)

    def _tokenize(self, texts, with_offsets):
        texts = normalization.valid_utf8(texts)
        if self._finder is None:
            return self._tokenize_plain(texts, self.keep_last_space, with_offsets)
        pieces, is_token, ids = self._finder.cut(texts)
        # `<mask>` takes the white space before it with it.
        mask = self.vocabulary.special_tokens[-1]
        masked = tf.concat([is_token[1:] & (pieces.flat_values[1:] == mask), [False]], 0)
        plain = tf.where(is_token, "", pieces.flat_values)
        between = self._tokenize_plain(plain, ~masked & self.keep_last_space, with_offsets)
        sizes = tf.strings.length(pieces.flat_values, unit="UTF8_CHAR")
        return insert(pieces, is_token, ids, between, sizes)

    def _tokenize_plain(self, texts, keep_last_space, with_offsets):
        """Tokenizes texts without special tokens."""
        # Words do not depend on each other, and most texts repeat many, so that each is split only once.
        chunks = tf.strings.split(texts, sep=" ")
        different, which = tf.unique(chunks.flat_values)
        code = tf.strings.unicode_decode(" " + different, "UTF-8")
        ids, starts, ends, last_is_space = self._tokenize_chunks(code)
        tokens = [tf.gather(x, which) for x in ((ids, starts, ends) if with_offsets else (ids,))]
        if with_offsets:
            lengths = tf.strings.length(chunks.flat_values, unit="UTF8_CHAR") + 1
            before = tf.cumsum(lengths, exclusive=True)
            before -= tf.gather(before, tf.gather(chunks.row_starts(), chunks.value_rowids()))
            shift = tf.gather(before, tokens[0].value_rowids())
            tokens[1:] = [x.with_flat_values(x.flat_values + shift) for x in tokens[1:]]
        tokens = [
            tf.RaggedTensor.from_row_splits(
                x.flat_values, tf.gather(x.row_splits, chunks.row_splits), validate=False
            )
            for x in tokens
        ]
        if self.keep_last_space:
            last = tf.gather(last_is_space, tf.gather(which, chunks.row_limits() - 1))
            last &= keep_last_space & (texts != "")
            size = tf.boolean_mask(tf.strings.length(texts, unit="UTF8_CHAR"), last)
            values = [tf.fill(tf.shape(size), self._prefix_id), size, size]
            counts = tf.cast(last, tf.int64)
            more = [tf.RaggedTensor.from_row_lengths(x, counts, validate=False) for x in values]
            tokens = [tf.concat(both, axis=1) for both in zip(tokens, more, strict=False)]
        return tuple(tokens)

    def _tokenize_chunks(self, code):
        """Tokenizes parts of texts without spaces.

        Args:
            code: ragged int32 (U, None), the code points of each part, with a space before it.

        Returns:
            (ids, starts, ends, last_is_space): ragged int32 (U, None), the tokens and their places in the
            part as it is in the text; bool (U,), whether the last character is a space once it is normalised.
        """
        symbols, sources, sizes = self._characters.symbols(code.flat_values)
        chunk = code.value_rowids()
        with_last = tf.math.segment_max(tf.range(tf.size(symbols)), tf.gather(chunk, sources))
        last_is_space = tf.gather(symbols, with_last) == SPACE

        symbols, sources, sizes = words(symbols, sources, sizes, self._most)
        first, last, ids = self._splitter.split(symbols, symbols == PREFIX)
        starts, ends = spans(symbols, sources, sizes, first, last)
        row = tf.gather(chunk, tf.gather(sources, first))
        shift = tf.gather(tf.cast(code.row_starts(), tf.int32) + 1, row)
        splits = tf.RaggedTensor.from_value_rowids(ids, row, code.nrows(), validate=False)
        return splits, *(splits.with_flat_values(x - shift) for x in (starts, ends)), last_is_space
