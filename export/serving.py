"""Writes `assets.extra/serving.md`, a guide to serving a SavedModel, and parameters for batching."""

import json
import pathlib
import re
import shlex

import numpy as np

from kerasbert.optional import tensorflow as tf

# Two rows for each input of a signature, except tokens.
_SAMPLES = {
    "text": ["a short text", "another one, a little longer"],
    "text_pair": ["it is short", "it is long"],
    "question": ["where is it?", "who came?"],
    "context": ["it is here.", "Ann came, and Bob left."],
    "choices": [["one", "another"], ["yes", "no"]],
    "sentences": [["It rained.", "Ann left."], ["It was fine.", ""]],
}
# Longer lists in an answer are truncated.
MOST_SHOWN = 5

BATCHING = """\
# Fields of `BatchingParameters`, tensorflow_serving/servables/tensorflow/session_bundle_config.proto.
# A request of more rows is refused.
max_batch_size { value: 32 }
# How long the first request of a batch waits for others.
batch_timeout_micros { value: 1000 }
# What comes while so many batches wait is refused.
max_enqueued_batches { value: 100 }
"""


def sample_requests(task, signatures):
    """Returns a request for each signature.

    Args:
        task: a kerasbert task.
        signatures: dict, signature -> names of its inputs.

    Returns:
        dict, signature -> dict, input -> values of two rows, as nested lists of str, int or float.
    """
    samples = dict(_SAMPLES)
    if task.endpoint == "fill":
        mask = list(task.tokenizer.vocabulary)[task.tokenizer.mask_id]
        samples["text"] = [f"{mask} {text}" for text in samples["text"]]
    tokens = task.tokenizer(samples["text"], max_length=task.max_sequence_length)
    samples |= {name: value.numpy().tolist() for name, value in tokens.items()}
    samples |= {name: np.full((2, *shape), 0.5).tolist() for name, shape in task.extra_inputs.items()}
    return {name: {key: samples[key] for key in inputs} for name, inputs in signatures.items()}


def write_guide(folder, path, signature_defs, requests, answers):
    """Writes `serving.md` and `batching_parameters.txt` into `assets.extra/` of a SavedModel.

    That folder is for files "that co-exist with the model, but are not loaded by the graph" (SavedModel's
    format). TF Serving only opens one file there, the one with the warm-up requests.

    Args:
        folder: path of the SavedModel.
        path: `pathlib.Path`, its final path, such as `serving/film/1`, from which the examples take the
            model's name.
        signature_defs: dict, signature -> `SignatureDef`.
        requests: dict, signature -> inputs, from `sample_requests`; the first signature is the default.
        answers: dict, signature -> dict, output -> tensor: the model's answers to these requests.
    """
    path = path.resolve()
    is_version = path.name.isdecimal()
    model = re.sub(r"[^A-Za-z0-9_.-]", "_", path.parent.name if is_version else path.name) or "model"
    folder = pathlib.Path(folder) / "assets.extra"
    parts = [_start(model, path.name if is_version else "1")]
    for name, inputs in requests.items():
        parts.append(_signature(name, signature_defs[name], default=name == next(iter(requests))))
        parts += [_rest(model, name, inputs, answers[name])]
        parts += [_grpc(model, name, inputs, signature_defs[name])]
    parts.append(_batching({name: signature_defs[name] for name in requests}))
    (folder / "serving.md").write_text("\n".join(parts), "utf-8")
    (folder / "batching_parameters.txt").write_text(BATCHING, "utf-8")


def _start(model, version):
    return f"""\
# Serving `{model}`

`to_saved_model` wrote this file with the model; the answers in it are the model's own. TF Serving does not
read it.

In the folder that holds `saved_model.pb`:

```sh
docker run --rm -p 8500:8500 -p 8501:8501 -e MODEL_NAME={model} -v "$PWD:/models/{model}/{version}:ro" \\
  tensorflow/serving --enable_batching \\
  --batching_parameters_file=/models/{model}/{version}/assets.extra/batching_parameters.txt
```

REST listens at 8501, gRPC at 8500. The graph is TensorFlow {tf.__version__}'s: take an image of this
release or a later one, `tensorflow/serving:VERSION`. Stock TF Serving has all of its operations,
TensorFlow's own and some of TensorFlow Text that images of early 2025 have, too.

The server runs the requests in `tf_serving_warmup_requests`, beside this file, before it takes others.
There is one for each signature, because its first run takes long: TensorFlow optimizes its graph then.
"""


def _signature(name, signature, default):
    rows = [
        f"| {kind} | `{key}` | {_dtype(info)} | `({', '.join(map(str, _shape(info)))})` |"
        for kind, infos in (("in", signature.inputs), ("out", signature.outputs))
        for key, info in sorted(infos.items())
    ]
    also = ["The default: requests may leave the signature's name out.", ""] if default else []
    head = ["| | name | type | shape |", "| --- | --- | --- | --- |"]
    return "\n".join([f"## `{name}`", "", *also, *head, *rows, ""])


def _rest(model, name, inputs, answer):
    body = json.dumps({"signature_name": name, "inputs": inputs}, ensure_ascii=False)
    outputs = {key: _shown(value.numpy().tolist()) for key, value in sorted(answer.items())}
    # TF Serving omits the name if there is only one output.
    (outputs,) = outputs.values() if len(outputs) == 1 else (outputs,)
    answer = json.dumps({"outputs": outputs}, ensure_ascii=False)
    return f"""\
REST:

```sh
curl http://localhost:8501/v1/models/{model}:predict -d {shlex.quote(body)}
```

answers (numbers are rounded, lists of more than {MOST_SHOWN} end in …):

```json
{answer}
```
"""


def _grpc(model, name, inputs, signature):
    types = {key: f"tf.{_dtype(info)}" for key, info in signature.inputs.items()}
    lines = "\n".join(
        f'request.inputs["{key}"].CopyFrom(tf.make_tensor_proto({value!r}, {types[key]}))'
        for key, value in inputs.items()
    )
    return f"""\
gRPC, in Python (`pip install tensorflow-serving-api`):

```python
import grpc
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

request = predict_pb2.PredictRequest()
request.model_spec.name = "{model}"
request.model_spec.signature_name = "{name}"
{lines}
with grpc.insecure_channel("localhost:8500") as channel:
    response = prediction_service_pb2_grpc.PredictionServiceStub(channel).Predict(request, timeout=10)
answer = {{name: tf.make_ndarray(value) for name, value in response.outputs.items()}}
```
"""


def _batching(signatures):
    inputs = {key: info for signature in signatures.values() for key, info in signature.inputs.items()}
    wide = ", ".join(f"`{key}`" for key, info in sorted(inputs.items()) if len(_shape(info)) > 1)
    return f"""\
## Batching

With `--enable_batching`, TF Serving joins the requests that wait for a signature along their first
dimension, runs them as one batch, and splits the answers. Here all inputs and outputs have their rows
first, as this needs. `batching_parameters.txt` says how large a batch may be and how long it may wait; its
numbers are a start, to be tuned. It sets no `allowed_batch_sizes`: they fill batches up with rows for
nothing, and this graph takes any number.

- Inputs of one dimension, texts, always join.
- Inputs of more, {wide}, join only if all requests have one shape,
  but for the rows; otherwise TF Serving refuses the whole batch. Send them in one shape, tokens padded with
  zeros in `padding_mask`, or serve without `--enable_batching`.
- Do not set `pad_variable_length_inputs`: it pads a tensor with the tensor's first element, `padding_mask`
  with 1, so the padding would be read as text, and answers would be wrong without an error.
"""


def _dtype(info):
    return tf.dtypes.as_dtype(info.dtype).name


def _shape(info):
    return [dim.size for dim in info.tensor_shape.dim]


def _shown(value):
    """Converts a value of an answer to the form of the REST API, rounded and truncated."""
    if isinstance(value, list):
        return [*map(_shown, value[:MOST_SHOWN]), *(["…"] if len(value) > MOST_SHOWN else [])]
    if isinstance(value, bytes):
        return value.decode()
    return float(f"{value:.6g}") if isinstance(value, float) else value
