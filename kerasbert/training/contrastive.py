"""Learning from pairs of texts alone: the others of a batch are what a text does not mean."""

import keras
from keras import ops

from kerasbert import checks


@keras.saving.register_keras_serializable(package="kerasbert")
class ContrastiveLoss(keras.losses.Loss):
    """Cross-entropy of finding a text's partner among all partners of the batch.

    In-batch negatives: Henderson et al. 2017, section 4.4, https://arxiv.org/abs/1705.00652; with cosines
    over a temperature: Chen et al. 2020, section 2.1, https://arxiv.org/abs/2002.05709.

    Args:
        temperature: float, by which cosines are divided.
        **kwargs: of `keras.losses.Loss`.

    Call arguments:
        y_true: int tensor `(2 B,)`, a number for each text: equal for texts that are equal. A partner that is
            another row's partner too is no wrong answer there.
        y_pred: float tensor `(2 B, D)`, vectors: rows 0 and 1 belong together, 2 and 3, and so on.

    Example:

    >>> vectors = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 1.0]], "float32")
    >>> round(float(ContrastiveLoss(temperature=1.0)(np.array([0, 1, 2, 3]), vectors)), 4)
    0.3133
    """

    def __init__(self, temperature=0.05, name="contrastive_loss", **kwargs):
        super().__init__(name=name, **kwargs)
        checks.positive_float(name, temperature=temperature)
        self.temperature = temperature

    def call(self, y_true, y_pred):
        """See the class; returns `(B,)`."""
        scores = partner_scores(y_true, y_pred) / self.temperature
        right = ops.arange(ops.shape(scores)[0])
        return keras.losses.sparse_categorical_crossentropy(right, scores, from_logits=True)

    def get_config(self):
        """Returns the arguments of `__init__`."""
        return {**super().get_config(), "temperature": self.temperature}


@keras.saving.register_keras_serializable(package="kerasbert")
def partner_accuracy(y_true, y_pred):
    """Says of each first text whether its own partner is the nearest: 1 or 0, `(B,)`.

    Takes the arguments of `ContrastiveLoss`.

    Example:

    >>> pairs = np.array([[1.0, 0.0], [0.9, 0.1], [0.0, 1.0], [0.8, 0.2]], "float32")
    >>> [float(value) for value in partner_accuracy(np.array([0, 0, 1, 1]), pairs)]
    [1.0, 1.0]
    """
    scores = partner_scores(y_true, y_pred)
    best = ops.argmax(scores, axis=-1)
    return ops.cast(ops.equal(best, ops.cast(ops.arange(ops.shape(scores)[0]), best.dtype)), "float32")


def partner_scores(y_true, y_pred):
    """Cosines `(B, B)` of first texts and partners; of equal partners all but the own are out of the race."""
    lengths = ops.sqrt(ops.sum(ops.square(y_pred), axis=-1, keepdims=True))
    vectors = y_pred / ops.maximum(lengths, 1e-6)
    scores = ops.matmul(vectors[0::2], ops.transpose(vectors[1::2]))
    partners = ops.reshape(y_true, (-1,))[1::2]
    equal = ops.cast(ops.equal(partners[:, None], partners[None, :]), scores.dtype)
    return scores - 1e4 * (equal - ops.eye(ops.shape(scores)[0], dtype=scores.dtype))
