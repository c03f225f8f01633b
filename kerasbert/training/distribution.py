"""Training on several devices and hosts with `tf.distribute` and `keras.distribution`."""

import functools
import json
import os
from typing import Any

import keras

from kerasbert import checks
from kerasbert.optional import tensorflow as tf

KINDS = ("auto", "one_device", "mirrored", "multi_worker", "tpu")
# Environment variables that the launchers of TPU machines set.
_TPU_VARIABLES = ("TPU_NAME", "KUBE_GOOGLE_CLOUD_TPU_ENDPOINTS", "COLAB_TPU_ADDR")


def strategy(kind: str = "auto") -> Any:
    """Returns a `tf.distribute` strategy: build and compile a task in its `scope()`, then call `fit`.

    Batch sizes are global, that is, for all devices together, and losses are means over the global batch, as
    on a single device. Call this function before anything else of TensorFlow.

    Args:
        kind: str. `"one_device"`: the first GPU, or the CPU. `"mirrored"`: all GPUs of this machine.
            `"multi_worker"`: the machines listed in the environment variable `TF_CONFIG`, each of which runs
            the same program. `"tpu"`: the TPU of this machine, or the one named by `TPU_NAME`; texts then
            form full batches of at most eight different lengths. `"auto"`: the last of these that is
            available.

    Returns:
        `tf.distribute.Strategy`. For `"mirrored"`, every call returns the same one, because models in two
        mirrored strategies of one process fail in TensorFlow's all-reduce if they train at the same time.

    Raises:
        ValueError: if `kind` is unknown, the machine is not available, or Keras runs on another backend.

    Example:

    >>> with strategy("one_device").scope():
    ...     config = BertConfig(vocabulary_size=9, num_layers=1, num_heads=2, hidden_dim=8)
    ...     encoder = BertEncoder(config)
    """
    checks.one_of("strategy", KINDS, strategy=kind)
    if keras.backend.backend() != "tensorflow":
        raise checks.invalid(
            "`tf.distribute` strategies need the TensorFlow backend.",
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
                fix='Set it on each machine, such as {"cluster": {"worker": ["host1:2222", "host2:2222"]}, '
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
    """One strategy for all models: TensorFlow confuses the all-reduce operations of several strategies."""
    return tf.distribute.MirroredStrategy()


def _num_workers():
    """The number of machines in `TF_CONFIG`, or 0 if it is not set."""
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
    """Shards BERT's weights over the axis `"model"` of a mesh, for `keras.distribution.ModelParallel`.

    As in Megatron-LM (Shoeybi et al. 2019, section 3, https://arxiv.org/abs/1909.08053), attention is split
    by heads, the feed-forward network by its inner units, and token embeddings by the vocabulary. The size of
    the axis must divide the number of heads, the number of inner units and the size of the vocabulary.

    Args:
        device_mesh: `keras.distribution.DeviceMesh` with the axes `"batch"` and `"model"`.

    Returns:
        `keras.distribution.LayoutMap`.

    Raises:
        ValueError: if Keras does not run on JAX, or the mesh has no axis `"model"`.
    """
    if keras.backend.backend() != "jax":
        raise checks.invalid(
            "Weights can be sharded over devices on JAX alone.",
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
    """Raises ValueError if a `keras.distribution` is set that would have no effect."""
    if keras.backend.backend() == "tensorflow" and keras.distribution.distribution() is not None:
        raise checks.invalid(
            "`keras.distribution` does nothing on TensorFlow: training would run on one device.",
            fix="Build the task in `kerasbert.training.strategy().scope()`; or set KERAS_BACKEND=jax.",
            where="fit",
            distribution=type(keras.distribution.distribution()).__name__,
        )
