import json
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasbert.text import BertTokenizer, Vocabulary


@pytest.fixture(scope="module")
def tokenizer(tokens):
    return BertTokenizer(tokens)


def pieces(tokenizer, text):
    return tokenizer.to_tokens(tokenizer.tokenize(text))


def test_splits_words_into_the_longest_pieces(tokenizer):
    assert pieces(tokenizer, "UNwantéd,running") == ["un", "##want", "##ed", ",", "runn", "##ing"]
    assert pieces(tokenizer, "unwantedx lowest") == ["[UNK]", "lowest"]


def test_options_change_what_they_name(tokens):
    text = "Café CAFÉ 中文"
    assert pieces(BertTokenizer([*tokens, "cafe"]), text) == ["cafe", "cafe", "中", "[UNK]"]
    assert pieces(BertTokenizer(tokens, strip_accents=False), text) == ["café", "café", "中", "[UNK]"]
    assert pieces(BertTokenizer(tokens, lowercase=False), text) == ["[UNK]", "[UNK]", "中", "[UNK]"]
    cased = BertTokenizer([*tokens, "Cafe"], lowercase=False, strip_accents=True)
    assert pieces(cased, text) == ["Cafe", "[UNK]", "中", "[UNK]"]
    assert pieces(BertTokenizer(tokens, split_chinese=False), "中文,中") == ["中文", ",", "中"]


def test_a_final_sigma_is_lower_cased_as_in_python(tokens):
    for text in ["ΑΣ", "ΑΣ ΣΑ", "ΑΣ中Α", "ΑΣ'Α", "ΑΣ\xadΑ", "ΑΣ.Σ", "Σ", "ΑΣ\u0301Α", "Α\u0301Σ"]:
        expected = "".join(text.replace("\xad", "").split()).replace("\u0301", "")
        letters = [*dict.fromkeys([*tokens, *"ας'", "##α", "##'"])]
        tokenizer = BertTokenizer(letters)
        found = "".join(piece.removeprefix("##") for piece in pieces(tokenizer, text))
        assert found == "".join(word.replace("\xad", "").lower() for word in text.split()).replace(
            "\u0301", ""
        )
        assert len(found) == len(expected)


@pytest.mark.parametrize(("limit", "long"), [(200, 201), (3, 4), (250, 251)])
@pytest.mark.parametrize("split_chinese", [True, False])
def test_the_word_limit_counts_characters(tokens, limit, long, split_chinese):
    tokenizer = BertTokenizer(
        [*tokens, "é"], strip_accents=False, max_characters_per_word=limit, split_chinese=split_chinese
    )
    texts = ["é" * limit, "é" * long, f"a {'é' * long}.{'é' * limit}", "é" * (long * 4)]
    assert [len(tokenizer.tokenize(text)) for text in texts] == [limit, 1, limit + 3, 1]
    assert tokenizer.tokenize(texts).row_lengths().numpy().tolist() == [limit, 1, limit + 3, 1]
    assert BertTokenizer(tokens).max_characters_per_word == 200


def test_special_tokens_are_text_unless_asked_for(tokens):
    text = "[MASK] film[SEP]"
    assert pieces(BertTokenizer(tokens), text) == ["[", "mask", "]", "film", "[", "[UNK]", "]"]
    for lowercase in True, False:
        tokenizer = BertTokenizer(tokens, lowercase=lowercase, special_tokens_in_text=True)
        assert pieces(tokenizer, text) == ["[MASK]", "film", "[SEP]"]
        assert pieces(tokenizer, "a[MASK]b[mask]") == ["a", "[MASK]", "b", "[", "mask", "]"]


@pytest.mark.parametrize("split_chinese", [True, False])
def test_a_special_token_is_never_too_long_a_word(tokens, split_chinese):
    options = {"split_chinese": split_chinese, "special_tokens_in_text": True}
    tokenizer = BertTokenizer(tokens, max_characters_per_word=3, **options)
    assert pieces(tokenizer, "film[MASK]a") == ["[UNK]", "[MASK]", "a"]


def test_nothing_but_what_is_dropped_gives_an_empty_row(tokenizer):
    rows = tokenizer.tokenize(
        ["", " ", "\0\x01\x02\x0b", "\u200b\ufeff\ufffd", "\t\r\n\u2028\u3000", "\u0301", b"\xff"]
    )
    assert rows.to_list() == [[]] * 7
    assert rows.dtype == tf.int32
    assert tokenizer.tokenize([]).to_list() == []


def test_tokens_of_white_space_and_control_characters_are_never_found(tokens):
    tokenizer = BertTokenizer(
        [*tokens, "\u2028", "##\u2028", "\x01", "\x02mask\x02", "\x11", "##\x11", "\0", "a\0"]
    )
    assert pieces(tokenizer, "a\u2028a \x02mask\x02 \x01 a\0") == ["a", "a", "mask", "a"]


def test_large_texts(tokenizer):
    ids = tokenizer.tokenize(["film! " * 200_000, "a" * 100_000 + " film", "中" * 100_000])
    assert ids.row_lengths().numpy().tolist() == [400_000, 2, 100_000]
    ids, starts, _ = tokenizer.tokenize_with_offsets("a" * 100_000 + " film")
    assert starts.numpy().tolist() == [0, 100_001]


def test_one_text_and_many_agree(tokenizer):
    one = tokenizer.tokenize("unwanted film")
    assert (one.dtype, one.shape.rank) == (tf.int32, 1)
    for many in ["unwanted film"], np.array(["unwanted film"]), tf.constant(["unwanted film"]):
        assert tokenizer.tokenize(many).to_list() == [one.numpy().tolist()]


def test_in_graphs_as_in_python(tokenizer):
    texts = ["Unwanted film!", "", "中 \0İ" + "a" * 300]
    eager = tokenizer.tokenize(texts).to_list()
    assert tf.function(tokenizer.tokenize)(tf.constant(texts)).to_list() == eager
    data = tf.data.Dataset.from_tensor_slices(texts)
    batch = data.batch(3, drop_remainder=True).map(tokenizer.tokenize, num_parallel_calls=2)
    assert next(iter(batch)).to_list() == eager
    assert [row.numpy().tolist() for row in data.map(tokenizer.tokenize)] == eager

    made = []

    @tf.function
    def make_inside(texts):
        made.append(BertTokenizer(tokenizer.vocabulary))
        return made[0].tokenize_with_offsets(texts)[0]

    assert make_inside(tf.constant(texts)).to_list() == eager
    assert made[0].tokenize(texts).to_list() == eager


def test_ids_to_tokens_and_text(tokenizer):
    ids = tokenizer(["Unwanted film!", "a"])["token_ids"]
    rows = [["[CLS]", "un", "##want", "##ed", "film", "!", "[SEP]"], ["[CLS]", "a", "[SEP]", *["[PAD]"] * 4]]
    for same in ids, ids.numpy(), ids.numpy().tolist(), tf.RaggedTensor.from_tensor(ids):
        assert tokenizer.to_tokens(same) == rows
        assert tokenizer.detokenize(same) == ["unwanted film !", "a"]
    assert tokenizer.detokenize(ids[0]) == "unwanted film !"
    assert tokenizer.detokenize([1, 4]) == "[UNK] [MASK]"
    assert (tokenizer.to_tokens(2), tokenizer.detokenize([]), tokenizer.to_tokens([])) == ("[CLS]", "", [])


@pytest.mark.parametrize("bad", [-1, 10**6])
def test_an_id_outside_the_vocabulary(tokenizer, bad):
    with pytest.raises(ValueError, match=f"id={bad}"):
        tokenizer.to_tokens([1, bad])


def test_ids_of_special_tokens(tokens):
    tokenizer = BertTokenizer(tokens[::-1])
    special = tokenizer.pad_id, tokenizer.unk_id, tokenizer.cls_id, tokenizer.sep_id, tokenizer.mask_id
    assert tokenizer.to_tokens(list(special)) == ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    assert tokenizer.vocabulary_size == len(tokens)
    packed = tokenizer(["a", ""])["token_ids"]
    assert tokenizer.to_tokens(packed) == [["[CLS]", "a", "[SEP]"], ["[CLS]", "[SEP]", "[PAD]"]]


def test_config_round_trip(tokens, tmp_path):
    options = {"lowercase": False, "strip_accents": True, "split_chinese": False}
    options |= {"max_characters_per_word": 7, "special_tokens_in_text": True}
    tokenizer = BertTokenizer(Vocabulary(tokens), **options)
    config = json.loads(json.dumps(tokenizer.get_config()))
    assert config == {"vocabulary": tokens, **options, "added_tokens": []}
    assert BertTokenizer.from_config(config).get_config() == config
    saved = keras.saving.serialize_keras_object(tokenizer)
    assert keras.saving.deserialize_keras_object(saved).get_config() == config
    tokenizer.save_vocabulary(tmp_path / "vocab.txt")
    assert BertTokenizer(tmp_path / "vocab.txt", **options).get_config() == config


@pytest.mark.parametrize(
    "option",
    [
        {"lowercase": "yes"},
        {"strip_accents": "no"},
        {"split_chinese": None},
        {"special_tokens_in_text": None},
        {"max_characters_per_word": 0},
    ],
)
def test_wrong_options(tokens, option):
    with pytest.raises(ValueError, match=f"`{next(iter(option))}` must be"):
        BertTokenizer(tokens, **option)


def test_a_token_that_is_too_long_for_tensorflow_text(tokens):
    with pytest.raises(ValueError, match="build a model of the vocabulary"):
        BertTokenizer([*tokens, "x" * 300])


@pytest.mark.slow
def test_without_tensorflow_text():
    code = """
import sys
sys.modules["tensorflow_text"] = None
import kerasbert
from kerasbert.text import BertTokenizer, Vocabulary
Vocabulary(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
try:
    BertTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
except ImportError as error:
    assert "pip install" in str(error), error
else:
    raise SystemExit("no error")
"""
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


@pytest.mark.slow
def test_importing_does_not_import_tensorflow_text():
    code = "import sys, kerasbert, kerasbert.text; assert 'tensorflow_text' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


@pytest.mark.parametrize(
    ("name", "instead"),
    [("decode", r"detokenize\(ids\)"), ("id_to_token", r"vocabulary\[id\]"), ("mask_token_id", "mask_id")],
)
def test_names_of_other_libraries_are_answered_with_ours(name, instead, tokenizer):
    assert not hasattr(tokenizer, name)
    with pytest.raises(AttributeError, match=rf"Write .*{instead}"):
        getattr(tokenizer, name)
    with pytest.raises(AttributeError, match="no attribute `whatever`"):
        _ = tokenizer.whatever


def test_a_symbolic_input_is_told_where_strings_go(tokenizer):
    with pytest.raises(TypeError, match=r"no Keras model takes.*ds\.map\(tokenizer\)"):
        tokenizer(keras.Input((), dtype="string"))
