"""Which token stands at a masked position."""

import keras

from kerasbert.data import IGNORED
from kerasbert.heads import MaskedLMHead
from kerasbert.tasks.task import Task


@keras.saving.register_keras_serializable(package="kerasbert")
class BertMaskedLM(Task):
    """Scores the whole vocabulary at each position. It takes tokens, as a tokenizer gives them.

    Devlin et al. 2019, section 3.1, https://arxiv.org/abs/1810.04805.

    Args:
        encoder: `BertEncoder`.
        tokenizer: `BertTokenizer`.
        tied: bool, whether the last kernel is the token embedding, as in BERT.
        max_sequence_length: int or None, the longest input in tokens; None: the encoder's.
        **kwargs: `name`, `dtype`.

    Call arguments:
        inputs: dict of int tensors `token_ids`, `segment_ids`, `padding_mask`, `(B, S)` each, or `(S,)`
            for one sequence.

    Returns:
        Float tensor `(B, S, V)`, or `(S, V)`: logits. `fit` takes token ids `(B, S)`, and -100 where nothing
        is to be predicted.

    Example:

    >>> tokenizer = BertTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "good", "film"])
    >>> config = BertConfig(vocabulary_size=7, num_layers=1, num_heads=2, hidden_dim=8, intermediate_dim=16)
    >>> tuple(BertMaskedLM(BertEncoder(config), tokenizer)(tokenizer(["good film"])).shape)
    (1, 4, 7)
    """

    head_names = ("masked_lm",)
    preset_arguments = ("tied",)

    def __init__(self, encoder, tokenizer, tied=True, max_sequence_length=None, **kwargs):
        super().__init__(encoder, tokenizer, max_sequence_length, **kwargs)
        self.head = masked_lm_head(encoder.config, tied, self.dtype_policy)
        self.built = True

    def call(self, inputs, training=None):
        """See the class."""
        sequence_output = self.encoder(inputs, training=training)["sequence_output"]
        return self.head(sequence_output, self.encoder.embeddings.token_embedding.embeddings)

    def default_loss(self):
        """Cross-entropy over the vocabulary, at the masked positions."""
        return keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=IGNORED)

    def get_config(self):
        """Returns the arguments of `__init__`."""
        return {**super().get_config(), "tied": self.head.tied}


def masked_lm_head(config, tied, dtype):
    """Builds the `MaskedLMHead` of an encoder of `config`."""
    head = MaskedLMHead(
        config.vocabulary_size,
        config.activation,
        config.layer_norm_epsilon,
        config.initializer_range,
        tied,
        name="masked_lm",
        dtype=dtype,
    )
    head.build((None, None, config.hidden_dim))
    return head
