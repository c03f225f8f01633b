"""Training on several devices and hosts, by the engines of TensorFlow and Keras."""

import functools
import json
import os
from typing import Any

import keras

from kerasbert import checks
from kerasbert.optional import tensorflow as tf

KINDS = ("auto", "one_device", "mirrored", "multi_worker", "tpu")
# What the launchers of TPU machines set.
_TPU_VARIABLES = ("TPU_NAME", "KUBE_GOOGLE_CLOUD_TPU_ENDPOINTS", "COLAB_TPU_ADDR")


def strategy(kind: str = "auto") -> Any:
    """A strategy of `tf.distribute`; build and compile a task in its `scope()`, then call `fit` as ever.

    Batch sizes are those of all devices together, and losses are means over the whole batch: those of one
    device. Call it before anything else of TensorFlow.

    Args:
        kind: str. `"one_device"`: the first GPU, or the CPU. `"mirrored"`: all GPUs of this machine.
            `"multi_worker"`: the machines that the variable `TF_CONFIG` names; each runs the same program.
            `"tpu"`: the TPU of this machine, or that of `TPU_NAME`; texts become full batches of at most
            eight lengths. `"auto"`: the last of these that there is.

    Returns:
        `tf.distribute.Strategy`; of `"mirrored"` the same each time, since models in two such strategies of
        one process fail in TensorFlow's sums when they train at the same time.

    Raises:
        ValueError: if `kind` is unknown, there is no such machine, or Keras runs on another backend.

    Example:

    >>> with strategy("one_device").scope():
    ...     config = BertConfig(vocabulary_size=9, num_layers=1, num_heads=2, hidden_dim=8)
    ...     encoder = BertEncoder(config)
    """
    checks.one_of("strategy", KINDS, strategy=kind)
    if keras.backend.backend() != "tensorflow":
        raise checks.invalid(
            "Strategies are of TensorFlow.",
            fix="On JAX, call keras.distribution.set_distribution(keras.distribution.DataParallel()).",
            where="strategy",
            backend=keras.backend.backend(),
        )
    has_tpu = any(os.environ.get(name) for name in _TPU_VARIABLES)
    num_gpus = len(tf.config.list_physical_devices("GPU"))
    if kind == "auto":
        if has_tpu:
            kind = "tpu"
        elif _num_workers() > 1:
            kind = "multi_worker"
        else:
            kind = "mirrored" if num_gpus > 1 else "one_device"
    if kind == "one_device":
        return tf.distribute.OneDeviceStrategy("/gpu:0" if num_gpus else "/cpu:0")
    if kind == "mirrored":
        return _mirrored()
    if kind == "multi_worker":
        if not _num_workers():
            raise checks.invalid(
                "`TF_CONFIG` must name the machines.",
                fix='Set it on each, such as {"cluster": {"worker": ["host1:2222", "host2:2222"]}, '
                '"task": {"type": "worker", "index": 0}}.',
                where="strategy",
                TF_CONFIG=os.environ.get("TF_CONFIG"),
            )
        return tf.distribute.MultiWorkerMirroredStrategy()
    if not has_tpu:
        raise checks.invalid(
            "There must be a TPU.",
            fix="Set `TPU_NAME` (`local` on a TPU machine), or choose another kind.",
            where="strategy",
            TPU_NAME=os.environ.get("TPU_NAME"),
        )
    resolver = tf.distribute.cluster_resolver.TPUClusterResolver()
    tf.config.experimental_connect_to_cluster(resolver)
    tf.tpu.experimental.initialize_tpu_system(resolver)
    return tf.distribute.TPUStrategy(resolver)


@functools.cache
def _mirrored():
    """One for all models: TensorFlow numbers the sums of each strategy alike, and mixes them up."""
    return tf.distribute.MirroredStrategy()


def _num_workers():
    """How many machines `TF_CONFIG` names, 0 without it."""
    text = os.environ.get("TF_CONFIG", "")
    if not text.strip():
        return 0
    try:
        cluster = json.loads(text).get("cluster", {})
        return sum(len(cluster.get(name, ())) for name in ("chief", "worker"))
    except (AttributeError, TypeError, ValueError) as error:
        raise checks.invalid(
            "`TF_CONFIG` must be JSON with the cluster and this machine's task.",
            fix="Correct it, or unset it.",
            where="strategy",
            reason=str(error),
        ) from error


def layout_map(device_mesh: keras.distribution.DeviceMesh) -> keras.distribution.LayoutMap:
    """How BERT's weights are cut over the axis `"model"` of a mesh, for `keras.distribution.ModelParallel`.

    As in Megatron-LM (Shoeybi et al. 2019, section 3, https://arxiv.org/abs/1909.08053): attention by heads,
    the feed-forward network by its inner units, the tables of tokens by the vocabulary. The axis must divide
    the number of heads and of inner units, and the vocabulary.

    Args:
        device_mesh: `keras.distribution.DeviceMesh` with the axes `"batch"` and `"model"`.

    Returns:
        `keras.distribution.LayoutMap`.

    Raises:
        ValueError: if Keras runs on another backend than JAX, or there is no axis `"model"`.
    """
    if keras.backend.backend() != "jax":
        raise checks.invalid(
            "Weights are cut over devices on JAX alone.",
            fix="Set KERAS_BACKEND=jax; on TensorFlow, `strategy` copies a model to all devices.",
            where="layout_map",
            backend=keras.backend.backend(),
        )
    if "model" not in device_mesh.axis_names:
        raise checks.invalid(
            'The mesh must have an axis "model".',
            fix='Make it with axis_names=("batch", "model").',
            where="layout_map",
            axis_names=tuple(device_mesh.axis_names),
        )
    layouts = keras.distribution.LayoutMap(device_mesh)
    for path, axes in {
        "attention/(query|key|value)/kernel": (None, "model"),
        "attention/(query|key|value)/bias": ("model",),
        "attention/output/kernel": ("model", None),
        "feed_forward/intermediate/kernel": (None, "model"),
        "feed_forward/intermediate/bias": ("model",),
        "feed_forward/output/kernel": ("model", None),
        "token_embedding/embeddings": ("model", None),
        "masked_lm/output_bias": ("model",),
        "masked_lm/decoder_kernel": ("model", None),
    }.items():
        layouts[f"(.*/)?{path}"] = axes
    return layouts


def check_distribution():
    """Raises ValueError where a distribution of Keras is set that would do nothing."""
    if keras.backend.backend() == "tensorflow" and keras.distribution.distribution() is not None:
        raise checks.invalid(
            "`keras.distribution` does nothing on TensorFlow: training would run on one device.",
            fix="Build the task in `kerasbert.training.strategy().scope()`; or set KERAS_BACKEND=jax.",
            where="fit",
            distribution=type(keras.distribution.distribution()).__name__,
        )
