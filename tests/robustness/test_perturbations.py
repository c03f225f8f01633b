"""Perturbations do what their names say, the same for the same seed, and leave what they should."""

import pytest

from kerasbert import robustness
from kerasbert.robustness.changes import takes_seed

TEXT = "Well-made, isn't it? I do not think that Amélie costs 3.5 dollars, but she'd say so!"
SEEDED = [change for change in robustness.PERTURBATIONS if takes_seed(change)]


@pytest.mark.parametrize("change", SEEDED, ids=lambda change: change.__name__)
def test_a_seed_decides(change):
    found = {change(TEXT, seed=seed) for seed in range(20)}
    assert len(found) > 2
    assert change(TEXT, seed=3) == change(TEXT, seed=3)


@pytest.mark.parametrize("change", robustness.PERTURBATIONS, ids=lambda change: change.__name__)
def test_every_one_changes_a_text_and_survives_odd_ones(change):
    assert change(TEXT) != TEXT
    for text in ("", " ", "!", "漢字", "a", "\ud83d\ude00", "e\u0301", "ſ"):
        assert isinstance(change(text), str)


def test_a_typo_is_one_letter_in_a_tenth_of_the_words():
    text = " ".join(["wonderful"] * 40)
    words = robustness.keyboard_typos(text, seed=1).split()
    wrong = [word for word in words if word != "wonderful"]
    assert len(wrong) == 4
    assert all(sum(a != b for a, b in zip(word, "wonderful", strict=True)) == 1 for word in wrong)


def test_keys_are_neighbours():
    found = {robustness.keyboard_typos("GGG", seed=seed) for seed in range(60)}
    letters = {letter for word in found for letter in word} - {"G"}
    assert letters == set("TYFHVB")


def test_swapped_letters_keep_the_letters_and_the_first_capital():
    for seed in range(20):
        new = robustness.swapped_letters("Wonderful", seed=seed)
        assert sorted(new.lower()) == sorted("wonderful")
        assert new != "Wonderful"
        assert new[0].isupper()
        assert new[1:].islower()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "lower_case",
            "well-made, isn't it? i do not think that amélie costs 3.5 dollars, but she'd say so!",
        ),
        (
            "no_punctuation",
            "Well-made isn't it I do not think that Amélie costs 3.5 dollars but she'd say so",
        ),
        ("no_accents", TEXT.replace("é", "e")),
        ("contractions", TEXT.replace("isn't", "is not").replace("do not", "don't")),
        ("truncated", "Well-made, isn't it? I do not think that Amélie costs 3.5 dollars, but she'd"),
    ],
)
def test_without_seed(name, expected):
    assert getattr(robustness, name)(TEXT) == expected


def test_contractions_keep_capitals_and_know_typographic_apostrophes():
    assert robustness.contractions("Don’t go. Cannot. I’m here") == "Do not go. Can't. I am here"
    assert robustness.contractions("I am. They are") == "I'm. They're"


def test_doubled_words_whitespace_and_emoji_leave_the_words():
    assert robustness.doubled_words("one two", seed=2).split() in (
        ["one", "one", "two"],
        ["one", "two", "two"],
    )
    assert robustness.whitespace(TEXT, seed=1).split() == TEXT.split()
    assert robustness.emoji(TEXT, seed=1).startswith(TEXT + " ")
    assert "\t" not in robustness.emoji("")


def test_lookalikes_are_letters_of_another_script():
    new = robustness.lookalikes("pace", seed=1)
    [(old, other)] = [(a, b) for a, b in zip("pace", new, strict=True) if a != b]
    assert old.isascii()
    assert 0x400 <= ord(other) < 0x500


def test_a_rate_is_from_0_to_1():
    with pytest.raises(ValueError, match="`rate` must be a number from 0 to 1"):
        robustness.keyboard_typos("what a film", rate=2)
