"""The importance of attention heads and inner units for a loss, computed from its gradient."""

import keras

from kerasbert import checks
from kerasbert.data import is_dataset
from kerasbert.optional import tensorflow as tf
from kerasbert.tasks.text_task import TextTask


def importances(task, x, y, batch_size):
    """Estimates how much the loss would change without each head and each inner unit, to first order.

    Imagine a factor of 1 on all outputs of a head or a unit: its importance is the absolute gradient of the
    loss with respect to this factor, averaged over batches (heads: Michel et al. 2019, section 4.1, equation
    2, https://arxiv.org/abs/1905.10650; units, by Taylor expansion: Molchanov et al. 2017, section 2.2,
    https://arxiv.org/abs/1611.06440). The factor only affects some rows of the next kernel, so its gradient
    is the sum over these rows of the kernel times the kernel's own gradient.

    Args:
        task: a compiled kerasbert task.
        x, y: as for its `fit`.
        batch_size: int.

    Returns:
        For each block a pair of float64 arrays: the importance of its heads `(N,)` and inner units `(I,)`.

    Raises:
        ValueError: if the task is not compiled, there are no rows, or Keras does not run on TensorFlow.
    """
    if keras.backend.backend() != "tensorflow" or not task.compiled:
        raise checks.invalid(
            "Importance is computed from the gradient of the task's loss, on TensorFlow.",
            fix="Call `compile()` first, and use KERAS_BACKEND=tensorflow.",
            where="prune",
            compiled=task.compiled,
            backend=keras.backend.backend(),
        )
    kernels = [
        layer.kernel.value
        for block in task.encoder.blocks
        for layer in (block.attention.output_dense, block.feed_forward.output_dense)
    ]

    @tf.function(reduce_retracing=True)
    def gradients(x, y, sample_weight):
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            for kernel in kernels:
                tape.watch(kernel)
            loss = task.compute_loss(x, y, task(x, training=False), sample_weight, training=False)
        found = tape.gradient(loss, kernels)
        return [tf.reduce_sum(k * g, -1) for k, g in zip(kernels, found, strict=True)]

    sums, batches = [0.0] * len(kernels), 0
    heads = [block.attention.num_heads for block in task.encoder.blocks]
    for batch in _batches(task, x, y, batch_size):
        columns = keras.utils.unpack_x_y_sample_weight(batch)
        found = [rows.numpy().astype("float64") for rows in gradients(*columns)]
        found[::2] = [rows.reshape(n, -1).sum(-1) for rows, n in zip(found[::2], heads, strict=True)]
        sums = [total + abs(rows) for total, rows in zip(sums, found, strict=True)]
        batches += 1
    if not batches:
        raise checks.invalid("There must be labelled rows.", fix="Pass some hundreds.", where="prune", rows=0)
    means = [total / batches for total in sums]
    return list(zip(means[::2], means[1::2], strict=True))


def _batches(task, x, y, batch_size):
    """Batches in the form that `compute_loss` takes."""
    if isinstance(task, TextTask):
        x, y, _ = task.preprocessor.labelled(x, y, None, batch_size)
    if is_dataset(x):
        return x
    return tf.data.Dataset.from_tensor_slices((x, y)).batch(batch_size)
