"""Exact match and F1 of answers, as the official scripts of SQuAD and CMRC 2018 compute them."""

import collections
import re
import string
from collections.abc import Sequence
from typing import Any

import numpy as np

from kerasbert import checks
from kerasbert.data.answers import right_texts

_PUNCTUATION = str.maketrans("", "", string.punctuation)
_ARTICLES = re.compile(r"\b(a|an|the)\b")
# The list of CMRC's script, in which all other ASCII marks count as parts of words.
_CHINESE_PUNCTUATION = frozenset("-:_*^/\\~`+=，。：？！“”；’《》·、「」（）－～『』")
_CHINESE_SEGMENT = re.compile(r"[\u4e00-\u9fa5]|[^\W\u4e00-\u9fa5]+(?:[.,]\d+)*|[^\w\s]")


def squad_scores(
    predictions: Sequence[str], answers: Sequence[Any], language: str = "en", version: str | None = None
) -> dict[str, float]:
    """Computes the exact match and F1 of answers, from 0 to 1.

    A prediction is compared with each correct answer of its question, the best score counts, and the result
    is the mean over all questions.

    English: texts are lower-cased, punctuation and articles are removed, and F1 is computed over words
    (Rajpurkar et al. 2016, section 6.1, https://arxiv.org/abs/1606.05250). Version 2 then ignores correct
    answers that have become empty, and counts an empty prediction as right only if the question has no answer
    (Rajpurkar et al. 2018, https://arxiv.org/abs/1806.03822).

    Chinese: texts are lower-cased, the punctuation on CMRC's list is removed, and F1 is computed over the
    longest common run of Chinese characters and non-Chinese words (Cui et al. 2019,
    https://arxiv.org/abs/1810.07366). CMRC's script splits non-Chinese text with NLTK. Here it is split into
    words, numbers and single marks, so `don't` gives three pieces and not two.

    Args:
        predictions: list of str, one for each question.
        answers: for each question a list of correct answers, which are str or pairs `(str, start)`; or a dict
            of two lists, `text` and `answer_start`. Empty if the question has no answer.
        language: `"en"` or `"zh"`.
        version: `"1.1"` or `"2.0"`, the script to follow in English; None: 2.0 if a question has no answer.

    Returns:
        dict of the floats `exact_match` and `f1` and the int `questions`. If some questions have no answer,
        it also has these three for the questions with and without an answer, with the prefixes `has_answer_`
        and `no_answer_` (unless there are no such questions).

    Raises:
        TypeError: if the answers to a question are no list, such as one str.
        ValueError: if there are not as many predictions as rows of answers, or there are none.

    Example:

    >>> squad_scores(["the red car", "Bonn"], [["A car!", "red car"], ["Cologne"]])
    {'exact_match': 0.5, 'f1': 0.5, 'questions': 2}
    """
    checks.one_of("squad_scores", ("en", "zh"), language=language)
    checks.one_of("squad_scores", ("1.1", "2.0", None), version=version)
    predictions = list(predictions)
    answers = [right_texts(row, f"squad_scores, row {i}") for i, row in enumerate(answers)]
    if len(predictions) != len(answers) or not answers:
        raise checks.invalid(
            "There must be one prediction for each question, and at least one.",
            fix="Check that predictions and answers come from the same rows.",
            where="squad_scores",
            predictions=len(predictions),
            answers=len(answers),
        )
    has_answer = np.array([bool(row) for row in answers])
    if version is None:
        version = "1.1" if has_answer.all() else "2.0"
    score = _chinese if language == "zh" else _english_1 if version == "1.1" else _english_2
    values = np.array([score(p, row) for p, row in zip(predictions, answers, strict=True)], float)
    scores = _means(values, "")
    if not has_answer.all():
        for name, part in (("has_answer_", has_answer), ("no_answer_", ~has_answer)):
            scores |= _means(values[part], name) if part.any() else {}
    return scores


def _means(values, prefix):
    exact_match, f1 = values.mean(0)
    return {
        f"{prefix}exact_match": float(exact_match),
        f"{prefix}f1": float(f1),
        f"{prefix}questions": len(values),
    }


# === English ===


def normalized(text):
    """Lower-cases a text, removes punctuation and articles, and puts single spaces between words.

    Args:
        text: str.

    Example:

    >>> normalized("  The U.S. -  an  Army ")
    'us army'
    """
    return " ".join(_ARTICLES.sub(" ", text.lower().translate(_PUNCTUATION)).split())


def _english_1(prediction, answers):
    mine, rights = normalized(prediction), [normalized(answer) for answer in answers]
    exact_match = max((mine == right for right in rights), default=0)
    return exact_match, max((_word_f1(mine, right) for right in rights), default=0)


def _english_2(prediction, answers):
    mine = normalized(prediction)
    rights = [right for right in map(normalized, answers) if right] or [""]
    f1 = [_word_f1(mine, right) if mine and right else mine == right for right in rights]
    return max(mine == right for right in rights), max(f1)


def _word_f1(mine, right):
    mine, right = mine.split(), right.split()
    common = sum((collections.Counter(mine) & collections.Counter(right)).values())
    return _f1(common, len(mine), len(right))


def _f1(common, mine, right):
    return 2 * common / (mine + right) if common else 0


# === Chinese ===


def _chinese(prediction, answers):
    if not answers:
        return (prediction == "",) * 2
    mine, rights = _without_punctuation(prediction), [_without_punctuation(answer) for answer in answers]
    pieces = _CHINESE_SEGMENT.findall(mine)
    f1 = []
    for right in rights:
        theirs = _CHINESE_SEGMENT.findall(right)
        f1.append(_f1(_longest_run(pieces, theirs), len(pieces), len(theirs)))
    return max(mine == right for right in rights), max(f1)


def _without_punctuation(text):
    return "".join(c for c in text.lower().strip() if c not in _CHINESE_PUNCTUATION)


def _longest_run(mine, theirs):
    """The length of the longest run of consecutive pieces that occurs in both."""
    # `ending` holds the lengths of the common runs that end at each place of `theirs`.
    longest, ending = 0, [0] * (len(theirs) + 1)
    for piece in mine:
        ending = [0] + [ending[j] + 1 if piece == theirs[j] else 0 for j in range(len(theirs))]
        longest = max(longest, *ending)
    return longest
