"""Google's original checkpoints, in and out."""

import json

import numpy as np
import pytest
import tensorflow as tf

import kerasbert
from kerasbert import export

HEADS = {
    "encoder": lambda encoder, tokenizer: encoder,
    "pretrainer": kerasbert.BertPretrainer,
    "masked_lm": kerasbert.BertMaskedLM,
    "next_sentence": kerasbert.BertNextSentencePredictor,
    "classifier": lambda *parts: kerasbert.BertTextClassifier(*parts, ["LABEL_0", "LABEL_1", "LABEL_2"]),
    "answerer": kerasbert.BertQuestionAnswerer,
}


@pytest.fixture
def model(request, config, tokenizer):
    """A model with random weights, biases and norms too."""
    model = HEADS[request.param](kerasbert.BertEncoder(config), tokenizer)
    for i, weight in enumerate(model.weights):
        weight.assign(np.random.default_rng(i).normal(size=weight.shape))
    return model


def load(kind, folder):
    """Loads a folder as a model of the same kind."""
    return getattr(kerasbert, type(kind).__name__).from_preset(folder)


@pytest.mark.slow_after(2)
@pytest.mark.parametrize("model", HEADS, indirect=True)
def test_there_and_back(model, tmp_path):
    artifact = export.to_google(model, tmp_path / "it")
    assert artifact.format == "google"
    again = load(model, tmp_path / "it")
    assert not again.load_report.initialized
    assert not again.load_report.ignored
    assert set(again.weight_values()) == set(model.weight_values())
    for path, value in again.weight_values().items():
        np.testing.assert_array_equal(value, model.weight_values()[path], err_msg=path)


@pytest.mark.parametrize("model", ["pretrainer"], indirect=True)
def test_tensorflow_1_restores_what_we_write(model, tmp_path):
    export.to_google(model, tmp_path / "it")
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        kernel = tf.compat.v1.get_variable("bert/encoder/layer_1/attention/self/key/kernel", (8, 8))
        scores = tf.compat.v1.get_variable("cls/seq_relationship/output_weights", (2, 8))
        tf.compat.v1.train.Saver().restore(session, str(tmp_path / "it" / "bert_model.ckpt"))
        kernel, scores = session.run([kernel, scores])
    weights = model.named_weights()
    np.testing.assert_array_equal(kernel, weights["encoder/block_1/attention/key/kernel"])
    np.testing.assert_array_equal(scores.T, weights["next_sentence/logits/kernel"])


def test_a_checkpoint_in_training(shared_models):
    task = kerasbert.BertPretrainer.from_preset(shared_models / "tf1-toy-keras-bert")
    report = task.load_report
    assert (report.initialized, report.ignored) == ((), ())  # neither Adam's slots nor the step
    assert len(report.loaded) == len(task.weights)
    reader = tf.train.load_checkpoint(str(shared_models / "tf1-toy-keras-bert" / "bert_model.ckpt"))
    weights = task.named_weights()
    for path, name in report.loaded.items():
        value = reader.get_tensor(name)
        np.testing.assert_array_equal(weights[path], value.T if name.endswith("output_weights") else value)


def test_it_computes_what_the_hugging_face_folder_does(shared_models):
    one, two = (
        kerasbert.BertMaskedLM.from_preset(shared_models / name)
        for name in ("tf1-splade-tiny", "splade-tiny-mlm")
    )
    for path, weight in one.named_weights().items():
        np.testing.assert_array_equal(weight, two.named_weights()[path], err_msg=path)
    tokens = one.tokenizer(["paris is the [MASK] of france."])
    np.testing.assert_allclose(one(tokens), two(tokens), atol=1e-5)


@pytest.mark.parametrize("model", ["encoder"], indirect=True)
def test_the_last_of_several_checkpoints_is_taken(model, tmp_path):
    export.to_google(model, tmp_path / "it")
    folder = tmp_path / "it"
    for step in (10, 9):
        for path in folder.glob("bert_model.ckpt.*"):
            (folder / path.name.replace("bert_model.ckpt", f"model.ckpt-{step}")).write_bytes(
                path.read_bytes()
            )
    for path in folder.glob("bert_model.ckpt.*"):
        path.unlink()
    with pytest.raises(ValueError, match=r"one TensorFlow checkpoint.*model.ckpt-10"):
        kerasbert.BertEncoder.from_preset(folder)
    (folder / "checkpoint").write_text('model_checkpoint_path: "model.ckpt-10"\n')
    assert kerasbert.BertEncoder.from_preset(folder).load_report.source.endswith("model.ckpt-10")


@pytest.mark.parametrize("model", ["pretrainer"], indirect=True)
def test_damaged_files_are_errors_and_change_nothing(model, tmp_path):
    folder = tmp_path / "it"
    export.to_google(model, folder)
    before = [weight + 1 for weight in model.get_weights()]
    model.set_weights(before)
    data = folder / "bert_model.ckpt.data-00000-of-00001"
    content = data.read_bytes()
    flipped = bytearray(content)
    flipped[len(content) // 2] ^= 255
    for damaged in (content[:-100], bytes(flipped), b""):
        data.write_bytes(damaged)
        with pytest.raises(ValueError, match=r"complete TensorFlow \(tensor '"):
            model.load_preset(folder)
    index = folder / "bert_model.ckpt.index"
    index.write_bytes(index.read_bytes()[:-50])
    with pytest.raises(ValueError, match="complete TensorFlow file"):
        model.load_preset(folder)
    for value, old in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(value, old)
    index.unlink()
    with pytest.raises(FileNotFoundError, match=r"bert_model\.ckpt\.index"):
        model.load_preset(folder)


@pytest.mark.parametrize("model", ["encoder"], indirect=True)
def test_another_shape_is_an_error_with_both_shapes(model, tmp_path):
    export.to_google(model, tmp_path / "it")
    path = tmp_path / "it" / "bert_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"intermediate_size": 20}))
    with pytest.raises(
        ValueError, match=r"`bert/encoder/layer_0/intermediate/dense/kernel`.*\(8, 20\).*\(8, 16\)"
    ):
        kerasbert.BertEncoder.from_preset(tmp_path / "it")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"activation": "silu"}, "activation='silu'"),
        ({"layer_norm_epsilon": 1e-5}, "layer_norm_epsilon=1e-05"),
        ({"position_embedding": "sinusoidal"}, "position_embedding='sinusoidal'"),
        ({"num_segments": 0, "pooler_activation": "relu"}, "Google's format holds BERT"),
    ],
)
def test_what_the_original_cannot_compute_is_refused(config, fields, message, tmp_path):
    encoder = kerasbert.BertEncoder(kerasbert.BertConfig.from_dict(config.to_dict() | fields))
    with pytest.raises(ValueError, match=message):
        export.to_google(encoder, tmp_path / "it")
    assert not (tmp_path / "it").exists()
