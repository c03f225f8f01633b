"""Fuzzed texts: tokenizers of integers, run by LiteRT and ONNX Runtime, against those they are made of."""

import random
import sys
import unicodedata

import pytest
from code_point_runners import by_litert, by_onnx_runtime, different, tokenized
from piece_models import mixed_texts, train, train_with_bytes

from kerasbert.text import BertTokenizer, RobertaTokenizer, SentencePieceTokenizer
from kerasbert.text.byte_pairs import BYTE_CHARACTERS
from kerasbert.text.roberta_files import ROBERTA_SPECIAL_TOKENS

RUNTIMES = [by_litert, by_onnx_runtime]
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
WORDS = [
    "un",
    "want",
    "runn",
    "low",
    "lowest",
    "film",
    "ss",
    "cafe",
    "中",
    "文",
    "σασ",
    "ας",
    "i̇",
    "各",
    *"!,.[]:'",
]
OPTIONS = [
    {},
    {"lowercase": False, "max_characters_per_word": 4},
    {"strip_accents": False, "special_tokens_in_text": True},
    {"split_chinese": False, "max_characters_per_word": 7, "special_tokens_in_text": True},
]


def vocabulary():
    letters = "abcdefghijklmnopqrstuvwxyzABCéσςασ中文のё각ᄀ"
    pieces = ["##" + piece for piece in (*letters, "want", "ed", "ing", "ss", "σα", "ας")]
    return list(dict.fromkeys([*SPECIAL, *WORDS, *letters, *pieces]))


def texts(seed, count, special=SPECIAL):
    """Texts that mix words, special tokens, hard characters, any characters of one block, and long words."""
    chance = random.Random(seed)
    hard = [
        *" \t\n\0'.:[]#ΣσςİıßẞÉ\u0301\u0345\u00ad\u200d\u2028\x85\ufffd\u3000中豈각の😀",
        *special,
        "[mask]",
        "##",
    ]

    def part():
        kind = chance.random()
        if kind < 0.35:
            return chance.choice(WORDS)
        if kind < 0.75:
            return chance.choice(hard)
        if kind < 0.9:
            block = chance.choice(
                [0, 0x80, 0x300, 0x370, 0x400, 0x1E00, 0x1F00, 0x2000, 0x3000, 0xAC00, 0x1D400]
            )
            return chr(block + chance.randrange(256))
        if kind < 0.97:
            character = chr(chance.randrange(sys.maxunicode + 1))
            return "" if unicodedata.category(character) == "Cs" else character
        return chance.choice(["a", "b", "中", "low"]) * chance.randint(1, 220)

    return ["".join(part() for _ in range(chance.randint(0, 24))) for _ in range(count)]


def texts_of_bytes(seed, count):
    """Without zeros at the end, which are padding to a tokenizer of integers, and tokens to RoBERTa's own."""
    return [text.rstrip("\0") for text in texts(seed, count, ROBERTA_SPECIAL_TOKENS)]


def failures(tokenizer, run, tried):
    """Texts whose tokens or places differ."""
    wrong = different(tokenizer, tokenized(tokenizer, run), tried)
    print(f"{len(wrong)} of {len(tried)} texts differ")
    return wrong


@pytest.fixture(scope="module")
def byte_level():
    """Merges of every length, so that words of the pool are one token, several, or bytes."""
    merges = [
        "f i",
        "l m",
        "fi lm",
        "Ġ film",
        "w a",
        "wa n",
        "wan t",
        "l o",
        "lo w",
        "Ġ low",
        "e s",
        "low es",
    ]
    merges += ["lowes t", "a a", "aa aa", "aaaa aa", "Ġ Ġ", "ĠĠ ĠĠ", "Ġ a", "s s", "c a", "' s", "! !", "Ġ ["]
    merges += ["ä ¸", "ä¸ Ń", "Ġ ä¸Ń", "Ï ĥ", "Î £", "Ã ©", "Ã ī", "Ì ģ", "ð Ł", "ðŁ ĺ", "ðŁĺ Ģ", "Ċ Ċ"]
    merged = (merge.replace(" ", "") for merge in merges)
    tokens = ["<s>", "<pad>", "</s>", "<unk>", *BYTE_CHARACTERS, *merged, "<mask>"]
    return tokens, merges


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("run", RUNTIMES)
def test_wordpiece(run):
    assert failures(BertTokenizer(vocabulary(), **OPTIONS[2]), run, texts(7, 1_500)) == []


@pytest.mark.slow
@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("run", RUNTIMES)
def test_wordpiece_at_length(run, options):
    assert failures(BertTokenizer(vocabulary(), **options), run, texts(11, 25_000)) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", ["bert_base_uncased", "bert_base_cased"])
@pytest.mark.parametrize("run", RUNTIMES)
def test_real_vocabularies_at_length(shared_data, run, name):
    path = shared_data / f"vocab/{name}.vocab.txt"
    tokenizer = BertTokenizer(path, lowercase="uncased" in name, special_tokens_in_text=True)
    assert failures(tokenizer, run, texts(13, 50_000)) == []


@pytest.mark.slow
@pytest.mark.parametrize("run", RUNTIMES)
def test_bytes(byte_level, run):
    tokenizer = RobertaTokenizer(*byte_level, special_tokens_in_text=True)
    assert failures(tokenizer, run, texts_of_bytes(7, 1_000)) == []


@pytest.mark.slow
@pytest.mark.parametrize("options", [{}, {"add_prefix_space": True, "special_tokens_in_text": True}], ids=str)
@pytest.mark.parametrize("run", RUNTIMES)
def test_bytes_at_length(byte_level, run, options):
    assert failures(RobertaTokenizer(*byte_level, **options), run, texts_of_bytes(11, 50_000)) == []


@pytest.mark.slow
@pytest.mark.parametrize("options", [{}, {"keep_last_space": True, "special_tokens_in_text": True}], ids=str)
@pytest.mark.parametrize("run", RUNTIMES)
def test_pieces_at_length(tmp_path, run, options):
    pytest.importorskip("sentencepiece")
    tokenizer = SentencePieceTokenizer.from_file(train(tmp_path / "it"))
    tokenizer = SentencePieceTokenizer.from_config(tokenizer.get_config() | options)
    tried = texts_of_bytes(11, 25_000) + [text.rstrip("\0") for text in mixed_texts(25_000, 11)]
    assert failures(tokenizer, run, tried) == []


@pytest.mark.slow
@pytest.mark.parametrize("model", ["unigram", "bpe"])
@pytest.mark.parametrize("run", RUNTIMES)
def test_pieces_and_bytes_at_length(tmp_path, run, model):
    pytest.importorskip("sentencepiece")
    tokenizer = SentencePieceTokenizer.from_file(train_with_bytes(tmp_path / "it", model_type=model))
    options = {"keep_last_space": True, "special_tokens_in_text": True}
    tokenizer = SentencePieceTokenizer.from_config(tokenizer.get_config() | options)
    tried = texts_of_bytes(11, 12_000) + [text.rstrip("\0") for text in mixed_texts(12_000, 11)]
    assert failures(tokenizer, run, tried) == []
