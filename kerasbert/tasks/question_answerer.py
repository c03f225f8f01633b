"""Extractive question answering: finds the span of a text that answers a question."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops

from kerasbert import checks
from kerasbert.data import QuestionRows, RowStream, is_tokens, squad_scores
from kerasbert.encoder import BertEncoder
from kerasbert.heads import SpanHead
from kerasbert.preprocessing import Preprocessor, QuestionPreprocessor, checked_batch_size, question_columns
from kerasbert.tasks.measures import Target
from kerasbert.tasks.spans import MAX_ANSWER_LENGTH, Answer, best_answers
from kerasbert.tasks.text_task import TextTask
from kerasbert.text.base import TextTokenizer
from kerasbert.types import Labels, Rows, Shape, Tensor, Tensors


@keras.saving.register_keras_serializable(package="kerasbert")
class BertQuestionAnswerer(TextTask):
    """Answers a question with a span of a text: questions and contexts in, answers out.

    Devlin et al. 2019, sections 4.2 and 4.3, https://arxiv.org/abs/1810.04805: SQuAD v1.1 and v2, in which a
    question may have no answer; the answer is then a span at `[CLS]`. A context that is too long is cut into
    sliding windows; a window that does not contain the answer is trained to point at `[CLS]`.

    Args:
        encoder: `BertEncoder`.
        tokenizer: `BertTokenizer`, `RobertaTokenizer` or `SentencePieceTokenizer`.
        window_step: int, the tokens from the start of one window to the start of the next, called
            `doc_stride` in the original code. If windows are not longer than that, the step is half a window.
        max_question_length: int, the most tokens of a question that are used; never more than half of
            `max_sequence_length` without the special tokens.
        max_sequence_length: int or None, the longest window in tokens; None for the encoder's limit.
        **kwargs: `name`, `dtype`.

    Call arguments:
        inputs: dict of int tensors `token_ids`, `segment_ids`, `padding_mask`, `(B, S)` each, or `(S,)`
            for one sequence.

    Returns:
        dict of `start` and `end`, float tensors `(B, S)`, or `(S,)`: logits.

    Example:

    >>> tokenizer = BertTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "where", "in", "bonn"])
    >>> config = BertConfig(vocabulary_size=8, num_layers=1, num_heads=2, hidden_dim=8, intermediate_dim=16)
    >>> answerer = BertQuestionAnswerer(BertEncoder(config, pooler=False), tokenizer)
    >>> answerer.compile()
    >>> history = answerer.fit((["Where?"], ["In Bonn"]), [[("Bonn", 3)]], verbose=0)
    >>> answer = answerer.predict((["Where?"], ["In Bonn"]), verbose=0)[0]
    >>> answer.text == "In Bonn"[answer.start : answer.end]
    True
    """

    head_names = ("span",)
    preset_arguments = ("window_step", "max_question_length")
    preprocessor_class = QuestionPreprocessor

    def __init__(
        self,
        encoder: BertEncoder,
        tokenizer: TextTokenizer | None = None,
        window_step: int = 128,
        max_question_length: int = 64,
        max_sequence_length: int | None = None,
        preprocessor: Preprocessor | None = None,
        **kwargs: Any,
    ) -> None:
        arguments = {"window_step": window_step, "max_question_length": max_question_length}
        chosen = self._preprocessor_of(preprocessor, encoder, tokenizer, max_sequence_length, **arguments)
        super().__init__(encoder, chosen, **kwargs)
        self.add_head((None, None, encoder.config.hidden_dim), dict.fromkeys(self.answer_names, (None, None)))

    def make_head(self) -> keras.layers.Layer:
        """Returns the layer that maps the sequence output `(B, S, D)` to a dict of the logits `start` and
        `end`, `(B, S)`; see `Task`."""
        config = self.encoder.config
        return SpanHead(config.initializer_range, name=self.head_names[0], dtype=self.dtype_policy)

    def compile(
        self,
        optimizer: Any = "auto",
        loss: Any = "auto",
        metrics: Any = "auto",
        loss_weights: Any = "auto",
        **kwargs: Any,
    ) -> None:
        """Like `Task.compile`; a single loss is used for start and end, each with a weight of one half."""
        if isinstance(loss, keras.losses.Loss):
            loss = dict.fromkeys(("start", "end"), loss)
        if isinstance(loss_weights, str):
            loss_weights = {"start": 0.5, "end": 0.5}
        super().compile(optimizer, loss, metrics, loss_weights=loss_weights, **kwargs)

    def compute_output_shape(self, inputs_shape: dict[str, Shape]) -> dict[str, Shape]:
        """Returns the shapes of the logits by name, given a dict of the inputs' shapes."""
        return dict.fromkeys(self.answer_names, tuple(inputs_shape["token_ids"]))

    def predict(
        self,
        x: Rows,
        batch_size: int | None = None,
        verbose: int | str = "auto",
        n_best: int = 1,
        max_answer_length: int = MAX_ANSWER_LENGTH,
        null_threshold: float | None = None,
        **kwargs: Any,
    ) -> list[Answer] | Any:
        """Returns the best answers over all windows of each context.

        The score of a span is taken from the window in which its first token has the most context, as in the
        original code.

        Args:
            x: questions and contexts, or tokens, as for `fit`.
            batch_size: int or None for 32, the number of windows in a batch.
            verbose: as in `keras.Model.predict`.
            n_best: int, how many answers to return; their texts are all different.
            max_answer_length: int, the longest answer in tokens.
            null_threshold: float or None. The answer is empty if "no answer" scores higher than the best span
                by more than this. None: it is only empty if the context has no tokens.
            **kwargs: arguments of `keras.Model.predict`, only for tokens.

        Returns:
            For each row an `Answer`, or a list of up to `n_best` of them if `n_best` is more than 1. For
            tokens, the logits: a dict of `start` and `end`, `(B, S)`.
        """
        checks.positive_int("predict", n_best=n_best, max_answer_length=max_answer_length)
        if is_tokens(x):
            return super().predict(x, batch_size, verbose, **kwargs)
        preprocessor, options = self.preprocessor.for_one_call(), (n_best, max_answer_length, null_threshold)
        answers = self._answers(preprocessor, self.predict_on_batch, x, batch_size, verbose, *options)
        preprocessor.warn_if_truncated()
        return answers if n_best > 1 else [best for (best,) in answers]

    def answers_with(
        self,
        preprocessor: Preprocessor,
        run: Callable[[Tensors], Tensors],
        x: Rows,
        batch_size: int | None = None,
    ) -> list[Answer]:
        """See `TextTask.answers_with`."""
        return [best for (best,) in self._answers(preprocessor, run, x, batch_size)]

    def _answers(self, preprocessor, run, x, batch_size=None, verbose=0, *options):
        answers, rows = [], checked_batch_size(batch_size, self.name)
        for part, _, where in preprocessor.parts(x):
            questions, contexts = question_columns(part, where)
            windows = preprocessor.windows(questions, contexts, where)
            logits = self._window_logits(run, preprocessor, windows, rows, verbose)
            answers += best_answers(windows, *logits, contexts, *options)
        return answers

    def _window_logits(self, run, preprocessor, windows, batch_size, verbose):
        """The start and end logits of the windows, float32 `(windows, S)`, in the order of the windows."""
        longest = windows.packed_lengths.max(initial=1)
        # `Model.predict` is not used, because it cannot concatenate batches of different S.
        logits = np.zeros((2, len(windows), longest), "float32")
        quiet = verbose == 0 or not len(windows)
        bar = None if quiet else keras.utils.Progbar(-(-len(windows) // batch_size), unit_name="batch")
        for i, (numbers, tokens) in enumerate(preprocessor.by_length(windows, batch_size)):
            found = run(tokens)
            for kept, name in zip(logits, ("start", "end"), strict=True):
                kept[numbers, : found[name].shape[1]] = found[name]
            if bar:
                bar.update(i + 1)
        return logits

    def scores(
        self, x: Rows, y: Labels = None, language: str = "en", version: str | None = None, **kwargs: Any
    ) -> dict[str, float]:
        """Computes exact match and F1 of the answers of `predict`, from 0 to 1; see `squad_scores`.

        Args:
            x: questions and contexts, as for `predict`.
            y: for each row a list of right answers, `(text, start)` or str; None if `x` comes from
                `read_squad`.
            language, version: arguments of `kerasbert.data.squad_scores`.
            **kwargs: arguments of `predict`, such as `null_threshold` for SQuAD v2.

        Returns:
            dict of `exact_match`, `f1` and `questions`; if some questions have an answer and others have
            none, also of the scores of each group.
        """
        x = self.preprocessor.source(x)
        if y is None and isinstance(x, QuestionRows):
            y = x.answers
        elif isinstance(x, RowStream) and x.labelled:
            y = [row[1] for row in x]
        if y is None:
            raise checks.invalid(
                "Scores need the right answers.", fix="Pass `y`, with a list of answers for each row.", y=None
            )
        found = self.predict(x, **kwargs)
        return squad_scores([answer.text for answer in found], y, language, version)

    def score_predictions(self, predictions: Any, x: Rows, y: Labels, **kwargs: Any) -> dict[str, float]:
        """`exact_match` and `f1`; see `TextTask.score_predictions`, and `squad_scores` for `**kwargs`."""
        scores = squad_scores([answer.text for answer in predictions], y, **kwargs)
        return {name: scores[name] for name in ("exact_match", "f1")}

    # === What TextTask asks of a task ===

    endpoint = "answer"
    answer_names = ("start", "end")

    def logits(self, encoder_outputs: Tensors, training: bool | None = None) -> Tensors:
        """The logits `start` and `end`, `(B, S)` or `(S,)`, computed from the encoder's outputs."""
        return self.apply_head(encoder_outputs["sequence_output"], training)

    def answers(self, logits: Tensors) -> Tensors:
        """The named outputs: the logits `start` and `end`, `(B, S)`, in float32."""
        return {name: ops.cast(value, "float32") for name, value in logits.items()}

    def compared_values(self, answers: Tensors, padding_mask: Tensor) -> np.ndarray:
        """The probabilities of each position to be the start and the end, `(B, S, 2)`."""
        logits = (np.where(padding_mask, answers[name], -np.inf) for name in self.answer_names)
        return np.stack([ops.convert_to_numpy(ops.softmax(values)) for values in logits], -1)

    def hard_predictions(self, predictions: Any) -> list[tuple[int, int]]:
        """The positions of each answer, `(start, end)`; see `TextTask.hard_predictions`."""
        return [(answer.start, answer.end) for answer in predictions]

    @property
    def target(self) -> dict[str, Target]:
        """What the outputs are compared with; see `Task.compile`."""
        return dict.fromkeys(self.answer_names, Target("classes"))

    def default_loss(self) -> Any:
        """Cross-entropy over the positions, for the start and for the end."""
        return {
            name: keras.losses.SparseCategoricalCrossentropy(from_logits=True) for name in ("start", "end")
        }

    def postprocess(self, logits: Tensors) -> Any:
        """Returns what `predict` returns for tokens: the logits."""
        return logits
