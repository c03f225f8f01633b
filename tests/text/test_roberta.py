"""RoBERTa's tokenizer by itself: what it promises whatever the vocabulary."""

import copy
import json
import pickle
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasbert.text import RobertaTokenizer


@pytest.fixture(scope="module")
def tokenizer(byte_pairs):
    return RobertaTokenizer(*byte_pairs)


def pieces(tokenizer, text):
    return tokenizer.to_tokens(tokenizer.tokenize(text))


def test_splits_words_into_merged_bytes(tokenizer):
    assert pieces(tokenizer, "film  film") == ["film", "Ġ", "Ġfilm"]
    assert pieces(tokenizer, "a café 中\n") == ["a", "Ġ", "c", "a", "f", "Ã©", "Ġ", "ä¸Ń", "Ċ"]
    assert pieces(tokenizer, "isn't") == ["i", "s", "n", "'t"]
    assert tokenizer.tokenize(["", "ss"]).to_list() == [[], [tokenizer.vocabulary.id_of("ss")]]


def test_add_prefix_space(byte_pairs):
    tokenizer = RobertaTokenizer(*byte_pairs, add_prefix_space=True)
    found = tokenizer.tokenize(["film", " film", "\nfilm", ""]).to_list()
    assert [tokenizer.to_tokens(row) for row in found] == [["Ġfilm"], ["Ġfilm"], ["Ġ", "Ċ", "film"], []]


def test_special_tokens_are_text_unless_asked_for(byte_pairs, tokenizer):
    text = "a \n<mask> film</s><s>"
    assert "".join(pieces(tokenizer, text)) == "aĠĊ<mask>Ġfilm</s><s>"
    assert {tokenizer.mask_id, tokenizer.sep_id, tokenizer.cls_id}.isdisjoint(
        tokenizer.tokenize(text).numpy()
    )
    for prefix in True, False:
        finds = RobertaTokenizer(*byte_pairs, add_prefix_space=prefix, special_tokens_in_text=True)
        assert pieces(finds, text)[1:] == ["<mask>", "Ġfilm", "</s>", "<s>"]
        assert pieces(finds, "<pad><unk>") == ["<pad>", "<unk>"]
        assert "<mask>" not in pieces(finds, "<MASK> <mask >")


def test_what_is_no_utf8(tokenizer):
    expected = pieces(tokenizer, "film")
    assert pieces(tokenizer, b"\xfffi\xe4\xb8lm\x80") == expected
    assert tokenizer.detokenize(tokenizer.tokenize("fi\ud800lm")) == "fi\ufffdlm"
    assert tokenizer.tokenize([b"\xff", b""]).to_list() == [[], []]


@pytest.mark.parametrize("prefix", [True, False])
def test_offsets_are_what_a_token_was_made_of(byte_pairs, prefix):
    tokenizer = RobertaTokenizer(*byte_pairs, add_prefix_space=prefix, special_tokens_in_text=True)
    texts = [
        "film film  a",
        " isn't café",
        "中 😀e\u0301",
        "",
        "a \n<mask> film</s>a",
        "<mask>",
        b"\xffa\xff film".decode("utf-8", "ignore"),
    ]
    for text, *found in zip(
        texts, *(x.to_list() for x in tokenizer.tokenize_with_offsets(texts)), strict=True
    ):
        ends = [0]
        for id_, start, end in zip(*found, strict=True):
            token = tokenizer.to_tokens(id_)
            whole = tokenizer.detokenize([id_]).strip(" ") if "<" not in token else token
            assert text[start:end] == whole or ("\ufffd" in whole and end - start == 1)
            assert ends[-1] - 1 <= start <= end
            ends.append(end)
        assert text[max(ends) :].strip(" ") == ""


def test_offsets_by_example(byte_pairs):
    ids, starts, ends = RobertaTokenizer(*byte_pairs).tokenize_with_offsets([" film é😀", "  a"])
    assert starts.to_list() == [[1, 6, 6, 7, 7, 7, 7], [1, 2]]
    assert ends.to_list() == [[5, 6, 7, 8, 8, 8, 8], [1, 3]]
    assert (ids.dtype, starts.dtype, ends.dtype) == (tf.int32,) * 3
    one = RobertaTokenizer(*byte_pairs, add_prefix_space=True).tokenize_with_offsets("film a")
    assert [x.numpy().tolist() for x in one[1:]] == [[0, 5], [4, 6]]


def test_packing_is_robertas(tokenizer):
    a, film = (tokenizer.vocabulary.id_of(token) for token in ("a", "film"))
    packed = tokenizer(["film", ""], ["a", "a"])
    assert packed["token_ids"].numpy().tolist() == [[0, film, 2, 2, a, 2], [0, 2, 2, a, 2, 1]]
    assert packed["segment_ids"].numpy().tolist() == [[0] * 6] * 2
    assert packed["padding_mask"].numpy().tolist() == [[1] * 6, [1] * 5 + [0]]
    assert tokenizer("film")["token_ids"].numpy().tolist() == [0, film, 2]


@pytest.mark.parametrize("max_length", [None, 4, 5, 6, 7, 8, 13])
def test_truncation_takes_the_longer_text_first(tokenizer, max_length):
    first = [list(range(10, 10 + n)) for n in range(8) for _ in range(8)]
    second = [list(range(30, 30 + n)) for _ in range(8) for n in range(8)]
    packed = tokenizer.pack(
        tf.ragged.constant(first, tf.int32), tf.ragged.constant(second, tf.int32), max_length
    )
    lengths = tokenizer.packed_lengths(tf.ragged.constant(first), tf.ragged.constant(second)).numpy().tolist()
    assert lengths == [len(a) + len(b) + 4 for a, b in zip(first, second, strict=True)]
    for row, (a, b) in enumerate(zip(first, second, strict=True)):
        a, b = list(a), list(b)
        while max_length is not None and len(a) + len(b) + 4 > max_length:
            (a if len(a) > len(b) else b).pop()
        ids = [0, *a, 2, 2, *b, 2]
        assert packed["token_ids"][row, : len(ids)].numpy().tolist() == ids
        assert set(packed["token_ids"][row, len(ids) :].numpy()) <= {1}
        assert packed["padding_mask"][row].numpy().sum() == len(ids)


def test_no_room_for_special_tokens(tokenizer):
    with pytest.raises(ValueError, match=r"at least 4.*max_length=3.*RobertaTokenizer\.pack"):
        tokenizer(["a"], ["a"], max_length=3)
    assert tokenizer(["a"], ["a"], max_length=4)["token_ids"].numpy().tolist() == [[0, 2, 2, 2]]
    with pytest.raises(ValueError, match="as many"):
        tokenizer(["a", "a"], ["a"])


def test_ids_and_back(byte_pairs, tokenizer):
    special = tokenizer.pad_id, tokenizer.unk_id, tokenizer.cls_id, tokenizer.sep_id, tokenizer.mask_id
    assert tokenizer.to_tokens(list(special)) == ["<pad>", "<unk>", "<s>", "</s>", "<mask>"]
    assert tokenizer.vocabulary_size == len(byte_pairs[0]) == tokenizer.mask_id + 1
    texts = ["film isn't\n  café 中 😀 \0Ġ", "", " a"]
    assert tokenizer.detokenize(tokenizer(texts)["token_ids"]) == texts
    assert tokenizer.detokenize([tokenizer.mask_id, tokenizer.vocabulary.id_of("Ġ")]) == "<mask> "
    prefix = RobertaTokenizer(*byte_pairs, add_prefix_space=True)
    assert prefix.detokenize(prefix.tokenize(["film  a"])) == ["film  a"]
    with pytest.raises(ValueError, match="id=-1"):
        tokenizer.to_tokens([-1])


@pytest.mark.slow
def test_config_round_trip(byte_pairs):
    options = {"add_prefix_space": True, "special_tokens_in_text": True}
    tokenizer = RobertaTokenizer(*byte_pairs, **options)
    expected = (
        tokenizer.tokenize(" film<mask>").numpy().tolist()
    )  # it has a graph now, which no copy can have
    config = json.loads(json.dumps(tokenizer.get_config()))
    assert config == {"vocabulary": byte_pairs[0], "merges": byte_pairs[1], **options}
    saved = keras.saving.serialize_keras_object(tokenizer)
    same = keras.saving.deserialize_keras_object(saved), copy.deepcopy(tokenizer)
    for other in *same, pickle.loads(pickle.dumps(tokenizer)):
        assert other.get_config() == config
        assert other.tokenize(" film<mask>").numpy().tolist() == expected


def test_merges_as_pairs(byte_pairs, tokenizer):
    pairs = [tuple(merge.split(" ")) for merge in byte_pairs[1]]
    assert RobertaTokenizer(byte_pairs[0], pairs).get_config() == tokenizer.get_config()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"add_prefix_space": None}, "`add_prefix_space` must be"),
        ({"special_tokens_in_text": 2}, "`special_tokens_in_text` must be"),
        ({"merges": ["a"]}, "two tokens.*rank=0, merge='a'"),
        ({"merges": ["a  b"]}, "two tokens"),
        ({"merges": [("a", "b c")]}, "two tokens"),
        ({"merges": ["q q"]}, "must be in the vocabulary.*merge='q q'"),
        ({"vocabulary": ["<s>", "a"]}, "A RoBERTa vocabulary must hold <pad>.*missing="),
    ],
)
def test_wrong_arguments(byte_pairs, change, message):
    with pytest.raises(ValueError, match=message):
        RobertaTokenizer(**{"vocabulary": byte_pairs[0], "merges": byte_pairs[1], **change})


def test_in_tf_data_and_tf_function(tokenizer):
    texts = ["film isn't", "", "中 😀 " * 20]
    whole = tokenizer(texts, max_length=20)
    batch = next(
        iter(tf.data.Dataset.from_tensor_slices(texts).batch(3).map(lambda x: tokenizer(x, max_length=20)))
    )
    traced = tf.function(lambda x: tokenizer(x, max_length=20))(tf.constant(texts))
    for name, value in whole.items():
        np.testing.assert_array_equal(batch[name], value)
        np.testing.assert_array_equal(traced[name], value)
    rows = list(tf.data.Dataset.from_tensor_slices(texts).map(tokenizer.tokenize))
    assert [row.numpy().tolist() for row in rows] == tokenizer.tokenize(texts).to_list()
    made_in_a_graph = []

    @tf.function
    def first_used_in_a_graph(x):
        made_in_a_graph.append(RobertaTokenizer.from_config(tokenizer.get_config()))
        return made_in_a_graph[0].tokenize(x).to_tensor()

    first_used_in_a_graph(tf.constant(texts))
    assert made_in_a_graph[0].tokenize(texts).to_list() == tokenizer.tokenize(texts).to_list()


# The process that serves needs neither kerasbert nor TensorFlow Text.
LOAD = """
import json, sys
import tensorflow as tf
served = tf.saved_model.load(sys.argv[1])
out = served.signatures["serving_default"](texts=tf.constant(json.loads(sys.argv[2])))
assert not {"kerasbert", "tensorflow_text", "keras_hub"} & set(sys.modules)
print(json.dumps({name: value.numpy().tolist() for name, value in out.items()}))
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("special", "with_archive"), [(True, True), pytest.param(False, False, marks=pytest.mark.slow)]
)
def test_in_a_saved_model(byte_pairs, tmp_path, special, with_archive):
    tokenizer = RobertaTokenizer(*byte_pairs, add_prefix_space=special, special_tokens_in_text=special)
    texts = ["film isn't <mask>", "", "中 😀 " + "a" * 5000]

    def outputs(texts):
        _, starts, ends = tokenizer.tokenize_with_offsets(texts)
        return {**tokenizer(texts, max_length=9), "starts": starts.to_tensor(), "ends": ends.to_tensor()}

    signature = [tf.TensorSpec([None], tf.string, name="texts")]
    if with_archive:
        archive = keras.export.ExportArchive()
        archive.add_endpoint("serving_default", outputs, input_signature=signature)
        archive.write_out(str(tmp_path), verbose=False)
    else:
        module = tf.Module()
        module.serve = tf.function(outputs, input_signature=signature)
        tf.saved_model.save(module, str(tmp_path), signatures=module.serve)
    done = subprocess.run(
        [sys.executable, "-c", LOAD, str(tmp_path), json.dumps(texts)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    expected = {name: value.numpy().tolist() for name, value in outputs(texts).items()}
    assert json.loads(done.stdout.splitlines()[-1]) == expected


@pytest.mark.slow
def test_importing_and_tokenizing_imports_no_other_tokenizer():
    code = """
import sys
import kerasbert, kerasbert.text
from kerasbert.text.byte_pairs import BYTE_CHARACTERS
special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
kerasbert.text.RobertaTokenizer([*special, *BYTE_CHARACTERS], []).tokenize("a")
print({"keras_hub", "tensorflow_text", "tokenizers", "transformers"} & set(sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "set()\n", done.stderr[-2000:]
