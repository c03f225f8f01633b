"""Integrated gradients, gradient times input, and occlusion."""

from typing import Any

import numpy as np
from keras import ops

from kerasbert import checks
from kerasbert.explain.explanation import Explanation
from kerasbert.explain.gradients import gradient
from kerasbert.explain.kinds import of_pairs, subject_of
from kerasbert.explain.subjects import by_length, vectors_of
from kerasbert.tasks.task import Task
from kerasbert.types import Rows

BATCH_SIZE = 64
BASELINES = ("mask", "pad")


def integrated_gradients(
    task: Task,
    x: Rows,
    target: Any = None,
    *,
    steps: int = 64,
    baseline: str = "mask",
    batch_size: int = BATCH_SIZE,
) -> list[Explanation]:
    """Explains answers by integrated gradients: how much each word adds to the answer.

    Sundararajan et al. 2017, https://arxiv.org/abs/1703.01365. The vectors of tokens go in a straight line
    from those of a text without words, in which every token is `[MASK]`, to those of the text, and the
    gradient of the answer is integrated along the way. The shares of all words add up to the difference
    between the answers to the two; `completeness_error` of each explanation says how well the integral was
    computed.

    What is explained depends on the task:

    - `BertTextClassifier`: a class or label, `target="positive"`, or one for each row. By default the most
      probable one of each row; of a regression its number.
    - `BertTokenClassifier`: an entity of each row, an `Entity` or `(start, end, type)` in characters. By
      default the entity with the highest score.
    - `BertQuestionAnswerer`: an answer to each question, an `Answer` or `(start, end)` in characters of the
      context. By default what `predict` returns.
    - `BertTextEmbedder`: the cosine similarity of two texts, `x=(texts, others)`. Each text is explained
      while the other stays as it is, and the shares of both are halved, so that they add up.
    - `BertMaskedLM`: the token at the `[MASK]` of each text. By default the most probable one.

    Probabilities are explained as log-odds, which do not saturate: a share of 0.69 doubles the odds. If an
    entity has several words, or an answer a start and an end, it is the mean of theirs.

    Texts that are too long are truncated, with a warning, or cut into windows, as in `predict`; words in none
    of the windows that decide have a share of 0.

    Args:
        task: a task of one of these kinds.
        x: texts or pairs in memory, as for the task's `predict`.
        target: what to explain, see above; None for the answer that the model gives.
        steps: int, the number of points at which the gradient is computed (Gauss-Legendre).
        baseline: str, the token that stands in for every token: `"mask"` or `"pad"`.
        batch_size: int, how many points are computed together.

    Returns:
        List with an `Explanation` for each row.

    Raises:
        TypeError: if `x` is not texts in memory, or the task is of another kind.
        ValueError: if the target is not one that the task can answer with, or a class of yours overrides
            `call` of the task or of its encoder.

    Example:

    >>> from kerasbert import BertTextClassifier
    >>> tokenizer = BertTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "good", "bad", "film"])
    >>> config = BertConfig(vocabulary_size=8, num_layers=1, num_heads=2, hidden_dim=8, intermediate_dim=16)
    >>> classifier = BertTextClassifier(BertEncoder(config), tokenizer, labels=["bad", "good"])
    >>> [explanation] = integrated_gradients(classifier, ["A good film!"], target="good")
    >>> [word.text for word in explanation.words]
    ['A', 'good', 'film', '!']
    >>> explanation.completeness_error < 0.01
    True
    """
    checks.positive_int("integrated_gradients", steps=steps, batch_size=batch_size)
    checks.one_of("integrated_gradients", BASELINES, baseline=baseline)
    subject = subject_of(task, x, target)
    every = np.arange(len(subject))
    empty = _without_words(subject, baseline)
    shares = np.zeros(subject.tokens["token_ids"].shape)
    # Points and weights on [0, 1].
    points, weights = np.polynomial.legendre.leggauss(steps)
    points, weights = (points + 1) / 2, weights / 2
    rows: Any = np.repeat(every, steps)
    numbers = np.tile(np.arange(steps), len(every))
    for part in by_length(subject.lengths[rows], batch_size):
        own, back = np.unique(rows[part], return_inverse=True)
        here, there = subject.batch(own), subject.batch(own, empty[own])
        at = {"row": back.astype("int32"), "point": points[numbers[part]].astype("float32")}
        arguments = [here, there, subject.values_of(own), at]
        found = ops.convert_to_numpy(subject.compiled(_slopes_on_the_way, arguments)(*arguments))
        np.add.at(shares[:, : found.shape[1]], rows[part], found * weights[numbers[part], None])
    values = subject.numbers_of_ids(every, batch_size=batch_size)
    lowest = subject.numbers_of_ids(every, empty, batch_size)
    found = [
        subject.explanation(row, "Integrated gradients", shares[row], values[row], lowest[row])
        for row in every
    ]
    return of_pairs(task, found)


def gradient_times_input(
    task: Task, x: Rows, target: Any = None, *, batch_size: int = BATCH_SIZE
) -> list[Explanation]:
    """Explains answers by one gradient: how the answer would move if a token's vector grew.

    Shrikumar et al. 2016, https://arxiv.org/abs/1605.01713. It needs only one forward and one backward pass.
    But its shares do not add up to the answer, and it misses words where the model is already so sure that
    the gradient is nearly 0. The shares of special tokens are in `tokens`.

    Args:
        task, x, target, batch_size: as for `integrated_gradients`.

    Returns:
        List with an `Explanation` for each row.

    Example:

    >>> from kerasbert import BertTextClassifier
    >>> tokenizer = BertTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "good", "bad", "film"])
    >>> config = BertConfig(vocabulary_size=8, num_layers=1, num_heads=2, hidden_dim=8, intermediate_dim=16)
    >>> classifier = BertTextClassifier(BertEncoder(config), tokenizer, labels=["bad", "good"])
    >>> [explanation] = gradient_times_input(classifier, ["a good film"])
    >>> [token.token for token in explanation.tokens]
    ['[CLS]', '[UNK]', 'good', 'film', '[SEP]']
    """
    checks.positive_int("gradient_times_input", batch_size=batch_size)
    subject = subject_of(task, x, target)
    shares, every = np.zeros(subject.tokens["token_ids"].shape), np.arange(len(subject))
    for rows in by_length(subject.lengths, batch_size):
        tokens = subject.batch(rows)
        vectors = subject.vectors(tokens)
        slopes = gradient(lambda v, tokens=tokens, rows=rows: subject.numbers(v, tokens, rows), vectors)
        found = ops.convert_to_numpy(ops.cast(ops.sum(slopes * vectors, -1), "float32"))
        shares[rows, : found.shape[1]] = found
    shares *= subject.tokens["padding_mask"]
    values = subject.numbers_of_ids(every, batch_size=batch_size)
    note = "The shares do not add up to the answer."
    found = [
        subject.explanation(row, "Gradient times input", shares[row], values[row], note=note) for row in every
    ]
    return of_pairs(task, found)


def occlusion(task: Task, x: Rows, target: Any = None, *, batch_size: int = BATCH_SIZE) -> list[Explanation]:
    """Explains answers by leaving one word out at a time: how much the answer falls without it.

    Zeiler & Fergus 2014, section 4.2, https://arxiv.org/abs/1311.2901; Li et al. 2016,
    https://arxiv.org/abs/1612.08220. The tokens of the word are replaced by `[MASK]`. It needs an answer for
    each word, and no gradient. If two words say the same, neither seems to matter: without one of them the
    answer stays as it is.

    Args:
        task, x, target: as for `integrated_gradients`.
        batch_size: int, how many texts with a word left out are answered together.

    Returns:
        List with an `Explanation` for each row. The share of a word is split evenly among its tokens.

    Example:

    >>> from kerasbert import BertTextClassifier
    >>> tokenizer = BertTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "good", "bad", "film"])
    >>> config = BertConfig(vocabulary_size=8, num_layers=1, num_heads=2, hidden_dim=8, intermediate_dim=16)
    >>> classifier = BertTextClassifier(BertEncoder(config), tokenizer, labels=["bad", "good"])
    >>> [explanation] = occlusion(classifier, ["a good film"])
    >>> len(explanation.words)
    3
    """
    checks.positive_int("occlusion", batch_size=batch_size)
    subject = subject_of(task, x, target)
    every, ids = np.arange(len(subject)), subject.tokens["token_ids"]
    values = subject.numbers_of_ids(every, batch_size=batch_size)
    owner_rows: list[Any] = []
    positions: list[np.ndarray] = []
    for row in every:
        owners = np.array(subject.words_of(row)[1])
        for word in np.unique(owners[owners >= 0]):
            owner_rows.append(row)
            positions.append(np.flatnonzero(owners == word))
    rows = np.array(owner_rows, int)
    others = ids[rows]
    for line, places in zip(others, positions, strict=True):
        line[places] = task.tokenizer.mask_id
    without = subject.numbers_of_ids(rows, others, batch_size)
    shares = np.zeros(ids.shape)
    for row, places, number in zip(rows, positions, without, strict=True):
        shares[row, places] = (values[row] - number) / len(places)
    note = "Each share is the effect of leaving out one word alone; the shares do not add up to the answer."
    found = [subject.explanation(row, "Occlusion", shares[row], values[row], note=note) for row in every]
    return of_pairs(task, found)


def _slopes_on_the_way(task, numbers):
    """A function of rows' tokens without and with words, their values, and points on the way between them.

    It returns the gradient at each point times the way, `(B, S)`.
    """

    def slopes(here, there, values, at):
        def of_points(value):
            return ops.take(ops.convert_to_tensor(value), at["row"], axis=0)

        start = vectors_of(task, there)
        way = of_points(vectors_of(task, here) - start)
        tokens, values = ({n: of_points(v) for n, v in part.items()} for part in (here, values))
        point = ops.cast(ops.convert_to_tensor(at["point"])[:, None, None], way.dtype)
        found = gradient(lambda v: numbers(v, tokens, values), of_points(start) + point * way)
        return ops.cast(ops.sum(found * way, -1), "float32")

    return slopes


def _without_words(subject, baseline):
    """The token ids of the rows without words, `(R, S)`."""
    tokenizer = subject.task.tokenizer
    stand_in = tokenizer.mask_id if baseline == "mask" else tokenizer.pad_id
    return np.where(subject.kept, subject.tokens["token_ids"], stand_in).astype("int32")
