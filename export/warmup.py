"""Writes TF Serving's warm-up file: requests that it runs before it accepts the first real one."""

import pathlib

from kerasbert.optional import tensorflow as tf


def write_warmup(folder, requests):
    """Writes `assets.extra/tf_serving_warmup_requests`.

    TensorFlow optimizes the graph of a signature in its first run, so that each signature needs a request,
    both `serving_default` and the signature that it is another name for.

    A record is TF Serving's `PredictionLog`; its package is too large to require it for three nested
    messages, so that they are encoded here.

    Args:
        folder: path of the SavedModel.
        requests: dict, signature -> dict, input -> list of values.
    """
    path = pathlib.Path(folder) / "assets.extra" / "tf_serving_warmup_requests"
    path.parent.mkdir()
    with tf.io.TFRecordWriter(str(path)) as writer:
        for signature, inputs in requests.items():
            writer.write(_prediction_log(signature, inputs))


def _prediction_log(signature, inputs):
    spec = _field(3, signature.encode())  # ModelSpec.signature_name
    request = _field(1, spec)  # PredictRequest.model_spec
    for name, values in inputs.items():
        tensor = tf.make_tensor_proto(values).SerializeToString()
        request += _field(2, _field(1, name.encode()) + _field(2, tensor))  # PredictRequest.inputs, a map
    return _field(6, _field(1, request))  # PredictionLog.predict_log, PredictLog.request


def _field(number, content):
    """Encodes a length-delimited field of a protocol buffer."""
    return bytes([number << 3 | 2]) + _varint(len(content)) + content


def _varint(value):
    groups = bytearray()
    while value > 127:
        groups.append(value & 127 | 128)
        value >>= 7
    return bytes([*groups, value])
