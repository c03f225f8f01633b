import json
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from kerasbert import export


def test_it_has_text_pair_and_token_signatures_with_named_outputs(saved_model):
    answers = ["label", "probabilities"]
    text = {"inputs": ["text"], "outputs": [*answers, "truncated"]}
    assert saved_model.signatures == {
        "serving_default": text,
        "classify": text,
        "classify_pair": {"inputs": ["text", "text_pair"], "outputs": [*answers, "truncated"]},
        "classify_tokens": {"inputs": ["padding_mask", "segment_ids", "token_ids"], "outputs": answers},
    }


def test_every_signature_gives_the_keras_models_answers(saved_model, trained, texts):
    runner = export.open_artifact(saved_model)
    expected = trained.predict(texts, verbose=0)
    from_text = runner({"text": texts})
    from_tokens = runner(trained.tokenizer(texts, max_length=16))
    for found in (from_text, from_tokens):
        np.testing.assert_allclose(found["probabilities"], expected, atol=1e-6)
        assert [name.decode() for name in found["label"]] == trained.predict_labels(texts, verbose=0)
    pairs = runner({"text": texts, "text_pair": texts[::-1]})["probabilities"]
    np.testing.assert_allclose(pairs, trained.predict((texts, texts[::-1]), verbose=0), atol=1e-6)
    with pytest.raises(ValueError, match=r"names=\('words',\)"):
        runner({"words": texts})


def test_truncated_texts_are_reported_in_the_answer(saved_model):
    runner = export.open_artifact(saved_model)
    assert runner({"text": ["good " * 14, "good " * 15]})["truncated"].tolist() == [False, True]


def test_weights_are_stored_once(saved_model, trained):
    stored = tf.train.list_variables(str(saved_model.path / "variables" / "variables"))
    shapes = [tuple(shape) for name, shape in stored if name.endswith("VARIABLE_VALUE")]
    assert sorted(shapes) == sorted(tuple(weight.shape) for weight in trained.weights)


def test_only_two_operations_are_not_of_tensorflow_itself(saved_model):
    ours = {op for op in saved_model.ops if not hasattr(tf.raw_ops, op)}
    assert ours == {"FastWordpieceTokenizeWithOffsets", "NormalizeUTF8"}


STAND_ALONE = """
import sys, json
sys.modules["kerasbert"] = None
import tensorflow as tf, tensorflow_text
model = tf.saved_model.load(sys.argv[1])
answers = model.signatures["serving_default"](text=tf.constant(json.loads(sys.argv[2])))
print(json.dumps({name: value.numpy().tolist() for name, value in answers.items() if name != "label"}))
"""


@pytest.mark.slow
def test_it_stands_alone(saved_model, trained, texts):
    command = [sys.executable, "-c", STAND_ALONE, str(saved_model.path), json.dumps(texts)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    answers = json.loads(done.stdout.splitlines()[-1])
    np.testing.assert_allclose(answers["probabilities"], trained.predict(texts, verbose=0), atol=1e-6)


def test_the_warm_up_requests_are_ones_that_the_model_answers(saved_model):
    path = saved_model.path / "assets.extra" / "tf_serving_warmup_requests"
    records = list(tf.data.TFRecordDataset(str(path)).as_numpy_iterator())
    message = tf.make_tensor_proto(["a short text", "another one, a little longer"])
    assert b"serving_default" in records[0]
    assert b"text" in records[0]
    assert message.SerializeToString() in records[0]
    serving = pytest.importorskip("tensorflow_serving.apis.prediction_log_pb2")
    requests = [serving.PredictionLog.FromString(record).predict_log.request for record in records]
    assert {request.model_spec.signature_name for request in requests} == set(saved_model.signatures)
    for request in requests:
        inputs = {name: tf.make_ndarray(value) for name, value in request.inputs.items()}
        assert sorted(inputs) == saved_model.signatures[request.model_spec.signature_name]["inputs"]
        assert np.isfinite(export.open_artifact(saved_model)(inputs)["probabilities"]).all()


def test_what_is_beside_the_model_is_named(saved_model):
    found = {path.name for path in (saved_model.path / "assets.extra").iterdir()}
    assert found == {"tf_serving_warmup_requests", "serving.md", "batching_parameters.txt"}


@pytest.mark.slow
def test_a_failed_export_leaves_the_old_folder(trained, tmp_path, monkeypatch):
    path = tmp_path / "film" / "1"
    old = export.to_saved_model(trained, path)

    def full(*args):
        raise OSError("No space left on device")

    monkeypatch.setattr("kerasbert.export.saved_model.write_warmup", full)
    with pytest.raises(OSError, match="No space"):
        export.to_saved_model(trained, path)
    assert export.Artifact.of(path, "saved_model", signatures={}).sha256 == old.sha256
    assert [p.name for p in path.parent.iterdir()] == ["1"]
