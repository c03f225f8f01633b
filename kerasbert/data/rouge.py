"""The ROUGE scores of summaries, and the words that they count."""

import types
from collections.abc import Sequence

import numpy as np

from kerasbert import checks
from kerasbert.data.word_graph import split_words

_NAMES = ("rouge1", "rouge2", "rougeL")


def summary_words(text):
    """The words by which summaries are compared: lower case, no punctuation, each Chinese character a word.

    Args:
        text: str.

    Returns:
        List of str.

    Example:

    >>> summary_words("The U.S. 和平, 1949!")
    ['the', 'u', 's', '和', '平', '1949']
    """
    text = text.lower()
    return [text[start:end] for start, end in split_words(text) if text[start].isalnum()]


def rouge_scores(
    summaries: Sequence[str], references: Sequence[str], language: str = "en", use_stemmer: bool = False
) -> dict[str, float]:
    """Compares summaries with reference summaries, with the package rouge-score.

    Lin 2004, https://aclanthology.org/W04-1013: the F1 of common words (`rouge1`), of common pairs of
    neighbouring words (`rouge2`), and of the longest common subsequence of words (`rougeL`).

    Args:
        summaries: list of str.
        references: list of str, one for each summary.
        language: `"en"` for rouge-score's own words, which consist of ASCII letters and digits; `"zh"` for
            `summary_words`, because rouge-score would drop all Chinese text.
        use_stemmer: bool, whether to remove the endings of English words (Porter stemmer), as most papers do.

    Returns:
        dict of floats from 0 to 1, the means over all summaries: `rouge1`, `rouge2`, `rougeL`.

    Raises:
        ImportError: if rouge-score is not installed.
        TypeError: if something is not a str.
        ValueError: if there are not as many summaries as references, or there are none.

    Example:

    >>> scores = rouge_scores(["a cat sat"], ["the cat sat"])
    >>> {name: round(score, 2) for name, score in scores.items()}
    {'rouge1': 0.67, 'rouge2': 0.5, 'rougeL': 0.67}
    """
    checks.one_of("rouge_scores", ("en", "zh"), language=language)
    rouge_score = checks.require(
        "rouge_score.rouge_scorer", 'pip install "kerasbert[summarization]"', "`rouge_scores`"
    )
    pairs = _pairs(summaries, references)
    if language == "zh":
        tokenizer = types.SimpleNamespace(tokenize=summary_words)
    else:
        tokenizer = rouge_score.tokenizers.DefaultTokenizer(use_stemmer)
    scorer = rouge_score.RougeScorer(_NAMES, tokenizer=tokenizer)
    found = [scorer.score(reference, summary) for summary, reference in pairs]
    return {name: float(np.mean([score[name].fmeasure for score in found])) for name in _NAMES}


def _pairs(summaries, references):
    summaries, references = list(summaries), list(references)
    if len(summaries) != len(references) or not references:
        raise checks.invalid(
            "There must be one reference for each summary, and at least one.",
            fix="Check that summaries and references come from the same rows.",
            where="rouge_scores",
            summaries=len(summaries),
            references=len(references),
        )
    for name, texts in (("summaries", summaries), ("references", references)):
        for row, text in enumerate(texts):
            if not isinstance(text, str):
                raise checks.invalid(
                    "Summaries must be text.",
                    fix="Pass str: for the predictions of a `BertSummarizer`, the `text` of each one.",
                    where=f"rouge_scores: {name}, row {row}",
                    kind=TypeError,
                    value=text,
                )
    return list(zip(summaries, references, strict=True))
