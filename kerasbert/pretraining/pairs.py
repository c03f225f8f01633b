"""Chooses the tokens of an example: pairs of segments, or consecutive sentences.

All functions work on positions of tokens in `TokenDocuments`: an example is a few slices of one array.
"""

import bisect
import dataclasses
import itertools

PAIRS = ("next_sentence", "sentence_order", "none")


@dataclasses.dataclass(frozen=True)
class Example:
    """Slices of the tokens of a shard.

    Args:
        first: list of pairs of int, start and end: the first segment, with a slice for each document in it.
        second: pair of int, the second segment, or None.
        label: int, 0 if the segments are in order, 1 if not; or None if there is no pair.
    """

    first: list[tuple[int, int]]
    second: tuple[int, int] | None = None
    label: int | None = None


def make_examples(documents, settings, room, rng):
    """Yields the examples of a shard, in the order of its documents.

    Args:
        documents: `TokenDocuments`; at least two for `pairs="next_sentence"`.
        settings: `ExampleSettings`.
        room: int, the most tokens in an example, not counting special tokens.
        rng: `random.Random`.

    Yields:
        `Example`.
    """
    bounds, firsts = documents.bounds.tolist(), documents.documents.tolist()
    if settings.pairs == "none":
        yield from _contiguous(bounds, firsts, settings, room, rng)
        return
    pairs = {"next_sentence": _next_sentence, "sentence_order": _sentence_order}[settings.pairs]
    for number in range(len(firsts) - 1):
        for first, second, label in pairs(bounds, firsts, number, settings, room, rng):
            first, second = truncated(first, second, room, rng)
            yield Example([first], second, label)


def _next_sentence(bounds, firsts, number, settings, room, rng):
    """Yields the pairs of a document as `create_pretraining_data` does (Devlin et al. 2019, 3.1)."""
    begin, stop = firsts[number], firsts[number + 1]
    target = _target(settings, room, rng)
    while begin < stop:
        end = _end(bounds, begin, stop, target)
        middle = begin + rng.randint(1, max(1, end - begin - 1))
        first = bounds[begin], bounds[middle]
        if middle == end or rng.random() < settings.negative_rate:
            other = rng.randrange(len(firsts) - 2)
            other += other >= number
            start = rng.randrange(firsts[other], firsts[other + 1])
            last = _end(bounds, start, firsts[other + 1], target - (first[1] - first[0]))
            yield first, (bounds[start], bounds[last]), 1
            begin = middle  # the unused sentences come next
        else:
            yield first, (bounds[middle], bounds[end]), 0
            begin = end


def _sentence_order(bounds, firsts, number, settings, room, rng):
    """Yields the pairs of a document, some of them swapped (ALBERT: Lan et al. 2020, section 3.1).

    A single sentence is split at a random token; a sentence of one token gives no pair.
    """
    begin, stop = firsts[number], firsts[number + 1]
    target = _target(settings, room, rng)
    while begin < stop:
        end = _end(bounds, begin, stop, target)
        if end - begin > 1:
            middle = bounds[begin + rng.randint(1, end - begin - 1)]
        else:
            middle = bounds[begin] + rng.randint(1, max(1, bounds[end] - bounds[begin] - 1))
        if middle < bounds[end]:
            first, second = (bounds[begin], middle), (middle, bounds[end])
            swapped = rng.random() < settings.negative_rate
            yield (second, first, 1) if swapped else (first, second, 0)
        begin = end


def _contiguous(bounds, firsts, settings, room, rng):
    """Yields consecutive whole sentences across documents (Liu et al. 2019, section 4.2: FULL-SENTENCES)."""
    slices, length, target = [], 0, _target(settings, room, rng)
    for first, stop in itertools.pairwise(firsts):
        for sentence in range(first, stop):
            begin, end = bounds[sentence], bounds[sentence + 1]
            separator = sentence == first  # one is needed between two documents
            if slices and length + separator + end - begin > target:
                yield Example(slices)
                slices, length, target = [], 0, _target(settings, room, rng)
            if slices and not separator:
                slices[-1] = slices[-1][0], end
                length += end - begin
            else:
                length += bool(slices) + end - begin
                slices.append((begin, end))
    if slices:
        yield Example(slices)


def _target(settings, room, rng):
    """How many tokens to collect: sometimes few, so that short inputs are not new in fine-tuning."""
    return rng.randint(2, room) if rng.random() < settings.short_sequence_rate else room


def _end(bounds, begin, stop, target):
    """The end of the shortest run of sentences from `begin` with `target` tokens, or else `stop`."""
    return bisect.bisect_left(bounds, bounds[begin] + target, begin + 1, stop)


def truncated(first, second, room, rng):
    """Drops tokens of the longer segment, each from its front or its end at random, until both segments fit.

    This has the same outcome as the loop in the original code: the number of tokens to drop from each segment
    is computed, and each of these tokens is dropped from the front with probability 1/2.

    Args:
        first: pair of int, start and end.
        second: pair of int, start and end.
        room: int, the most tokens that both may have together.
        rng: `random.Random`.

    Returns:
        Two pairs of int.
    """
    lengths = [end - begin for begin, end in (first, second)]
    half = (room + 1) // 2  # if the room is odd, the first segment gets one token more
    kept = min(lengths[0], max(half, room - lengths[1]))
    results = []
    for (begin, end), length, keep in zip(
        (first, second), lengths, (kept, min(lengths[1], room - kept)), strict=True
    ):
        front = rng.getrandbits(length - keep).bit_count() if length > keep else 0
        results.append((begin + front, end - (length - keep - front)))
    return results
