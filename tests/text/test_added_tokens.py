"""Added tokens: one id wherever they stand, as with Hugging Face; and none is lost on the way."""

import json
import random

import pytest
import tensorflow as tf

from kerasbert.compression.vocabulary import needed_ids
from kerasbert.text import AddedToken, BertTokenizer, tokenizer_from_folder

WORDS = [
    "[",
    "]",
    "ur",
    "##l",
    "u",
    "good",
    "film",
    "new",
    "york",
    "co",
    "##vid",
    "cafe",
    "x",
    "a",
    "[unused0]",
]
TOKENS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS, "中", "."]
URL = len(TOKENS)
ADDED = (
    AddedToken("[URL]"),
    AddedToken("@User", normalized=False),
    AddedToken("Café"),
    AddedToken("covid19"),
    AddedToken("covid"),
    AddedToken("New York", normalized=False, special=True, lstrip=True),
    AddedToken("中国"),
    AddedToken("[unused0]", normalized=False, special=True),
)
TEXTS = [
    "good [URL] film",
    "x[url]x",
    "@User @user",
    "CAFÉ cafés",
    "COVID19covid-covid1",
    "a New York  film.",
    "",
]
TEXTS += [
    "我中国 中",
    "[unused0]",
    "[MASK] [URL",
    "New\tYork[URL][URL]@User",
    "e\u0301 cafe\u0301",
    "\u200b[U\u200bRL]",
]


def theirs(lowercase):
    tokenizers = pytest.importorskip("tokenizers")
    model = tokenizers.models.WordPiece(
        {token: i for i, token in enumerate(TOKENS)}, unk_token="[UNK]", max_input_chars_per_word=200
    )
    tokenizer = tokenizers.Tokenizer(model)
    tokenizer.normalizer = tokenizers.normalizers.BertNormalizer(lowercase=lowercase)
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.BertPreTokenizer()
    for token in ADDED:
        switches = {name: getattr(token, name) for name in ("normalized", "special", "lstrip", "rstrip")}
        tokenizer.add_tokens([tokenizers.AddedToken(token.content, **switches)])
    return tokenizer


@pytest.mark.parametrize("lowercase", [True, False])
def test_as_hugging_face(lowercase):
    reference = theirs(lowercase)
    ours = BertTokenizer(TOKENS, lowercase=lowercase, added_tokens=ADDED)
    assert ours.vocabulary.id_of("[URL]") == URL
    assert ours.vocabulary_size == reference.get_vocab_size()
    draw = random.Random(0)
    parts = [
        *(token.content for token in ADDED),
        *WORDS,
        " ",
        "  ",
        "É",
        "[",
        "中",
        "国",
        "@",
        "ſ",
        "İ",
        "\x00",
        "ß",
    ]
    parts += [part.upper() for part in parts]
    texts = TEXTS + ["".join(draw.choices(parts, k=draw.randint(1, 8))) for _ in range(2000)]
    differ = [
        (text, own, other.tokens)
        for text, own, other in zip(
            texts, ours.to_tokens(ours.tokenize(texts)), reference.encode_batch(texts), strict=True
        )
        if ours_ids(ours, own) != other.ids
    ]
    print(f"{len(texts)} texts tried, {len(differ)} differ")
    assert not differ, differ[:5]


def ours_ids(tokenizer, tokens):
    return [tokenizer.vocabulary.id_of(token) for token in tokens]


def test_offsets_are_those_of_the_original():
    tokenizer = BertTokenizer(TOKENS, added_tokens=ADDED)
    ids, starts, ends = tokenizer.tokenize_with_offsets(TEXTS)
    rows = zip(TEXTS, ids.to_list(), starts.to_list(), ends.to_list(), strict=True)
    stand = [[text[s:e] for s, e in zip(first, last, strict=True)] for text, _, first, last in rows]
    assert stand[0] == ["good", "[URL]", "film"]
    assert stand[1] == ["x", "[url]", "x"]
    assert stand[3] == ["CAFÉ", "café", "s"]
    assert stand[4] == ["COVID19", "covid", "-", "covid", "1"]
    assert stand[5] == ["a", "New York", "film", "."]
    assert stand[10] == ["New", "York", "[URL]", "[URL]", "@User"]
    one = tokenizer.tokenize_with_offsets("x[url]x")
    assert [part.numpy().tolist() for part in one] == [
        [TOKENS.index("x"), URL, TOKENS.index("x")],
        [0, 1, 6],
        [1, 6, 7],
    ]


def test_with_special_tokens_in_text():
    tokenizer = BertTokenizer(TOKENS, added_tokens=ADDED, special_tokens_in_text=True)
    ids, starts, ends = tokenizer.tokenize_with_offsets("a[MASK] [url]@User")
    assert tokenizer.to_tokens(ids) == ["a", "[MASK]", "[URL]", "@User"]
    assert starts.numpy().tolist() == [0, 1, 8, 13]
    assert ends.numpy().tolist() == [1, 7, 13, 18]


@pytest.mark.slow
def test_in_graphs_and_saved_models(tmp_path):
    tokenizer = BertTokenizer(TOKENS, added_tokens=ADDED)
    module = tf.Module()
    module.serve = tf.function(
        lambda texts: tokenizer(texts), input_signature=[tf.TensorSpec([None], tf.string)]
    )
    tf.saved_model.save(module, str(tmp_path))
    loaded = tf.saved_model.load(str(tmp_path)).serve(tf.constant(TEXTS))
    for name, value in tokenizer(TEXTS).items():
        assert (loaded[name].numpy() == value.numpy()).all()


def test_saved_and_loaded_losslessly(tmp_path):
    tokenizer = BertTokenizer(TOKENS, added_tokens=ADDED)
    tokenizer.save_to_folder(tmp_path)
    for again in (tokenizer_from_folder(tmp_path), BertTokenizer.from_config(tokenizer.get_config())):
        assert set(again.added_tokens) == set(ADDED)
        assert again.vocabulary == tokenizer.vocabulary
        assert again.wordpieces == tuple(TOKENS)
        assert again.tokenize(TEXTS).to_list() == tokenizer.tokenize(TEXTS).to_list()
    reference = pytest.importorskip("tokenizers").Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    for text, ids in zip(TEXTS, tokenizer.tokenize(TEXTS).to_list(), strict=True):
        found = reference.encode(text, add_special_tokens=False).ids
        assert "[MASK]" in text or found == ids


def write(folder, **files):
    (folder / "vocab.txt").write_text("\n".join(TOKENS) + "\n")
    for name, content in files.items():
        (folder / f"{name}.json").write_text(json.dumps(content))
    return tokenizer_from_folder(folder)


DECODER = {
    str(URL): {"content": "[URL]", "normalized": False, "special": True, "lstrip": True, "rstrip": False}
}


@pytest.mark.parametrize(
    ("files", "token"),
    [
        ({"added_tokens": {"[URL]": URL}}, AddedToken("[URL]")),
        ({"added_tokens": {"[URL]": URL}, "tokenizer_config": {"do_lower_case": True}}, AddedToken("[URL]")),
        (
            {"added_tokens": {"[URL]": URL}, "special_tokens_map": {"additional_special_tokens": ["[URL]"]}},
            AddedToken("[URL]", normalized=False, special=True),
        ),
        (
            {"tokenizer_config": {"added_tokens_decoder": DECODER}},
            AddedToken("[URL]", normalized=False, special=True, lstrip=True),
        ),
        (
            {"tokenizer_config": {"additional_special_tokens": ["[URL]"]}},
            AddedToken("[URL]", normalized=False, special=True),
        ),
    ],
)
def test_every_file_that_names_them(tmp_path, files, token):
    tokenizer = write(tmp_path, **files)
    assert tokenizer.added_tokens == (token,)
    assert tokenizer.tokenize("[URL]").numpy().tolist() == [URL]


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"added_tokens": {"[URL]": URL + 1}}, f"id={URL + 1}, expected={URL}"),
        ({"added_tokens": {"film": 3}}, "token='film', id=3"),
        ({"added_tokens": {"[URL]": "9"}}, "must have a content and an id"),
        ({"tokenizer_config": {"added_tokens_decoder": {"x": {"content": "[URL]"}}}}, "a content and an id"),
        ({"tokenizer_config": {"added_tokens_decoder": {"9": 1}}}, "must be a JSON object"),
        ({"tokenizer_config": {"additional_special_tokens": [1]}}, "must be a JSON string"),
        (
            {
                "tokenizer_config": {
                    "added_tokens_decoder": {str(URL): {"content": "x!", "single_word": True}}
                }
            },
            "`single_word` is not supported",
        ),
    ],
)
def test_what_cannot_be_honoured_is_refused(tmp_path, files, message):
    with pytest.raises(ValueError, match=message):
        write(tmp_path, **files)


def test_trimming_keeps_them():
    tokenizer = BertTokenizer(TOKENS, added_tokens=ADDED)
    kept = [tokenizer.vocabulary[i] for i in needed_ids(tokenizer, ["film"])]
    assert kept[-7:] == [token.content for token in ADDED[:7]]
    assert "[unused0]" in kept
