"""Files of others that are wrong, or were made to do harm: refused at once, with what is wrong and where."""

import json
import pickle
import struct
import warnings
import zipfile

import h5py
import numpy as np
import pytest
from safetensors.numpy import save_file

import kerasbert
from kerasbert import BertEncoder, BertTextClassifier, BertTextEmbedder
from kerasbert.checkpoints.h5_files import H5File
from kerasbert.checkpoints.torch_files import TorchFile
from kerasbert.text import BertTokenizer, RobertaTokenizer, tokenizer_from_folder

HEAD = {"architectures": ["BertForSequenceClassification"]}


@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_weights_that_are_not_finite(write_folder, number):
    folder, tensors = write_folder()
    encoder = BertEncoder.from_preset(folder)
    before = encoder.get_weights()
    name = "encoder.layer.1.output.dense.weight"
    tensors[name] = tensors[name].copy()
    tensors[name][2, 3] = number
    save_file(tensors, folder / "model.safetensors")
    with pytest.raises(ValueError, match=rf"numbers of `{name}` must be finite.*not_finite=1, of=128"):
        encoder.load_preset(folder)
    for old, value in zip(before, encoder.get_weights(), strict=True):
        np.testing.assert_array_equal(value, old)


def test_large_weights_are_finite_though_their_sum_is_not(write_folder):
    folder, tensors = write_folder()
    tensors["pooler.dense.bias"] = np.full(8, 3e38, "float32")
    save_file(tensors, folder / "model.safetensors")
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        BertEncoder.from_preset(folder)


@pytest.mark.parametrize(
    "fields",
    [
        {"hidden_size": 10**9, "num_attention_heads": 7},
        {"hidden_size": 7 * 10**8, "num_attention_heads": 7},
        {"hidden_size": None},
        {"num_hidden_layers": 10**9},
        {"num_hidden_layers": 3},
        {"vocab_size": 10**12},
        {"vocab_size": 10**9},
        {"intermediate_size": 10**9},
        {"max_position_embeddings": 10**9},
        {"type_vocab_size": 10**9},
        HEAD | {"num_labels": 10**12},
        HEAD | {"num_labels": "3"},
        HEAD | {"id2label": [1]},
        {"architectures": [1]},
        {"architectures": "BertModel"},
        {"kerasbert": 3},
        {"kerasbert": {"task": [1]}},
        {"hidden_act": ["gelu"]},
        {"model_type": {"a": 1}},
        {"tie_word_embeddings": "no"},
        {"model_type": "roberta", "pad_token_id": "1"},
    ],
)
def test_configs_that_do_not_fit_the_file(write_folder, tokenizer, fields):
    extra = ["classifier.bias"] if fields.get("architectures") == HEAD["architectures"] else []
    folder, tensors = write_folder(extra=extra, **fields)
    if extra:
        save_file(tensors | {"classifier.weight": np.ones((3, 8), "float32")}, folder / "model.safetensors")
    with pytest.raises(ValueError, match=r"Received: .*"):
        BertTextClassifier.from_preset(folder, tokenizer=tokenizer)


def test_json_of_a_hundred_thousand_levels(write_folder):
    folder, _ = write_folder()
    for name in ("modules.json", "config.json"):
        (folder / name).write_text("[" * 100_000)
        with pytest.raises(ValueError, match=rf"must be JSON.*{name}"):
            BertEncoder.from_preset(folder)
        (folder / name).unlink()


@pytest.mark.parametrize("path", ["../secret", "/etc", "a/../../b", "C:\\x", "..\\x"])
def test_modules_stay_in_their_folder(write_folder, path):
    folder, _ = write_folder()
    kind = "sentence_transformers.models.Transformer"
    (folder / "modules.json").write_text(json.dumps([{"idx": 0, "type": kind, "path": path}]))
    with pytest.raises(ValueError, match="must lie within the folder"):
        BertEncoder.from_preset(folder)


def test_modules_that_are_not_there(write_folder, tokenizer):
    folder, _ = write_folder()
    kind = "sentence_transformers.models.Pooling"
    (folder / "modules.json").write_text(json.dumps([{"idx": 0, "type": kind, "path": "absent"}]))
    with pytest.raises(FileNotFoundError, match=r"cannot be read.*absent.*Download the folder again"):
        BertTextEmbedder.from_preset(folder, tokenizer=tokenizer)


def test_a_model_file_names_no_files(byte_pairs, tokenizer):
    with pytest.raises(ValueError, match="must hold its vocabulary as a list"):
        BertTokenizer.from_config(tokenizer.get_config() | {"vocabulary": "/etc/passwd"})
    config = RobertaTokenizer(*byte_pairs).get_config()
    with pytest.raises(ValueError, match="must hold its merges as a list"):
        RobertaTokenizer.from_config(config | {"merges": "/etc/passwd"})


def test_formats_that_are_not_supported_are_named(write_folder):
    folder, _ = write_folder()
    (folder / "model.safetensors").rename(folder / "tf_model.h5")
    with pytest.raises(FileNotFoundError, match=r"not_supported=\['tf_model.h5'\].*from_tf=True"):
        BertEncoder.from_preset(folder)


def test_models_are_saved_as_keras_files(classifier, tmp_path):
    for model in (classifier, classifier.encoder):
        with pytest.raises(ValueError, match=r"must end in `.keras`.*a\.h5.*'a\.keras'"):
            model.save(tmp_path / "a.h5")
    assert not list(tmp_path.iterdir())


def test_a_vocabulary_of_another_model(write_folder, tokenizer):
    folder, tensors = write_folder(vocab_size=3000)
    name = "embeddings.word_embeddings.weight"
    save_file(tensors | {name: np.ones((3000, 8), "float32")}, folder / "model.safetensors")
    with pytest.raises(ValueError, match="vocabulary_size=19, embedding_rows=3000"):
        BertTextClassifier.from_preset(folder, tokenizer=tokenizer, labels=["a", "b"])


# === Bombs ===


def torch_zip(path, pickled, compression=zipfile.ZIP_STORED, numbers=b""):
    with zipfile.ZipFile(path, "w", compression) as file:
        file.writestr("a/data.pkl", pickled)
        file.writestr("a/data/0", numbers)


def test_a_pickle_that_claims_many_memories(tmp_path):
    # `pickle.loads` makes room for all numbers up to the highest: 16 GB.
    torch_zip(tmp_path / "m.bin", b"\x80\x02}r" + struct.pack("<I", 2**31 - 1) + b".")
    assert TorchFile(tmp_path / "m.bin").shapes == {}


def test_a_pickle_whose_keys_take_years_to_hash(tmp_path):
    doubled = b"".join(b"q%c0h%ch%c\x86" % (i, i, i) for i in range(60))
    torch_zip(tmp_path / "m.bin", b"\x80\x02)" + doubled + b"q<}h<K\x01s.")
    with pytest.raises(ValueError, match="may hold tensors only"):
        TorchFile(tmp_path / "m.bin")


def test_what_inflates_is_refused(tmp_path):
    state = pickle.dumps({}, 2)
    torch_zip(tmp_path / "m.bin", state, zipfile.ZIP_DEFLATED, bytes(2**20))
    with pytest.raises(ValueError, match="is compressed"):
        TorchFile(tmp_path / "m.bin")
    with h5py.File(tmp_path / "m.h5", "w") as file:
        file.create_dataset("a", data=np.zeros(2**20, "float32"), compression="gzip")
        file.create_dataset("b", (2**40,), "float32", chunks=(2**20,))
    for name in "ab":
        with pytest.raises(ValueError, match="compressed or incomplete"):
            H5File(tmp_path / "m.h5").read(name)


# === Heads that nobody trained ===


def test_a_new_head_loads_silently_and_says_so_when_it_answers(write_folder, tokenizer):
    folder, _ = write_folder()
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        task = kerasbert.BertMaskedLM.from_preset(folder, tokenizer=tokenizer)
    with pytest.warns(UserWarning, match="answers are random: masked_lm/dense/kernel"):
        task.fill_masks(["a [MASK] film"])
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        task.fill_masks(["a [MASK] film"])  # said once
    task = kerasbert.BertQuestionAnswerer.from_preset(folder, tokenizer=tokenizer)
    with pytest.warns(UserWarning, match="answers are random: span/logits/kernel"):
        task.predict((["what"], ["a film"]), verbose=0)


@pytest.mark.slow
def test_a_trained_head_answers_silently(write_folder, tokenizer):
    folder, _ = write_folder()
    task = BertTextClassifier.from_preset(folder, tokenizer=tokenizer, labels=["bad", "good"])
    task.compile()
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        task.fit(
            ["good"] * 64, ["good"] * 64, verbose=0
        )  # with warm-up, the first of two steps changes nothing
        task.evaluate(["good"], ["good"], verbose=0)
        task.predict(["good"], verbose=0)


def test_heads_of_other_tasks_are_not_lost(write_folder):
    folder, tensors = write_folder(**HEAD)
    head = {"classifier.weight": np.ones((2, 8), "float32"), "classifier.bias": np.ones(2, "float32")}
    save_file(tensors | head, folder / "model.safetensors")
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        encoder = BertEncoder.from_preset(folder)
    assert set(encoder.load_report.ignored) == set(head)


def test_wrong_types_in_tokenizer_files(tmp_path):
    (tmp_path / "vocab.txt").write_text("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nfilm\n")
    good = BertTokenizer(tmp_path / "vocab.txt")
    good.save_to_folder(tmp_path)
    page = json.loads((tmp_path / "tokenizer.json").read_text())
    wrong = [
        {"added_tokens": [1]},
        {"added_tokens": {"a": 1}},
        {"normalizer": [1]},
        {"pre_tokenizer": "x"},
        {"model": [1]},
        {"model": page["model"] | {"vocab": {"a": "b"}}},
        {"model": page["model"] | {"vocab": {"a": None, "b": 1}}},
        {"model": page["model"] | {"vocab": [["a", 0]]}},
        {"model": page["model"] | {"type": {}}},
    ]
    for change in wrong:
        (tmp_path / "tokenizer.json").write_text(json.dumps(page | change))
        with pytest.raises(ValueError, match=r"Received: .*tokenizer\.json"):
            tokenizer_from_folder(tmp_path)
