import unicodedata

import pytest

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
