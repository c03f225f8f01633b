"""How likely a masked span is to have one, two or more words."""

from kerasbert import checks


def geometric_spans(p: float = 0.2, longest: int = 10) -> tuple[float, ...]:
    """Weights of span lengths as in SpanBERT: truncated geometric (Joshi et al. 2020, section 3.1).

    Args:
        p: float, the probability that a span ends after a word.
        longest: int, the most words in a span.

    Returns:
        Tuple of float, for `Masking(span_weights=...)`.

    Example:

    >>> geometric_spans(0.5, 3)
    (0.5, 0.25, 0.125)
    """
    checks.positive_int("geometric_spans", longest=longest)
    checks.rate("geometric_spans", p=p)
    return tuple(p * (1 - p) ** k for k in range(longest))


def ngram_spans(longest: int = 3) -> tuple[float, ...]:
    """Weights of n-grams as in ALBERT: 1/n (Lan et al. 2020, section 4.1).

    Args:
        longest: int, the most words in an n-gram.

    Returns:
        Tuple of float, for `Masking(span_weights=...)`.

    Example:

    >>> ngram_spans(2)
    (1.0, 0.5)
    """
    checks.positive_int("ngram_spans", longest=longest)
    return tuple(1 / n for n in range(1, longest + 1))
