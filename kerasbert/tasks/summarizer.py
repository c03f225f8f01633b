"""Extractive summarization: chooses the sentences that say what a text is about."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from kerasbert import checks
from kerasbert.data import IGNORED, is_dataset, is_tokens, rouge_scores
from kerasbert.encoder import BertEncoder
from kerasbert.heads import TokenClassificationHead
from kerasbert.preprocessing import Preprocessor, SentencePreprocessor, checked_batch_size
from kerasbert.tasks.entities import by_row
from kerasbert.tasks.measures import Target
from kerasbert.tasks.r_drop import bernoulli_divergence
from kerasbert.tasks.summaries import UNSCORED, Summary, best_summary
from kerasbert.tasks.token_task import TokenTask
from kerasbert.text.base import TextTokenizer
from kerasbert.training import TokenAccuracy, TokenBinaryCrossentropy
from kerasbert.types import Labels, Rows, Shape, Tensor, Tensors


@keras.saving.register_keras_serializable(package="kerasbert")
class BertSummarizer(TokenTask):
    """Summarizes texts by choosing some of their sentences: texts in, summaries out.

    BERTSUM with the simple classifier (Liu 2019, section 2, https://arxiv.org/abs/1903.10318): there is a
    `[CLS]` before each sentence, segment ids alternate by sentence, and the probability that a sentence
    belongs in the summary is computed from the vector of its `[CLS]`. A document that is too long is cut into
    windows of whole sentences. A sentence without tokens, such as an empty one, is never chosen.

    `x` is a list of texts, which `kerasbert.data.split_sentences` splits; a list of lists of sentences; or a
    data set of texts and labels. `y` is, for each document, a 0 or 1 for each sentence, or a reference
    summary, which `kerasbert.data.oracle_labels` turns into labels.

    Args:
        encoder: `BertEncoder`.
        tokenizer: `BertTokenizer`, `RobertaTokenizer` or `SentencePieceTokenizer`.
        max_sequence_length: int or None, the longest window in tokens; None for the encoder's limit.
        **kwargs: `name`, `dtype`.

    Call arguments:
        inputs: dict of int tensors `token_ids`, `segment_ids`, `padding_mask`, `(B, S)` each, or `(S,)`
            for one sequence.

    Returns:
        Float tensor `(B, S)`, or `(S,)`: logits, of which only those at `[CLS]` count. If `x` is tokens, or a
        data set of tokens, `fit` takes labels `(B, S)`: 0 or 1 at `[CLS]`, and -100 elsewhere.

    Example:

    >>> tokenizer = BertTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "it", "rained", "left"])
    >>> config = BertConfig(vocabulary_size=8, num_layers=1, num_heads=2, hidden_dim=8, intermediate_dim=16)
    >>> summarizer = BertSummarizer(BertEncoder(config), tokenizer)
    >>> summarizer.compile()
    >>> history = summarizer.fit(["It rained. Ann left."], ["Ann left."], verbose=0)
    >>> history = summarizer.fit([["It rained", "Ann left"]], [[0, 1]], verbose=0)
    >>> summarizer.predict(["It rained. Ann left."], verbose=0)[0].text
    'It rained.\\nAnn left.'
    """

    head_names = ("summarization",)
    preprocessor_class = SentencePreprocessor

    def __init__(
        self,
        encoder: BertEncoder,
        tokenizer: TextTokenizer | None = None,
        max_sequence_length: int | None = None,
        preprocessor: Preprocessor | None = None,
        **kwargs: Any,
    ) -> None:
        segments = encoder.config.num_segments
        chosen = self._preprocessor_of(
            preprocessor, encoder, tokenizer, max_sequence_length, num_segments=segments
        )
        super().__init__(encoder, chosen, **kwargs)
        self.add_head((None, None, encoder.config.hidden_dim), (None, None, 1))

    def make_head(self) -> keras.layers.Layer:
        """Returns the layer that maps the sequence output `(B, S, D)` to logits `(B, S, 1)`; see `Task`."""
        return TokenClassificationHead(
            1,
            0.0,
            self.encoder.config.initializer_range,
            name=self.head_names[0],
            dtype=self.dtype_policy,
        )

    def compute_output_shape(self, inputs_shape: dict[str, Shape]) -> Shape:
        """Returns the shape of the logits, given a dict of the inputs' shapes."""
        return tuple(inputs_shape["token_ids"])

    def predict(
        self,
        x: Rows,
        batch_size: int | None = None,
        verbose: int | str = "auto",
        max_sentences: int = 3,
        trigram_blocking: bool = True,
        steps: int | None = None,
        callbacks: Any = None,
    ) -> list[Summary] | Any:
        """Summarizes documents.

        Args:
            x: texts or lists of sentences; or tokens.
            batch_size: int or None for 32, the number of windows in a batch.
            verbose, callbacks: as in `keras.Model.predict`.
            max_sentences: int, the most sentences in a summary.
            trigram_blocking: bool, whether to skip a sentence that has three words in a row (or five Chinese
                characters) in common with a better one, as in section 3 of the paper.
            steps: as in `keras.Model.predict`, only for tokens.

        Returns:
            List with a `Summary` for each document, which is empty if the document has no sentences; for
            tokens, probabilities `(B, S)`.

        Warns:
            UserWarning: if sentences were longer than a window, with their number.
        """
        checks.positive_int("predict", max_sentences=max_sentences)
        if is_tokens(x):
            if is_dataset(x) and isinstance(x.element_spec, tuple):
                x = x.map(lambda tokens, *_: tokens)
            return super().predict(x, batch_size, verbose, steps, callbacks)
        preprocessor = self.preprocessor.for_one_call()
        scored = self._scored(preprocessor, x, batch_size, verbose, callbacks)
        found = [best_summary(*row, max_sentences, trigram_blocking) for row in scored]
        preprocessor.warn_if_truncated()
        return found

    def answers_with(
        self,
        preprocessor: Preprocessor,
        run: Callable[[Tensors], Tensors],
        x: Rows,
        batch_size: int | None = None,
    ) -> list[Summary]:
        """See `TextTask.answers_with`."""
        return [best_summary(*row) for row in self._scored(preprocessor, x, batch_size, run=run)]

    def _scored(self, preprocessor, x, *args, **kwargs):
        """Yields the text of each document, the positions of its sentences, and their scores."""
        for part, _, where in preprocessor.parts(x):
            documents = preprocessor.documents(part, where)
            scores = self._scores(preprocessor, documents, *args, **kwargs)
            yield from zip(documents.texts, documents.spans, by_row(scores, documents.splits), strict=True)

    def _scores(self, preprocessor, documents, batch_size, *args, **kwargs):
        """The probability of each sentence; `UNSCORED` for a sentence without tokens."""
        scores = np.full(len(documents.id_splits) - 1, UNSCORED, "float32")
        batches = preprocessor.to_decide(documents, checked_batch_size(batch_size, self.name))
        if batches is not None:
            sentence, probabilities = self.decided(batches, *args, **kwargs)
            scores[sentence] = probabilities
        return scores

    def scores(
        self, x: Rows, y: Sequence[str], language: str = "en", use_stemmer: bool = False, **kwargs: Any
    ) -> dict[str, float]:
        """Computes the ROUGE scores of the summaries of `predict`; see `kerasbert.data.rouge_scores`.

        Args:
            x: texts or lists of sentences.
            y: list of str, a reference summary for each document.
            language, use_stemmer: arguments of `kerasbert.data.rouge_scores`.
            **kwargs: arguments of `predict`, such as `max_sentences`.

        Returns:
            dict of floats from 0 to 1: `rouge1`, `rouge2`, `rougeL`.

        Raises:
            ImportError: if rouge-score is not installed.
        """
        found = self.predict(x, **kwargs)
        return rouge_scores([summary.text for summary in found], y, language, use_stemmer)

    def score_predictions(self, predictions: Any, x: Rows, y: Labels, **kwargs: Any) -> dict[str, float]:
        """`rouge1`, `rouge2` and `rougeL` for reference summaries `y`; see `TextTask.score_predictions`."""
        return rouge_scores([summary.text for summary in predictions], y, **kwargs)

    # === What TextTask asks of a task ===

    endpoint = "summarize"

    def logits(self, encoder_outputs: Tensors, training: bool | None = None) -> Tensor:
        """Logits `(B, S)`, or `(S,)`, computed from the encoder's outputs."""
        return ops.squeeze(self.apply_head(encoder_outputs["sequence_output"], training), -1)

    def answers(self, logits: Tensor) -> Tensors:
        """The named outputs: `probabilities`, `(B, S)`, in float32."""
        return {self.output: ops.sigmoid(ops.cast(logits, "float32"))}

    def hard_predictions(self, predictions: Any) -> list[tuple[int, ...]]:
        """The indices of the sentences of each summary; see `TextTask.hard_predictions`."""
        return [summary.indices for summary in predictions]

    @staticmethod
    def divergence(first: Tensor, second: Tensor) -> Tensor:
        """How much two tensors of logits differ at each token, `(B, S)`; see `RDrop`."""
        return bernoulli_divergence(first[..., None], second[..., None])

    @property
    def target(self) -> Target:
        """What the outputs are compared with; see `Task.compile`."""
        return Target("labels", 1, at_tokens=True)

    def default_loss(self) -> Any:
        """Binary cross-entropy over the sentences."""
        return TokenBinaryCrossentropy(IGNORED)

    def default_metrics(self) -> Any:
        """The fraction of sentences with the right label."""
        return [TokenAccuracy(IGNORED)]
