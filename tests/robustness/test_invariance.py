"""Rates of changed answers are counted as they should be, for every kind of answers."""

import numpy as np
import pytest

import kerasbert
from kerasbert.data import scheme_labels
from kerasbert.robustness import Outcome, direction, emoji, invariance, keyboard_typos, lower_case, upper_case

TEXTS = ["good film", "bad film", "what a good film!", "the film was bad"]


def to_bad(text):
    return text.replace("good", "bad")


@pytest.fixture(scope="module")
def answers(trained):
    names = trained.predict_labels([*TEXTS, *map(to_bad, TEXTS)], verbose=0)
    return names[:4], names[4:]


def test_texts_that_a_change_leaves_alone_do_not_count(trained, answers):
    found = invariance(trained, TEXTS, to_bad)["to_bad"]
    before, after = answers
    assert before == ["good", "bad", "good", "bad"]  # or this test could not fail
    changed = sum(before[row] != after[row] for row in (0, 2))
    assert changed > 0
    assert (found.texts, found.changed, found.rate) == (2, changed, changed / 2)
    example = found.examples[0]
    assert (example.row, example.text, example.perturbed) == (0, "good film", "bad film")
    assert (example.answer, example.perturbed_answer) == (before[0], after[0])


def test_case_does_not_matter_to_an_uncased_model(trained):
    found = invariance(trained, TEXTS, [upper_case, lower_case])
    assert found["upper_case"].texts == 4
    assert found["lower_case"].texts == 0
    assert found.rates == {"upper_case": 0.0, "lower_case": 0.0}


def test_tables_have_the_largest_rate_first_and_escape_names(trained):
    texts = ["good film"]
    found = invariance(trained, texts, {"same": upper_case, "<b>": to_bad})
    assert list(found.rates) == ["<b>", "same"]
    assert str(found).splitlines()[1].split() == ["<b>", "1", "1", "100.0%"]
    assert "&lt;b&gt;" in found._repr_html_()
    assert "<b>" not in found._repr_html_()
    assert "'good film'" in str(found["<b>"])


def test_intervals_are_wilsons():
    stats = pytest.importorskip("scipy.stats")
    for changed in (0, 3, 20):
        found = Outcome("typos", 20, changed, []).interval
        expected = stats.binomtest(changed, 20).proportion_ci(method="wilson")
        assert (found.low, found.high) == pytest.approx((100 * expected.low, 100 * expected.high), abs=1e-6)


def test_each_row_has_a_seed_of_its_own(trained):
    seeds = []

    def note(text, seed):
        seeds.append(seed)
        return text

    invariance(trained, ["good"] * 3, note, seed=7)
    assert seeds == ["7/0", "7/1", "7/2"]


def test_an_exported_file_answers_too(trained, saved_model):
    from kerasbert.export import open_artifact

    found = invariance(trained, TEXTS, to_bad, runner=open_artifact(saved_model))
    assert found == invariance(trained, TEXTS, to_bad)
    assert found["to_bad"].changed > 0


def test_pairs_keep_their_second_text(trained):
    seen = invariance(trained, (["good", "bad"], ["film", "film"]), to_bad)["to_bad"]
    assert seen.texts == 1
    assert seen == invariance(trained, {"text": ["good", "bad"], "text_pair": ["film"] * 2}, to_bad)["to_bad"]


def test_numbers_need_a_tolerance(config, tokenizer):
    embedder = kerasbert.BertTextEmbedder(kerasbert.BertEncoder(config), tokenizer)
    with pytest.raises(ValueError, match="`tolerance` is needed for tasks that answer with numbers"):
        invariance(embedder, TEXTS, to_bad)
    a, b = embedder.predict(["good film", "bad film"], verbose=0)
    distance = 1 - float(a @ b)
    assert distance > 1e-3
    for tolerance, changed in ((0.9 * distance, 1), (1.1 * distance, 0)):
        assert invariance(embedder, ["good film"], to_bad, tolerance=tolerance)["to_bad"].changed == changed
    for tolerance in (float("nan"), -0.1):
        with pytest.raises(
            ValueError, match=r"`tolerance` must be a finite number of at least 0.*invariance"
        ):
            invariance(embedder, ["good film"], to_bad, tolerance=tolerance)


@pytest.mark.slow
def test_entities_are_compared_by_type_and_answers_by_text(config, tokenizer):
    tagger = kerasbert.BertTokenClassifier(kerasbert.BertEncoder(config), tokenizer, scheme_labels(["LOC"]))
    assert invariance(tagger, TEXTS, upper_case)["upper_case"].rate == 0
    answerer = kerasbert.BertQuestionAnswerer(kerasbert.BertEncoder(config, pooler=False), tokenizer)
    rows = (["what was good?"] * 2, ["the film was good", "bad film"])
    assert invariance(answerer, rows, upper_case)["upper_case"].rate == 0
    assert invariance(answerer, rows, emoji)["emoji"].texts == 2


def test_directions(trained):
    with pytest.raises(ValueError, match=r"`tolerance` must be a finite number of at least 0.*direction"):
        direction(trained, ["film"], to_bad, "good", "up", tolerance=float("nan"))
    added = direction(
        trained, ["film", "the film"], lambda text: text + " good", "good", "up", tolerance=0.05
    )
    assert (added.texts, added.changed) == (2, 0)
    wrong = direction(trained, ["film", "the film"], lambda text: text + " good", "good", "down")
    assert wrong.changed == 2
    before, after = trained.predict(["film", "film good"], verbose=0)[:, 1]
    assert wrong.examples[0].answer == pytest.approx(before, abs=1e-4)
    assert wrong.examples[0].perturbed_answer == pytest.approx(after, abs=1e-4)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("good film", to_bad), "rows of text, not one text"),
        ((TEXTS, [lambda text: text]), "must have a name of its own"),
        ((TEXTS, {"none": lambda text: None}), "must return a str"),
        ((TEXTS, []), "at least one perturbation"),
        (([], to_bad), "at least one text"),
        (((), to_bad), "at least one text"),
        ((TEXTS, {"one": 1}), "must be a function"),
        (([["good", "film"]], to_bad), "texts in memory"),
        ((["good", 1], to_bad), "row"),
    ],
)
def test_errors(trained, arguments, message):
    with pytest.raises((TypeError, ValueError), match=message):
        invariance(trained, *arguments)


def test_a_direction_needs_a_label(trained, config, tokenizer):
    with pytest.raises(ValueError, match=r"at least one text.*direction"):
        direction(trained, [], to_bad, "good", "up")
    with pytest.raises(ValueError, match="`label` must be one of"):
        direction(trained, TEXTS, to_bad, "great", "up")
    embedder = kerasbert.BertTextEmbedder(kerasbert.BertEncoder(config), tokenizer)
    with pytest.raises(TypeError, match="classifier of texts"):
        direction(embedder, TEXTS, to_bad, "good", "up")


def test_arrays_and_series(trained):
    pandas = pytest.importorskip("pandas")
    expected = invariance(trained, TEXTS, keyboard_typos)
    assert invariance(trained, np.array(TEXTS), keyboard_typos) == expected
    assert invariance(trained, pandas.Series(TEXTS, index=[9, 8, 7, 6]), keyboard_typos) == expected
