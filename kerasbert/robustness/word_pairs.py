"""Batches of perturbed texts beside the same texts as they are, with the word that each token belongs to."""

import random
from collections.abc import Iterator
from typing import Any

import numpy as np

from kerasbert import checks
from kerasbert.optional import tensorflow as tf
from kerasbert.robustness.changes import apply

PADDING = -1
# Batches of about one length are cut from this many at a time.
_MEGABATCH = 25


class WordPairs:
    """Texts as batches for `denoise`, perturbed anew in each pass.

    A batch has `token_ids` and `words` of the perturbed texts, `clean_token_ids` and `clean_words` of the
    same texts as they are, and the `weight` of each word, `(B, W)`. `words` is `(B, S)`, the number of the
    word of each token: 0 for the first special token, the words of the text from 1 on, then the last special
    token; -1 is padding.

    Args:
        tokenizer: a tokenizer of `kerasbert.text`.
        texts: list of str.
        changes: list of `(name, perturbation)`.
        rate: float, the fraction of words that are perturbed.
        max_length: int, the longest row in tokens.
        batch_size: int.
        changed_weight: float, the weight of perturbed words; that of others is 1.
        seed: int.
        few_lengths: bool, whether batches have at most eight different lengths, because each is compiled.
    """

    def __init__(
        self, tokenizer, texts, changes, rate, max_length, batch_size, changed_weight, seed, few_lengths=False
    ):
        self.tokenizer, self.changes, self.rate, self.seed = tokenizer, changes, rate, seed
        self.max_length, self.batch_size, self.changed_weight = max_length, batch_size, changed_weight
        # More words than tokens are never read, and would take memory for each pair of a word and a token.
        self.rows = [words[:max_length] for words in (text.split() for text in texts) if words]
        self.step = -(-max_length // 8) if few_lengths else None
        self.passes = 0

    def __len__(self):
        return -(-len(self.rows) // self.batch_size)

    def check(self) -> None:
        """Raises ValueError if tokens have no places in texts, or no perturbation changes any word."""
        self.tokenizer.tokenize_with_offsets([""])
        draw = random.Random(f"{self.seed}")
        if not any(
            apply(change, word, f"{draw.random()}", name) != word
            for words in self.rows
            for word in words
            for name, change in self.changes
        ):
            raise checks.invalid(
                "Some word of the texts must be changed by a perturbation.",
                fix="Pass texts of the kind that the task reads, and perturbations that fit their script.",
                where="denoise",
                texts=len(self.rows),
                perturbations=[name for name, _ in self.changes],
            )

    def dataset(self) -> Any:
        """The batches as a `tf.data.Dataset`, which draws other perturbations each time it is read."""
        names = ("token_ids", "words", "clean_token_ids", "clean_words")
        spec = dict.fromkeys(names, tf.TensorSpec((None, None), tf.int32))
        spec["weight"] = tf.TensorSpec((None, None), tf.float32)
        batches = tf.data.Dataset.from_generator(self.read, output_signature=(spec,))
        return batches.apply(tf.data.experimental.assert_cardinality(len(self))).prefetch(2)

    def read(self) -> Iterator[tuple[dict[str, np.ndarray]]]:
        """Yields the batches of one pass."""
        this_pass, self.passes = self.passes, self.passes + 1
        draw = random.Random(f"{self.seed}/{this_pass}")
        order = list(range(len(self.rows)))
        draw.shuffle(order)
        size = _MEGABATCH * self.batch_size
        batches = []
        for start in range(0, len(order), size):
            part = sorted(order[start : start + size], key=lambda row: sum(map(len, self.rows[row])))
            batches += [part[i : i + self.batch_size] for i in range(0, len(part), self.batch_size)]
        draw.shuffle(batches)
        for rows in batches:
            clean = [self.rows[row] for row in rows]
            draws = [random.Random(f"{self.seed}/{this_pass}/{row}") for row in rows]
            yield (self.batch([self.perturbed(*pair) for pair in zip(clean, draws, strict=True)], clean),)

    def perturbed(self, words: list[str], draw: random.Random) -> list[str]:
        """The words of a text, some of them perturbed; one that would be split or lost stays as it is."""
        found = []
        for word in words:
            new = word
            if draw.random() < self.rate:
                name, change = draw.choice(self.changes)
                new = apply(change, word, f"{draw.random()}", name)
            found.append(new if len(new.split()) == 1 else word)
        return found

    def batch(self, perturbed: list[list[str]], clean: list[list[str]]) -> dict[str, np.ndarray]:
        """The arrays of one batch of texts as words."""
        weight: np.ndarray = np.zeros((len(clean), max(map(len, clean)) + 2), "float32")
        for row, (new, old) in enumerate(zip(perturbed, clean, strict=True)):
            changed = np.array([a != b for a, b in zip(new, old, strict=True)])
            weight[row, : len(old) + 2] = 1
            weight[row, 1 : len(old) + 1][changed] = self.changed_weight
        arrays = {"weight": weight}
        for prefix, rows in (("", perturbed), ("clean_", clean)):
            arrays[f"{prefix}token_ids"], arrays[f"{prefix}words"] = self._tokens(rows)
        return arrays if self.step is None else self._in_few_lengths(arrays)

    def _in_few_lengths(self, arrays):
        """Pads all arrays to one length; `weight` has two words more, for the special tokens."""
        longest = max(array.shape[1] - 2 * (name == "weight") for name, array in arrays.items())
        length = min(-(-longest // self.step) * self.step, self.max_length)
        padding = {"token_ids": self.tokenizer.pad_id, "words": PADDING, "weight": 0}
        return {
            name: np.pad(
                array,
                ((0, 0), (0, length + 2 * (name == "weight") - array.shape[1])),
                constant_values=padding[name.removeprefix("clean_")],
            )
            for name, array in arrays.items()
        }

    def _tokens(self, rows):
        ids, starts, _ = self.tokenizer.tokenize_with_offsets([" ".join(words) for words in rows])
        packed = self.tokenizer.pack(ids, max_length=self.max_length)
        token_ids, mask = (packed[name].numpy() for name in ("token_ids", "padding_mask"))
        words = np.full(token_ids.shape, PADDING, "int32")
        for row, (places, length) in enumerate(zip(starts.to_list(), mask.sum(-1), strict=True)):
            begins = np.cumsum([0, *(len(word) + 1 for word in rows[row][:-1])])
            of_token = np.searchsorted(begins, places[: length - 2], side="right")
            words[row, :length] = [0, *of_token, len(rows[row]) + 1]
        return token_ids, words
