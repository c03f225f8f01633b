"""Finds the best answers from the logits of their starts and ends."""

import dataclasses

import numpy as np

MAX_ANSWER_LENGTH = 30


@dataclasses.dataclass(frozen=True)
class Answer:
    """An answer, which is a part of a context: `context[start:end] == text`.

    Args:
        text: str; empty if there is no answer.
        start, end: int, the positions of its first character in the context and after its last.
        score: float, the sum of the logits of start and end; for an empty answer, the sum at `[CLS]` in the
            window where it is smallest.
        null_score: float, the score of the empty answer minus that of the best span; the same for all
            answers of a question, infinite if the context has no tokens.
    """

    text: str
    start: int
    end: int
    score: float
    null_score: float


def best_answers(
    windows, start, end, contexts, n_best=1, max_answer_length=MAX_ANSWER_LENGTH, null_threshold=None
):
    """Finds the best spans over all windows of each question.

    All spans are compared, while `run_squad.py` only compares those of the 20 best starts and ends. As there,
    a span is scored in the window in which its first token has the most context, and must end in it.

    Args:
        windows: `QuestionWindows`.
        start, end: float32 arrays `(windows, S)`, logits.
        contexts: list of str, one for each row.
        n_best: int.
        max_answer_length: int, in tokens.
        null_threshold: float or None.

    Returns:
        For each row a list of up to `n_best` `Answer`s with different texts, the best first. If the null
        score is above `null_threshold`, or there is no span, the first answer is empty.
    """
    null = np.full(len(contexts), np.inf, "float32")
    np.minimum.at(null, windows.row, start[:, 0] + end[:, 0])
    lengths = windows.contexts.lengths
    firsts = np.cumsum(lengths) - lengths
    answers = []
    for row, context in enumerate(contexts):
        texts = windows.contexts.slice(row)
        home = windows.most_context[firsts[row] : firsts[row] + lengths[row]]
        starts, ends = windows.contexts.starts[texts], windows.contexts.ends[texts]
        scores = _span_scores(windows, start, end, home, max_answer_length)
        last = np.arange(len(home))[:, None] + np.arange(scores.shape[1])
        # A token without characters, such as a lone prefix blank, is not an answer.
        scores[ends[np.minimum(last, len(home) - 1)] <= starts[:, None]] = -np.inf
        spans = _best_spans(scores, starts, ends, context, n_best)
        margin = float(null[row]) - spans[0][0] if spans else np.inf
        found = [Answer(context[a:b], a, b, score, margin) for score, a, b in spans]
        if not spans or (null_threshold is not None and margin > null_threshold):
            found = [Answer("", 0, 0, float(null[row]), margin), *found][:n_best]
        answers.append(found)
    return answers


def _span_scores(windows, start, end, home, max_answer_length):
    """The scores of a context's spans `(tokens, L)`, by first token and length - 1; -inf for no span."""
    longest = min(max_answer_length, windows.length[home].max(initial=0))
    place = windows.place[home] + np.arange(len(home)) - windows.start[home]
    last = place[:, None] + np.arange(longest)  # (tokens, L)
    inside = last < (windows.place + windows.length)[home][:, None]
    ends = end[home[:, None], np.where(inside, last, 0)]
    return np.where(inside, start[home, place][:, None] + ends, -np.inf)


def _best_spans(scores, starts, ends, context, n_best):
    """The best spans with different texts, as `(score, start, end)` in characters."""
    flat = scores.ravel()
    # A single best answer does not need sorting.
    order = [flat.argmax()] if n_best == 1 and flat.size else np.argsort(-flat, kind="stable")
    found, seen = [], set()
    for number in order:
        if flat[number] == -np.inf or len(found) == n_best:
            break
        first, more = divmod(int(number), scores.shape[1])
        a, b = int(starts[first]), int(ends[first + more])
        if context[a:b] not in seen:
            seen.add(context[a:b])
            found.append((float(flat[number]), a, b))
    return found
