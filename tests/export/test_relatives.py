"""Relatives of BERT as files: in one partition, small, and with the same answers and tokens."""

import dataclasses

import keras
import numpy as np
import pytest
from answers import same_answers
from piece_models import ALBERT_PIECES, train
from text_cases import golden_texts, naughty_texts, xquad_texts

import kerasbert
from kerasbert import export
from kerasbert.export.edge_graph import edge_function
from kerasbert.text import Vocabulary

pytest.importorskip("ai_edge_litert.interpreter", reason="pip install 'kerasbert[tflite]'")
pytestmark = pytest.mark.tensorflow
RELATIVES = {
    "MPNet": {"relative_position_buckets": 32, "position_offset": 2, "num_segments": 0},
    "ALBERT": {"shared_blocks": True, "embedding_dim": 6, "num_layers": 12},
}
TEXTS = ["good film", "", "the film was very bad. not good!", "a"]


def relative(name, config, **changes):
    return kerasbert.BertEncoder(dataclasses.replace(config, **(RELATIVES[name] | changes)))


@pytest.mark.parametrize("name", RELATIVES)
def test_the_graph_for_devices_answers_as_the_task(config, tokenizer, name):
    task = kerasbert.BertTextClassifier(relative(name, config), tokenizer, ["O", "B", "I"])
    tokens = tokenizer(TEXTS[2:3])
    found = edge_function(task)(*(tokens[name] for name in ("token_ids", "segment_ids", "padding_mask")))
    np.testing.assert_allclose(found["probabilities"], task.predict(TEXTS[2:3], verbose=0), atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("name", RELATIVES)
@pytest.mark.parametrize("kind", ["classifier", "tagger"])
def test_files_answer_as_the_task(config, tokenizer, tmp_path, name, kind):
    task_class = {"classifier": kerasbert.BertTextClassifier, "tagger": kerasbert.BertTokenClassifier}[kind]
    task = task_class(relative(name, config), tokenizer, ["O", "B", "I"])
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


@pytest.mark.slow
@pytest.mark.parametrize("name", RELATIVES)
def test_a_task_learns(config, tokenizer, name):
    fields = {"num_layers": 2, "hidden_dropout": 0.0, "attention_dropout": 0.0}
    encoder = relative(name, config, **fields)
    task = kerasbert.BertTextClassifier(encoder, tokenizer, ["bad", "good"], dropout=0.0)
    task.compile(optimizer=keras.optimizers.Adam(3e-3))
    texts = ["good", "very good!", "bad", "very bad!"] * 40
    labels = ["good" if "good" in text else "bad" for text in texts]
    losses = task.fit(texts, labels, batch_size=8, epochs=10, verbose=0).history["loss"]
    assert losses[-1] < 0.2 < losses[0]


@pytest.mark.slow
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


@pytest.fixture
def embedder(request, config, shared_data, tmp_path):
    """With a vocabulary as large as real ones, of BERT's words or of pieces from four languages."""
    if request.param == "MPNet":
        words = Vocabulary.from_file(shared_data / "vocab/bert_base_uncased.vocab.txt").tokens
        tokenizer = kerasbert.MPNetTokenizer(["<s>", "<pad>", "</s>", "<unk>", *words, "<mask>"])
    else:
        pytest.importorskip("sentencepiece")
        lines = [line for text in xquad_texts(shared_data) for line in text.split("\n")]
        options = ALBERT_PIECES | {"vocab_size": 12_000, "character_coverage": 0.999}
        tokenizer = kerasbert.AlbertTokenizer.from_file(train(tmp_path / "spiece", lines, **options))
    sizes = {"vocabulary_size": tokenizer.vocabulary_size, "max_sequence_length": 4096, "num_layers": 1}
    return kerasbert.BertTextEmbedder(relative(request.param, config, **sizes), tokenizer)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("embedder", "format"),
    [
        ("MPNet", "tflite"),
        ("MPNet", "onnx"),
        ("ALBERT", "tflite"),
        ("ALBERT", "onnx"),
    ],
    indirect=["embedder"],
)
def test_tokens_in_files_are_those_of_python(embedder, format, shared_data, tmp_path):
    """Of all golden and naughty strings, and of contexts and questions in four languages: none differs."""
    texts = [*golden_texts(shared_data), *naughty_texts(shared_data), *xquad_texts(shared_data)]
    texts = [text.rstrip("\0") for text in texts]  # zeros behind a text are padding
    ids, starts, ends = (rows.to_list() for rows in embedder.tokenizer.tokenize_with_offsets(texts))
    assert max(map(len, ids)) < 4094
    tokenizer = embedder.tokenizer
    expected = [
        [[tokenizer.cls_id, *row, tokenizer.sep_id], [0, *first, 0], [0, *last, 0]]
        for row, first, last in zip(ids, starts, ends, strict=True)
    ]
    names = ("token_ids", "starts", "ends")
    if format == "tflite":
        file = export.to_tflite(embedder, tmp_path / "it.tflite", "float32", text=True)
    else:
        file = export.to_onnx(embedder, tmp_path / "it.onnx", text=True)
    runner = export.open_artifact(file)
    found = ([tokens[name][0].tolist() for name in names] for tokens in map(runner.tokenize, texts))
    assert [text for text, one, two in zip(texts, found, expected, strict=True) if one != two] == []
