"""Small models of SentencePiece, and texts that are hard for them."""

import random

PARTS = [
    *"aAbz 019 ''\n\t!?.,é中の\u0301\u0302\u0300\u0323\u3000\x85\0\x07\u200b\u00ad½ﬁ①각",
    "  ",
    "film",
    " good",
]
PARTS += [
    "\u1100\u1161\u11a8",
    "---",
    "....",
    "das",
    "映画",
    "فيلم",
    "\u0627\u0653",
    "Ș",
    "¨",
    "😀",
    "👩‍👩‍👧",
    "ệ",
    "\ufffd",
]
PARTS += ["<s>", "<mask>", "ẚ", "\u0958", "ΐ", "Å", "ａ", "ﷺ", "が", "か\u3099", "㈱"]


LINES = [
    "The film wasn't good, it's what they'd call a bad one. We'll see; I'm sure you've 1,000 of them.",
    "Der Film war schön, größer als die Straße. Ça a été très bien, où étais-tu? ¿Qué? Ação, ñandú.",
    "電影很好看。这部电影不好。映画は面白かったです。영화가 좋았어요.",
    "Фильм был хороший. Η ταινία ήταν καλή. Filmul a fost bun. Film był dobry. Phim rất hay.",
    "كان الفيلم جيدا. הסרט היה טוב. फ़िल्म अच्छी थी। 😀😀 🎉 -------- ======== .... x",
]


def train(path, **options):
    """Trains a Unigram model of some hundred pieces in eight languages by Google's library: `path`.model."""
    import sentencepiece

    corpus = path.with_suffix(".txt")
    corpus.write_text("\n".join(LINES * 20), "utf-8")
    options = {"vocab_size": 400, "hard_vocab_limit": False, "num_threads": 1, "minloglevel": 2} | options
    sentencepiece.SentencePieceTrainer.train(input=str(corpus), model_prefix=str(path), **options)
    return path.with_suffix(".model")


def mixed_texts(count, seed=7):
    chance = random.Random(seed)
    return ["".join(chance.choices(PARTS, k=chance.randrange(1, 14))) for _ in range(count)]
