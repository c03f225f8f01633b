"""Relatives of BERT as files: in one partition, small, and with the same answers."""

import keras
import pytest
from answers import same_answers

import kerasbert
from kerasbert import export

pytest.importorskip("ai_edge_litert.interpreter", reason="pip install 'kerasbert[tflite]'")
pytestmark = [pytest.mark.tensorflow, pytest.mark.slow]
RELATIVES = {
    "MPNet": {"relative_position_buckets": 32, "position_offset": 2, "num_segments": 0},
    "ALBERT": {"shared_blocks": True, "embedding_dim": 6, "num_layers": 12},
}
TEXTS = ["good film", "", "the film was very bad. not good!", "a"]


@pytest.mark.parametrize("name", RELATIVES)
@pytest.mark.parametrize("kind", ["classifier", "tagger"])
def test_files_answer_as_the_task(config, tokenizer, tmp_path, name, kind):
    wide = kerasbert.BertConfig.from_dict(config.to_dict() | RELATIVES[name])
    task_class = {"classifier": kerasbert.BertTextClassifier, "tagger": kerasbert.BertTokenClassifier}[kind]
    task = task_class(kerasbert.BertEncoder(wide), tokenizer, ["O", "B", "I"])
    expected = task.predict(TEXTS, verbose=0)
    exact = export.to_tflite(task, tmp_path / "it.tflite", recipe="float32")
    assert exact.partitions == 1
    files = [exact, export.to_onnx(task, tmp_path / "it.onnx"), export.to_saved_model(task, tmp_path / "it")]
    for file in files:
        assert export.verify(task, file, TEXTS).max_difference < 1e-5
        same_answers(export.answer_texts(export.open_artifact(file), task, TEXTS), expected)
    int8 = export.to_tflite(task, tmp_path / "int8.tflite")
    assert int8.partitions == 1
    export.verify(task, int8, TEXTS, max_mean_difference=0.05, min_agreement=0)


@pytest.mark.parametrize("name", RELATIVES)
def test_a_task_learns(config, tokenizer, name):
    fields = {"num_layers": 2, "hidden_dropout": 0.0, "attention_dropout": 0.0}
    small = kerasbert.BertConfig.from_dict(config.to_dict() | RELATIVES[name] | fields)
    task = kerasbert.BertTextClassifier(kerasbert.BertEncoder(small), tokenizer, ["bad", "good"], dropout=0.0)
    task.compile(optimizer=keras.optimizers.Adam(1e-2))
    texts = ["good", "very good!", "bad", "very bad!"] * 8
    labels = ["good" if "good" in text else "bad" for text in texts]
    losses = task.fit(texts, labels, batch_size=8, epochs=25, verbose=0).history["loss"]
    assert losses[-1] < 0.2 < losses[0]


def test_a_block_that_is_shared_is_stored_once(config, tokenizer, tmp_path):
    sizes = []
    for layers in (2, 12):
        changes = {"shared_blocks": True, "num_layers": layers, "hidden_dim": 64, "intermediate_dim": 256}
        encoder = kerasbert.BertEncoder(kerasbert.BertConfig.from_dict(config.to_dict() | changes))
        task = kerasbert.BertTextEmbedder(encoder, tokenizer)
        for recipe in ("float32", "dynamic_wi8_afp32"):
            file = export.to_tflite(task, tmp_path / f"{layers}.tflite", recipe=recipe, verify=False)
            sizes.append(file.path.stat().st_size)
    weights = 4 * (4 * 64 * 64 + 2 * 64 * 256)  # of a block, in bytes
    # Ten copies would be ten times as much; what is left describes the operations.
    assert sizes[2] - sizes[0] < 2 * weights
    assert sizes[3] - sizes[1] < 2 * weights / 4
