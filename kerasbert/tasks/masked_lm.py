"""Masked language modelling: predicts the tokens at masked positions."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from kerasbert import checks
from kerasbert.data import IGNORED, is_dataset, is_tokens, no_rows, not_rows, single_texts, stream_of
from kerasbert.data.masking import Masking
from kerasbert.encoder import BertEncoder
from kerasbert.heads import MaskedLMHead
from kerasbert.preprocessing import MaskedTextPreprocessor, Preprocessor, checked_batch_size
from kerasbert.tasks.answering import Answering
from kerasbert.tasks.measures import Target
from kerasbert.tasks.task import Task
from kerasbert.text.base import TextTokenizer
from kerasbert.types import Config, Labels, Rows, Shape, Tensor, Tensors, Texts

TOP_K = 5


@keras.saving.register_keras_serializable(package="kerasbert")
class BertMaskedLM(Answering, Task):
    """Predicts masked tokens: computes a logit for every token of the vocabulary at each position.

    `fit(texts)` masks tokens of the texts, different ones in each epoch, and learns to predict them. This
    adapts a checkpoint to a domain before it is fine-tuned (Gururangan et al. 2020,
    https://arxiv.org/abs/2004.10964). To train from scratch, see `kerasbert.pretraining`.

    Devlin et al. 2019, section 3.1, https://arxiv.org/abs/1810.04805.

    Args:
        encoder: `BertEncoder`.
        tokenizer: `BertTokenizer`.
        tied: bool, whether the last kernel is shared with the token embedding, as in BERT.
        max_sequence_length: int or None, the longest input in tokens; None for the encoder's limit.
        masking: `kerasbert.pretraining.Masking`, how `fit` and `evaluate` mask tokens; None for 15 % of the
            tokens, by whole words.
        **kwargs: `name`, `dtype`.

    Call arguments:
        inputs: dict of int tensors `token_ids`, `segment_ids`, `padding_mask`, `(B, S)` each, or `(S,)`
            for one sequence.

    Returns:
        Float tensor `(B, S, V)`, or `(S, V)`: logits. If `x` is tokens, `fit` takes token ids `(B, S)` as
        labels, with -100 at the positions that are not to be predicted.

    Example:

    >>> tokenizer = BertTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "good", "film"])
    >>> config = BertConfig(vocabulary_size=7, num_layers=1, num_heads=2, hidden_dim=8, intermediate_dim=16)
    >>> tuple(BertMaskedLM(BertEncoder(config), tokenizer)(tokenizer(["good film"])).shape)
    (1, 4, 7)
    >>> task = BertMaskedLM(BertEncoder(config), tokenizer)
    >>> task.compile()
    >>> history = task.fit(["good film", "film"], verbose=0)
    """

    preprocessor_class = MaskedTextPreprocessor
    head_names = ("masked_lm",)
    preset_arguments = ("tied",)

    def __init__(
        self,
        encoder: BertEncoder,
        tokenizer: TextTokenizer | None = None,
        tied: bool = True,
        max_sequence_length: int | None = None,
        preprocessor: Preprocessor | None = None,
        masking: Masking | Config | None = None,
        **kwargs: Any,
    ) -> None:
        chosen = self._preprocessor_of(preprocessor, encoder, tokenizer, max_sequence_length, masking=masking)
        super().__init__(encoder, chosen, **kwargs)
        self.refuse_own_head()
        self.head = masked_lm_head(encoder.config, tied, self.dtype_policy)
        self._with_masks: TextTokenizer | None = None
        self.built = True

    def compute_output_shape(self, inputs_shape: dict[str, Shape]) -> Shape:
        """Returns the shape of the logits, given a dict of the inputs' shapes."""
        return (*inputs_shape["token_ids"], self.encoder.config.vocabulary_size)

    def fill_masks(
        self, texts: Texts, top_k: int = TOP_K, batch_size: int | None = None
    ) -> list[list[list[tuple[str, float]]]]:
        """Returns the most probable tokens for each `[MASK]` in texts (`<mask>` for RoBERTa).

        Args:
            texts: sequence of str.
            top_k: int, how many tokens to return, the most probable first.
            batch_size: int or None for 32.

        Returns:
            For each text and each mask in it, a list of `top_k` pairs: the token, str, and its probability.

        Raises:
            ValueError: if a text has no mask within `max_sequence_length`, or the task has no tokenizer.

        Warns:
            UserWarning: if texts were truncated, with their number.

        Example:

        >>> tokenizer = BertTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "good", "film"])
        >>> encoder = BertEncoder(BertConfig(vocabulary_size=7, num_layers=1, num_heads=2, hidden_dim=8))
        >>> [[[(token, probability)]]] = BertMaskedLM(encoder, tokenizer).fill_masks(
        ...     ["a [MASK] film"], top_k=1)
        """
        return self.predict_with(self.answer_tokens, texts, batch_size, top_k)

    def predict(
        self, x: Rows, batch_size: int | None = None, verbose: int | str = "auto", **kwargs: Any
    ) -> list[list[list[tuple[str, float]]]] | Any:
        """Fills the masks of texts, like `fill_masks`; for tokens, returns probabilities `(B, S, V)`."""
        if is_tokens(x):
            logits = super().predict(x, batch_size, verbose, **kwargs)
            return keras.ops.convert_to_numpy(self.answers(logits)[self.output])
        return self.fill_masks(x, batch_size=batch_size, **kwargs)

    def answers_with(
        self,
        preprocessor: Preprocessor,
        run: Callable[[Tensors], Tensors],
        x: Rows,
        batch_size: int | None = None,
        top_k: int = TOP_K,
    ) -> list[list[list[tuple[str, float]]]]:
        """See `TextTask.answers_with`."""
        self.warn_if_untrained()
        tokenizer = self.mask_tokenizer("fill_masks")
        checks.positive_int("fill_masks", top_k=top_k)
        if isinstance(x, (str, bytes)):
            raise not_rows(x, "fill_masks", 'Put it in a list: ["a [MASK] film"].')
        filled: list[Any] = []
        batch_size = checked_batch_size(batch_size, "fill_masks")
        if is_dataset(x):
            batched = getattr(x.element_spec, "shape", ()) != ()  # `stream_of` would read a batch as words
            x = stream_of(x.unbatch() if batched else x)
        for batch in _batches(preprocessor.parts(x), batch_size):
            ids = tokenizer.tokenize(batch)
            preprocessor.count_truncated(tokenizer.packed_lengths(ids))
            tokens = tokenizer.pack(ids, max_length=self.max_sequence_length)
            masked = keras.ops.convert_to_numpy(tokens["token_ids"]) == tokenizer.mask_id
            bad = np.flatnonzero(~masked.any(1))
            if bad.size:
                raise checks.invalid(
                    f"Every text must hold {tokenizer.vocabulary[tokenizer.mask_id]}, and within "
                    f"{self.max_sequence_length} tokens.",
                    fix="Write it where a token is to be found, or shorten the text.",
                    where=f"fill_masks, row {len(filled) + bad[0]}",
                    text=batch[bad[0]],
                )
            probabilities = keras.ops.convert_to_numpy(run(tokens)[self.output])
            filled += [self._best(*row, top_k) for row in zip(probabilities, masked, strict=True)]
        return filled

    def mask_tokenizer(self, where: str) -> TextTokenizer:
        """Returns a copy of the tokenizer that reads `[MASK]` in a text as the mask token."""
        self.preprocessor.need_tokenizer(where)
        if self._with_masks is None:
            config = self.tokenizer.get_config() | {"special_tokens_in_text": True}
            self._with_masks = type(self.tokenizer).from_config(config)
        return self._with_masks

    def _best(self, probabilities, masked, top_k):
        """The best tokens of each masked position, with their probabilities; `probabilities` is `(S, V)`."""
        found = []
        for row in probabilities[masked]:
            best = np.argsort(-row[: self.tokenizer.vocabulary_size], kind="stable")[:top_k]
            found.append([(self.tokenizer.vocabulary[int(i)], float(row[i])) for i in best])
        return found

    # === What exports ask of a task ===

    endpoint = "fill"
    output = "probabilities"

    def logits(self, encoder_outputs: Tensors, training: bool | None = None) -> Tensor:
        """Logits `(B, S, V)`, or `(S, V)`, computed from the encoder's outputs."""
        return self.head(
            encoder_outputs["sequence_output"], self.encoder.embeddings.token_embedding.embeddings
        )

    def answers(self, logits: Tensor) -> Tensors:
        """The named outputs: `probabilities`, `(B, S, V)`, in float32."""
        return {self.output: keras.ops.softmax(keras.ops.cast(logits, "float32"))}

    def compared_values(self, answers: Tensors, padding_mask: Tensor) -> np.ndarray:
        """See `TextTask.compared_values`."""
        return np.asarray(answers[self.output])

    def hard_predictions(self, predictions: Any) -> list[list[str]]:
        """The best token of each mask in the result of `fill_masks`; see `TextTask.hard_predictions`."""
        return [[best[0][0] for best in row] for row in predictions]

    def score_predictions(self, predictions: Any, x: Rows, y: Labels) -> dict[str, float]:
        """`accuracy` over all masks; `y` has a list of right tokens for each text. See `TextTask`."""
        if not predictions:
            raise no_rows(f"{self.name}.scores")
        pairs = zip(self.hard_predictions(predictions), y, strict=True)
        right = [one == two for row in pairs for one, two in zip(*row, strict=True)]
        return {"accuracy": float(np.mean(right))}

    @property
    def target(self) -> Target:
        """What the outputs are compared with; see `Task.compile`."""
        return Target("classes", self.encoder.config.vocabulary_size, at_tokens=True)

    def default_loss(self) -> Any:
        """Cross-entropy over the vocabulary, at the masked positions."""
        return keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=IGNORED)

    def get_config(self) -> Config:
        """Returns the arguments of `__init__`."""
        return {**super().get_config(), "tied": self.head.tied}


def _batches(parts, batch_size):
    """Yields the texts of all parts of rows in batches."""
    for part, _, where in parts:
        texts = single_texts(part, where)
        for start in range(0, len(texts), batch_size):
            yield texts[start : start + batch_size]


def masked_lm_head(config, tied, dtype):
    """Builds the `MaskedLMHead` for an encoder with this config."""
    head = MaskedLMHead(
        config.vocabulary_size,
        config.activation,
        config.layer_norm_epsilon,
        config.initializer_range,
        tied,
        config.embedding_dim,
        name="masked_lm",
        dtype=dtype,
    )
    head.build((None, None, config.hidden_dim))
    return head
