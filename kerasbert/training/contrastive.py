"""Contrastive learning from pairs and triplets of texts, with the other texts of a batch as negatives."""

from typing import Any

import keras
from keras import ops

from kerasbert import checks
from kerasbert.types import Config, Tensor


@keras.saving.register_keras_serializable(package="kerasbert")
class ContrastiveLoss(keras.losses.Loss):
    """Cross-entropy of finding a text's partner among all partners and all negatives of the batch.

    In-batch negatives: Henderson et al. 2017, section 4.4, https://arxiv.org/abs/1705.00652; cosines divided
    by a temperature: Chen et al. 2020, section 2.1, https://arxiv.org/abs/2002.05709. A right answer never
    counts as a negative: for each text, candidates are left out that are equal to the text itself, or that
    are the partner of an equal text anywhere in the batch.

    Args:
        temperature: float, by which cosines are divided.
        **kwargs: other arguments of `keras.losses.Loss`.

    Call arguments:
        y_true: tensor `(G * B, G)`, where G is 2 for pairs and 3 for triplets. Each row holds a number for
            each text of its group; equal texts have equal numbers.
        y_pred: float tensor `(G * B, D)`, the embeddings of texts. The first G rows are a group (a text, its
            partner and, in a triplet, a negative), the next G rows are the next group, and so on.

    Example:

    >>> vectors = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 1.0]], "float32")
    >>> numbers = np.array([[0, 1], [0, 1], [2, 3], [2, 3]])
    >>> round(float(ContrastiveLoss(temperature=1.0)(numbers, vectors)), 4)
    0.3133
    """

    def __init__(self, temperature: float = 0.05, name: str = "contrastive_loss", **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)
        checks.positive_float(name, temperature=temperature)
        self.temperature = temperature

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """Computes the loss of each group, `(B,)`; see the class."""
        scores = partner_scores(y_true, y_pred) / self.temperature
        right = ops.arange(ops.shape(scores)[0])
        return keras.losses.sparse_categorical_crossentropy(right, scores, from_logits=True)

    def get_config(self) -> Config:
        """Returns the arguments of `__init__`."""
        return {**super().get_config(), "temperature": self.temperature}


@keras.saving.register_keras_serializable(package="kerasbert")
def partner_accuracy(y_true: Tensor, y_pred: Tensor) -> Tensor:
    """Whether the nearest candidate to the first text of a group is its own partner: 1 or 0, `(B,)`.

    It takes the same arguments as a `ContrastiveLoss` when called.

    Example:

    >>> pairs = np.array([[1.0, 0.0], [0.9, 0.1], [0.0, 1.0], [0.8, 0.2]], "float32")
    >>> numbers = np.array([[0, 1], [0, 1], [2, 3], [2, 3]])
    >>> [float(value) for value in partner_accuracy(numbers, pairs)]
    [1.0, 1.0]
    """
    scores = partner_scores(y_true, y_pred)
    best = ops.argmax(scores, axis=-1)
    return ops.cast(ops.equal(best, ops.cast(ops.arange(ops.shape(scores)[0]), best.dtype)), "float32")


def partner_scores(y_true, y_pred):
    """Cosines `(B, (G - 1) * B)` of first texts and candidates, very low for right answers of other groups.

    The candidates are all partners, followed by all negatives, so the own partner of row i is candidate i.
    """
    group, dim = ops.shape(y_true)[-1], y_pred.shape[-1]
    vectors = ops.reshape(_units(y_pred), (-1, group, dim))  # (B, G, D)
    numbers = ops.reshape(ops.cast(y_true, "int32"), (-1, group, group))[:, 0]  # (B, G)
    candidates = ops.reshape(ops.transpose(vectors[:, 1:], (1, 0, 2)), (-1, dim))
    scores = ops.matmul(vectors[:, 0], ops.transpose(candidates))
    firsts, partners = numbers[:, 0], numbers[:, 1]
    names = ops.reshape(ops.transpose(numbers[:, 1:]), (-1,))
    # A candidate is right if an equal first text has a partner that is equal to the candidate.
    right = ops.matmul(_equal(firsts, firsts), _equal(partners, names)) + _equal(firsts, names)
    rows, columns = (ops.arange(ops.shape(right)[axis]) for axis in (0, 1))
    others = 1.0 - _equal(rows, columns)
    return scores - ops.cast(1e4 * ops.minimum(right, 1.0) * others, scores.dtype)


def pair_cosines(vectors):
    """Cosines `(B,)` of pairs of vectors `(2 B, D)`: rows 0 and 1, rows 2 and 3, and so on."""
    vectors = _units(vectors)
    return ops.sum(vectors[0::2] * vectors[1::2], axis=-1)


def _units(vectors):
    return vectors / ops.maximum(ops.sqrt(ops.sum(ops.square(vectors), axis=-1, keepdims=True)), 1e-6)


def _equal(rows, columns):
    return ops.cast(ops.equal(rows[:, None], columns[None, :]), "float32")
