"""The RoBERTa tokenizer: byte-level BPE in graph operations."""

import os
from collections.abc import Sequence

import keras

from kerasbert import checks
from kerasbert.json_files import read_json
from kerasbert.text import huggingface_out, normalization
from kerasbert.text import roberta_files as files
from kerasbert.text.added_files import read_added_tokens
from kerasbert.text.base import TextTokenizer
from kerasbert.text.byte_level import ByteLevel
from kerasbert.text.byte_pairs import BYTE_CHARACTERS
from kerasbert.text.roberta_files import RobertaVocabulary
from kerasbert.types import PathLike, Self

_BYTES = {character: bytes([byte]) for byte, character in enumerate(BYTE_CHARACTERS)}


@keras.saving.register_keras_serializable(package="kerasbert")
class RobertaTokenizer(TextTokenizer):
    """Turns texts into the token ids of RoBERTa, exactly as Hugging Face's tokenizer does.

    Texts are split wherever letters, numbers, other marks and white space meet, and a space joins the word
    after it (Radford et al. 2019); then the bytes of each word are merged by rank (byte-pair encoding:
    Sennrich et al. 2016; RoBERTa: Liu et al. 2019, section 4.4). Every text can be encoded without loss, so
    there are no unknown tokens. The whole tokenizer consists of stateless TensorFlow graph operations: it
    works on Python lists, in `tf.data`, in `tf.function` and inside a SavedModel.

    Bytes that are not valid UTF-8 are ignored, and a lone surrogate in a `str` counts as U+FFFD.

    Args:
        vocabulary: `RobertaVocabulary`, sequence of str, or the path of a `vocab.json`.
        merges: sequence of str, two tokens separated by a space, in the order of their ranks; or the path of
            a `merges.txt`.
        add_prefix_space: bool, whether to put a space before a text that does not begin with one, so that its
            first word is encoded like any other word. RoBERTa was trained without this.
        special_tokens_in_text: bool, whether special tokens that are written in a text, such as `<mask>`,
            become these tokens, as in Hugging Face's tokenizers; `<mask>` then also absorbs the white space
            before it. By default they are ordinary text.

    Raises:
        TypeError: if an argument has the wrong type.
        ValueError: if the vocabulary is not a RoBERTa vocabulary, or the merges do not belong to it.

    Example:

    >>> from kerasbert.text.byte_pairs import BYTE_CHARACTERS
    >>> special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    >>> tokens = [*special, *BYTE_CHARACTERS, "fi", "lm", "film", "Ġfilm"]
    >>> tokenizer = RobertaTokenizer(tokens, ["f i", "l m", "fi lm", "Ġ film"])
    >>> tokenizer.to_tokens(tokenizer.tokenize("film film!"))
    ['film', 'Ġfilm', '!']
    >>> tokenizer("film", "film")["token_ids"].numpy().tolist()
    [0, 263, 2, 2, 263, 2]
    """

    word_prefix = " "
    _lists = ("vocabulary", "merges")
    _settings = ("add_prefix_space", "special_tokens_in_text")
    num_separators = 2
    second_segment = 0

    def __init__(
        self,
        vocabulary: RobertaVocabulary | Sequence[str] | PathLike,
        merges: Sequence[str] | PathLike,
        add_prefix_space: bool = False,
        special_tokens_in_text: bool = False,
    ) -> None:
        if isinstance(vocabulary, (str, os.PathLike)):
            vocabulary = RobertaVocabulary.from_file(vocabulary)
        elif not isinstance(vocabulary, RobertaVocabulary):
            vocabulary = RobertaVocabulary(vocabulary)
        path = isinstance(merges, (str, os.PathLike))
        switches = {"add_prefix_space": add_prefix_space, "special_tokens_in_text": special_tokens_in_text}
        checks.one_of("RobertaTokenizer", (True, False), **switches)
        self.vocabulary = vocabulary
        self.merges = tuple(files.read_merges(merges) if path else files.checked_merges(merges))
        self.add_prefix_space = add_prefix_space
        self.special_tokens_in_text = special_tokens_in_text
        self.pad_id, self.unk_id, self.cls_id, self.sep_id, self.mask_id = map(
            vocabulary.id_of, files.ROBERTA_SPECIAL_TOKENS
        )
        found = files.ROBERTA_SPECIAL_TOKENS[::-1] if special_tokens_in_text else ()
        self._byte_level = ByteLevel(vocabulary, self.merges, add_prefix_space, found, "RobertaTokenizer")

    @classmethod
    def from_folder(cls, folder: PathLike, special_tokens_in_text: bool = False) -> Self:
        """Loads the tokenizer from a folder with Hugging Face's files.

        Args:
            folder: str or path. It must hold `tokenizer.json`, or `vocab.json` and `merges.txt`; and
                `tokenizer_config.json` if options differ from the defaults. If two files give the same
                option, `tokenizer_config.json` decides.
            special_tokens_in_text: bool, as for `RobertaTokenizer`.

        Returns:
            A `RobertaTokenizer`.

        Raises:
            FileNotFoundError: if the folder does not contain these files.
            ValueError: if the content of a file is not valid.
        """
        names = ("tokenizer.json", "vocab.json", "merges.txt", "tokenizer_config.json")
        tokenizer_json, vocab_json, merges_txt, config = (os.path.join(folder, name) for name in names)
        options = {}
        if os.path.isfile(tokenizer_json):
            tokens, merges, options = files.read_bpe_json(read_json(tokenizer_json), tokenizer_json)
            vocabulary = RobertaVocabulary(tokens, where=tokenizer_json)
        else:
            vocabulary, merges = RobertaVocabulary.from_file(vocab_json), merges_txt
        for token in read_added_tokens(folder, vocabulary.tokens):
            if token.content not in files.ROBERTA_SPECIAL_TOKENS:
                raise files.unsupported(token.content, vocabulary.id_of(token.content), os.fspath(folder))
        if os.path.isfile(config):
            options.update(files.read_bpe_config(read_json(config)))
        return cls(vocabulary, merges, **options, special_tokens_in_text=special_tokens_in_text)

    def _files(self, max_length):
        return huggingface_out.roberta_files(self, max_length)

    def _joined(self, tokens):
        text = "".join(tokens)
        text = b"".join(_BYTES.get(c) or c.encode() for c in text).decode("utf-8", "replace")
        return text.removeprefix(" ") if self.add_prefix_space else text

    def _tokenize(self, texts, with_offsets):
        return self._byte_level.tokenize(normalization.valid_utf8(texts), with_offsets)
