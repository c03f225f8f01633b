"""SavedModels serve: by TF Serving's messages, in a process without kerasbert, as `serving.md` says."""

import dataclasses
import json
import os
import re
import shlex
import subprocess
import sys
import types

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_text
from conformance_cases import EXPORTED, make_task, sample_texts, slow_but
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format, wrappers_pb2

import kerasbert
from kerasbert import export
from kerasbert.export import endpoints
from kerasbert.export.serving_ops import TEXT_OPS, check_served

grpc = pytest.importorskip("grpc", reason="pip install tensorflow-serving-api")
pytest.importorskip("tensorflow_serving.apis", reason="pip install tensorflow-serving-api")
from tensorflow_serving.apis import predict_pb2, prediction_log_pb2, prediction_service_pb2_grpc  # noqa: E402

pytestmark = pytest.mark.tensorflow

# TF Serving's `Predict`, in plain TensorFlow: feeds of a signature, a session, fetches.
SERVER = """
import concurrent.futures, pathlib, sys
sys.modules["kerasbert"] = None
import grpc, tensorflow as tf, tensorflow_text
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc as service

def load(name, known={}):
    if name not in known:
        session = tf.compat.v1.Session(graph=tf.Graph())
        with session.graph.as_default():
            loaded = tf.compat.v1.saved_model.load(session, ["serve"], f"{sys.argv[1]}/{name}/1")
        known[name] = session, loaded.signature_def
    return known[name]

class Server(service.PredictionServiceServicer):
    def Predict(self, request, context):
        session, signatures = load(request.model_spec.name)
        signature = signatures[request.model_spec.signature_name or "serving_default"]
        if set(request.inputs) != set(signature.inputs):
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(sorted(signature.inputs)))
        for key, info in signature.inputs.items():
            assert request.inputs[key].dtype == info.dtype, key
        feeds = {info.name: tf.make_ndarray(request.inputs[key]) for key, info in signature.inputs.items()}
        found = session.run({key: info.name for key, info in signature.outputs.items()}, feeds)
        response = predict_pb2.PredictResponse(model_spec=request.model_spec)
        for key, value in found.items():
            response.outputs[key].CopyFrom(tf.make_tensor_proto(value, signature.outputs[key].dtype))
        return response

server = grpc.server(concurrent.futures.ThreadPoolExecutor(1))
service.add_PredictionServiceServicer_to_server(Server(), server)
print(server.add_insecure_port("localhost:0"), flush=True)
server.start()
sys.stdin.read()
"""


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A running server: the `folder` of its models, its `address`, and `predict` of a request."""
    folder = tmp_path_factory.mktemp("models")
    quiet = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [sys.executable, "-c", SERVER, folder]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=quiet
    ) as server:
        address = f"localhost:{int(server.stdout.readline())}"
        with grpc.insecure_channel(address) as channel:
            predict = prediction_service_pb2_grpc.PredictionServiceStub(channel).Predict
            yield types.SimpleNamespace(folder=folder, address=address, predict=predict)
        server.stdin.close()


@pytest.fixture(scope="module")
def film(trained, served):
    return export.to_saved_model(trained, served.folder / "film" / "1")


def guide_of(artifact):
    return (artifact.path / "assets.extra" / "serving.md").read_text("utf-8")


def blocks(guide, language):
    return re.findall(rf"```{language}\n(.*?)```", guide, re.DOTALL)


def rest_request(command):
    """What the guide's `curl` sends: the model's name, and the message that TF Serving makes of it."""
    curl, url, option, body = shlex.split(command)
    assert (curl, option) == ("curl", "-d")
    model = re.fullmatch(r"http://localhost:8501/v1/models/([^/:]+):predict", url)[1]
    body = json.loads(body)
    assert set(body) == {"signature_name", "inputs"}
    return message(model, body["signature_name"], body["inputs"])


def message(model, signature, inputs):
    request = predict_pb2.PredictRequest()
    request.model_spec.name, request.model_spec.signature_name = model, signature
    for key, value in inputs.items():
        request.inputs[key].CopyFrom(tf.make_tensor_proto(value))
    return request


def arrays(response):
    return {key: tf.make_ndarray(value) for key, value in response.outputs.items()}


def leaves(value):
    """Numbers and strings of an answer of `predict`, or of one in JSON, in their order."""
    if dataclasses.is_dataclass(value):
        value = list(vars(value).values())
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        return [leaf for item in value for leaf in leaves(item)]
    return [value.decode() if isinstance(value, bytes) else value]


def same(found, expected):
    found, expected = leaves(found), leaves(expected)
    assert [x for x in found if isinstance(x, str)] == [x for x in expected if isinstance(x, str)]
    numbers = [[x for x in side if not isinstance(x, str)] for side in (found, expected)]
    np.testing.assert_allclose(*numbers, atol=1e-5)


def cut(found, shown):
    """A found answer, cut as the shown one is."""
    if isinstance(shown, list):
        assert len(found) == len(shown) or (shown[-1] == "…" and len(found) >= len(shown))
        return [item if item == "…" else cut(*pair) for item, *pair in zip(shown, found, shown, strict=False)]
    return found


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*were truncated")
@pytest.mark.parametrize("name", slow_but(("BertTextClassifier", "BertTokenClassifier"), EXPORTED))
def test_the_guides_requests_and_the_warm_up_are_answered(name, config, tokenizer, served):
    task, model = make_task(name, config, tokenizer), name.replace(" ", "_")
    artifact = export.to_saved_model(task, served.folder / model / "1")
    signatures = set(artifact.signatures) - {"serving_default"}
    guide = guide_of(artifact)
    docker, *curls = blocks(guide, "sh")
    assert f"/models/{model}/1:ro" in docker
    assert f"-e MODEL_NAME={model} " in docker
    assert len(curls) == len(signatures)
    asked = []
    for curl, answer, client in zip(curls, blocks(guide, "json"), blocks(guide, "python"), strict=True):
        # gRPC: the client as it stands, but for the port.
        assert client.count("localhost:8500") == 1
        variables = {}
        exec(client.replace("localhost:8500", served.address), variables)
        found = variables["answer"]
        asked.append(variables["request"].model_spec.signature_name)
        # REST: the body says the same.
        request = rest_request(curl)
        assert request == variables["request"]
        shown = json.loads(answer)["outputs"]
        if len(found) == 1:  # TF Serving leaves its name out
            shown = dict.fromkeys(found, shown)
        assert set(shown) == set(found) == set(artifact.signatures[asked[-1]]["outputs"])
        for key, value in found.items():
            same(cut(value.tolist(), shown[key]), shown[key])
        # TF Serving's batching: all inputs and outputs have their rows first.
        twice = {key: np.concatenate([tf.make_ndarray(value)] * 2) for key, value in request.inputs.items()}
        both = arrays(served.predict(message(model, asked[-1], twice)))
        for key, value in both.items():
            assert len(value) == 4
            same(value[2:], found[key])
    assert set(asked) == signatures

    records = tf.data.TFRecordDataset(str(artifact.path / "assets.extra" / "tf_serving_warmup_requests"))
    requests = [
        prediction_log_pb2.PredictionLog.FromString(record).predict_log.request
        for record in records.as_numpy_iterator()
    ]
    assert [request.model_spec.signature_name for request in requests] == ["serving_default", *asked]
    for request in requests:
        request.model_spec.name = model
        assert arrays(served.predict(request))

    x, endpoint = sample_texts(task), endpoints.BY_NAME[task.endpoint]
    found = arrays(served.predict(message(model, "", endpoint.columns(x))))
    same(endpoint.predictions(task, found, x), task.predict(x, verbose=0))


@pytest.mark.slow
def test_a_message_gives_what_predict_gives(film, trained, texts, served):
    expected = trained.predict(texts, verbose=0)
    for signature in ("", "serving_default", "classify"):
        found = arrays(served.predict(message("film", signature, {"text": texts})))
        np.testing.assert_allclose(found["probabilities"], expected, atol=1e-5)
        assert [label.decode() for label in found["label"]] == trained.predict_labels(texts, verbose=0)
    pairs = {"text": texts, "text_pair": texts[::-1]}
    found = arrays(served.predict(message("film", "classify_pair", pairs)))
    expected = trained.predict((texts, texts[::-1]), verbose=0)
    np.testing.assert_allclose(found["probabilities"], expected, atol=1e-5)
    with pytest.raises(grpc.RpcError, match="'text', 'text_pair'"):
        served.predict(message("film", "classify_pair", {"text": texts}))


@pytest.mark.slow
def test_padding_as_tf_serving_pads_would_change_answers(film, trained, served):
    """Why the guide warns of `pad_variable_length_inputs`, which repeats a tensor's first element."""
    tokens = {key: value.numpy() for key, value in trained.tokenizer(["the film"], max_length=16).items()}
    right = arrays(served.predict(message("film", "classify_tokens", tokens)))["probabilities"]
    zeros = {key: np.pad(value, [(0, 0), (0, 5)]) for key, value in tokens.items()}
    padded = arrays(served.predict(message("film", "classify_tokens", zeros)))["probabilities"]
    np.testing.assert_allclose(padded, right, atol=1e-6)
    first = {
        key: np.pad(value, [(0, 0), (0, 5)], constant_values=value[0, 0]) for key, value in tokens.items()
    }
    wrong = arrays(served.predict(message("film", "classify_tokens", first)))["probabilities"]
    assert np.abs(wrong - right).max() > 5e-6


@pytest.mark.slow
def test_batching_parameters_have_the_fields_of_tf_servings_message(film):
    # tensorflow/serving, tensorflow_serving/servables/tensorflow/session_bundle_config.proto, commit
    # 03f8b6b5fceec0df896da1e85d02b101b4ff2b7a; tensorflow-serving-api has no module of it.
    fields = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name="batching.proto", syntax="proto3")
    file.dependency.append(wrappers_pb2.DESCRIPTOR.name)
    proto = file.message_type.add(name="BatchingParameters")
    names = ("max_batch_size", "batch_timeout_micros", "max_enqueued_batches", "num_batch_threads")
    for number, name in enumerate(names, 1):
        proto.field.add(
            name=name, number=number, type="TYPE_MESSAGE", type_name=".google.protobuf.Int64Value"
        )
    proto.field.add(name="allowed_batch_sizes", number=6, type="TYPE_INT64", label=fields.LABEL_REPEATED)
    proto.field.add(name="pad_variable_length_inputs", number=7, type="TYPE_BOOL")
    pool = descriptor_pool.DescriptorPool()
    wrappers = descriptor_pb2.FileDescriptorProto()
    wrappers_pb2.DESCRIPTOR.CopyToProto(wrappers)
    pool.Add(wrappers)
    pool.Add(file)
    parameters = message_factory.GetMessageClass(pool.FindMessageTypeByName("BatchingParameters"))()
    text_format.Parse((film.path / "assets.extra" / "batching_parameters.txt").read_text("utf-8"), parameters)
    assert (parameters.max_batch_size.value, parameters.batch_timeout_micros.value) == (32, 1000)
    assert not parameters.pad_variable_length_inputs


@pytest.mark.slow
def test_the_models_name_is_that_of_the_folder_above_the_version(film, trained, tmp_path):
    assert "/v1/models/film:predict" in guide_of(film)
    other = guide_of(export.to_saved_model(trained, tmp_path / "my film's"))
    assert "/v1/models/my_film_s:predict" in other
    assert "/models/my_film_s/1:ro" in other


class Trimming(kerasbert.BertTextClassifier):
    """Uses an operation that stock TF Serving got late."""

    def answer_tokens(self, tokens):
        ids = tf.RaggedTensor.from_tensor(tokens["token_ids"])
        (ids,) = tensorflow_text.RoundRobinTrimmer(100).trim([ids])
        shape = tf.shape(tokens["token_ids"], tf.int64)
        return super().answer_tokens(tokens | {"token_ids": ids.to_tensor(shape=shape)})


@pytest.mark.slow
def test_an_operation_that_stock_tf_serving_lacks_is_refused(config, tokenizer, tmp_path):
    task = Trimming(kerasbert.BertEncoder(config), tokenizer, ["bad", "good"])
    with pytest.raises(ValueError, match=r"ops=\['TFText>RoundRobinTrim'\]\. In: to_saved_model\."):
        export.to_saved_model(task, tmp_path / "film" / "1")
    assert list((tmp_path / "film").iterdir()) == []


def test_operations_in_python_or_of_other_packages_are_refused():
    check_served(["MatMul", "StatefulPartitionedCall", "NormalizeUTF8"], "here")
    with pytest.raises(ValueError, match=r"ops=\['EagerPyFunc', 'PyFunc', 'Theirs'\]"):
        check_served(["PyFunc", "EagerPyFunc", "MatMul", "Theirs"], "here")


@pytest.mark.slow
def test_the_list_holds_operations_of_tensorflow_text_alone():
    from tensorflow.python.framework import op_def_registry

    assert not [op for op in TEXT_OPS if op_def_registry.get(op) is None]
    assert not [op for op in TEXT_OPS if hasattr(tf.raw_ops, op)]


@pytest.mark.slow
def test_byte_pairs_use_stock_operations_alone(config, byte_pairs, tmp_path):
    vocabulary, merges = byte_pairs
    keras.utils.set_random_seed(0)
    config = dataclasses.replace(config, vocabulary_size=len(vocabulary))
    task = make_task("BertMaskedLM", config, kerasbert.RobertaTokenizer(vocabulary, merges))
    artifact = export.to_saved_model(task, tmp_path / "it")
    guide = guide_of(artifact)
    (answer, _) = blocks(guide, "json")
    assert '"<mask> a short text"' in guide
    warm_up = (artifact.path / "assets.extra" / "tf_serving_warmup_requests").read_bytes()
    assert b"<mask> a short text" in warm_up
    assert b"[MASK]" not in warm_up
    assert np.shape(json.loads(answer)["outputs"]["token"]) == (2, 1, 5)
