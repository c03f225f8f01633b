"""Exact match and F1 of answers, as the official scripts of SQuAD and CMRC 2018 count them."""

import collections
import re
import string
from collections.abc import Sequence
from typing import Any

import numpy as np

from kerasbert import checks
from kerasbert.data.answers import answer_pairs

_PUNCTUATION = str.maketrans("", "", string.punctuation)
_ARTICLES = re.compile(r"\b(a|an|the)\b")
# CMRC's list; ASCII marks beside these count as parts of words there.
_CHINESE_PUNCTUATION = frozenset("-:_*^/\\~`+=，。：？！“”；’《》·、「」（）－～『』")
_CHINESE_SEGMENT = re.compile(r"[\u4e00-\u9fa5]|[^\W\u4e00-\u9fa5]+(?:[.,]\d+)*|[^\w\s]")


def squad_scores(
    predictions: Sequence[str], answers: Sequence[Any], language: str = "en", version: str | None = None
) -> dict[str, float]:
    """Scores answers from 0 to 1: the mean over questions of the best over the answers of a question.

    English: lower case, without punctuation and articles; F1 over words (Rajpurkar et al. 2016, section 6.1,
    https://arxiv.org/abs/1606.05250). Version 2 leaves out right answers that are empty then, and an empty
    answer is right only where there is none (Rajpurkar et al. 2018, https://arxiv.org/abs/1806.03822).

    Chinese: lower case, without CMRC's list of punctuation; F1 over characters, and words where it is not
    Chinese, of the longest run that both have in common (Cui et al. 2019,
    https://arxiv.org/abs/1810.07366). CMRC's script splits what is not Chinese with NLTK; here words,
    numbers and single marks are the pieces, so `don't` gives three and not two.

    Args:
        predictions: list of str, one to a question.
        answers: for each question a list of right answers, str or pairs `(str, start)`, or a dict of `text`
            and `answer_start`, a list each; empty where there is none.
        language: `"en"` or `"zh"`.
        version: `"1.1"` or `"2.0"`, whose script to follow in English; None: 2.0 if a question has no answer.

    Returns:
        dict of floats `exact_match` and `f1` and of the int `questions`. If some questions have no answer,
        also the same three of either part, with `has_answer_` and `no_answer_` before (a part without
        questions is left out).

    Raises:
        ValueError: if there are not as many predictions as rows of answers, or none.

    Example:

    >>> squad_scores(["the red car", "Bonn"], [["A car!", "red car"], ["Cologne"]])
    {'exact_match': 0.5, 'f1': 0.5, 'questions': 2}
    """
    checks.one_of("squad_scores", ("en", "zh"), language=language)
    checks.one_of("squad_scores", ("1.1", "2.0", None), version=version)
    predictions = list(predictions)
    answers = [[a if isinstance(a, str) else a[0] for a in answer_pairs(row)] for row in answers]
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
    """Lower case, without punctuation and articles, one blank between words.

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
    """The length of the longest list of neighbours that stands in both."""
    longest, ending = 0, [0] * (len(theirs) + 1)  # of the runs that end at each place of theirs
    for piece in mine:
        ending = [0] + [ending[j] + 1 if piece == theirs[j] else 0 for j in range(len(theirs))]
        longest = max(longest, *ending)
    return longest
