"""Changes of texts that leave their meaning alone: typos, case, punctuation, spaces, look-alikes."""

import random
import re
import unicodedata
from collections.abc import Callable
from typing import TypeAlias

from kerasbert import checks
from kerasbert.robustness.contractions import CONTRACTED, EXPANDED

Seed: TypeAlias = int | str
Perturbation: TypeAlias = Callable[..., str]

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
# A mark between two letters or digits belongs to a word or a number: "don't", "well-made", "3.5".
_INNER = re.compile(r"(?<=\w)[^\w\s](?=\w)")
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
# Letters of other scripts that look like the Latin ones in most fonts.
_LOOKALIKES = dict(zip("aceiopsxyABCEHIKMOPTX", "асеіорѕхуАВСЕНІКМОРТХ", strict=True))
# They say nothing good or bad.
_EMOJI = ("📌", "📅", "🕒", "📎", "🔖", "💬", "🎬", "📷")


def _neighbours():
    """The keys next to each key of a QWERTY keyboard."""
    places = {
        key: (row, column + row / 2) for row, keys in enumerate(_ROWS) for column, key in enumerate(keys)
    }
    return {
        key: [b for b, (r, c) in places.items() if b != key and abs(r - row) <= 1 and abs(c - column) <= 1]
        for key, (row, column) in places.items()
    }


_NEIGHBOURS = _neighbours()


def keyboard_typos(text: str, seed: Seed = 0, *, rate: float = 0.1) -> str:
    """Replaces a letter by one next to it on a QWERTY keyboard, in some of the words.

    Args:
        text: str.
        seed: int or str; the same seed makes the same mistakes.
        rate: float from 0 to 1, the fraction of the words with at least three letters that get a mistake; at
            least one does, if there is any.

    Returns:
        str; the same text if it has no such word.

    Example:

    >>> keyboard_typos("what a wonderful film", seed=1)
    'what a wonderfyl film'
    """

    def mistake(word, draw):
        places = [i for i, letter in enumerate(word) if letter.lower() in _NEIGHBOURS]
        i = draw.choice(places)
        other = draw.choice(_NEIGHBOURS[word[i].lower()])
        return word[:i] + (other.upper() if word[i].isupper() else other) + word[i + 1 :]

    def has_key(word):
        return len(word) >= 3 and any(letter.lower() in _NEIGHBOURS for letter in word)

    return _in_words(text, seed, rate, has_key, mistake)


def swapped_letters(text: str, seed: Seed = 0, *, rate: float = 0.1) -> str:
    """Swaps two neighbouring letters, in some of the words.

    Args:
        text, seed: as for `keyboard_typos`.
        rate: float from 0 to 1, the fraction of the words with at least four letters that get a mistake; at
            least one does, if there is any.

    Returns:
        str; the same text if it has no such word.

    Example:

    >>> swapped_letters("what a wonderful film", seed=1)
    'what a wonderflu film'
    """

    def pairs(word):
        return [i for i in range(len(word) - 1) if word[i].lower() != word[i + 1].lower()]

    def mistake(word, draw):
        i = draw.choice(pairs(word))
        a, b = word[i + 1], word[i]
        if word[i].isupper() and i == 0:  # a capital stays at the beginning
            a, b = a.upper(), b.lower()
        return word[:i] + a + b + word[i + 2 :]

    return _in_words(text, seed, rate, lambda word: len(word) >= 4 and bool(pairs(word)), mistake)


def lower_case(text: str) -> str:
    """Writes everything in small letters.

    >>> lower_case("In Bonn")
    'in bonn'
    """
    return text.lower()


def upper_case(text: str) -> str:
    """Writes everything in capitals.

    >>> upper_case("In Bonn")
    'IN BONN'
    """
    return text.upper()


def no_punctuation(text: str) -> str:
    """Leaves punctuation marks out, except those within words and numbers.

    >>> no_punctuation("Well-made, isn't it? 3.5 stars!")
    "Well-made isn't it 3.5 stars"
    """
    inner = {match.start() for match in _INNER.finditer(text)}
    return "".join(
        character
        for i, character in enumerate(text)
        if i in inner or not unicodedata.category(character).startswith("P")
    )


def no_accents(text: str) -> str:
    """Leaves accents out.

    >>> no_accents("Amélie à Köln")
    'Amelie a Koln'
    """
    parts = unicodedata.normalize("NFD", text)
    kept = "".join(character for character in parts if unicodedata.category(character) != "Mn")
    return unicodedata.normalize("NFC", kept)


def contractions(text: str) -> str:
    """Contracts what is written in full, and writes in full what is contracted, in English.

    Ambiguous forms, such as "she'd", stay as they are.

    >>> contractions("It is not bad, but I don't like it.")
    "It's not bad, but I do not like it."
    """

    def other(match):
        found = match.group()
        new = CONTRACTED.get(found.lower()) or EXPANDED[found.lower().replace("’", "'")]
        return new[0].upper() + new[1:] if found[0].isupper() else new

    return _CONTRACTIONS.sub(other, text)


_CONTRACTIONS = re.compile(
    r"\b(?:"
    + "|".join(
        re.escape(form).replace("'", "['’]")
        for form in sorted([*CONTRACTED, *EXPANDED], key=len, reverse=True)
    )
    + r")\b",
    re.IGNORECASE,
)


def doubled_words(text: str, seed: Seed = 0, *, rate: float = 0.1) -> str:
    """Writes some of the words twice.

    Args:
        text, seed: as for `keyboard_typos`.
        rate: float from 0 to 1, the fraction of the words that are doubled; at least one is, if there is any.

    Example:

    >>> doubled_words("what a wonderful film", seed=1)
    'what a wonderful film film'
    """
    return _in_words(text, seed, rate, lambda word: True, lambda word, draw: f"{word} {word}")


def emoji(text: str, seed: Seed = 0) -> str:
    """Adds an emoji that expresses no sentiment at the end.

    Args:
        text, seed: as for `keyboard_typos`.

    Example:

    >>> emoji("what a film", seed=1)
    'what a film 📷'
    """
    return f"{text} {random.Random(str(seed)).choice(_EMOJI)}".lstrip()


def whitespace(text: str, seed: Seed = 0) -> str:
    """Replaces spaces by several ones, tabs and line breaks, and adds some at both ends.

    Args:
        text, seed: as for `keyboard_typos`.

    Example:

    >>> whitespace("what a film", seed=1)
    '  what   a   film  '
    """
    draw = random.Random(str(seed))
    kinds = ("  ", "\t", " \n ", "   ")
    spaced = re.sub(r"\s+", lambda match: draw.choice(kinds), text)
    return draw.choice(kinds) + spaced + draw.choice(kinds)


def lookalikes(text: str, seed: Seed = 0, *, rate: float = 0.1) -> str:
    """Replaces a letter by a Cyrillic one that looks the same, in some of the words.

    Args:
        text, seed: as for `keyboard_typos`.
        rate: float from 0 to 1, the fraction of the words that get one; at least one does, if there is any
            that can.

    Example:

    >>> lookalikes("what a film", seed=1).encode("ascii", "replace")
    b'what ? film'
    """

    def places(word):
        return [i for i, letter in enumerate(word) if letter in _LOOKALIKES]

    def replaced(word, draw):
        i = draw.choice(places(word))
        return word[:i] + _LOOKALIKES[word[i]] + word[i + 1 :]

    return _in_words(text, seed, rate, lambda word: bool(places(word)), replaced)


def truncated(text: str, *, rate: float = 0.1) -> str:
    """Cuts off the last words.

    Args:
        text: str.
        rate: float from 0 to 1, the fraction of the words that are cut off; at least one is, if there are
            two.

    Example:

    >>> truncated("what a wonderful film")
    'what a wonderful'
    """
    checks.rate("truncated", rate=rate)
    words = list(re.finditer(r"\S+", text))
    if len(words) < 2:
        return text
    kept = min(len(words) - 1, max(1, len(words) - round(rate * len(words))))
    return text[: words[kept - 1].end()]


def _in_words(text, seed, rate, fits, change):
    """Changes a fraction of the words that fit."""
    checks.rate("kerasbert.robustness", rate=rate)
    draw = random.Random(str(seed))
    words = [match for match in _WORD.finditer(text) if fits(match.group())]
    chosen = sorted(draw.sample(range(len(words)), min(len(words), max(1, round(rate * len(words))))))
    parts, end = [], 0
    for number in chosen:
        match = words[number]
        parts += [text[end : match.start()], change(match.group(), draw)]
        end = match.end()
    return "".join([*parts, text[end:]])


TYPOS: tuple[Perturbation, ...] = (keyboard_typos, swapped_letters)
PERTURBATIONS: tuple[Perturbation, ...] = (
    *TYPOS,
    lower_case,
    upper_case,
    no_punctuation,
    no_accents,
    contractions,
    doubled_words,
    emoji,
    whitespace,
    lookalikes,
    truncated,
)
