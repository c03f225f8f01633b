"""The span of a text that answers a question."""

import keras
import numpy as np
from keras import ops

from kerasbert import checks
from kerasbert.data import QuestionRows, RowStream, is_tokens, squad_scores
from kerasbert.heads import SpanHead
from kerasbert.tasks.question_feed import QuestionFeed, question_columns
from kerasbert.tasks.spans import MAX_ANSWER_LENGTH, best_answers
from kerasbert.tasks.text_task import BATCH_SIZE, TextTask


@keras.saving.register_keras_serializable(package="kerasbert")
class BertQuestionAnswerer(TextTask):
    """Answers questions by a span of a text: questions and contexts in, answers out.

    Devlin et al. 2019, sections 4.2 and 4.3, https://arxiv.org/abs/1810.04805: SQuAD v1.1, and v2 where a
    question may have no answer, which is a span at `[CLS]`. A context that is too long is cut into windows
    that overlap; one that does not hold the answer is trained to point at `[CLS]`.

    Args:
        encoder: `BertEncoder`.
        tokenizer: `BertTokenizer` or `RobertaTokenizer`.
        stride: int, tokens from the begin of a window to the begin of the next (`doc_stride` of the original
            code); half a window where a window is no longer than that.
        max_question_length: int, tokens of a question that are read: at most half of what
            `max_sequence_length` leaves beside special tokens.
        max_sequence_length: int or None, the longest window in tokens; None: the encoder's.
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
    preset_arguments = ("stride", "max_question_length")
    feed_class = QuestionFeed

    def __init__(
        self,
        encoder,
        tokenizer,
        stride=128,
        max_question_length=64,
        max_sequence_length=None,
        **kwargs,
    ):
        super().__init__(encoder, tokenizer, max_sequence_length, **kwargs)
        checks.positive_int(self.name, stride=stride, max_question_length=max_question_length)
        self.stride = stride
        self.max_question_length = max_question_length
        config = encoder.config
        self.head = SpanHead(config.initializer_range, name=self.head_names[0], dtype=self.dtype_policy)
        self.head.build((None, None, config.hidden_dim))
        self.built = True

    def compile(self, optimizer="auto", loss="auto", metrics="auto", loss_weights="auto", **kwargs):
        """As `Task.compile`; one loss is that of start and end alike, and these count half each."""
        if isinstance(loss, keras.losses.Loss):
            loss = dict.fromkeys(("start", "end"), loss)
        if isinstance(loss_weights, str):
            loss_weights = {"start": 0.5, "end": 0.5}
        super().compile(optimizer, loss, metrics, loss_weights=loss_weights, **kwargs)

    def fit(self, x=None, y=None, **kwargs):
        """Trains on questions, contexts and answers, in batches of windows of about one length.

        Args:
            x: `(questions, contexts)`, two sequences of str; a dict of them as `text` and `text_pair`; what
                `kerasbert.data.read_squad` returns; what a reader returns that reads part by part, such as
                `read_json_lines(path, text="question", text_pair="context", label="answers")`, or a
                `tf.data.Dataset` of the same; or tokens, as a tokenizer gives them for pairs, or a
                `tf.data.Dataset` of tokens and positions.
            y: for each row a list of answers `(text, start)`, start in characters of the context, of which
                the first that stands at its offset is learned; an empty list where there is no answer; or a
                dict of `text` and `answer_start`, a list each, as Hugging Face's `datasets` have them. With
                tokens a dict of `start` and `end`, int `(B,)`. None with what `read_squad` returns.
            **kwargs: as of `BertTextClassifier.fit`; `batch_size` counts windows, and `validation_data` is
                such an `x`, `(x, y)` or `(x, y, sample_weight)`.

        Returns:
            `keras.callbacks.History`.

        Raises:
            TypeError, ValueError: if texts or answers are none; the message names the row.

        Warns:
            UserWarning: if questions were too long and were truncated; it says how many.
        """
        if isinstance(kwargs.get("validation_data"), QuestionRows):
            kwargs["validation_data"] = (kwargs["validation_data"], None)
        return super().fit(x, y, **kwargs)

    def predict(
        self,
        x,
        batch_size=None,
        verbose="auto",
        n_best=1,
        max_answer_length=MAX_ANSWER_LENGTH,
        null_threshold=None,
        **kwargs,
    ):
        """Returns the best answers, over all windows of each context.

        A span starts in the window where its first token has the most context, as in the original code.

        Args:
            x: questions and contexts, or tokens, as for `fit`.
            batch_size: int or None for 32, windows at a time.
            verbose: of `keras.Model.predict`.
            n_best: int, how many answers of different texts.
            max_answer_length: int, the longest answer in tokens.
            null_threshold: float or None. The answer is empty if that scores higher than the best span by
                more than this. None: it never is, unless a context has no tokens.
            **kwargs: of `keras.Model.predict`, for tokens alone.

        Returns:
            For each row an `Answer`, or a list of up to `n_best` of them if that is more than 1. For tokens
            the logits: a dict of `start` and `end`, `(B, S)`.
        """
        checks.positive_int("predict", n_best=n_best, max_answer_length=max_answer_length)
        if is_tokens(x):
            return super().predict(x, batch_size, verbose, **kwargs)
        feed, options = self.feed_class(self), (n_best, max_answer_length, null_threshold)
        answers = self._answers(feed, self.predict_on_batch, x, batch_size, verbose, *options)
        feed.warn_if_truncated()
        return answers if n_best > 1 else [best for (best,) in answers]

    def predict_by(self, run, x, batch_size=None):
        """See `TextTask.predict_by`."""
        return [best for (best,) in self._answers(self.feed_class(self), run, x, batch_size)]

    def _answers(self, feed, run, x, batch_size=None, verbose=0, *options):
        answers = []
        for part, _, where in feed.parts(x):
            questions, contexts = question_columns(part, where)
            windows = feed.windows(questions, contexts, where)
            logits = self._window_logits(run, feed, windows, batch_size or BATCH_SIZE, verbose)
            answers += best_answers(windows, *logits, contexts, *options)
        return answers

    def _window_logits(self, run, feed, windows, batch_size, verbose):
        """Start and end logits, float32 `(windows, S)`, of the windows in their own order."""
        longest = windows.packed_lengths.max(initial=1)
        # Not by `Model.predict`: it joins batches of different S number by number.
        logits = np.zeros((2, len(windows), longest), "float32")
        quiet = verbose == 0 or not len(windows)
        bar = None if quiet else keras.utils.Progbar(-(-len(windows) // batch_size), unit_name="batch")
        for i, (numbers, tokens) in enumerate(feed.by_length(windows, batch_size)):
            found = run(tokens)
            for kept, name in zip(logits, ("start", "end"), strict=True):
                kept[numbers, : found[name].shape[1]] = found[name]
            if bar:
                bar.update(i + 1)
        return logits

    def scores(self, x, answers=None, language="en", version=None, **kwargs):
        """Exact match and F1 of the answers that `predict` gives, in percent; see `squad_scores`.

        Args:
            x: questions and contexts, as for `predict`.
            answers: for each row a list of right answers, `(text, start)` or str; None with what `read_squad`
                returns.
            language, version: of `kerasbert.data.squad_scores`.
            **kwargs: of `predict`, such as `null_threshold` for SQuAD v2.

        Returns:
            dict of `exact_match`, `f1` and `questions`, and of their parts with and without answer where
            there are both.
        """
        x = self.feed_class(self).source(x)
        if answers is None and isinstance(x, QuestionRows):
            answers = x.answers
        elif isinstance(x, RowStream) and x.labelled:
            answers = [row[1] for row in x]
        if answers is None:
            raise checks.invalid(
                "Scores need right answers.", fix="Pass `answers`, a list to each row.", answers=None
            )
        found = self.predict(x, **kwargs)
        return squad_scores([answer.text for answer in found], answers, language, version)

    def points(self, predictions, x, y, **kwargs):
        """`exact_match` and `f1`; see `TextTask.points`, and `squad_scores` for `**kwargs`."""
        scores = squad_scores([answer.text for answer in predictions], y, **kwargs)
        return {name: scores[name] for name in ("exact_match", "f1")}

    # === What TextTask asks of a task ===

    endpoint = "answer"
    answer_names = ("start", "end")

    def logits(self, encoder_outputs, training=None):
        """`start` and `end`, `(B, S)` or `(S,)`, of what the encoder returns."""
        return self.head(encoder_outputs["sequence_output"])

    def answers(self, logits):
        """Named outputs: the logits `start` and `end`, `(B, S)`, in float32."""
        return {name: ops.cast(value, "float32") for name, value in logits.items()}

    def comparable(self, answers, padding_mask):
        """Probabilities of the positions as start and as end, `(B, S, 2)`."""
        logits = (np.where(padding_mask, answers[name], -np.inf) for name in self.answer_names)
        return np.stack([ops.convert_to_numpy(ops.softmax(values)) for values in logits], -1)

    def decisions(self, predictions):
        """What counts as the same answer, of what `predict` returns: where it stands."""
        return [(answer.start, answer.end) for answer in predictions]

    def default_loss(self):
        """Cross-entropy of the start and of the end over the positions."""
        return {
            name: keras.losses.SparseCategoricalCrossentropy(from_logits=True) for name in ("start", "end")
        }

    def label_numbers(self, y, where):
        """Positions that go with tokens in memory: a dict of int32 `start` and `end`, `(rows,)`."""
        good = isinstance(y, dict) and set(y) == {"start", "end"}
        if not good or any(np.asarray(v).dtype.kind not in "iu" or np.ndim(v) != 1 for v in y.values()):
            raise checks.invalid(
                "With tokens, answers must be positions: a dict of `start` and `end`, a whole number a row.",
                fix="Pass texts and answers instead, or count tokens from `[CLS]`, which is 0.",
                where=where,
                y=y,
            )
        return {name: np.asarray(y[name], "int32") for name in ("start", "end")}

    def label_function(self):
        """The same in a `tf.data` graph, as they are."""
        return lambda y: y

    def postprocess(self, logits):
        """What `predict` returns for tokens: the logits."""
        return logits

    def get_config(self):
        """Returns the arguments of `__init__`."""
        return {
            **super().get_config(),
            "stride": self.stride,
            "max_question_length": self.max_question_length,
        }
