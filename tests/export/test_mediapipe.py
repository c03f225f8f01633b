"""MediaPipe itself is asked, in a process of its own: of this Python, or of `MEDIAPIPE_PYTHON`."""

import json
import os
import subprocess
import sys
import zipfile

import flatbuffers
import keras
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from flatbuffers.table import Table

import kerasbert
from kerasbert import export
from kerasbert.export.mediapipe_tokens import MediaPipeTokenizer

PYTHON = os.environ.get("MEDIAPIPE_PYTHON", sys.executable)
ASK = """
import json, sys
from mediapipe.tasks.python import text
kind, path = sys.argv[1:]
task = getattr(text, kind).create_from_model_path(path)
def answer(text):
    if kind == "TextEmbedder":
        return task.embed(text).embeddings[0].embedding.tolist()
    (found,) = task.classify(text).classifications
    return {category.category_name: category.score for category in found.categories}
answers = []
for line in sys.stdin:
    try:
        answers.append(answer(json.loads(line)))
    except Exception as error:
        answers.append(repr(error))
print(json.dumps(answers))
"""
ENGLISH = [
    "good film",
    "",
    "What a very BAD film, was it?",
    "the film was not good!",
    "a",
    "x-y_z [MASK] 1+1",
]
PIECES = ["ä", "a", "##a", "cafe", "café", "##é", "é", "ß", "##ß", "字", "漢", "x", "##x", "$", "€", "[", "]"]
STRANGE = [
    "Ä ä ÄA aä",
    "café CAFÉ cafe\u0301 Cafe",
    "ß xß Xß",
    "漢字 film漢字film 字",
    "a\u00a0film a\u3000film a\u2003film",
    "a\tfilm\na\rfilm a\x0bfilm a\x0cfilm",
    "a\u200bfilm \u00ada \ufefffilm a\x01film",
    "x" * 99 + " " + "x" * 100 + " " + "x" * 101,
    "é" * 50 + " " + "é" * 51,
    "$x €x x€ x¥x [x] «x» x–x",
    "[CLS] [UNK] film [SEP]",
    "İ ı ſ K Å",
    "𠀀x字𝐱 🎉film",
    "x\u0300x ##x #",
    "\ufffdx ＡＢＣ，x",
]


def ask(kind, path, texts):
    """MediaPipe's answers, a string for each text that it refuses."""
    lines = "".join(json.dumps(text) + "\n" for text in texts)
    done = subprocess.run([PYTHON, "-c", ASK, kind, str(path)], input=lines, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="session")
def mediapipe():
    done = subprocess.run([PYTHON, "-c", "import mediapipe.tasks.python.text"], capture_output=True)
    if done.returncode:
        pytest.skip(f"{PYTHON} has no MediaPipe: pip install mediapipe, or name another in MEDIAPIPE_PYTHON")


@pytest.fixture(scope="session")
def reader(config):
    """An embedder whose vectors tell every sequence of tokens from every other."""
    keras.utils.set_random_seed(0)
    vocabulary = [*kerasbert.text.SPECIAL_TOKENS, "film", "good", *PIECES]
    settings = {**config.to_dict(), "vocabulary_size": len(vocabulary), "max_sequence_length": 512}
    encoder = kerasbert.BertEncoder(kerasbert.BertConfig(**settings))
    return kerasbert.BertTextEmbedder(encoder, kerasbert.BertTokenizer(vocabulary))


@pytest.fixture(scope="session")
def reader_file(reader, tmp_path_factory):
    path = tmp_path_factory.mktemp("reader") / "reader.tflite"
    return export.add_mediapipe_metadata(reader, export.to_tflite(reader, path, "float32"))


def parts(table, slot):
    start = table.Vector(table.Offset(4 + 2 * slot))
    count = table.VectorLen(table.Offset(4 + 2 * slot))
    return [Table(table.Bytes, table.Indirect(start + 4 * i)) for i in range(count)]


def text(table, slot):
    return table.String(table.Pos + table.Offset(4 + 2 * slot)).decode()


@pytest.fixture(scope="session", params=["float32", "dynamic_wi8_afp32"])
def plain(request, trained, tmp_path_factory):
    """A file without metadata."""
    return export.to_tflite(trained, tmp_path_factory.mktemp("plain") / "film.tflite", request.param)


@pytest.mark.slow
def test_litert_runs_the_file_as_before(plain, trained, texts, tmp_path):
    artifact = export.add_mediapipe_metadata(trained, plain, tmp_path / "film.tflite")
    before, after = (
        export.answer_texts(export.open_artifact(path), trained, texts) for path in (plain, artifact)
    )
    np.testing.assert_array_equal(after, before)
    for name in ("signatures", "ops", "partitions", "recipe"):
        assert getattr(artifact, name) == getattr(plain, name)
    assert artifact.path == tmp_path / "film.tflite"
    content, model = artifact.path.read_bytes(), plain.path.read_bytes()
    start = content.index(model[-64:]) + 64 - len(model)
    assert start % 64 == 0  # weights stay as aligned as they were
    pairs = zip(content[start : start + len(model)], model, strict=True)
    assert sum(after != before for after, before in pairs) <= 3  # the order of three inputs
    vocabulary = trained.tokenizer.vocabulary.as_vocab_txt()
    assert artifact.size_bytes == len(content) < len(model) + len(vocabulary.encode()) + 2500


def packed(model):
    builder = flatbuffers.Builder()
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


@pytest.mark.slow
def test_weights_behind_the_flatbuffer_are_still_found(trained, plain, texts, tmp_path):
    """As litert-quantizer writes them for larger models."""
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(plain.path.read_bytes()))
    largest = max(model.buffers, key=lambda buffer: 0 if buffer.data is None else len(buffer.data))
    weights, largest.data, largest.size = bytes(largest.data), None, len(largest.data)
    largest.offset = 2  # any number, of as many bytes
    largest.offset = -(-len(packed(model)) // 16) * 16
    moved = tmp_path / "moved.tflite"
    moved.write_bytes(packed(model).ljust(largest.offset, b"\0") + weights)
    artifact = export.add_mediapipe_metadata(trained, moved, tmp_path / "film.tflite")
    before, after = (
        export.answer_texts(export.open_artifact(path), trained, texts) for path in (plain, artifact)
    )
    np.testing.assert_array_equal(after, before)


def test_the_files_are_stored_as_they_are(int8, trained, tmp_path):
    paths = [tmp_path / "1.tflite", tmp_path / "2.tflite"]
    one, two = (export.add_mediapipe_metadata(trained, int8, path) for path in paths)
    assert one.sha256 == two.sha256
    with zipfile.ZipFile(one.path) as archive:
        for info in archive.infolist():
            assert (info.compress_type, info.date_time[0]) == (zipfile.ZIP_STORED, 1980)
        assert archive.read("labels.txt") == b"bad\ngood\n"
        assert archive.read("vocab.txt").decode() == trained.tokenizer.vocabulary.as_vocab_txt()


def test_the_metadata_name_the_inputs_in_the_graphs_order(trained, int8, tmp_path):
    artifact = export.add_mediapipe_metadata(
        trained, int8, tmp_path / "film.tflite", name="Films", description="Good or bad."
    )
    model = schema.Model.GetRootAs(artifact.path.read_bytes())
    entry = model.Metadata(model.MetadataLength() - 1)
    assert (entry.Name(), entry.Buffer()) == (b"TFLITE_METADATA", model.BuffersLength() - 1)
    data = model.Buffers(entry.Buffer()).DataAsNumpy().tobytes()
    assert data[4:8] == b"M001"
    root = Table(data, int.from_bytes(data[:4], "little"))
    assert (text(root, 0), text(root, 1), text(root, 7)) == ("Films", "Good or bad.", "1.1.0")
    (subgraph,) = parts(root, 3)
    graph, names = model.Subgraphs(0), {"ids": "token_ids", "mask": "padding_mask"}
    tensors = [graph.Tensors(graph.Inputs(i)).Name().decode() for i in range(3)]
    for tensor, metadata in zip(tensors, parts(subgraph, 2), strict=True):
        assert names.get(text(metadata, 0), "segment_ids") in tensor
    (output,) = parts(subgraph, 3)
    assert [text(file, 0) for file in parts(output, 6)] == ["labels.txt"]


@pytest.mark.slow
def test_mediapipe_classifies_as_the_file_does(mediapipe, plain, trained, tmp_path):
    path = export.add_mediapipe_metadata(trained, plain, tmp_path / "film.tflite").path
    answers = ask("TextClassifier", path, ENGLISH)
    expected = export.answer_texts(export.open_artifact(plain), trained, ENGLISH)
    found = [[answer[label] for label in trained.labels] for answer in answers]
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert [max(a, key=a.get) for a in answers] == [trained.labels[i] for i in expected.argmax(-1)]
    assert np.ptp(expected[:, 0]) > 0.5


@pytest.mark.slow
def test_mediapipe_embeds_as_the_file_does(mediapipe, reader, reader_file):
    texts = ["film", "", "Film x CAFE!", "xxx film, good"]
    expected = reader.predict(texts, verbose=0)
    np.testing.assert_allclose(ask("TextEmbedder", reader_file.path, texts), expected, atol=1e-5)


@pytest.mark.slow
def test_mediapipe_reads_the_tokens_that_we_say(mediapipe, reader, reader_file):
    tokenizer, runner = reader.tokenizer, export.open_artifact(reader_file)
    theirs = MediaPipeTokenizer(tokenizer.vocabulary)(STRANGE)
    expected = runner(tokenizer.pack(theirs.with_flat_values(np.int32(theirs.flat_values))))["embedding"]
    found = np.array(ask("TextEmbedder", reader_file.path, STRANGE))
    np.testing.assert_allclose(found, expected, atol=1e-5)
    own = runner(tokenizer(STRANGE))["embedding"]
    same = np.abs(found - own).max(-1) < 1e-5
    differences = export.mediapipe_differences(reader, STRANGE)
    assert differences.other_tokens == (~same).sum()
    assert 0 < same.sum() < len(STRANGE)
    assert differences.examples[0]["text"] == STRANGE[int(np.argmin(same))]


@pytest.mark.slow
def test_texts_beyond_the_models_positions_are_errors(mediapipe, trained, int8, tmp_path):
    path = export.add_mediapipe_metadata(trained, int8, tmp_path / "film.tflite").path
    fits, too_long = "good " * 14, "good " * 15  # with [CLS] and [SEP] 16, 17
    answer, refused, also_refused = ask("TextClassifier", path, [fits, too_long, fits])
    assert isinstance(answer, dict)
    assert "Invoke" in refused
    assert "Graph has errors" in also_refused


@pytest.mark.slow
def test_long_texts_are_cut_as_in_the_task(mediapipe, trained, tmp_path):
    plain = export.to_tflite(trained, tmp_path / "film.tflite", "float32", truncate=True)
    path = export.add_mediapipe_metadata(trained, plain).path
    texts = ["good bad " * 500, "bad film", "bad " * 15 + "good"]
    with pytest.warns(UserWarning, match="2 of the 3 texts"):
        expected = trained.predict(texts, verbose=0)
    answers = [[found[label] for label in trained.labels] for found in ask("TextClassifier", path, texts)]
    np.testing.assert_allclose(answers, expected, atol=1e-5)


def test_differences_count_all_and_show_some(trained):
    fits, too_long = "good " * 14, "good " * 15  # with [CLS] and [SEP] 16, 17
    texts = ["gööd film", *[fits] * 2000, *["bad\u00a0film"] * 7, too_long]
    found = export.mediapipe_differences(trained, texts)
    assert (found.texts, found.other_tokens, found.too_long) == (2009, 8, 1)
    assert found.share == 8 / 2009
    assert found.examples[0] == {
        "text": "gööd film",
        "tokens": ["good", "film"],
        "mediapipe_tokens": ["[UNK]", "film"],
    }
    assert len(found.examples) == 5
    assert export.mediapipe_differences(trained, []).share == 0


def test_what_mediapipe_cannot_do_is_refused(trained, config, tokenizer, byte_pairs, int8, tmp_path):
    encoder = trained.encoder
    cased = kerasbert.BertTokenizer(tokenizer.vocabulary, lowercase=False)
    special = dict(
        zip(kerasbert.text.SPECIAL_TOKENS, ("<pad>", "[UNK]", "<s>", "</s>", "<mask>"), strict=True)
    )
    mpnet = kerasbert.MPNetTokenizer([special.get(token, token) for token in tokenizer.vocabulary])
    roberta = kerasbert.RobertaTokenizer(*byte_pairs)
    wide = kerasbert.BertEncoder(
        kerasbert.BertConfig(**{**config.to_dict(), "vocabulary_size": len(roberta.vocabulary)})
    )
    tasks = [
        (kerasbert.BertTextClassifier(encoder, cased, ["bad", "good"]), ValueError, "lowercase=False"),
        (kerasbert.BertTextClassifier(encoder, mpnet, ["bad", "good"]), ValueError, "MPNetTokenizer"),
        (kerasbert.BertTextEmbedder(wide, roberta), ValueError, "RobertaTokenizer"),
        (kerasbert.BertTokenClassifier(encoder, tokenizer, ["O", "B-X"]), TypeError, "BertTokenClassifier"),
        (kerasbert.BertQuestionAnswerer(encoder, tokenizer), TypeError, "BertQuestionAnswerer"),
        (
            kerasbert.BertTextClassifier(encoder, tokenizer, ["bad", "good"], problem="multi_label"),
            ValueError,
            "multi_label",
        ),
        (kerasbert.BertTextClassifier(encoder, tokenizer, ["bad", "go\nod"]), ValueError, "single line"),
    ]
    for task, kind, message in tasks:
        with pytest.raises(kind, match=message):
            export.add_mediapipe_metadata(task, int8, tmp_path / "film.tflite")
    with pytest.raises(ValueError, match="lowercase=False"):
        export.mediapipe_differences(tasks[0][0], ["good"])
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_files_that_are_not_the_tasks_are_refused(trained, int8, reader_file, tokenizer, tmp_path):
    path = tmp_path / "film.tflite"
    three = kerasbert.BertTextClassifier(trained.encoder, tokenizer, ["a", "b", "c"])
    other = tmp_path / "other.txt"
    other.write_text("good film")
    for task, file, kind, message in [
        (trained, tmp_path / "missing.tflite", FileNotFoundError, "must exist"),
        (trained, other, ValueError, "no TFLite model"),
        (trained, reader_file, ValueError, "signature='embed'"),
        (three, int8, ValueError, r"outputs=\[\(1, 2\)\]"),
    ]:
        with pytest.raises(kind, match=message):
            export.add_mediapipe_metadata(task, file, path)
    assert not path.exists()


def test_metadata_are_written_once_and_in_place(trained, int8, tmp_path):
    path = tmp_path / "film.tflite"
    path.write_bytes(int8.path.read_bytes())
    artifact = export.add_mediapipe_metadata(trained, path)
    assert artifact.path == path
    assert artifact.size_bytes > int8.size_bytes
    with pytest.raises(ValueError, match="not have metadata yet"):
        export.add_mediapipe_metadata(trained, path)
    assert path.stat().st_size == artifact.size_bytes
    assert list(tmp_path.iterdir()) == [path]
    export.verify(trained, artifact, ["good film", "bad!"])
