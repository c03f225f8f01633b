"""Rows of tokens with the number that is explained of each, and where tokens stand in texts."""

import bisect
import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
from keras import ops

from kerasbert import checks
from kerasbert.data import split_words
from kerasbert.explain.compiled import compiled
from kerasbert.explain.explanation import Explanation, Token, Word
from kerasbert.types import Tensor, Tensors

# Where a token comes from: the number of the text, and its characters there. None for a special token.
Place = tuple[int, int, int] | None


@dataclasses.dataclass
class Subject:
    """R rows of tokens, and the number that is explained of each: a function of the task's logits.

    Args:
        task: the task.
        texts: list of R tuples of one or two str.
        tokens: dict of arrays `(R, ...)`, the inputs of the task.
        places: R lists of S places.
        targets: list of R str, the names of the answers.
        measure: str, the unit of the numbers.
        number: function of the logits of B rows, and of the values and the padding mask of these rows, that
            returns the numbers `(B,)`.
        values: dict of arrays `(R, ...)`, what `number` needs to know of each row.
        reads: float32 array `(R, S)`, the positions whose vectors the number depends on, with sum 1.
        words: R lists of `(start, end)`, if the words of the first texts are given; None: `split_words`.
        position: None, or the name in `values` of the one position `(R,)` of which logits are computed.
    """

    task: Any
    texts: list[tuple[str, ...]]
    tokens: dict[str, np.ndarray]
    places: list[list[Place]]
    targets: list[str]
    measure: str
    number: Callable[[Any, Tensors, Tensor], Tensor]
    values: dict[str, np.ndarray]
    reads: np.ndarray
    words: list[list[tuple[int, int]]] | None = None
    position: str | None = None

    def __len__(self):
        return len(self.texts)

    @property
    def lengths(self):
        """int array `(R,)`, the number of tokens in each row."""
        return self.tokens["padding_mask"].sum(1)

    @property
    def kept(self):
        """bool array `(R, S)`: the positions of special tokens and padding, which stay in a baseline."""
        length = self.tokens["token_ids"].shape[1]
        return np.array([[place is None for place in row] for row in self.places]).reshape(-1, length)

    def batch(self, rows, token_ids=None):
        """The inputs of some rows, without padding that none of them needs, with other ids if given."""
        length = int(self.lengths[rows].max(initial=1))
        sequences = ("token_ids", "segment_ids", "padding_mask")
        tokens = {n: v[rows][:, :length] if n in sequences else v[rows] for n, v in self.tokens.items()}
        if token_ids is not None:
            tokens["token_ids"] = token_ids[:, :length]
        return tokens

    def vectors(self, tokens):
        """The vectors `(B, S, D)` that the blocks of the encoder get for tokens."""
        return vectors_of(self.task, tokens)

    def numbers(self, vectors, tokens, rows):
        """The numbers `(B,)` of rows, computed from their vectors `(B, S, D)`."""
        return numbers_of(self.task, self.number, self.position)(vectors, tokens, self.values_of(rows))

    def values_of(self, rows):
        """What `number` needs to know of rows."""
        return {name: value[rows] for name, value in self.values.items()}

    def compiled(self, make, arguments):
        """`make(task, numbers)` of dicts of arrays, compiled once for all subjects of this kind.

        `numbers` is a function of vectors, tokens and values of rows. It keeps none of this subject's rows.
        """
        key = make, self.number.__code__, self.position
        task, number, position = self.task, self.number, self.position
        return compiled(task, key, lambda: make(task, numbers_of(task, number, position)), arguments)

    def numbers_of_ids(self, rows, token_ids=None, batch_size=64):
        """The numbers of rows as a float64 array, with other token ids `(len(rows), S)` if given."""
        found = np.zeros(len(rows))
        for part in by_length(self.lengths[rows], batch_size):
            tokens = self.batch(rows[part], None if token_ids is None else token_ids[part])
            arguments = [tokens, self.values_of(rows[part])]
            found[part] = ops.convert_to_numpy(self.compiled(_from_ids, arguments)(*arguments))
        return found

    # === Words ===

    def words_of(self, row):
        """The words of a row as `(part, start, end)`, and for each position its word's number, or -1."""
        spans, owners, places = [], {}, self.places[row]
        for part, text in enumerate(self.texts[row]):
            mine = [(i, place[1], place[2]) for i, place in enumerate(places) if place and place[0] == part]
            given = self.words[row] if self.words is not None and part == 0 else split_words(text)
            words = _joined(given, [(start, end) for _, start, end in mine])
            ends = [end for _, end in words]
            for position, start, _ in mine:
                if words:
                    owner = min(bisect.bisect_right(ends, start), len(words) - 1)
                    owners[position] = len(spans) + owner
            spans += [(part, start, end) for start, end in words]
        return spans, [owners.get(i, -1) for i in range(len(places))]

    def explanation(self, row, method, attributions, value=np.nan, baseline_value=np.nan, **others):
        """Makes the explanation of a row of its tokens' attributions `(S,)`."""
        length = int(self.lengths[row])
        names = self.task.tokenizer.to_tokens(self.tokens["token_ids"][row, :length].tolist())
        places = [place or (None, None, None) for place in self.places[row][:length]]
        shares = np.asarray(attributions, "float64")[:length]
        spans, owners = self.words_of(row)
        sums = np.zeros(len(spans) + 1)  # the last is for tokens without a word
        np.add.at(sums, owners[:length], shares)
        words = [
            Word(self.texts[row][part][start:end], start, end, float(share), part)
            for (part, start, end), share in zip(spans, sums, strict=False)
        ]
        tokens = [
            Token(name, *place, float(share))
            for name, place, share in zip(names, places, shares, strict=True)
        ]
        arguments = {"measure": self.measure} | others
        return Explanation(
            method=method,
            texts=self.texts[row],
            target=self.targets[row],
            words=words,
            tokens=tokens,
            value=float(value),
            baseline_value=float(baseline_value),
            **arguments,
        )


def vectors_of(task, tokens):
    """The vectors `(B, S, D)` that the blocks of a task's encoder get for tokens."""
    return task.encoder.embeddings(tokens["token_ids"], tokens.get("segment_ids"), training=False)


def numbers_of(task, number, position):
    """A function of vectors `(B, S, D)`, tokens and values of rows that returns their numbers `(B,)`.

    It does the work of `call`, of the task and of its encoder, from the vectors on.

    Raises:
        ValueError: if a user's class overrides one of them.
    """
    fix = "Override `logits` of the task or `transform` of the encoder, which are called."
    for part in (task, task.encoder):
        checks.not_overridden("kerasbert.explain", part, "call", fix=fix)

    def numbers(vectors, tokens, values):
        mask = ops.convert_to_tensor(tokens["padding_mask"])
        bias = task.encoder.embeddings.attention_bias(tokens["token_ids"], mask)
        outputs = task.encoder.transform(vectors, bias, task.first_token_only, training=False)
        values = {name: ops.convert_to_tensor(value) for name, value in values.items()}
        if position is not None:
            at = values[position][:, None, None]
            outputs["sequence_output"] = ops.take_along_axis(outputs["sequence_output"], at, axis=1)
        extra = {name: ops.convert_to_tensor(tokens[name]) for name in task.preprocessor.extra_inputs}
        logits = task.logits(outputs | {"padding_mask": mask} | extra, training=False)
        return number(logits, values, mask)

    return numbers


def _from_ids(task, numbers):
    return lambda tokens, values: numbers(vectors_of(task, tokens), tokens, values)


def by_length(lengths, batch_size):
    """Yields the numbers of rows in batches of rows of similar length."""
    order = np.argsort(-np.asarray(lengths), kind="stable")
    for start in range(0, len(order), batch_size):
        yield order[start : start + batch_size]


def _joined(words, tokens):
    """Joins words that share a token."""
    words = [tuple(word) for word in words]
    starts, ends = [start for start, _ in words], [end for _, end in words]
    with_next = set()
    for start, end in tokens:
        first, last = bisect.bisect_right(ends, start), bisect.bisect_left(starts, end) - 1
        with_next.update(range(first, last))
    found = []
    for number, (start, end) in enumerate(words):
        if number - 1 in with_next:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return found
