"""Normalises tweets as BERTweet's own code does."""

import re

from kerasbert import checks

INSTALL = "pip install 'kerasbert[tweets]'"
_MARKS = {"’": "'", "…": "..."}
# NLTK joins emoji with skin tones, with joiners and as flags to one token each; BERTweet was trained with a
# version of it that did not.
_JOINED = re.compile("[\U0001f3fb-\U0001f3ff\u200d\U0001f1e6-\U0001f1ff]|\U0001f3f4[\U000e0020-\U000e007f]+")
_LATIN = re.compile("[0-9A-Za-z]")
# What is replaced at last, in this order: contractions, and times of the day.
_REPLACED = (
    ("cannot ", "can not "),
    ("n't ", " n't "),
    ("n 't ", " n't "),
    ("ca n't", "can't"),
    ("ai n't", "ain't"),
    *((f"'{end} ", f" '{end} ") for end in ("m", "re", "s", "ll", "d", "ve")),
    (" p . m .", "  p.m."),
    (" p . m ", " p.m "),
    (" a . m .", " a.m."),
    (" a . m ", " a.m "),
)


def normalise_tweet(text: str) -> str:
    """Normalises a tweet for BERTweet: users become `@USER`, links `HTTPURL`, and emoji their names.

    Nguyen et al. 2020, section 2, https://arxiv.org/abs/2005.10200. Words and marks are separated by spaces,
    as NLTK's tokenizer for tweets finds them; an emoji becomes a name such as `:red_heart:`.

    Args:
        text: str.

    Returns:
        str.

    Raises:
        ImportError: if the package `nltk` or `emoji` is not installed.

    Example:

    >>> normalise_tweet("@you can't see https://t.co/x 😂…")
    "@USER can't see HTTPURL :face_with_tears_of_joy: ..."
    """
    nltk = checks.require("nltk.tokenize.casual", INSTALL, "The normalisation of tweets")
    regex = checks.require(
        "regex", INSTALL, "The normalisation of tweets"
    )  # NLTK's; joiners are letters in it
    emoji = checks.require("emoji", INSTALL, "The normalisation of tweets")
    for mark, plain in _MARKS.items():
        text = text.replace(mark, plain)
    tokens: list[str] = []
    for token in nltk.TweetTokenizer().tokenize(text):
        joined = _JOINED.search(token) and not _LATIN.search(token)
        tokens += regex.findall(r"\w+|\S", token) if joined else [token]
    text = " ".join(_normalised(token, emoji.demojize) for token in tokens)
    for one, other in _REPLACED:
        text = text.replace(one, other)
    return " ".join(text.split())


def _normalised(token, demojize):
    if token.startswith("@"):
        return "@USER"
    if token.lower().startswith(("http", "www")):
        return "HTTPURL"
    return _MARKS.get(token) or demojize(token) if len(token) == 1 else token
