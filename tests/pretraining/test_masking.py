import random

import numpy as np
import pytest
import tensorflow as tf
from original_pretraining import masked_positions
from scipy import stats

import kerasbert
from kerasbert.data.masking import _words_and_spans
from kerasbert.pretraining import Masking, geometric_spans, mask_tokens, ngram_spans

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
WORDS = [f"w{i}" for i in range(40)]
PIECES = [f"##p{i}" for i in range(20)]
ROWS, WIDTH = 512, 48


@pytest.fixture(scope="module")
def tokenizer():
    return kerasbert.BertTokenizer([*SPECIAL, *WORDS, *PIECES])


@pytest.fixture(scope="module")
def batch(tokenizer):
    """Rows of `[CLS] words [SEP] words [SEP]` of many lengths, with an [UNK] here and there."""
    rng = np.random.default_rng(0)
    lengths = rng.integers(8, WIDTH + 1, ROWS).astype("int32")
    lengths[: ROWS // 2] = WIDTH
    ids = np.zeros((ROWS, WIDTH), "int32")
    for row, length in zip(ids, lengths, strict=True):
        row[:length] = rng.integers(5, tokenizer.vocabulary_size, length)
        row[1:length][rng.random(length - 1) < 0.02] = tokenizer.unk_id
        row[0], row[length // 2], row[length - 1] = tokenizer.cls_id, tokenizer.sep_id, tokenizer.sep_id
        pieces = np.flatnonzero(row >= 5 + len(WORDS))
        for i in pieces:  # no word of more than three tokens
            if i >= 3 and (row[i - 3 : i] >= 5 + len(WORDS)).all():
                row[i] = 5
    return ids, lengths, ids >= 5 + len(WORDS)


@pytest.fixture(scope="module")
def run(tokenizer, batch):
    """Masks the batch many times over: a dict of arrays `(times, B, ...)`."""
    ids, lengths, continues = map(tf.constant, batch)

    def run(masking, times, seed=0, keep=None):
        @tf.function
        def once(number):
            return mask_tokens(
                ids, lengths, continues, tokenizer, masking, masking.predictions(WIDTH), seed, number, keep
            )

        found = [once(tf.constant(i, tf.int64)) for i in range(times)]
        return {name: np.stack([one[name] for one in found]) for name in found[0]}

    return run


@pytest.fixture(scope="module")
def usual(run):
    return run(Masking(), 60)


def chosen(result):
    """bool (times, B, S), the positions that are to be predicted."""
    marks = np.zeros((*result["token_ids"].shape[:2], WIDTH))
    for i in range(result["mask_positions"].shape[-1]):
        at = np.expand_dims(result["mask_positions"][..., i], -1)
        weight = np.expand_dims(result["mask_weights"][..., i], -1)
        np.put_along_axis(marks, at, np.maximum(np.take_along_axis(marks, at, -1), weight), -1)
    return marks > 0


def eligible(batch):
    return batch[0] >= 5


def words(batch):
    """For each row, the word of each eligible token, as lists of positions."""
    ids, _, continues = batch
    for row, inside in zip(ids, continues, strict=True):
        groups = []
        for i in np.flatnonzero(row >= 5):
            if inside[i] and row[i - 1] >= 5:
                groups[-1].append(i)
            else:
                groups.append([i])
        yield groups


MASKINGS = {
    "words": Masking(),
    "tokens": Masking(whole_words=False),
    "spans": Masking(span_weights=geometric_spans(), by_span=True),
    "ngrams": Masking(rate=0.3, span_weights=ngram_spans(3)),
    "few": Masking(rate=0.5, max_predictions=4),
}


@pytest.mark.parametrize("name", MASKINGS)
def test_what_is_predicted_is_what_was_there(name, run, batch):
    masking = MASKINGS[name]
    result, (ids, lengths, _) = run(masking, 4), batch
    marks, weights = chosen(result), result["mask_weights"]
    assert not (marks & ~eligible(batch)).any()  # no special token, no padding
    np.testing.assert_array_equal(result["token_ids"][~marks], np.broadcast_to(ids, marks.shape)[~marks])
    true = np.take_along_axis(np.broadcast_to(ids, marks.shape), result["mask_positions"], -1)
    np.testing.assert_array_equal(result["mask_ids"], np.where(weights > 0, true, 0))
    assert (np.diff(weights, axis=-1) <= 0).all()  # what is unused stands at the end
    steps = np.diff(result["mask_positions"], axis=-1)
    assert (steps[weights[..., 1:] > 0] > 0).all()
    # As many as the original chooses, where words are short enough to fill the budget.
    wanted = np.clip(np.round(masking.rate * lengths), 1, masking.predictions(WIDTH))
    assert (marks.sum(-1) <= wanted).all()
    if name == "tokens":
        np.testing.assert_array_equal(marks.sum(-1), np.broadcast_to(wanted, marks.shape[:2]))
    in_place = result["token_ids"][marks]
    assert set(np.unique(in_place)) <= {4, *range(5, 5 + len(WORDS) + len(PIECES))}


def test_words_are_whole(usual, batch):
    marks = chosen(usual)
    for row, groups in enumerate(words(batch)):
        for group in groups:
            some = marks[:, row, group]
            assert (some.all(-1) == some.any(-1)).all()


def test_words_are_chosen_as_often_as_the_original_chooses_them(usual, batch):
    ids, lengths, continues = batch
    marks, rng = chosen(usual), random.Random(0)
    for row in (0, 1, ROWS - 1):
        tokens = [int(i) if i >= 5 else None for i in ids[row, : lengths[row]]]
        theirs, times = np.zeros(WIDTH), 4000
        for _ in range(times):
            theirs[masked_positions(tokens, 0.15, 20, rng, continues[row])] += 1
        mine = marks[:, row].sum(0)
        use = theirs > 0
        assert not mine[~use].any()
        table = np.array([mine[use], theirs[use]])
        heads = [i for i in np.flatnonzero(use) if not (continues[row, i] and ids[row, i - 1] >= 5)]
        table = np.array([mine[heads], theirs[heads]])  # one cell a word: its tokens go together
        assert stats.chi2_contingency(table).pvalue > 1e-3


@pytest.mark.parametrize("name", ["words", "tokens", "spans"])
def test_every_position_can_be_chosen(name, run, batch, usual):
    marks = chosen(usual if name == "words" else run(MASKINGS[name], 60))
    full = batch[1] == WIDTH
    seen = marks[:, full].sum(0)[eligible(batch)[full]]  # 60 times about 0.15
    assert (seen > 0).mean() > 0.999


def test_tokens_are_equally_likely(run, batch):
    marks = chosen(run(Masking(whole_words=False), 100))
    for row in (0, 5):
        counts = marks[:, row].sum(0)[eligible(batch)[row]]
        assert stats.chisquare(counts).pvalue > 1e-3
    full = batch[1] == WIDTH
    by_place = marks[:, full].sum((0, 1)) / eligible(batch)[full].sum(0).clip(1)
    assert np.ptp(by_place[1 : WIDTH // 2]) < 0.15 * by_place.max()


@pytest.mark.parametrize("shares", [(0.8, 0.1), (0.5, 0.5), (1.0, 0.0), (0.0, 0.3)])
def test_shares_of_what_stands_in_place(shares, run, batch):
    masking = Masking(mask_token_rate=shares[0], random_token_rate=shares[1])
    result = run(masking, 10)
    marks = chosen(result)
    new, old = result["token_ids"][marks], np.broadcast_to(batch[0], marks.shape)[marks]
    ordinary = len(WORDS) + len(PIECES)
    lucky = shares[1] / ordinary  # a random token may be the one that was there
    counts = [(new == 4).sum(), ((new != 4) & (new != old)).sum(), (new == old).sum()]
    expected = np.array([shares[0], shares[1] - lucky, 1 - sum(shares) + lucky]) * len(new)
    keep = expected > 1e-9
    assert not np.array(counts)[~keep].any()
    if keep.sum() > 1:
        assert stats.chisquare(np.array(counts)[keep], expected[keep]).pvalue > 1e-3
    if shares[1] > 0.2:
        drawn = np.bincount(new[(new != 4) & (new != old)], minlength=5 + ordinary)
        assert not drawn[:5].any()
        assert stats.chisquare(drawn[5:]).pvalue > 1e-3


@pytest.mark.parametrize("weights", [geometric_spans(), ngram_spans(3), (0.0, 1.0)])
def test_spans_have_the_lengths_that_were_asked_for(weights):
    eligible = tf.ones((400, 300), tf.bool)
    random = tf.constant(np.random.default_rng(0).random((400, 300 + len(weights)), "float32"))
    masking = Masking(span_weights=weights)
    words, spans = _words_and_spans(eligible, tf.zeros_like(eligible), masking, random)
    np.testing.assert_array_equal(words, np.tile(np.arange(300), (400, 1)))
    lengths = []
    for row in spans.numpy():
        lengths += np.bincount(row)[1:-1].tolist()  # the first and the last may be cut
    counts = np.bincount(lengths, minlength=len(weights) + 1)[1:]
    expected = np.array(weights) / sum(weights) * len(lengths)
    # A row that is full of long spans has fewer of them; so the whole differs a little from chance.
    assert counts[expected == 0].sum() == 0
    np.testing.assert_allclose(counts, expected, rtol=0.05, atol=5)
    # Spans begin anywhere.
    begins = (np.diff(spans.numpy(), axis=1) > 0).sum(0)
    assert begins.min() > 0.75 * begins.mean()


def test_chosen_spans_are_long_but_for_the_last(tokenizer):
    """Rows of one word after the other, so that only the budget cuts a span."""
    ids = np.full((400, 1002), 5, "int32")
    ids[:, 0], ids[:, -1] = tokenizer.cls_id, tokenizer.sep_id
    masking = Masking(rate=0.03, span_weights=(0.0, 0.0, 0.0, 1.0))
    lengths, continues = tf.fill([400], 1002), tf.zeros_like(ids, tf.bool)
    result = mask_tokens(tf.constant(ids), lengths, continues, tokenizer, masking, 30, 0, 0)
    assert result["mask_weights"].numpy().all()  # the budget is spent
    runs = [
        np.diff(np.flatnonzero(np.diff(row, prepend=-2, append=5000) != 1))
        for row in result["mask_positions"].numpy()
    ]
    counts = np.bincount(np.concatenate(runs), minlength=9)
    # 30 tokens: seven spans of four words and two words of another, unless spans touch or the row cuts them.
    assert counts[4] > 0.9 * 7 * 400 * 0.9
    assert counts[2] > 0.8 * 400


def test_spans_keep_within_a_segment_and_words_whole(run, batch):
    marks = chosen(run(MASKINGS["spans"], 6))
    for row, groups in enumerate(words(batch)):
        for group in groups:
            some = marks[:, row, group]
            assert (some.all(-1) == some.any(-1)).all()
    single = chosen(run(Masking(), 6))
    neighbours = [(m[..., 1:] & m[..., :-1]).sum() / m.sum() for m in (marks, single)]
    assert neighbours[0] > 1.5 * neighbours[1]


def test_a_span_has_one_fate(run, batch):
    result = run(Masking(mask_token_rate=0.5, random_token_rate=0.0, by_span=True), 6)
    marks = chosen(result)
    for row, groups in enumerate(words(batch)):
        for group in groups:
            if len(group) > 1:
                fate = result["token_ids"][:, row, group] == 4
                assert (fate.all(-1) == fate.any(-1))[marks[:, row, group[0]]].all()


def test_same_seed_and_number_give_the_same_masks(run, usual):
    again = run(Masking(), 2)
    for name, values in again.items():
        np.testing.assert_array_equal(values, usual[name][:2])
    assert (usual["token_ids"][0] != usual["token_ids"][1]).any()  # dynamic
    assert (run(Masking(), 1, seed=1)["token_ids"][0] != usual["token_ids"][0]).any()


def test_a_part_of_the_rows_is_masked_as_in_the_whole(run, usual):
    part = run(Masking(), 2, keep=slice(1, None, 3))
    for name, values in part.items():
        np.testing.assert_array_equal(values, usual[name][:2, 1::3])


def test_a_row_without_ordinary_tokens_has_nothing_to_predict(tokenizer):
    ids = tf.constant([[2, 3, 1, 3]])
    result = mask_tokens(ids, tf.constant([4]), tf.zeros_like(ids, tf.bool), tokenizer, Masking(), 3, 0, 0)
    assert not result["mask_weights"].numpy().any()
    np.testing.assert_array_equal(result["token_ids"], ids)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"rate": 1.5}, "`rate` must be a number from 0 to 1"),
        ({"mask_token_rate": 0.9, "random_token_rate": 0.2}, "add up to at most 1"),
        ({"span_weights": ()}, "`span_weights` must be"),
        ({"span_weights": (0.0, -1.0)}, "`span_weights` must be"),
        ({"max_predictions": 0}, "`max_predictions` must be a positive int"),
    ],
)
def test_wrong_settings_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        Masking(**arguments)
