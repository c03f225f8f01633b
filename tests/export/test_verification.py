import warnings

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter
from ai_edge_litert.schema_py_generated import BuiltinOperator
from ai_edge_litert.tools import flatbuffer_utils

import kerasbert
from kerasbert import export
from kerasbert.export.intervals import drop_interval
from kerasbert.preprocessing import TextPreprocessor

TEXTS = ["good film", "bad film", "what a good film!", "very bad.", "good", "", "the film was bad", "漢字"]
LABELS = ["good", "bad", "good", "bad", "good", "bad", "bad", "bad"]


def test_the_same_model_passes_with_numbers(trained, saved_model, int8):
    for artifact in (saved_model, int8, saved_model.path):
        result = export.verify(trained, artifact, TEXTS, LABELS)
        assert result.rows == 8
        assert result.label_agreement == 1.0
        assert result.scores == result.keras_scores == {"accuracy": 0.875}  # "漢字" is "bad" by chance
        assert 0 <= result.mean_difference <= result.max_difference < 0.05
        assert result.worst_text in TEXTS


@pytest.fixture(scope="module")
def text_file(trained, tmp_path_factory):
    return export.to_tflite(trained, tmp_path_factory.mktemp("text") / "film.tflite", text=True)


@pytest.mark.parametrize("kind", ["saved_model", "int8", "text_file"])
def test_truncated_texts_are_warned_of_once(kind, request, trained):
    artifact, texts = request.getfixturevalue(kind), [*TEXTS, "good " * 15]
    runner = export.open_artifact(artifact)
    for call in (export.verify, lambda task, *rest: export.answer_texts(runner, task, texts)):
        with pytest.warns(
            UserWarning, match=r"1 of the 9 .*max_sequence_length=16 tokens.* were truncated"
        ) as caught:
            call(trained, artifact, texts)
        assert len(caught) == 1


@pytest.mark.slow
def test_pairs(trained, saved_model, int8):
    pairs = {"text": TEXTS, "text_pair": TEXTS[::-1]}
    for artifact in (saved_model, int8):
        assert export.verify(trained, artifact, tuple(pairs.values())).rows == 8
        assert export.verify(trained, artifact, pairs).rows == 8


@pytest.mark.parametrize("count", [2, 3])
def test_a_tuple_of_texts_is_no_pair(count, trained, saved_model, int8):
    for artifact in (saved_model, int8):
        result = export.verify(trained, artifact, tuple(TEXTS[:count]), LABELS[:count])
        assert result.rows == count


@pytest.fixture
def other(trained):
    """The same task with other weights, as if it had been trained on."""
    copy = type(trained).from_config(trained.get_config())
    rng = np.random.default_rng(0)
    copy.set_weights([weight + rng.normal(0, 0.3, weight.shape) for weight in trained.get_weights()])
    return copy


def test_another_model_fails_with_the_worst_text(other, saved_model, int8):
    for artifact in (saved_model, int8):
        with pytest.raises(export.VerificationError, match="worst_text=") as caught:
            export.verify(other, artifact, TEXTS)
        assert caught.value.verification.worst_text in TEXTS


def test_another_vocabulary_fails(trained, int8, saved_model):
    tokens = list(trained.tokenizer.vocabulary)
    config = trained.get_config()
    wrong = type(trained).from_config(config)
    wrong.set_weights(trained.get_weights())
    tokenizer = kerasbert.BertTokenizer(tokens[:5] + tokens[:4:-1])
    wrong.preprocessor = TextPreprocessor(tokenizer, trained.labels, max_sequence_length=16)
    with pytest.raises(export.VerificationError):
        export.verify(wrong, saved_model, TEXTS)


def test_a_flipped_block_of_weights_fails(trained, int8, tmp_path):
    interpreter = Interpreter(str(int8.path))
    interpreter.allocate_tensors()
    data = bytearray(int8.path.read_bytes())
    for tensor in interpreter.get_tensor_details():
        if tensor["dtype"] == np.int8 and tuple(tensor["shape"]) == (16, 8):  # the feed-forward kernels
            block = interpreter.get_tensor(tensor["index"]).tobytes()
            start = data.index(block)
            data[start : start + len(block)] = (-np.frombuffer(block, np.int8)).tobytes()
    path = tmp_path / "flipped.tflite"
    path.write_bytes(data)
    with pytest.raises(export.VerificationError):
        export.verify(trained, path, TEXTS)


def test_limits_are_the_callers(trained, int8):
    with pytest.raises(export.VerificationError, match="Beyond max_difference=1e-09"):
        export.verify(trained, int8, TEXTS, max_difference=1e-9)
    with pytest.raises(export.VerificationError, match="Beyond max_mean_difference=1e-09"):
        export.verify(trained, int8, TEXTS, max_mean_difference=1e-9)


def test_other_labels_fail_however_near_the_numbers(trained, saved_model, monkeypatch):
    expected = trained.predict(TEXTS, verbose=0)
    monkeypatch.setattr(
        "kerasbert.export.verification.answer_texts",
        lambda runner, task, x: expected[:, ::-1],
    )
    with pytest.raises(export.VerificationError, match=r"label_agreement=0\.0"):
        export.verify(trained, saved_model, TEXTS, max_difference=1.0, max_mean_difference=1.0)


def flipped(expected, rows):
    """The answers with the classes of some rows exchanged."""
    found = expected.copy()
    found[:rows] = found[:rows, ::-1]
    return found


@pytest.mark.parametrize(("rows", "passes"), [(1, True), (2, True), (3, False)])
def test_few_other_labels_may_be_chance(rows, passes, trained, int8, monkeypatch):
    texts = [*TEXTS[:4] * 19]
    found = flipped(trained.predict(texts, verbose=0), rows)
    monkeypatch.setattr("kerasbert.export.verification.answer_texts", lambda *arguments: found)
    if passes:
        result = export.verify(trained, int8, texts, max_mean_difference=1.0)
        assert result.label_agreement == 1 - rows / 76
        return
    with pytest.raises(export.VerificationError, match=r"min_agreement=0.99 \(3 of 76 rows differ\)"):
        export.verify(trained, int8, texts, max_mean_difference=1.0)
    export.verify(trained, int8, texts, max_mean_difference=1.0, min_agreement=0.9)


@pytest.mark.slow
def test_vectors_may_differ_more_than_probabilities(trained, tmp_path, monkeypatch):
    embedder = kerasbert.BertTextEmbedder(trained.encoder, tokenizer=trained.tokenizer)
    artifact = export.to_tflite(embedder, tmp_path / "embedder.tflite", verify=False)
    expected = embedder.predict(TEXTS, verbose=0)
    spread = expected - expected.mean(0)
    for share in (0.09, 0.11):
        found = expected + share * np.abs(spread).mean() * np.sign(spread)
        monkeypatch.setattr("kerasbert.export.verification.answer_texts", lambda *_, found=found: found)
        if share < 0.1:
            export.verify(embedder, artifact, TEXTS)
        else:
            with pytest.raises(export.VerificationError, match="Beyond max_mean_difference"):
                export.verify(embedder, artifact, TEXTS)


def test_a_drop_is_judged_by_its_interval(trained, int8, monkeypatch):
    texts, labels = TEXTS[:4] * 10, LABELS[:4] * 10
    expected = trained.predict(texts, verbose=0)
    limits = {"max_mean_difference": 1.0, "min_agreement": 0.0, "max_drop": 0.005}
    for rows, passes in ((1, True), (2, True), (3, False)):
        found = flipped(expected, rows)
        monkeypatch.setattr("kerasbert.export.verification.answer_texts", lambda *_, found=found: found)
        if passes:
            assert export.verify(trained, int8, texts, labels, **limits).scores["accuracy"] < 0.98
        else:
            with pytest.raises(export.VerificationError, match=r"accuracy loses 0\.0750"):
                export.verify(trained, int8, texts, labels, **limits)


def test_the_interval_is_that_of_a_share():
    """Of rows in groups of one it is the textbook's: a mean and its standard error."""
    expected, found = np.ones(16), np.ones(16)
    found[:4] = 0

    def measure(predictions, x, y):
        return 100 * float(np.mean(np.equal(predictions, y)))

    drop, least = drop_interval(measure, expected, found, ["a"] * 16, list(expected))
    assert drop == 25
    error = 100 * np.std(expected - found, ddof=1) / 4
    assert least == pytest.approx(25 - 1.645 * error)


@pytest.mark.slow
def test_a_small_model_in_int8_passes(shared_models, shared_data, tmp_path):
    """Narrow models round more: a mean difference of 0.006 where MiniLM has 0.001."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it has a head that is not taken
        task = kerasbert.BertTextClassifier.from_preset(
            shared_models / "splade-tiny-mlm", labels=["bad", "good"]
        )
    file = shared_data / "vader_groundtruth" / "movieReviewSnippets_GroundTruth.txt"
    rows = [line.split("\t") for line in file.read_text("utf-8", "replace").splitlines()[::17]]
    texts = [row[2] for row in rows]
    labels = ["good" if float(row[1]) > 0 else "bad" for row in rows]
    task.compile()
    task.fit(texts[:400], labels[:400], epochs=2, verbose=0)
    artifact = export.to_tflite(task, tmp_path / "film.tflite")
    result = export.verify(task, artifact, texts[400:], labels[400:], max_drop=0.01)
    assert result.mean_difference < 0.02


def test_nan_fails(trained, saved_model, monkeypatch):
    monkeypatch.setattr(
        "kerasbert.export.verification.answer_texts",
        lambda runner, task, x: np.full((8, 2), np.nan, "float32"),
    )
    with pytest.raises(export.VerificationError, match="not_finite=16"):
        export.verify(trained, saved_model, TEXTS)


def test_nothing_to_compare_is_an_error(trained, saved_model, tmp_path):
    with pytest.raises(ValueError, match="needs texts"):
        export.verify(trained, saved_model, [])
    with pytest.raises(FileNotFoundError, match="Export it first"):
        export.verify(trained, tmp_path / "absent.tflite", TEXTS)
    (tmp_path / "other.tflite").write_bytes(b"not a model")
    with pytest.raises(ValueError, match="SavedModel folder, a TFLite file"):
        export.verify(trained, tmp_path / "other.tflite", TEXTS)


def changed(artifact, path, change):
    """A copy of a TFLite file whose parsed form `change` has changed."""
    model = flatbuffer_utils.read_model(str(artifact.path))
    change(model)
    flatbuffer_utils.write_model(model, str(path))
    return path


def swap_inputs(model):
    inputs = {tensor.name: tensor for tensor in model.signatureDefs[0].inputs}
    one, two = inputs[b"token_ids"], inputs[b"padding_mask"]
    one.tensorIndex, two.tensorIndex = two.tensorIndex, one.tensorIndex


def lose_an_output(model):
    model.signatureDefs[0].outputs[0].name = b"other"


def spoil_a_bias(model):
    """The first kernel's output is NaN."""
    graph = model.subgraphs[0]
    dense = next(
        op
        for op in graph.operators
        if model.operatorCodes[op.opcodeIndex].builtinCode == BuiltinOperator.FULLY_CONNECTED
    )
    bias = graph.tensors[dense.inputs[2]]
    model.buffers[bias.buffer].data = np.full(bias.shape, np.nan, "float32").view("uint8")


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (swap_inputs, "must give the same answers as the Keras model"),
        (lose_an_output, r"must have the signature `classify`.*missing=.'probabilities'"),
        # LiteRT makes NaN of it, or without AVX-512 any numbers.
        (spoil_a_bias, "must give the same answers as the Keras model"),
    ],
)
def test_a_changed_file_fails(change, rule, trained, int8, tmp_path):
    path = changed(int8, tmp_path / "changed.tflite", change)
    with pytest.raises(export.VerificationError, match=rule):
        export.verify(trained, path, TEXTS)


@pytest.mark.slow
def test_a_file_in_many_pieces_fails(trained, int8, tmp_path):
    """Static recipes are for accelerators: on a processor, 16 partitions are slow."""
    artifact = export.to_tflite(trained, tmp_path / "it", "static_wi8_ai8", calibration=TEXTS)
    export.verify(trained, artifact, TEXTS, max_mean_difference=0.06)
    with pytest.raises(export.VerificationError, match="at most 2 XNNPACK partitions"):
        export.verify(trained, artifact.path, TEXTS, max_mean_difference=0.06)


def test_a_drop_is_a_share_of_one_and_needs_labels(trained, int8):
    assert export.verify(trained, int8, TEXTS, LABELS, max_drop=0.0).scores
    for percent in (1.0, 0.5, -0.01):
        with pytest.raises(ValueError, match=r"Half a percent is 0\.005"):
            export.verify(trained, int8, TEXTS, LABELS, max_drop=percent)
    with pytest.raises(ValueError, match="`max_drop` needs labels"):
        export.verify(trained, int8, TEXTS, max_drop=0.0)
