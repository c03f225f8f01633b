"""The tokenizer of MPNet: BERT's, with RoBERTa's special tokens."""

import keras

from kerasbert.text.tokenizer import BertTokenizer
from kerasbert.text.vocabulary import MPNetVocabulary


@keras.saving.register_keras_serializable(package="kerasbert")
class MPNetTokenizer(BertTokenizer):
    """Turns texts into the token ids of MPNet, whose words are split as in BERT.

    Song et al. 2020, https://arxiv.org/abs/2004.09297. A text becomes `<s> text </s>`, and a pair `<s> first
    </s></s> second </s>`, as in RoBERTa; all segment ids are 0.

    Args:
        vocabulary: `MPNetVocabulary`, sequence of str, or the path of a `vocab.txt`, with `<s>`, `<pad>`,
            `</s>`, `[UNK]` and `<mask>`.
        lowercase, strip_accents, split_chinese: as for `BertTokenizer`.
        max_characters_per_word, special_tokens_in_text, added_tokens: as for `BertTokenizer`.

    Raises:
        ImportError: if TensorFlow Text is not installed.
        TypeError: if an argument has the wrong type.
        ValueError: if the vocabulary is not an MPNet vocabulary.

    Example:

    >>> tokenizer = MPNetTokenizer(["<s>", "<pad>", "</s>", "[UNK]", "good", "film", "##s", "<mask>"])
    >>> tokenizer("Good films", "film")["token_ids"].numpy().tolist()
    [0, 4, 5, 6, 2, 2, 5, 2]
    """

    _vocabulary_class = MPNetVocabulary
    num_separators = 2
    second_segment = 0
