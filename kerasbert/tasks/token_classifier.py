"""A label for each word: named entities and parts of speech."""

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from kerasbert.data import (
    IGNORED,
    OUTSIDE,
    is_dataset,
    is_tokens,
    spans_to_labels,
)
from kerasbert.encoder import BertEncoder
from kerasbert.heads import TokenClassificationHead
from kerasbert.preprocessing import Preprocessor, WordPreprocessor, checked_batch_size
from kerasbert.tasks.entities import Entity, by_row, entities_of, scores_of
from kerasbert.tasks.labels import kept_labels, refuse_other_names
from kerasbert.tasks.measures import Target
from kerasbert.tasks.token_task import TokenTask
from kerasbert.text.base import TextTokenizer
from kerasbert.training import TokenAccuracy
from kerasbert.types import Config, Labels, Rows, Shape, Tensor, Tensors


@keras.saving.register_keras_serializable(package="kerasbert")
class BertTokenClassifier(TokenTask):
    """Labels words, as for named entities: texts or lists of words in, entities out.

    Devlin et al. 2019, section 5.3, https://arxiv.org/abs/1810.04805. The first token of a word carries its
    label and decides it; later tokens of the word, special tokens and padding do not count. A row that is
    too long is cut into windows that overlap, in training too; each word counts once, in the window in
    which it stands farthest from a border. A word without tokens, such as a control character, is `O`.

    `x` is a list of texts, or a list of lists of words. The words of a text are those of
    `kerasbert.data.split_words`. `y` is, for words, one label each: names, in any scheme of
    `kerasbert.data.SCHEMES`, or class numbers, -100 where a word does not count. For texts it is a list
    of `(start, end, type)` in characters, which begin and end where words do. Or `x` is what `read_conll` or
    another reader returns, or a `tf.data.Dataset` of words and labels, and there is no `y`.

    Args:
        encoder: `BertEncoder`.
        tokenizer: `BertTokenizer` or `RobertaTokenizer`.
        labels: sequence of str, the class names in the order of their numbers, such as
            `kerasbert.data.scheme_labels(["LOC", "PER"])`.
        dropout: float in [0, 1), before the last layer.
        scheme: str, how `labels` stand for entities, one of `kerasbert.data.SCHEMES`; None: found out from
            the names, by the rule of `kerasbert.data.detect`, which refuses names of mixed forms. The
            attribute `scheme` says what was found, and so does `repr`.
        window_step: int or None, tokens from the start of one window to the start of the next; None:
            windows share a quarter.
        max_sequence_length: int or None, the longest window in tokens; None: the encoder's.
        numeric_labels: str or None: `"class_numbers"` or `"names"`, what numbers as labels of words mean
            where names are numbers, too; see `kerasbert.data.class_numbers`.
        **kwargs: `name`, `dtype`.

    Call arguments:
        inputs: dict of int tensors `token_ids`, `segment_ids`, `padding_mask`, `(B, S)` each, or `(S,)`
            for one sequence.

    Returns:
        Float tensor `(B, S, C)`, or `(S, C)`: logits. For tokens, or a data set of them, `fit` takes class
        numbers `(B, S)`, and -100 for tokens that do not count.

    Raises:
        ValueError: if `labels` are not at least two different names of one scheme, or the parts do not fit
            together.

    Example:

    >>> tokenizer = BertTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "bonn", "is"])
    >>> config = BertConfig(vocabulary_size=7, num_layers=1, num_heads=2, hidden_dim=8, intermediate_dim=16)
    >>> classifier = BertTokenClassifier(BertEncoder(config), tokenizer, labels=["O", "B-LOC", "I-LOC"])
    >>> classifier.compile(optimizer="adam")
    >>> history = classifier.fit([["Bonn", "is"]], [["B-LOC", "O"]], verbose=0)
    >>> history = classifier.fit(["Bonn is", "is"], [[(0, 4, "LOC")], []], verbose=0)
    >>> [len(labels) for labels in classifier.predict_labels([["Bonn", "is"]], verbose=0)]
    [2]
    """

    head_names = ("token_classification",)
    preset_arguments = ("labels", "dropout", "scheme", "window_step", "numeric_labels")
    preprocessor_class = WordPreprocessor

    def __init__(
        self,
        encoder: BertEncoder,
        tokenizer: TextTokenizer | None = None,
        labels: Sequence[str] | None = None,
        dropout: float = 0.1,
        scheme: str | None = None,
        window_step: int | None = None,
        max_sequence_length: int | None = None,
        preprocessor: Preprocessor | None = None,
        numeric_labels: str | None = None,
        **kwargs: Any,
    ) -> None:
        refuse_other_names(kwargs, type(self).__name__)
        arguments = {
            "labels": labels,
            "scheme": scheme,
            "window_step": window_step,
            "numeric_labels": numeric_labels,
        }
        chosen = self._preprocessor_of(preprocessor, encoder, tokenizer, max_sequence_length, **arguments)
        super().__init__(encoder, chosen, **kwargs)
        self.dropout = dropout
        self.add_head((None, None, encoder.config.hidden_dim), (None, None, len(self.labels)))

    def make_head(self) -> keras.layers.Layer:
        """Returns the layer from the sequence output `(B, S, D)` to logits `(B, S, C)`; see `Task`."""
        return TokenClassificationHead(
            len(self.labels),
            self.dropout,
            self.encoder.config.initializer_range,
            name=self.head_names[0],
            dtype=self.dtype_policy,
        )

    @property
    def labels(self) -> tuple[str, ...]:
        """tuple of str, the class names in the order of their numbers."""
        return self.preprocessor.labels

    @property
    def scheme(self) -> str:
        """str, how `labels` stand for entities, one of `kerasbert.data.SCHEMES`."""
        return self.preprocessor.scheme

    def __repr__(self):
        return f"<{type(self).__name__} {self.name}: {len(self.labels)} labels in the scheme {self.scheme}>"

    @classmethod
    def _arguments(cls, checkpoint, given):
        return kept_labels(cls, checkpoint, *super()._arguments(checkpoint, given), given)

    def compute_output_shape(self, inputs_shape: dict[str, Shape]) -> Shape:
        """Returns the shape of the logits, of a dict of the inputs' shapes."""
        return (*inputs_shape["token_ids"], len(self.labels))

    def predict(
        self,
        x: Rows,
        batch_size: int | None = None,
        verbose: int | str = "auto",
        steps: int | None = None,
        callbacks: Any = None,
    ) -> list[list[Entity]] | Any:
        """Finds entities.

        Args:
            x: texts or lists of words; or tokens.
            batch_size: int or None for 32.
            verbose, callbacks, steps: of `keras.Model.predict`; the last for tokens alone.

        Returns:
            List of lists of `Entity`, one to a row; for tokens, probabilities `(B, S, C)`.
        """
        if is_tokens(x):
            if is_dataset(x) and isinstance(x.element_spec, tuple):
                x = x.map(lambda tokens, *_: tokens)
            return super().predict(x, batch_size, verbose, steps, callbacks)
        return self._entities(x, batch_size, verbose, callbacks)

    def predict_with(
        self, run: Callable[[Tensors], Tensors], x: Rows, batch_size: int | None = None
    ) -> list[list[Entity]]:
        """See `TextTask.predict_with`."""
        return self._entities(x, batch_size, run=run)

    def _entities(self, x, *args, **kwargs):
        preprocessor, found = self.preprocessor, []
        for part, _, where in preprocessor.parts(x):
            words = preprocessor.words(part, where)
            decided = self._decide(words, *args, **kwargs)
            answered = zip(words.texts, words.spans, *decided, strict=True)
            found += [entities_of(*row, self.scheme) for row in answered]
        return found

    def predict_labels(
        self, x: Rows, batch_size: int | None = None, verbose: int | str = "auto", callbacks: Any = None
    ) -> list[list[str]]:
        """Labels words.

        Args:
            x: lists of words, or texts, whose words are those of `words_of`.
            batch_size, verbose, callbacks: as for `predict`.

        Returns:
            List of lists of str, one to a word.
        """
        preprocessor = self.preprocessor
        parts = (preprocessor.words(part, where) for part, _, where in preprocessor.parts(x))
        return [row for words in parts for row in self._decide(words, batch_size, verbose, callbacks)[0]]

    def words_of(self, texts: Sequence[str]) -> list[list[tuple[int, int]]]:
        """Where the words of texts stand: those of `split_words`, joined where they share a token.

        Args:
            texts: list of str.

        Returns:
            List of lists of `(start, end)`, in characters.
        """
        return self.preprocessor.words(texts).spans

    def entity_scores(
        self,
        x: Rows,
        y: Labels = None,
        batch_size: int | None = None,
        verbose: int | str = "auto",
        callbacks: Any = None,
    ) -> dict[str, Any]:
        """Precision, recall and F1 of entities that are found whole, with the right type.

        The numbers are seqeval's, in its default mode (`conlleval`; Tjong Kim Sang & Buchholz 2000).

        Args:
            x, y: as for `fit`. Words with the number -100 count as outside.
            batch_size, verbose, callbacks: as for `predict`.

        Returns:
            dict of `precision`, `recall`, `f1` (over all entities), `support` (how many entities there are),
            and `types`, a dict of the same by type.

        Raises:
            ImportError: if seqeval is not installed.
        """
        preprocessor = self.preprocessor
        true: list[list[str]] = []
        found: list[list[str]] = []
        for part, labels, where in preprocessor.parts(x, y):
            words = preprocessor.words(part, where)
            numbers = preprocessor.numbers(part, labels, words, where)
            names = self._decide(words, batch_size, verbose, callbacks)[0]
            self._add_counted(true, found, words, numbers, names)
        return scores_of(true, found, self.scheme)

    def scores(self, x: Rows, y: Labels = None, **kwargs: Any) -> dict[str, float]:
        """`f1`, `precision` and `recall` of all entities, from 0 to 1; arguments as of `entity_scores`."""
        scores = self.entity_scores(x, y, **kwargs)
        return {name: scores[name] for name in self.score_names}

    score_names = ("f1", "precision", "recall")

    def score_predictions(self, predictions: Any, x: Rows, y: Labels) -> dict[str, float]:
        """`f1`, `precision` and `recall` of entities; see `TextTask.score_predictions`."""
        preprocessor = self.preprocessor
        true: list[list[str]] = []
        found: list[list[str]] = []
        words = preprocessor.words(x)
        names = [
            spans_to_labels([(e.first_word, e.end_word, e.type) for e in row], end - begin, self.scheme)
            for row, (begin, end) in zip(predictions, itertools.pairwise(words.splits), strict=True)
        ]
        self._add_counted(true, found, words, preprocessor.numbers(x, y, words), names)
        scores = scores_of(true, found, self.scheme)
        return {name: scores[name] for name in self.score_names}

    def _add_counted(self, true, found, words, numbers, names):
        """Adds rows of right labels, and of found ones; words that do not count are outside in both."""
        true += by_row([OUTSIDE if n == IGNORED else self.labels[n] for n in numbers], words.splits)
        for row in zip(names, by_row(numbers == IGNORED, words.splits), strict=True):
            found.append([OUTSIDE if out else name for name, out in zip(*row, strict=True)])

    def _decide(self, words, batch_size, *args, **kwargs):
        """The label of each word and its probability, as lists by row."""
        names = np.full(words.splits[-1], OUTSIDE, object)
        scores = np.ones(words.splits[-1], "float32")
        batches = self.preprocessor.to_decide(words, checked_batch_size(batch_size, self.name))
        if batches is not None:
            word, probabilities = self.decided(batches, *args, **kwargs)
            names[word] = np.array(self.labels, object)[probabilities.argmax(-1)]
            scores[word] = probabilities.max(-1)
        return by_row(names.tolist(), words.splits), by_row(scores, words.splits)

    # === What TextTask asks of a task ===

    endpoint = "tag"

    def logits(self, encoder_outputs: Tensors, training: bool | None = None) -> Tensor:
        """Logits `(B, S, C)`, or `(S, C)`, of what the encoder returns."""
        return self.apply_head(encoder_outputs["sequence_output"], training)

    def answers(self, logits: Tensor) -> Tensors:
        """Named outputs of logits: `probabilities`, `(B, S, C)`, in float32."""
        return {self.output: ops.softmax(ops.cast(logits, "float32"))}

    def hard_predictions(self, predictions: Any) -> list[list[tuple[int, int, str]]]:
        """`(start, end, type)` of each row's entities; see `TextTask.hard_predictions`."""
        return [[(entity.start, entity.end, entity.type) for entity in row] for row in predictions]

    @property
    def target(self) -> Target:
        """What outputs are compared with; see `Task.compile`."""
        return Target("classes", len(self.labels), at_tokens=True)

    def default_loss(self) -> Any:
        """Cross-entropy of class numbers and logits, over the tokens that count."""
        return keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=IGNORED)

    def default_metrics(self) -> Any:
        """Accuracy over the tokens that count."""
        return [TokenAccuracy(IGNORED)]

    def get_config(self) -> Config:
        """Returns the arguments of `__init__`."""
        return {**super().get_config(), "dropout": self.dropout}
