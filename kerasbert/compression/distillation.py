"""Distillation: a small task learns to answer like a large one."""

from collections.abc import Sequence
from typing import Any, NoReturn

import keras
from keras import ops

from kerasbert import checks
from kerasbert.compression.imitation import KL, computed, padding_mask, state_distances
from kerasbert.compression.matching import (
    check_heads,
    check_pair,
    check_relations,
    check_weights,
    imitated_blocks,
    teacher_ids,
)
from kerasbert.data import IGNORED, RowOrder, RowStream, is_dataset, is_tokens
from kerasbert.layers import padding_bias
from kerasbert.preprocessing import EmbeddingPreprocessor, Preprocessor, TextPreprocessor
from kerasbert.tasks import BertMaskedLM, BertQuestionAnswerer
from kerasbert.tasks.measures import Target
from kerasbert.tasks.r_drop import MeanLoss
from kerasbert.tasks.task import Task
from kerasbert.types import Labels, PathLike, Rows, Tensor, Tensors


class Distiller(Task):
    """Knowledge distillation: trains a student task to imitate the answers and hidden states of a teacher.

    A distiller has `compile`, `fit` and `evaluate` like any task. It trains `student`, which afterwards is a
    task like any other, to predict, save and export. The teacher runs without dropout and does not change.
    The loss is a weighted sum of five parts, of which those with weight 0 are not computed:

    - `label_weight`: the student's own loss on labels.
    - `logits_weight`: the Kullback-Leibler divergence of the answers at temperature T, times T squared
      (Hinton et al. 2015, section 2, https://arxiv.org/abs/1503.02531); for a regression, half the squared
      difference. For tasks that label tokens, this includes the tokens that have a label, or all tokens
      except padding if `fit` gets no labels.
    - `hidden_weight`: the squared difference of the embeddings and of the outputs of blocks. If the widths
      differ, the student's are multiplied by a learned matrix (TinyBERT, Jiao et al. 2020, section 3.1,
      equations 8 and 9, https://arxiv.org/abs/1909.10351). Here it is the mean over blocks, there the sum.
    - `attention_weight`: the squared difference of attention scores before the softmax (equation 7 there).
      Student and teacher need the same number of heads.
    - `relation_weight`: the divergence of self-attention relations (queries to queries, keys to keys and
      values to values) in the last blocks (MiniLMv2, Wang et al. 2021, section 3.1,
      https://arxiv.org/abs/2012.15828). Widths and numbers of heads may differ.

    TinyBERT trains in two stages: with `hidden_weight=1, attention_weight=1, logits_weight=0`, and then with
    logits alone. `drop_layers(teacher, keep)` is a good initial student, to be combined with `layers=keep`.

    Args:
        student: a task on texts, or `BertMaskedLM`. It is trained in place.
        teacher: a task with the same class, labels and tokenizer. The student's vocabulary may lack some
            tokens (`trim_vocabulary`). The teacher then reads texts in the student's tokens, in which rare
            words have more pieces, and the logits of a masked language model are compared for the student's
            tokens only.
        temperature: float above 0, T.
        label_weight, logits_weight, hidden_weight, attention_weight, relation_weight: floats of at least 0.
        layers: sequence of int, for each block of the student the number of the teacher's block to imitate;
            None: evenly spaced up to the last, as in TinyBERT: 2, 5, 8 and 11 of 12 for a student of 4
                blocks.
        relation_heads: int, the number of parts into which queries, keys and values are split; None: the
            number of heads in the teacher's last block.

    Raises:
        ValueError: if student and teacher do not match, or a weight is not valid.

    Example:

    >>> from kerasbert import BertTextClassifier
    >>> tokenizer = BertTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "good", "bad"])
    >>> config = {"vocabulary_size": 7, "num_heads": 2, "intermediate_dim": 16}
    >>> teacher, student = (
    ...     BertTextClassifier(
    ...         BertEncoder(BertConfig(num_layers=layers, hidden_dim=8, **config)), tokenizer, ["bad", "good"]
    ...     )
    ...     for layers in (4, 2)
    ... )
    >>> distiller = Distiller(student, teacher, temperature=2.0, hidden_weight=1.0)
    >>> distiller.compile()
    >>> history = distiller.fit(["good", "bad", "good bad"], verbose=0)
    >>> student.predict(["good"], verbose=0).shape
    (1, 2)
    """

    def __init__(
        self,
        student: Task,
        teacher: Task,
        temperature: float = 1.0,
        *,
        label_weight: float = 0.0,
        logits_weight: float = 1.0,
        hidden_weight: float = 0.0,
        attention_weight: float = 0.0,
        relation_weight: float = 0.0,
        layers: Sequence[int] | None = None,
        relation_heads: int | None = None,
    ) -> None:
        check_pair(student, teacher)
        self._teacher_ids = teacher_ids(student, teacher)
        checks.positive_float("Distiller", temperature=temperature)
        self.needs_pooler = student.needs_pooler
        super().__init__(student.encoder, student.preprocessor, dtype=student.dtype_policy)
        self.student = student
        # Hidden from Keras, which would otherwise train and save the teacher.
        object.__setattr__(self, "teacher", teacher)
        self.temperature = temperature
        self.weight_of = {
            "label": label_weight,
            "logits": logits_weight,
            "hidden": hidden_weight,
            "attention": attention_weight,
            "relation": relation_weight,
        }
        check_weights(self.weight_of)
        self._reads_states = bool(hidden_weight or attention_weight or relation_weight)
        self._kl: Any = KL.get(student.divergence)
        if logits_weight and self._kl is None:
            raise checks.invalid(
                "`logits_weight` compares distributions or numbers, and these tasks' outputs are neither.",
                fix="Pass `logits_weight=0`, and a weight for hidden states or relations.",
                where="Distiller",
                task=type(student).__name__,
            )
        ours, theirs = student.encoder.blocks, teacher.encoder.blocks
        self.imitated = imitated_blocks(layers, len(ours), len(theirs))
        self.relation_heads = theirs[-1].num_heads if relation_heads is None else relation_heads
        if attention_weight:
            check_heads(ours, [theirs[i] for i in self.imitated])
        if relation_weight:
            check_relations(ours[-1], theirs[-1], self.relation_heads)
        self.projections = []
        widths = [task.encoder.config.hidden_dim for task in (student, teacher)]
        if hidden_weight and widths[0] != widths[1]:
            for name in ("embeddings", "blocks"):
                dense = keras.layers.Dense(widths[1], use_bias=False, name=f"{name}_projection")
                dense.build((None, widths[0]))
                self.projections.append(dense)
        self.built = True

    def call(self, inputs: Tensors, training: bool | None = None) -> Tensors:
        """Returns a dict of the student's `logits` and, if they are compared, its `hidden_states`."""
        return computed(self.student, inputs, self._reads_states, training)

    # === Losses ===

    def compute_loss(
        self,
        x: Rows = None,
        y: Labels = None,
        y_pred: Tensor = None,
        sample_weight: Any = None,
        training: bool | None = True,
    ) -> Tensor:
        """Computes the weighted sum of the parts from what `call` returned, with or without labels `y`.

        `sample_weight` applies to labels and logits; hidden states, attention and relations are not weighted.
        """
        taught = self._taught(x)
        taught = keras.tree.map_structure(ops.stop_gradient, taught)
        logits, weight_of = y_pred["logits"], self.weight_of
        # Gives a gradient of 0 to weights that no part trains, such as a head if only states are compared.
        loss = 0.0 * sum(ops.mean(ops.cast(value, "float32")) for value in keras.tree.flatten(logits))
        if weight_of["label"]:
            loss = loss + weight_of["label"] * super().compute_loss(x, y, logits, sample_weight, training)
        if weight_of["logits"]:
            distance = self._logits_distance(x, y, logits, taught["logits"], sample_weight)
            loss = loss + weight_of["logits"] * distance
        if self._reads_states:
            mask = ops.cast(padding_mask(x), "float32")
            mask = ops.reshape(mask, (-1, ops.shape(mask)[-1]))
            states = y_pred["hidden_states"], taught["hidden_states"]
            distances = state_distances(self, *states, mask)
            for name, distance in distances.items():
                mean = MeanLoss(name=name)(ops.zeros_like(distance), distance)  # over all devices
                loss = loss + weight_of[name] * mean
        return loss

    def _taught(self, x):
        """The teacher's outputs for the student's tokens."""
        if self._teacher_ids is None:
            return computed(self.teacher, x, self._reads_states, training=False)
        ids = ops.take(ops.convert_to_tensor(self._teacher_ids), x["token_ids"], axis=0)
        taught = computed(self.teacher, {**x, "token_ids": ids}, self._reads_states, training=False)
        if isinstance(self.student, BertMaskedLM):  # its classes are tokens
            taught["logits"] = ops.take(taught["logits"], self._teacher_ids, axis=-1)
        return taught

    def divergence(self, student: Tensor, teacher: Tensor) -> Tensor:
        """The divergence of logits at the temperature, for each row or token."""
        return self.temperature**2 * self._kl(teacher / self.temperature, student / self.temperature)

    def _logits_distance(self, x, y, student, teacher, sample_weight):
        mask = padding_mask(x)
        if y is None:
            y = ops.where(mask > 0, 0, IGNORED)
            y = dict.fromkeys(student, y) if isinstance(student, dict) else y
        if isinstance(self.student, BertQuestionAnswerer):  # its classes are positions
            bias = ops.squeeze(padding_bias(mask), (-3, -2))
            student, teacher = (
                {name: ops.cast(value, "float32") + bias for name, value in logits.items()}
                for logits in (student, teacher)
            )
        return self._mean_divergence(y, student, teacher, sample_weight)

    # === Keras' loop ===

    def compile(
        self, optimizer: Any = "auto", loss: Any = "auto", metrics: Any = "auto", **kwargs: Any
    ) -> None:
        """Like `Task.compile`, with the student's loss on labels and its metrics, but without `r_drop`."""
        if kwargs.get("r_drop") is not None:
            rule = "Distillation has no `r_drop`."
            raise checks.invalid(rule, fix="Leave it out.", where="Distiller", r_drop=kwargs["r_drop"])
        if isinstance(self.student, BertQuestionAnswerer):
            kwargs.setdefault("loss_weights", {"start": 0.5, "end": 0.5})
        super().compile(optimizer, loss, metrics, **kwargs)

    @property
    def target(self) -> Target | dict[str, Target] | None:
        """The student's `target`."""
        return self.student.target

    def default_loss(self) -> Any:
        """The student's default loss."""
        return self.student.default_loss()

    def default_metrics(self) -> Any:
        """The student's default metrics."""
        return self.student.default_metrics()

    def compute_metrics(self, x: Rows, y: Labels, y_pred: Tensor, sample_weight: Any = None) -> Tensors:
        """Computes Keras' metrics from the logits; without labels, only the loss."""
        if y is None:
            return self.get_metrics_result()
        return super().compute_metrics(x, y, y_pred["logits"], sample_weight)

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        """Keras' list of metrics, without those that never got labels, because they have no result."""
        return [metric for metric in super().metrics if getattr(metric, "built", True)]

    def class_weights(self, class_weight: Any, x: Rows, y: Labels) -> NoReturn:
        """Raises ValueError: the parts of a distillation loss do not belong to a class."""
        raise checks.invalid(
            "Distillation has no `class_weight`.",
            fix="Pass `sample_weight`, a weight for each row.",
            where="Distiller",
            class_weight=class_weight,
        )

    def labelled(
        self,
        preprocessor: Preprocessor,
        x: Rows,
        y: Labels,
        sample_weight: Any,
        batch_size: int | None,
        shuffle: bool | RowOrder = False,
        where: str = "x",
    ) -> tuple[Any, Any, Any]:
        """See `Task.labelled`.

        Labels may be left out if `label_weight` is 0: for any task that gets tokens, and for texts or pairs
        of texts of a classifier, a next-sentence predictor or an embedder.
        """
        given = y is not None or sample_weight is not None or _may_bring_labels(x)
        # Other rows need labels, because they are cut into windows or joined together with them.
        known = is_tokens(x) or isinstance(preprocessor, (TextPreprocessor, EmbeddingPreprocessor))
        if given or self.weight_of["label"] or not known:
            return super().labelled(preprocessor, x, y, sample_weight, batch_size, shuffle, where)
        if is_tokens(x):
            return x, None, None
        batches = preprocessor.tokens_only(x, batch_size, shuffle, where).map(lambda tokens: (tokens,))
        return self._in_few_lengths(batches, preprocessor), None, None

    # === The trained student ===

    def predict(self, x: Rows, **kwargs: Any) -> Any:
        """The answers of the student's own `predict`."""
        return self.student.predict(x, **kwargs)

    def save(self, filepath: PathLike, overwrite: bool = True, **kwargs: Any) -> None:
        """Saves the student alone, so `keras.callbacks.ModelCheckpoint` saves the student too."""
        self.student.save(filepath, overwrite, **kwargs)

    def save_to_preset(self, folder: PathLike) -> None:
        """Writes the student's preset."""
        self.student.save_to_preset(folder)


def _may_bring_labels(x):
    if is_dataset(x):
        return not is_tokens(x) or (isinstance(x.element_spec, tuple) and len(x.element_spec) > 1)
    return isinstance(x, RowStream)
