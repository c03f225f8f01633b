"""The optimizer that BERT is fine-tuned with."""

import keras

from kerasbert.training.schedules import WarmupLinearDecay


@keras.saving.register_keras_serializable(package="kerasbert")
class BertAdamW(keras.optimizers.AdamW):
    """AdamW with BERT's settings: warm-up and linear decay, clipping, no decay of biases and norms.

    Loshchilov & Hutter 2019, https://arxiv.org/abs/1711.05101; Devlin et al. 2019, appendix A.2.

    Args:
        learning_rate: float, the peak of a `WarmupLinearDecay` whose length `fit` sets; or a schedule.
        weight_decay: float, of kernels and embeddings.
        epsilon: float.
        global_clipnorm: float or None, the largest norm of all gradients together.
        **kwargs: of `keras.optimizers.AdamW`.

    Example:

    >>> BertAdamW(3e-5).get_config()["weight_decay"]
    0.01
    """

    def __init__(self, learning_rate=5e-5, weight_decay=0.01, epsilon=1e-6, global_clipnorm=1.0, **kwargs):
        if isinstance(learning_rate, float):
            learning_rate = WarmupLinearDecay(learning_rate)
        super().__init__(
            learning_rate, weight_decay, epsilon=epsilon, global_clipnorm=global_clipnorm, **kwargs
        )
        # Here and not by the caller, so that a loaded model keeps it.
        self.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
