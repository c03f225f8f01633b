"""Finds texts that MediaPipe tokenizes differently, with its tokenizer rebuilt in TensorFlow Text."""

import dataclasses
from typing import Any

import numpy as np

from kerasbert.export.mediapipe_metadata import check_mediapipe
from kerasbert.optional import tensorflow as tf
from kerasbert.optional import tensorflow_text
from kerasbert.tasks import BertTextClassifier, BertTextEmbedder
from kerasbert.text import as_text_tensor
from kerasbert.text.vocabulary import UNK
from kerasbert.types import Texts

_BATCH_SIZE = 1024
_EXAMPLES = 5
# The characters, in addition to white space, at which MediaPipe splits, and which it keeps.
_CHINESE = (
    r"\x{4E00}-\x{9FFF}\x{3400}-\x{4DBF}\x{20000}-\x{2A6DF}\x{2A700}-\x{2B73F}"
    r"\x{2B740}-\x{2B81F}\x{2B820}-\x{2CEAF}\x{F900}-\x{FAFF}\x{2F800}-\x{2FA1F}"
)
_WORDS = rf"[!-/:-@\[-`{{-~\p{{P}}{_CHINESE}]"
_MOST_BYTES = 100  # longer words become [UNK]


@dataclasses.dataclass(frozen=True)
class MediaPipeDifferences:
    """How MediaPipe's tokens of some texts differ from the task's own.

    Args:
        texts: int, how many texts were compared.
        other_tokens: int, how many get different tokens, and so perhaps different answers.
        share: float in [0, 1], `other_tokens` divided by `texts`.
        too_long: int, how many have more MediaPipe tokens, including `[CLS]` and `[SEP]`, than
            `max_sequence_length`; the task truncates such texts, MediaPipe does not.
        examples: tuple of dicts of `text`, `tokens` and `mediapipe_tokens`: the first texts with different
            tokens.
    """

    texts: int
    other_tokens: int
    share: float
    too_long: int
    examples: tuple[dict[str, Any], ...]


def mediapipe_differences(task: BertTextClassifier | BertTextEmbedder, texts: Texts) -> MediaPipeDifferences:
    """Finds the texts that MediaPipe's tasks tokenize differently from the task itself.

    MediaPipe's BERT tokenizer only lower-cases ASCII letters and does not strip accents, so that with uncased
    vocabularies `Ärger` and `Ä` become `[UNK]` or other tokens. It does not drop control characters, only
    knows ASCII white space, and replaces words of more than 100 bytes by `[UNK]`, while BERT's limit is in
    characters. Plain English gets the same tokens. MediaPipe is not needed for the comparison, which uses the
    operations of TensorFlow Text that MediaPipe 1.2 is built from.

    Args:
        task: as for `add_mediapipe_metadata`.
        texts: sequence of texts, such as a test set.

    Returns:
        `MediaPipeDifferences`.

    Raises:
        TypeError: if `texts` are not texts, or MediaPipe does not have such a task.
        ValueError: if MediaPipe does not have the task's kind of tokenizer.

    Example:

    >>> from kerasbert import BertTextEmbedder
    >>> tokenizer = BertTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "cafe", "film"])
    >>> config = BertConfig(vocabulary_size=7, num_layers=1, num_heads=2, hidden_dim=8, intermediate_dim=16)
    >>> task = BertTextEmbedder(BertEncoder(config), tokenizer)
    >>> found = mediapipe_differences(task, ["Film cafe", "CAFE!", "café"])
    >>> found.other_tokens, found.examples[0]["tokens"], found.examples[0]["mediapipe_tokens"]
    (1, ['cafe'], ['[UNK]'])
    """
    check_mediapipe(task, "mediapipe_differences")
    texts = tf.reshape(as_text_tensor(texts, "texts"), [-1])
    tokenizer, theirs = task.tokenizer, MediaPipeTokenizer(task.tokenizer.vocabulary)
    examples: list[dict[str, Any]] = []
    other = too_long = 0
    for start in range(0, len(texts), _BATCH_SIZE):
        part = texts[start : start + _BATCH_SIZE]
        rows = zip(part.numpy(), _rows(tokenizer.tokenize(part)), _rows(theirs(part)), strict=True)
        for text, own, foreign in rows:
            too_long += len(foreign) + 2 > task.max_sequence_length
            if np.array_equal(own, foreign):
                continue
            other += 1
            if len(examples) < _EXAMPLES:
                tokens, foreign_tokens = map(tokenizer.to_tokens, (own, foreign))
                text = text.decode(errors="replace")
                examples.append({"text": text, "tokens": tokens, "mediapipe_tokens": foreign_tokens})
    count = len(texts)
    return MediaPipeDifferences(count, other, other / max(count, 1), too_long, tuple(examples))


class MediaPipeTokenizer:
    """MediaPipe's BertTokenizer, built from graph operations.

    Args:
        vocabulary: `Vocabulary`.

    Call arguments:
        texts: string tensor (B,).

    Returns:
        Ragged int64 (B, None), ids without special tokens.
    """

    def __init__(self, vocabulary):
        numbers = tf.range(len(vocabulary), dtype=tf.int64)
        rows = tf.lookup.KeyValueTensorInitializer(list(vocabulary), numbers)
        self._wordpiece = tensorflow_text.WordpieceTokenizer(
            tf.lookup.StaticVocabularyTable(rows, num_oov_buckets=1),
            max_bytes_per_word=_MOST_BYTES,
            unknown_token=UNK,
        )

    def __call__(self, texts):
        """See the class."""
        words = tensorflow_text.regex_split(
            tf.strings.lower(texts), rf"\s+|{_WORDS}", keep_delim_regex_pattern=_WORDS
        )
        return self._wordpiece.tokenize(words).merge_dims(1, 2)


def _rows(ids):
    """Returns the rows of ragged ids as arrays."""
    return np.split(ids.flat_values.numpy(), ids.row_splits.numpy()[1:-1])
