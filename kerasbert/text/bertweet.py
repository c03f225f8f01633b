"""The tokenizer of BERTweet: fastBPE, and tweets normalised before it."""

import functools
import itertools
import re
from collections.abc import Sequence

import keras
import numpy as np

from kerasbert import checks
from kerasbert.optional import tensorflow as tf
from kerasbert.text import bertweet_files as files
from kerasbert.text import normalization
from kerasbert.text.base import TextTokenizer
from kerasbert.text.bertweet_files import BertweetVocabulary
from kerasbert.text.roberta_files import ROBERTA_SPECIAL_TOKENS, checked_merges
from kerasbert.text.tweets import normalise_tweet
from kerasbert.types import PathLike, Self

_END = "</w>"  # of a word, in merges


@keras.saving.register_keras_serializable(package="kerasbert")
class BertweetTokenizer(TextTokenizer):
    """Turns tweets into the token ids of BERTweet, as Hugging Face's tokenizer does.

    Words are what stands between white space; the characters of each are merged by rank (byte-pair encoding:
    Sennrich et al. 2016; BERTweet: Nguyen et al. 2020, https://arxiv.org/abs/2005.10200). It runs in Python:
    it works on lists, in `tf.data` and in `fit`, but no file can hold it. So `to_saved_model` and
    `text=True` of other exports refuse it; export the model alone, and tokenize in front of it.

    Args:
        vocabulary: sequence of str, with `<s>`, `<pad>`, `</s>`, `<unk>` and `<mask>`. A token that a word
            goes on behind ends with `@@`.
        merges: sequence of str, two tokens separated by a space, in the order of their ranks. `</w>` stands
            for the end of a word.
        normalization: bool, whether texts are normalised first: `@USER`, `HTTPURL`, names of emoji. It needs
            `pip install 'kerasbert[tweets]'`. False for texts that are already.
        special_tokens_in_text: bool, whether special tokens that are written in a text, such as `<mask>`,
            become these tokens, as in Hugging Face's tokenizers. By default they are ordinary text.

    Raises:
        TypeError: if an argument has the wrong type.
        ValueError: if the vocabulary lacks a special token, or a merge is none.

    Example:

    >>> tokens = ["<s>", "<pad>", "</s>", "<unk>", "good", "fi@@", "lm", "<mask>"]
    >>> tokenizer = BertweetTokenizer(tokens, ["g o", "go o", "goo d</w>", "f i", "l m</w>"])
    >>> tokenizer.to_tokens(tokenizer.tokenize("good film !"))
    ['good', 'fi@@', 'lm', '<unk>']
    """

    _lists = ("vocabulary", "merges")
    _settings = ("normalization", "special_tokens_in_text")
    num_separators = 2
    second_segment = 0
    in_graph = False

    def __init__(
        self,
        vocabulary: BertweetVocabulary | Sequence[str],
        merges: Sequence[str],
        normalization: bool = False,
        special_tokens_in_text: bool = False,
    ) -> None:
        if not isinstance(vocabulary, BertweetVocabulary):
            vocabulary = BertweetVocabulary(vocabulary)
        switches = {"normalization": normalization, "special_tokens_in_text": special_tokens_in_text}
        checks.one_of("BertweetTokenizer", (True, False), **switches)
        self.vocabulary = vocabulary
        self.merges = tuple(checked_merges(merges))
        self.normalization = normalization
        self.special_tokens_in_text = special_tokens_in_text
        self.pad_id, self.unk_id, self.cls_id, self.sep_id, self.mask_id = map(
            vocabulary.id_of, ROBERTA_SPECIAL_TOKENS
        )
        self._ranks = {tuple(merge.split(" ")): rank for rank, merge in enumerate(self.merges)}
        self._pieces_of = functools.lru_cache(maxsize=1 << 16)(self._pieces)

    @classmethod
    def from_folder(cls, folder: PathLike, special_tokens_in_text: bool = False) -> Self:
        """Loads the tokenizer from a folder with `vocab.txt` and `bpe.codes`.

        Args:
            folder: str or path. `tokenizer_config.json`, if it is there, says whether to normalise.
            special_tokens_in_text: bool, as for `BertweetTokenizer`.

        Returns:
            A `BertweetTokenizer`.

        Raises:
            FileNotFoundError: if a file is missing.
            ValueError: if the content of a file is not valid.
        """
        tokens, merges, options = files.read_folder(folder)
        return cls(tokens, merges, **options, special_tokens_in_text=special_tokens_in_text)

    def _files(self, max_length):
        return files.folder_files(self, max_length)

    def _joined(self, tokens):
        return " ".join(tokens).replace("@@ ", "")

    def _tokenize(self, texts, with_offsets):
        if with_offsets and self.normalization:
            raise checks.invalid(
                "Tokens of a text that is normalised have no places in the text.",
                fix="Normalise the texts first, with `kerasbert.text.normalise_tweet`, and use a tokenizer "
                "with `normalization=False`.",
                where="BertweetTokenizer",
                normalization=True,
            )
        types = (tf.int32, tf.int64, tf.int32, tf.int32)
        found = tf.numpy_function(self._run, [normalization.valid_utf8(texts)], types, stateful=False)
        ids, counts, starts, ends = (tf.reshape(x, [-1]) for x in found)
        values = (ids, starts, ends) if with_offsets else (ids,)
        counts = tf.ensure_shape(counts, [texts.shape[0]])
        return tuple(tf.RaggedTensor.from_row_lengths(x, counts, validate=False) for x in values)

    def _run(self, texts):
        """The tokens of byte strings, one after another, their number in each, and their places."""
        tokens, counts = [], []
        for text in texts:
            before = len(tokens)
            tokens += self._of_text(text.decode())
            counts.append(len(tokens) - before)
        columns = zip(*tokens, strict=True) if tokens else ((), (), ())
        ids, starts, ends = (np.array(column, np.int32) for column in columns)
        return ids, np.array(counts, np.int64), starts, ends

    def _of_text(self, text):
        """Yields the (id, start, end) of each token."""
        place = 0
        special = "|".join(map(re.escape, ROBERTA_SPECIAL_TOKENS)) if self.special_tokens_in_text else "$^"
        for part in re.split(f"({special})", text):
            if self.special_tokens_in_text and part in ROBERTA_SPECIAL_TOKENS:
                yield self.vocabulary.id_of(part), place, place + len(part)
            else:
                plain = normalise_tweet(part) if self.normalization else part
                for word in re.finditer(r"\S+\n?", plain):
                    start = place + word.start()
                    for id_, size in self._pieces_of(word[0]):
                        yield id_, start, start + size
                        start += size
            place += len(part)

    def _pieces(self, word):
        """The (id, number of characters) of each token of a word."""
        symbols = [*word[:-1], word[-1] + _END]
        while len(symbols) > 1:
            pairs = set(itertools.pairwise(symbols))
            best = min(pairs, key=lambda pair: self._ranks.get(pair, len(self._ranks)))
            if best not in self._ranks:
                break
            merged, i = [], 0
            while i < len(symbols):
                both = tuple(symbols[i : i + 2]) == best
                merged.append("".join(best) if both else symbols[i])
                i += 1 + both
            symbols = merged
        symbols[-1] = symbols[-1].removesuffix(_END)
        tokens = [*(f"{symbol}@@" for symbol in symbols[:-1]), symbols[-1]]
        ids = (self.vocabulary.id_of(token) for token in tokens)
        sizes = map(len, symbols)
        return [(self.unk_id if i is None else i, size) for i, size in zip(ids, sizes, strict=True)]
