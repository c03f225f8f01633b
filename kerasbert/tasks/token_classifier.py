"""Token classification, a label for each word: named entity recognition and part-of-speech tagging."""

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
)
from kerasbert.encoder import BertEncoder
from kerasbert.heads import TokenClassificationHead
from kerasbert.preprocessing import Preprocessor, WordPreprocessor, checked_batch_size
from kerasbert.tasks.entities import Entity, by_row, entities_of
from kerasbert.tasks.entity_scoring import EntityScoring
from kerasbert.tasks.labels import Labelled, refuse_other_names
from kerasbert.tasks.measures import Target
from kerasbert.tasks.token_task import TokenTask
from kerasbert.text.base import TextTokenizer
from kerasbert.training import TokenAccuracy
from kerasbert.types import Config, Rows, Shape, Tensor, Tensors


@keras.saving.register_keras_serializable(package="kerasbert")
class BertTokenClassifier(EntityScoring, Labelled, TokenTask):
    """Labels words, for example with named entities: texts or lists of words in, entities out.

    Devlin et al. 2019, section 5.3, https://arxiv.org/abs/1810.04805. The first sub-word token of a word
    decides its label; the word's other tokens, special tokens and padding do not count. A row that is too
    long is cut into sliding windows, also in training; each word counts once, in the window in which it is
    farthest from the borders. A word without tokens, such as a control character, gets the label `O`.

    `x` is a list of texts, which `kerasbert.data.split_words` splits, or a list of lists of words. For words,
    `y` has a label for each word: a name, in any scheme of `kerasbert.data.SCHEMES`, or a class number, or
    -100 if the word does not count. For texts, `y` has a list of `(start, end, type)` for each text, in
    characters, which must begin and end at the borders of words. If `x` is the rows of `read_conll` or
    another reader, or a `tf.data.Dataset` of words and labels, there is no `y`.

    Args:
        encoder: `BertEncoder`.
        tokenizer: `BertTokenizer`, `RobertaTokenizer` or `SentencePieceTokenizer`.
        labels: sequence of str, the class names in the order of their numbers, such as
            `kerasbert.data.scheme_labels(["LOC", "PER"])`.
        dropout: float in [0, 1), the dropout rate before the last layer.
        scheme: str or None, the scheme of `labels`, one of `kerasbert.data.SCHEMES`; None: it is detected
            from the names by `kerasbert.data.detect`, which refuses names in mixed forms. The attribute
            `scheme` and `repr` show the scheme that was found.
        window_step: int or None, the tokens from the start of one window to the start of the next; None:
            neighbouring windows share a quarter of their tokens.
        max_sequence_length: int or None, the longest window in tokens; None for the encoder's limit.
        numeric_labels: str or None: `"class_numbers"` or `"names"`, what numeric labels of words mean if the
            class names are numbers, too; see `kerasbert.data.class_numbers`.
        **kwargs: `name`, `dtype`.

    Call arguments:
        inputs: dict of int tensors `token_ids`, `segment_ids`, `padding_mask`, `(B, S)` each, or `(S,)`
            for one sequence.

    Returns:
        Float tensor `(B, S, C)`, or `(S, C)`: logits. If `x` is tokens, or a data set of tokens, `fit` takes
        class numbers `(B, S)`, with -100 for tokens that do not count.

    Raises:
        ValueError: if `labels` are not at least two different names in one scheme, or the arguments do not
            fit together.

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
        """Returns the layer that maps the sequence output `(B, S, D)` to logits `(B, S, C)`; see `Task`."""
        return TokenClassificationHead(
            len(self.labels),
            self.dropout,
            self.encoder.config.initializer_range,
            name=self.head_names[0],
            dtype=self.dtype_policy,
        )

    @property
    def scheme(self) -> str:
        """str, the scheme of `labels`, one of `kerasbert.data.SCHEMES`."""
        return self.preprocessor.scheme

    def __repr__(self):
        return f"<{type(self).__name__} {self.name}: {len(self.labels)} labels in the scheme {self.scheme}>"

    def compute_output_shape(self, inputs_shape: dict[str, Shape]) -> Shape:
        """Returns the shape of the logits, given a dict of the inputs' shapes."""
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
            verbose, callbacks, steps: as in `keras.Model.predict`; `steps` only for tokens.

        Returns:
            A list of `Entity` for each row; for tokens, probabilities `(B, S, C)`.
        """
        if is_tokens(x):
            if is_dataset(x) and isinstance(x.element_spec, tuple):
                x = x.map(lambda tokens, *_: tokens)
            return super().predict(x, batch_size, verbose, steps, callbacks)
        return self._entities(self.preprocessor, x, batch_size, verbose, callbacks)

    def answers_with(
        self,
        preprocessor: Preprocessor,
        run: Callable[[Tensors], Tensors],
        x: Rows,
        batch_size: int | None = None,
    ) -> list[list[Entity]]:
        """See `TextTask.answers_with`."""
        return self._entities(preprocessor, x, batch_size, run=run)

    def _entities(self, preprocessor, x, *args, **kwargs):
        found = []
        for part, _, where in preprocessor.parts(x):
            words = preprocessor.words(part, where)
            decided = self._decide(words, *args, **kwargs)
            answered = zip(words.texts, words.spans, *decided, strict=True)
            found += [entities_of(*row, self.scheme) for row in answered]
        return found

    def predict_labels(
        self, x: Rows, batch_size: int | None = None, verbose: int | str = "auto", callbacks: Any = None
    ) -> list[list[str]]:
        """Returns the label of each word.

        Args:
            x: lists of words, or texts; `words_of` returns the words of texts.
            batch_size, verbose, callbacks: as for `predict`.

        Returns:
            For each row, a list of str with a label for each word.
        """
        preprocessor = self.preprocessor
        parts = (preprocessor.words(part, where) for part, _, where in preprocessor.parts(x))
        return [row for words in parts for row in self._decide(words, batch_size, verbose, callbacks)[0]]

    def words_of(self, texts: Sequence[str]) -> list[list[tuple[int, int]]]:
        """Returns where the words of texts are: those of `split_words`, joined if they share a token.

        Args:
            texts: list of str.

        Returns:
            For each text, a list of `(start, end)` in characters.
        """
        return self.preprocessor.words(texts).spans

    def _decide(self, words, batch_size, *args, **kwargs):
        """Predicts the label of each word and its probability, each as a list of rows."""
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
        """Logits `(B, S, C)`, or `(S, C)`, computed from the encoder's outputs."""
        return self.apply_head(encoder_outputs["sequence_output"], training)

    def answers(self, logits: Tensor) -> Tensors:
        """The named outputs: `probabilities`, `(B, S, C)`, in float32."""
        return {self.output: ops.softmax(ops.cast(logits, "float32"))}

    def hard_predictions(self, predictions: Any) -> list[list[tuple[int, int, str]]]:
        """`(start, end, type)` of the entities of each row; see `TextTask.hard_predictions`."""
        return [[(entity.start, entity.end, entity.type) for entity in row] for row in predictions]

    @property
    def target(self) -> Target:
        """What the outputs are compared with; see `Task.compile`."""
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
