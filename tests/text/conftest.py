import json
import pathlib
import sys
import unicodedata

import pytest

SHARED = pathlib.Path(__file__).resolve().parents[3] / "shared/data"
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


@pytest.fixture(scope="session")
def tokens():
    """A small vocabulary with something to confuse each step."""
    words = [
        "un",
        "want",
        "runn",
        "low",
        "lowest",
        "a",
        "b",
        "i",
        "e",
        "s",
        "ss",
        "σ",
        "ς",
        "film",
        "an",
        "mask",
    ]
    words += ["中", "中文", "ı", "ё", "の", "café", *"!,.[]:"]
    pieces = ["##want", "##ed", "##ing", "##an", *("##" + c for c in "sbaσς文eié")]
    return list(dict.fromkeys(SPECIAL + words + pieces))


@pytest.fixture(scope="session")
def every_character():
    assigned = (chr(c) for c in range(sys.maxunicode + 1))
    return [c for c in assigned if unicodedata.category(c) not in ("Cn", "Cs")]


@pytest.fixture(scope="session")
def all_pieces(every_character):
    """A vocabulary in which every character of living text is a token, so that all changes to it show."""
    pieces = set()
    for c in every_character:
        chinese_or_korean = "\u4e00" <= c <= "\u9fff" or "\uac00" <= c <= "\ud7a3" or c >= "\U00020000"
        if not chinese_or_korean and unicodedata.category(c) != "Co":
            pieces |= {*c, *c.lower(), *unicodedata.normalize("NFD", c.lower())}
    pieces = sorted(pieces)
    return [*SPECIAL, *pieces, *("##" + piece for piece in pieces)]


@pytest.fixture(scope="session")
def roberta_folder(tmp_path_factory):
    """A byte-level BPE of 6,000 tokens in seven languages, trained by Hugging Face's library."""
    tokenizers = pytest.importorskip("tokenizers")
    folder = tmp_path_factory.mktemp("roberta")
    trained = tokenizers.ByteLevelBPETokenizer()
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    options = {"min_frequency": 2, "special_tokens": special, "show_progress": False}
    trained.train_from_iterator(training_texts(), vocab_size=6000, **options)
    trained.save_model(str(folder))
    (folder / "config.json").write_text('{"model_type": "roberta"}')
    return folder


@pytest.fixture(scope="session")
def shared_texts():
    """Naughty strings, the golden texts and some of Wikipedia, where the shared folder is."""
    if not SHARED.is_dir():
        return []
    lines = (SHARED / "tokenizer/golden/bert_base_cased.jsonl").read_text("utf-8").split("\n")
    golden = [json.loads(line)["text"] for line in lines if line]
    naughty = json.loads((SHARED / "tokenizer/blns/blns.json").read_text("utf-8"))
    return golden + naughty + (SHARED / "wikitext2/test.txt").read_text("utf-8").split("\n")[:800]


def training_texts():
    """Wikipedia in English, German, Arabic and Chinese, and lines by hand, which are enough by themselves."""
    yield from [
        "The film wasn't good, it's what they'd call a bad one. We'll see; I'm sure you've 1,000 of them.",
        "Der Film war schön, größer als die Straße. Ça a été très bien, où étais-tu? ¿Qué? Ação, ñandú.",
        "電影很好看。这部电影不好。映画は面白かったです。영화가 좋았어요.",
        "Фильм был хороший. Η ταινία ήταν καλή. Filmul a fost bun. Film był dobry. Phim rất hay.",
        "كان الفيلم جيدا. הסרט היה טוב. फ़िल्म अच्छी थी। 😀😀 👩‍👩‍👧 🎉 -------- ======== \n\n\t\t    x",
    ] * 10
    if SHARED.is_dir():
        yield from (SHARED / "wikitext2/valid.txt").read_text("utf-8").split("\n")
        for language in "en", "de", "ar", "zh":
            content = json.loads((SHARED / f"xquad/xquad.{language}.json").read_text("utf-8"))
            yield from (p["context"] for article in content["data"] for p in article["paragraphs"])


@pytest.fixture(scope="session")
def google():
    """Google's algorithm, slow and in plain Python: the second opinion."""
    return google_ids


def google_ids(text, ids, lowercase=True, max_characters=200):
    found = []
    for word in google_words(text, lowercase):
        found += [ids["[UNK]"]] if len(word) > max_characters else google_pieces(word, ids)
    return found


def google_words(text, lowercase=True):
    cleaned = ""
    for c in text:
        if c in "\t\n\r" or unicodedata.category(c) == "Zs":
            cleaned += " "
        elif c in "\0\ufffd" or unicodedata.category(c) in ("Cc", "Cf"):
            continue
        else:
            cleaned += f" {c} " if _is_chinese(ord(c)) else c
    words = []
    for word in cleaned.split():
        if lowercase:
            decomposed = unicodedata.normalize("NFD", word.lower())
            word = "".join(c for c in decomposed if unicodedata.category(c) != "Mn")
        spaced = "".join(f" {c} " if _is_punctuation(c) else c for c in word)
        words += spaced.split()
    return words


def google_pieces(word, ids):
    found, start = [], 0
    while start < len(word):
        for end in range(len(word), start, -1):
            piece = ("##" if start else "") + word[start:end]
            if piece in ids:
                found.append(ids[piece])
                start = end
                break
        else:
            return [ids["[UNK]"]]
    return found


def _is_chinese(code):
    blocks = (0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2A6DF), (0x2A700, 0x2B73F), (0x2B740, 0x2B81F)
    blocks += (0x2B820, 0x2CEAF), (0xF900, 0xFAFF), (0x2F800, 0x2FA1F)
    return any(first <= code <= last for first, last in blocks)


def _is_punctuation(c):
    if ord(c) < 128:
        return c.isprintable() and not c.isalnum() and c != " "
    return unicodedata.category(c).startswith("P")
