"""The head that classifies each token."""

import keras

from kerasbert.heads.classification import ClassificationHead


@keras.saving.register_keras_serializable(package="kerasbert")
class TokenClassificationHead(ClassificationHead):
    """Dropout and one dense layer, applied to each position separately.

    Devlin et al. 2019, section 5.3, https://arxiv.org/abs/1810.04805.

    Args:
        num_classes: int, C.
        dropout: float in [0, 1), dropout on the input.
        initializer_range: float, standard deviation of the kernel's initializer.

    Call arguments:
        sequence_output: float tensor `(B, S, D)`, or `(S, D)` for one sequence.

    Returns:
        Float tensor `(B, S, C)`, or `(S, C)`: logits.

    Example:

    >>> tuple(TokenClassificationHead(num_classes=3)(np.ones((2, 5, 8), "float32")).shape)
    (2, 5, 3)
    """
