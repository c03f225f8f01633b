"""Small models of SentencePiece, and texts that are hard for them."""

import json
import pathlib
import random

SHARED = pathlib.Path(__file__).resolve().parents[2] / "shared/data"
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


# The types of tokens that ALBERT's own model has.
ALBERT_PIECES = {
    "pad_id": 0,
    "unk_id": 1,
    "bos_id": -1,
    "eos_id": -1,
    "control_symbols": "[CLS],[SEP],[MASK]",
    "user_defined_symbols": "(,),-,–,£,€",
}


def train(path, lines=LINES * 20, **options):
    """Trains a Unigram model of some hundred pieces in eight languages by Google's library: `path`.model."""
    import sentencepiece

    corpus = path.with_suffix(".txt")
    corpus.write_text("\n".join(lines), "utf-8")
    options = {"vocab_size": 400, "hard_vocab_limit": False, "num_threads": 1, "minloglevel": 2} | options
    sentencepiece.SentencePieceTrainer.train(input=str(corpus), model_prefix=str(path), **options)
    return path.with_suffix(".model")


def train_with_bytes(path, **options):
    """The same with byte pieces, which most other scripts than Latin and some Latin letters need."""
    options = {"byte_fallback": True, "character_coverage": 0.98, "vocab_size": 1000} | options
    return train(path, (xquad("en") + xquad("de")) or LINES * 20, **options)


def xquad(language):
    """The paragraphs and questions of XQuAD in a language, and no texts without the shared folder."""
    path = SHARED / f"xquad/xquad.{language}.json"
    articles = json.loads(path.read_text("utf-8"))["data"] if path.is_file() else []
    parts = [part for article in articles for part in article["paragraphs"]]
    return [text for part in parts for text in (part["context"], *(qa["question"] for qa in part["qas"]))]


def rounded_away(tokenizer, texts, theirs):
    """The texts whose ids are others than `theirs` and do not have the same sum of scores to seven digits."""
    ours = tokenizer.tokenize(texts).to_list()
    scores = tokenizer.scores
    wrong = []
    for text, mine, other in zip(texts, ours, theirs, strict=True):
        if mine != other:
            sums = [sum(scores[i] for i in row) for row in (mine, other)]
            unknown = [[i for i in row if scores[i] == 0] for row in (mine, other)]  # and bytes
            if unknown[0] != unknown[1] or abs(sums[0] - sums[1]) > 1e-6 * abs(sums[0]):
                wrong.append(text)
    return wrong


def mixed_texts(count, seed=7):
    chance = random.Random(seed)
    return ["".join(chance.choices(PARTS, k=chance.randrange(1, 14))) for _ in range(count)]
