"""The warm-up file of TF Serving: requests that it answers before it takes the first real one."""

import pathlib

from kerasbert.optional import tensorflow as tf


def write_warmup(folder, inputs, signature="serving_default"):
    """Writes `assets.extra/tf_serving_warmup_requests` with one request.

    The record is TF Serving's `PredictionLog`; its package is too heavy to need for three nested messages,
    so they are encoded here.

    Args:
        folder: path of the SavedModel.
        inputs: dict, input -> list of values.
        signature: str.
    """
    spec = _field(3, signature.encode())  # ModelSpec.signature_name
    request = _field(1, spec)  # PredictRequest.model_spec
    for name, values in inputs.items():
        tensor = tf.make_tensor_proto(values).SerializeToString()
        request += _field(2, _field(1, name.encode()) + _field(2, tensor))  # PredictRequest.inputs, a map
    log = _field(6, _field(1, request))  # PredictionLog.predict_log, PredictLog.request
    path = pathlib.Path(folder) / "assets.extra" / "tf_serving_warmup_requests"
    path.parent.mkdir()
    with tf.io.TFRecordWriter(str(path)) as writer:
        writer.write(log)


def _field(number, content):
    """A length-delimited field of a protocol buffer."""
    return bytes([number << 3 | 2]) + _varint(len(content)) + content


def _varint(value):
    groups = bytearray()
    while value > 127:
        groups.append(value & 127 | 128)
        value >>= 7
    return bytes([*groups, value])
