"""The RoBERTa tokenizer: texts to byte-level BPE ids, in graph operations."""

import os

import keras

from kerasbert import checks
from kerasbert.json_files import read_json
from kerasbert.text import decoding, huggingface_out, normalization
from kerasbert.text import roberta_files as files
from kerasbert.text.added_files import read_added_tokens
from kerasbert.text.base import TextTokenizer
from kerasbert.text.byte_level import ByteLevel
from kerasbert.text.byte_pairs import BYTE_CHARACTERS
from kerasbert.text.roberta_files import RobertaVocabulary

_BYTES = {character: bytes([byte]) for byte, character in enumerate(BYTE_CHARACTERS)}


@keras.saving.register_keras_serializable(package="kerasbert")
class RobertaTokenizer(TextTokenizer):
    """Turns texts into the token ids of RoBERTa, exactly as Hugging Face's tokenizer does.

    Splits at changes between letters, numbers, other marks and white space, where a blank goes with the
    word after it (Radford et al. 2019), then merges the bytes of each word by rank (byte-pair encoding:
    Sennrich et al. 2016; RoBERTa: Liu et al. 2019, section 4.4). Nothing is lost, and no text is unknown.
    All of it is TensorFlow graph operations, without state: the same tokenizer works on Python lists, in
    `tf.data`, in `tf.function` and inside a SavedModel.

    Bytes that are not UTF-8 are ignored, and a lone surrogate in a `str` counts as U+FFFD.

    Args:
        vocabulary: `RobertaVocabulary`, sequence of str, or path of a `vocab.json`.
        merges: sequence of str, two tokens with a blank between, in the order of their ranks; or path of a
            `merges.txt`.
        add_prefix_space: bool, whether a text begins with a blank if it does not already, so that its
            first word is one like any other. RoBERTa was trained without.
        special_tokens_in_text: bool, whether `<mask>` and the like in the text become that token, as with
            Hugging Face; `<mask>` then takes the white space before it along. By default they are text.

    Raises:
        TypeError: if an argument has the wrong type.
        ValueError: if the vocabulary is not one of RoBERTa, or merges and vocabulary do not belong together.

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
    num_separators = 2
    second_segment = 0

    def __init__(self, vocabulary, merges, add_prefix_space=False, special_tokens_in_text=False):
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
    def from_folder(cls, folder, special_tokens_in_text=False):
        """Reads the tokenizer of a folder in Hugging Face's layout.

        Args:
            folder: str or path. It holds `tokenizer.json`, or `vocab.json` and `merges.txt`; and
                `tokenizer_config.json` if options differ from the defaults. Of two that name the same
                option, `tokenizer_config.json` decides.
            special_tokens_in_text: bool, as for `RobertaTokenizer`.

        Returns:
            A `RobertaTokenizer`.

        Raises:
            FileNotFoundError: if the folder holds no such files.
            ValueError: if a file is not what its name says.
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

    def save_to_folder(self, folder, max_length=None):
        """Writes `vocab.json`, `merges.txt`, `tokenizer.json` and `tokenizer_config.json`.

        `from_folder` reads them back, and so does `transformers.AutoTokenizer`, to the same ids, where a
        `config.json` beside them says `{"model_type": "roberta"}`. `special_tokens_in_text` is in none of
        the files: Hugging Face finds special tokens in texts always, and `from_folder` takes it as an
        argument.

        Args:
            folder: str or path; made if missing. Each file appears complete or not at all.
            max_length: int or None, the `model_max_length` that Hugging Face truncates to when asked.
        """
        huggingface_out.save(folder, huggingface_out.roberta_files(self, max_length))

    def detokenize(self, ids):
        """The text of ids, without `<pad>`, `<s>` and `</s>`; `<unk>` and `<mask>` stay.

        With `add_prefix_space` the first blank is left out. Bytes that are not UTF-8, such as those of a
        character of which a token is missing, become U+FFFD.

        Args:
            ids: list of int or (S,) tensor; or B of them, as list, array or ragged tensor.

        Returns:
            str, or list of B str.
        """
        return self._to_text(decoding.as_list(ids))

    def get_config(self):
        """The constructor's arguments, fit for JSON.

        Returns:
            dict; the vocabulary and the merges are lists of str.
        """
        return {
            "vocabulary": list(self.vocabulary),
            "merges": list(self.merges),
            "add_prefix_space": self.add_prefix_space,
            "special_tokens_in_text": self.special_tokens_in_text,
        }

    def _to_text(self, ids):
        if any(isinstance(row, (list, tuple)) for row in ids):
            return [self._to_text(row) for row in ids]
        tokens = decoding.to_tokens(ids, self.vocabulary)
        text = "".join(token for token in tokens if token not in (files.PAD, files.CLS, files.SEP))
        text = b"".join(_BYTES.get(c) or c.encode() for c in text).decode("utf-8", "replace")
        return text.removeprefix(" ") if self.add_prefix_space else text

    def _tokenize(self, texts, with_offsets):
        return self._byte_level.tokenize(normalization.valid_utf8(texts), with_offsets)
