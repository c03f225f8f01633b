import itertools
import random

import numpy as np
import pytest
from original_pretraining import pairs_of_document, truncate
from scipy import stats

import kerasbert
from kerasbert.pretraining.documents import Corpus
from kerasbert.pretraining.examples import ExampleSettings
from kerasbert.pretraining.pairs import make_examples, truncated
from kerasbert.pretraining.tokens import TokenDocuments, tokenize_documents

ROOM = 40


def flat(documents):
    """`TokenDocuments` of lists of lists of lists of int."""
    sentences = [sentence for document in documents for sentence in document]
    ids = np.array([token for sentence in sentences for token in sentence], np.int32)
    return TokenDocuments(
        ids,
        np.zeros(len(ids), bool),
        np.cumsum([0, *map(len, sentences)]),
        np.cumsum([0, *map(len, documents)]),
    )


def numbered(lengths):
    """Documents whose tokens are 0, 1, 2 ... all through, with sentences of these lengths."""
    place, documents = 0, []
    for document in lengths:
        documents.append([])
        for length in document:
            documents[-1].append(list(range(place, place + length)))
            place += length
    return documents


@pytest.fixture(scope="module")
def documents():
    rng = np.random.default_rng(0)
    return numbered([rng.integers(1, 30, rng.integers(1, 25)).tolist() for _ in range(300)])


def ours(documents, seed=0, **settings):
    settings = ExampleSettings(**settings)
    return list(make_examples(flat(documents), settings, ROOM, random.Random(seed)))


def owner(documents):
    return np.repeat(np.arange(len(documents)), [sum(map(len, document)) for document in documents])


def same_distribution(some, others):
    """Chi-square test of two samples of small ints."""
    values = np.unique([*some, *others])
    edges = np.unique(np.quantile(values, np.linspace(0, 1, 15)).round())
    table = np.array([np.histogram(sample, [*edges[:-1], edges[-1] + 1])[0] for sample in (some, others)])
    return stats.chi2_contingency(table[:, table.sum(0) > 0]).pvalue


def test_pairs_are_distributed_as_the_original_makes_them(documents):
    agree(flat(documents), documents, ROOM, seeds=10)


@pytest.mark.parametrize("name", ["bert_sample_text/sample_text.txt", "wikitext2/valid.txt"])
def test_pairs_of_real_text_are_distributed_as_the_original_makes_them(shared_data, name):
    tokenizer = kerasbert.BertTokenizer(shared_data / "vocab" / "bert_base_uncased.vocab.txt")
    tokens = tokenize_documents(Corpus(shared_data / name), tokenizer, 125)
    ids, bounds = tokens.token_ids.tolist(), tokens.bounds
    sentences = [ids[begin:end] for begin, end in itertools.pairwise(bounds)]
    documents = [sentences[first:stop] for first, stop in itertools.pairwise(tokens.documents)]
    agree(tokens, documents, 125, seeds=1 if len(documents) > 100 else 200)


def agree(tokens, documents, room, seeds):
    """Compares lengths and labels of pairs over several seeds with the original's."""
    mine, theirs = [], []
    for seed in range(seeds):
        for example in make_examples(tokens, ExampleSettings(), room, random.Random(seed)):
            (a, b), (c, d) = example.first[0], example.second
            mine.append((b - a, d - c, b - a + d - c, example.label))
        rng = random.Random(1000 + seed)
        for number in range(len(documents)):
            for first, second, is_random in pairs_of_document(documents, number, room, 0.1, 0.5, rng):
                theirs.append((len(first), len(second), len(first) + len(second), is_random))
    mine, theirs = np.array(mine).T, np.array(theirs).T
    assert stats.chisquare([len(mine[0]), len(theirs[0])]).pvalue > 1e-3
    for values, others in zip(mine, theirs, strict=True):
        assert same_distribution(values, others) > 1e-3
    for label in (0, 1):  # and the lengths within each kind
        assert same_distribution(mine[0][mine[3] == label], theirs[0][theirs[3] == label]) > 1e-3


def test_segments_stand_in_the_text(documents):
    owners = owner(documents)
    starts = {sentence[0] for document in documents for sentence in document}
    for example in ours(documents, short_sequence_rate=0.0):
        (a, b), (c, d) = example.first[0], example.second
        assert b - a > 0
        assert d - c > 0
        assert b - a + d - c <= ROOM
        assert len(set(owners[a:b])) == len(set(owners[c:d])) == 1
        assert (owners[a] != owners[c]) == example.label
        if b - a + d - c < ROOM:  # nothing was truncated
            assert {a, c} <= starts
            assert example.label or b == c


def test_half_of_the_pairs_that_can_follow_do(documents):
    long = numbered([[5] * 400] * 40)
    labels = [e.label for seed in range(5) for e in ours(long, seed, short_sequence_rate=0.0)]
    assert stats.binomtest(sum(labels), len(labels), 0.5).pvalue > 1e-3
    labels = [example.label for example in ours(long, short_sequence_rate=0.0, negative_rate=0.2)]
    assert stats.binomtest(sum(labels), len(labels), 0.2).pvalue > 1e-3


def test_every_other_document_is_as_likely(documents):
    few = numbered([[3] * 2000, *[[3] * 10] * 7])
    owners = owner(few)
    found = [owners[e.second[0]] for e in ours(few) if e.label and owners[e.first[0][0]] == 0]
    counts = np.bincount(found, minlength=8)
    assert counts[0] == 0
    assert stats.chisquare(counts[1:]).pvalue > 1e-3


def test_nothing_but_truncated_tokens_is_lost(documents):
    short = numbered([[1, 2, 3] * 20] * 20)  # sentences so short that few pairs are truncated
    seen = set()
    for example in ours(short, short_sequence_rate=0.0):
        seen.update(range(*example.first[0]))
        if not example.label:
            seen.update(range(*example.second))
    assert len(seen) > 0.97 * 120 * 20


@pytest.mark.parametrize("lengths", [(50, 10), (10, 50), (39, 39), (40, 1), (20, 20), (5, 7), (200, 200)])
def test_truncation_drops_what_the_original_drops(lengths):
    fronts, others = [], []
    for seed in range(300):
        (a, b), (c, d) = truncated((0, lengths[0]), (500, 500 + lengths[1]), ROOM, random.Random(seed))
        first, second = list(range(lengths[0])), list(range(lengths[1]))
        truncate(first, second, ROOM, random.Random(9000 + seed))
        assert (b - a, d - c) == (len(first), len(second))
        fronts += [a, c - 500]
        others += [first[0], second[0]]
    if sum(lengths) > ROOM:
        assert stats.ks_2samp(fronts, others).pvalue > 1e-3


def test_sentence_order_swaps_what_follows(documents):
    owners, labels = owner(documents), []
    seen = np.zeros(len(owners), int)
    for example in ours(documents, pairs="sentence_order", short_sequence_rate=0.0):
        (a, b), (c, d) = example.first[0], example.second
        labels.append(example.label)
        assert owners[a] == owners[c]
        assert b - a + d - c <= ROOM
        assert (d <= a) if example.label else (b <= c)
        seen[a:b] += 1
        seen[c:d] += 1
    assert seen.max() == 1
    for seed in range(1, 10):
        labels += [example.label for example in ours(documents, seed, pairs="sentence_order")]
    assert stats.binomtest(sum(labels), len(labels), 0.5).pvalue > 1e-3


def test_a_sentence_alone_is_split_for_its_order():
    (example,) = ours([[[7, 8, 9]]], pairs="sentence_order")
    assert sorted([*range(*example.first[0]), *range(*example.second)]) == [0, 1, 2]
    assert ours([[[7]]], pairs="sentence_order") == []


def test_sequences_without_pairs_hold_every_token_once_in_order(documents):
    examples = ours(documents, pairs="none", short_sequence_rate=0.0)
    owners, place = owner(documents), 0
    starts = {sentence[0] for document in documents for sentence in document}
    sizes = []
    for example in examples:
        assert example.second is example.label is None
        for begin, end in example.first:
            assert begin == place
            assert begin in starts
            assert len(set(owners[begin:end])) == 1
            place = end
        sizes.append(sum(end - begin + 1 for begin, end in example.first) - 1)
        assert sizes[-1] <= ROOM
    assert place == len(owners)
    # Full: the next sentence of 1 to 29 tokens did not fit.
    assert np.mean(sizes[:-1]) > ROOM - 15


def test_short_sequences_are_as_many_as_told():
    long = numbered([[1] * 400] * 600)
    targets = {}
    for example in ours(long, short_sequence_rate=0.3):
        (a, b), (c, d) = example.first[0], example.second
        targets.setdefault(owner_of_equal_documents(a), []).append(b - a + d - c)
    short = sum(max(sizes) < ROOM for sizes in targets.values())
    expected = 0.3 * (1 - 1 / (ROOM - 1))  # of 2 to ROOM, one is no shorter
    assert stats.binomtest(short, len(targets), expected).pvalue > 1e-3


def owner_of_equal_documents(token):
    return token // 400
