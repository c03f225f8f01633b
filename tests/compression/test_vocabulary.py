"""A shorter vocabulary: the same tokens for the corpus, and pieces for everything else."""

import random

import keras
import numpy as np
import pytest
from conformance_cases import TASKS, make_task, sample_texts
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kerasbert import BertConfig, BertTokenizer, RobertaTokenizer, SentencePieceTokenizer
from kerasbert.compression import trim_vocabulary
from kerasbert.compression.vocabulary import needed_ids
from kerasbert.data import RowStream
from kerasbert.text.byte_fallback import BYTE_PIECES
from kerasbert.text.vocabulary import SPECIAL_TOKENS

pytestmark = pytest.mark.tensorflow
WORDS = ["unused", "good", "##ness", "bad", "film", "the", "was", "very", "goodness", "##s", "not", "s", "a"]
CHARACTERS = [
    "!",
    ",",
    ".",
    "##.",
    "字",
    "##字",
    "я",
    "##я",
    "f",
    "##f",
    "é",
    "##é",
    "7",
    "##7",
    "™",
    "##™",
    "X",
]
TOKENS = [*SPECIAL_TOKENS, *WORDS, *CHARACTERS]
TEXTS = ["The film was good!", "", "very badness", "f?"]


@pytest.fixture
def tokenizer():
    return BertTokenizer(TOKENS)


@pytest.fixture
def config(config, tokenizer):
    return BertConfig.from_dict(config.to_dict() | {"vocabulary_size": tokenizer.vocabulary_size + 3})


def trimmed(tokenizer, texts, **kwargs):
    ids = needed_ids(tokenizer, texts, **kwargs)
    tokens = [tokenizer.vocabulary[i] for i in ids]
    return BertTokenizer.from_config(tokenizer.get_config() | {"vocabulary": tokens})


def pieces(tokenizer, texts):
    return tokenizer.to_tokens(tokenizer.tokenize(texts))


@pytest.mark.slow_after(1)
@pytest.mark.filterwarnings("ignore:.*were truncated")
@pytest.mark.parametrize("name", [name for name in TASKS if name not in ("BertMaskedLM", "BertPretrainer")])
def test_texts_of_the_corpus_have_the_same_answers_to_the_bit(name, config, tokenizer):
    task = make_task(name, config, tokenizer)
    texts = sample_texts(task)
    before, old = task.predict(texts, verbose=0), [weight.numpy().copy() for weight in task.weights]
    smaller = trim_vocabulary(task, texts)
    assert 10 < smaller.tokenizer.vocabulary_size == smaller.encoder.config.vocabulary_size < len(TOKENS)
    np.testing.assert_equal(smaller.predict(texts, verbose=0), before)
    parts = ("encoder", "tokenizer")
    same, other = ({k: v for k, v in t.get_config().items() if k not in parts} for t in (task, smaller))
    assert (type(smaller), other) == (type(task), same)
    assert task.tokenizer is tokenizer
    np.testing.assert_equal([weight.numpy() for weight in task.weights], old)


@pytest.mark.parametrize("name", ["BertMaskedLM", "BertPretrainer"])
def test_a_masked_language_model_scores_fewer_tokens_as_before(name, config, tokenizer):
    task = make_task(name, config, tokenizer)
    for i, weight in enumerate(task.weights):
        weight.assign(np.random.default_rng(i).normal(size=weight.shape))
    smaller = trim_vocabulary(task, TEXTS)
    kept = [tokenizer.vocabulary.id_of(token) for token in smaller.tokenizer.vocabulary]
    (before,), (after,) = (
        [t(t.tokenizer(TEXTS))["masked_lm"]] if name == "BertPretrainer" else [t(t.tokenizer(TEXTS))]
        for t in (task, smaller)
    )
    np.testing.assert_allclose(after, before.numpy()[..., kept], atol=1e-4)


@st.composite
def vocabularies(draw):
    words = st.text("abc", min_size=1, max_size=4)
    tokens = draw(st.lists(st.tuples(st.sampled_from(["", "##"]), words).map("".join), unique=True))
    return [*SPECIAL_TOKENS, *tokens]


@given(vocabularies(), st.lists(st.text("abc", max_size=6), min_size=1), st.data())
# `abc` is [UNK], and would be `a ##bc` without `ab`.
@pytest.mark.slow
@example([*SPECIAL_TOKENS, "ab", "a", "##bc", "c"], ["abc", "cbc"], None)
@settings(max_examples=30, deadline=None)
def test_removing_tokens_changes_no_text_whose_tokens_are_kept(tokens, words, data):
    texts = [" ".join(words), *words, "a"]
    more = data.draw(st.lists(st.sampled_from(tokens))) if data else ()
    tokenizer = BertTokenizer(tokens)
    smaller = trimmed(tokenizer, texts, keep=more)
    assert pieces(smaller, texts) == pieces(tokenizer, texts)
    assert set(more) <= set(smaller.vocabulary) <= set(tokens)
    order = [tokens.index(token) for token in smaller.vocabulary]
    assert order == sorted(order)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*were truncated")
def test_pieces_of_a_corpus_are_split_as_before(config):
    chance = random.Random(7)
    words = {"".join(chance.choices("abcé電", k=chance.randint(1, 4))) for _ in range(60)} - set("a電")
    pieces = ["<s>", "<pad>", "</s>", "<unk>", "▁", *sorted(words | {"▁" + w for w in words}), "<mask>"]
    scores = [-float(chance.randint(2, 9)) for _ in pieces]  # with many equal sums
    tokenizer = SentencePieceTokenizer(pieces, scores)
    texts = [" ".join("".join(chance.choices("abcé電x", k=9)) for _ in range(3)) for _ in range(20)]
    wide = BertConfig.from_dict(config.to_dict() | {"vocabulary_size": len(pieces) + 2})
    task = make_task("BertTextEmbedder", wide, tokenizer)
    smaller = trim_vocabulary(task, texts[:10], keep=["▁"])
    assert smaller.tokenizer.vocabulary_size < len(pieces) - 10
    before, after = (t.tokenizer.to_tokens(t.tokenizer.tokenize(texts[:10])) for t in (task, smaller))
    assert before == after
    np.testing.assert_array_equal(smaller.predict(texts[:10], verbose=0), task.predict(texts[:10], verbose=0))
    kept = set(smaller.tokenizer.vocabulary)
    assert {p for p in pieces if len(p) == 1} <= kept
    assert len(tokenizer.tokenize(texts[10:]).flat_values) > 0  # and other texts can be split, too


@pytest.mark.slow
def test_byte_pieces_stay(config):
    words = ["a", "▁a", "é", "ab", "▁ba", "b"]
    pieces = ["<s>", "<pad>", "</s>", "<unk>", "▁", *words, *BYTE_PIECES, "<mask>"]
    scores = [0.0] * 4 + [-3, -2, -4, -9, -5, -3.5, -2.5] + [0.0] * 257
    tokenizer = SentencePieceTokenizer(pieces, scores, byte_fallback=True)
    texts = ["ba é電", "aaa 😀"]
    wide = BertConfig.from_dict(config.to_dict() | {"vocabulary_size": len(pieces)})
    task = make_task("BertTextEmbedder", wide, tokenizer)
    smaller = trim_vocabulary(task, texts)
    assert [p for p in pieces if p not in smaller.tokenizer.vocabulary] == ["ab"]
    before, after = (t.tokenizer.to_tokens(t.tokenizer.tokenize(texts)) for t in (task, smaller))
    assert before == after
    np.testing.assert_array_equal(smaller.predict(texts, verbose=0), task.predict(texts, verbose=0))


def test_unknown_words_stay_unknown_in_any_writing():
    tokens = [*SPECIAL_TOKENS, "ab", "a", "##bc", "éb", "é", "##bé"]
    for options, words in (({}, ["ABC", "äbc", "a\u200bbc"]), ({"lowercase": False}, ["éb\u200bé", "abc"])):
        tokenizer = BertTokenizer(tokens, **options)
        for word in words:
            smaller = trimmed(tokenizer, [word], keep=["a", "##bc", "é", "##bé"])
            assert pieces(smaller, [word]) == pieces(tokenizer, [word]) == [["[UNK]"]]
            assert (
                len(smaller.vocabulary) == len(tokens) - 1
            )  # `ab` or `éb`, which the word does not begin with


@pytest.mark.slow
def test_other_words_still_fall_into_pieces(tokenizer):
    smaller = trimmed(tokenizer, TEXTS)
    assert smaller.vocabulary.tokens == (
        *(*SPECIAL_TOKENS, "good", "##ness", "bad", "film", "the", "was", "very", "##s", "s", "a"),
        # No letters of other scripts, and nothing that no text can have: `##.`, capitals, accents.
        *("!", ",", ".", "f", "##f", "7", "##7", "™", "##™"),
    )
    assert pieces(smaller, "goodness 77ff.") == ["good", "##ness", "7", "##7", "##f", "##f", "."]
    scripts = trimmed(tokenizer, ["字 я"]).vocabulary
    assert [token in scripts for token in ("字", "##字", "я", "##я", "f")] == [True, False, True, True, False]
    cased = BertTokenizer(TOKENS, lowercase=False, split_chinese=False)
    assert {"X", "é", "##é", "字", "##字"} <= set(trimmed(cased, ["good 字"]).vocabulary)


def test_rare_tokens_may_go(tokenizer):
    texts = ["good film film", "film was was"]
    tokens = trimmed(tokenizer, texts, min_count=2).vocabulary
    assert [token in tokens for token in ("film", "was", "good")] == [True, True, False]


def test_texts_come_in_any_form(tokenizer):
    forms = [
        "good film",
        [["good"], ("film", b"film")],
        {"text": np.array(["good"]), "text_pair": ["film"]},
        (["good"], [["film", ""]]),
        RowStream(lambda: [("good", "very"), ("film", "bad")]),
        (text for text in ("good", "film")),
    ]
    assert {tuple(needed_ids(tokenizer, form)) for form in forms} == {tuple(needed_ids(tokenizer, forms[0]))}


@pytest.mark.slow
def test_a_trimmed_task_is_saved_and_loaded(config, tokenizer, tmp_path):
    task = trim_vocabulary(make_task("BertTextClassifier", config, tokenizer), TEXTS)
    task.save(tmp_path / "it.keras")
    task.save_to_preset(tmp_path / "it")
    expected = task.predict(TEXTS, verbose=0)
    for again in (keras.saving.load_model(tmp_path / "it.keras"), type(task).from_preset(tmp_path / "it")):
        np.testing.assert_array_equal(again.predict(TEXTS, verbose=0), expected)


def test_what_cannot_be_trimmed_says_why(config, tokenizer, byte_pairs):
    def trim(with_tokenizer=tokenizer, texts=TEXTS, **kwargs):
        return trim_vocabulary(make_task("BertTextEmbedder", wide, with_tokenizer), texts, **kwargs)

    wide = BertConfig.from_dict(config.to_dict() | {"vocabulary_size": 300})
    with pytest.raises(TypeError, match=r"every token of BPE is needed.*RobertaTokenizer"):
        trim(RobertaTokenizer(*byte_pairs))
    with pytest.raises(TypeError, match="must have a BertTokenizer"):
        trim(None)
    for empty in ([], [""], iter(())):
        with pytest.raises(ValueError, match="There must be texts"):
            trim(texts=empty)
    with pytest.raises(TypeError, match=r"must be str.*value=3"):
        trim(texts=["good", 3])
    with pytest.raises(ValueError, match=r"in the vocabulary.*unknown=.'goods'"):
        trim(keep=["good", "goods"])
    with pytest.raises(ValueError, match=r"`min_count`"):
        trim(min_count=0)
