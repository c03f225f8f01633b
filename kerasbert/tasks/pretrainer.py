"""The two losses of BERT's pre-training."""

import keras

from kerasbert.data import IGNORED
from kerasbert.heads import ClassificationHead
from kerasbert.tasks.masked_lm import masked_lm_head
from kerasbert.tasks.task import Task


@keras.saving.register_keras_serializable(package="kerasbert")
class BertPretrainer(Task):
    """Masked tokens and the next sentence. It takes tokens of pairs, as a tokenizer gives them.

    Devlin et al. 2019, section 3.1, https://arxiv.org/abs/1810.04805.

    Args:
        encoder: `BertEncoder` with a pooler.
        tokenizer: `BertTokenizer`.
        tied: bool, whether the last kernel of the masked language model is the token embedding.
        max_sequence_length: int or None, the longest input in tokens; None: the encoder's.
        **kwargs: `name`, `dtype`.

    Call arguments:
        inputs: dict of int tensors `token_ids`, `segment_ids`, `padding_mask`, `(B, S)` each, or `(S,)`
            for one sequence.

    Returns:
        dict of `masked_lm`, float tensor `(B, S, V)`, and `next_sentence`, `(B, 2)`: logits. `fit` takes a
        dict of `masked_lm`, token ids `(B, S)` and -100 where nothing is to be predicted, and
        `next_sentence`, int `(B,)`: 0 if the second text follows the first, 1 if it is a random one.

    Example:

    >>> tokenizer = BertTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "good", "film"])
    >>> config = BertConfig(vocabulary_size=7, num_layers=1, num_heads=2, hidden_dim=8, intermediate_dim=16)
    >>> logits = BertPretrainer(BertEncoder(config), tokenizer)(tokenizer(["good"], ["film"]))
    >>> tuple(logits["masked_lm"].shape), tuple(logits["next_sentence"].shape)
    ((1, 5, 7), (1, 2))
    """

    head_names = ("masked_lm", "next_sentence")
    needs_pooler = True
    preset_arguments = ("tied",)

    def __init__(self, encoder, tokenizer, tied=True, max_sequence_length=None, **kwargs):
        super().__init__(encoder, tokenizer, max_sequence_length, **kwargs)
        config = encoder.config
        self.masked_lm_head = masked_lm_head(config, tied, self.dtype_policy)
        self.next_sentence_head = ClassificationHead(
            2, 0.0, config.initializer_range, name="next_sentence", dtype=self.dtype_policy
        )
        self.next_sentence_head.build((None, config.hidden_dim))
        self.built = True

    @property
    def heads(self):
        """The two heads."""
        return [self.masked_lm_head, self.next_sentence_head]

    def call(self, inputs, training=None):
        """See the class."""
        outputs = self.encoder(inputs, training=training)
        table = self.encoder.embeddings.token_embedding.embeddings
        return {
            "masked_lm": self.masked_lm_head(outputs["sequence_output"], table),
            "next_sentence": self.next_sentence_head(outputs["pooled_output"]),
        }

    def default_loss(self):
        """The sum of two cross-entropies: of masked tokens, and of the next sentence."""
        return {
            "masked_lm": keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=IGNORED),
            "next_sentence": keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        }

    def get_config(self):
        """Returns the arguments of `__init__`."""
        return {**super().get_config(), "tied": self.masked_lm_head.tied}
