"""Several languages in one stream of batches: the smaller ones more often than their share of the text."""

from collections.abc import Mapping
from numbers import Real
from typing import Any

import numpy as np

from kerasbert import checks
from kerasbert.data.draws import uniform
from kerasbert.optional import tensorflow as tf
from kerasbert.pretraining.batches import pretraining_batches
from kerasbert.pretraining.records import Manifest
from kerasbert.text.base import TextTokenizer
from kerasbert.types import Dataset, PathLike

_DRAWN_TOGETHER = 4096  # steps
# What the manifests of all languages must have in common, and why.
_ALIKE = {
    "has_pairs": "The examples of all languages must be pairs, or those of none.",
    "max_length": "The examples of all languages must have the same `max_length`, so that the batches of all "
    "have places for equally many masked tokens.",
}


def language_shares(sizes: Mapping[str, float], smoothing: float = 0.7) -> dict[str, float]:
    """How often each language is drawn: its share of the text to a power, by exponential smoothing.

    Conneau & Lample 2019, section 3.1 (https://arxiv.org/abs/1901.07291). XLM takes 0.7 for batches and 0.5
    for its vocabulary, multilingual BERT 0.7, XLM-R 0.3 (https://arxiv.org/abs/1911.02116).

    Args:
        sizes: dict, language -> the size of its text in any unit, such as tokens.
        smoothing: float, the power. With 1, languages are drawn by their size, with 0 all equally often.

    Returns:
        dict, language -> its share of all draws, from 0 to 1.

    Raises:
        ValueError: if there are no languages, a size is not above 0, or `smoothing` not from 0 to 1.

    Example:

    >>> language_shares({"en": 9_000_000, "de": 1_000_000}, smoothing=0.5)
    {'en': 0.75, 'de': 0.25}
    """
    checks.rate("language_shares", smoothing=smoothing)
    given = isinstance(sizes, Mapping) and len(sizes) > 0
    if not given or not all(isinstance(size, Real) and 0 < size < np.inf for size in sizes.values()):
        raise checks.invalid(
            "`sizes` must be a dict with at least one language, and each size a number above 0.",
            fix='Pass their sizes, such as {"en": 9e6, "de": 1e6}, and leave out languages without text.',
            where="language_shares",
            sizes=sizes,
        )
    powers = {language: float(size) ** smoothing for language, size in sizes.items()}
    return {language: power / sum(powers.values()) for language, power in powers.items()}


def language_batches(
    folders: Mapping[str, PathLike],
    tokenizer: TextTokenizer,
    batch_size: int,
    *,
    smoothing: float = 0.7,
    seed: int = 0,
    step: int = 0,
    **options: Any,
) -> Dataset:
    """Streams masked batches in several languages without an end; each batch is of one language.

    The language of a batch is drawn by `language_shares` of the languages' tokens. As with
    `pretraining_batches`, batch `n` depends only on the folders and the arguments, so that a run that has
    taken `n` batches resumes with `step=n`.

    Args:
        folders: dict, language -> a folder of `write_examples`. All must have been written with the same
            tokenizer and the same `max_length`.
        tokenizer: the tokenizer with which the examples were written.
        batch_size: int, B, the global batch size of all hosts together.
        smoothing: float, as for `language_shares`.
        seed: int.
        step: int, the number of batches that were taken before.
        **options: `masking`, `shuffle_buffer`, `length_multiple`, `host` and `num_hosts` of
            `pretraining_batches`.

    Returns:
        `tf.data.Dataset` of dicts, as of `pretraining_batches`.

    Raises:
        FileNotFoundError: if a folder is not complete.
        ValueError: as `pretraining_batches` and `language_shares` do, or if only some languages have pairs,
            or their examples have another `max_length`.

    Example:

    >>> import pathlib, tempfile
    >>> from kerasbert.pretraining import Corpus, language_batches, write_examples
    >>> folder, folders = pathlib.Path(tempfile.mkdtemp()), {}
    >>> tokenizer = BertTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "good", "gut", "film"])
    >>> for language, text in {"en": "good\\nfilm\\n\\nfilm\\n", "de": "gut\\nfilm\\n\\nfilm\\n"}.items():
    ...     _ = (folder / language).write_text(text)
    ...     folders[language] = folder / f"{language}-examples"
    ...     _ = write_examples(Corpus(folder / language), folders[language], tokenizer)
    >>> batch = next(iter(language_batches(folders, tokenizer, batch_size=2)))
    >>> tuple(batch["token_ids"].shape)
    (2, 8)
    """
    where = "language_batches"
    checks.not_negative_int(where, seed=seed, step=step)
    if not isinstance(folders, Mapping) or not folders:
        raise checks.invalid(
            "`folders` must be a dict with the folder of at least one language.",
            fix='Name the language of each folder, such as {"en": "en-examples", "de": "de-examples"}.',
            where=where,
            folders=folders,
        )
    manifests = {language: Manifest.load(folder) for language, folder in folders.items()}
    shares = language_shares({name: found.num_tokens for name, found in manifests.items()}, smoothing)
    first, *others = manifests.values()
    for name, rule in _ALIKE.items():
        for other in others:
            found = getattr(first, name), getattr(other, name)
            if found[0] != found[1]:
                raise checks.invalid(
                    rule,
                    fix="Write them again with the same `ExampleSettings`.",
                    where=f"{where}: {first.folder} and {other.folder}",
                    **{name: found},
                )
    limits = tf.constant(np.cumsum(list(shares.values()))[:-1], tf.float32)

    def drawn(block):
        draws = uniform([_DRAWN_TOGETHER], seed, "languages", block)
        return tf.searchsorted(limits, draws, side="right", out_type=tf.int64)

    block, skipped = divmod(step, _DRAWN_TOGETHER)
    taken: np.ndarray = np.zeros(len(shares), np.int64)  # batches of each language before this step
    for number in range(block + 1):
        before = drawn(number).numpy()[: skipped if number == block else None]
        taken += np.bincount(before, minlength=len(taken))
    streams = [
        pretraining_batches(folder, tokenizer, batch_size, seed=seed, step=int(done), epochs=None, **options)
        for folder, done in zip(folders.values(), taken, strict=True)
    ]
    choices = tf.data.Dataset.range(block, np.iinfo(np.int64).max).map(drawn).unbatch().skip(skipped)
    return tf.data.Dataset.choose_from_datasets(streams, choices, stop_on_empty_dataset=False)
