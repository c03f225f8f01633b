"""What else a user may pass to measure robustness, and to train against typos."""

import pytest
from wild_tasks import made

from kerasbert import BertTokenizer, export, robustness
from kerasbert.data import RowStream

TEXTS = ["good film", "bad film", "the film was good"]
MASKED = ["a [MASK] film", "The film was [MASK]."]


@pytest.fixture(scope="module")
def words():
    known = ["good", "bad", "film", "the", "was", "a", "."]
    return BertTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *known])


@pytest.fixture(scope="module")
def task(words):
    return made("BertTextClassifier", words, labels=["bad", "good"])


def test_masks_survive_every_perturbation(words):
    model = made("BertMaskedLM", words)
    found = robustness.invariance(model, MASKED)
    assert found["lower_case"].texts == 1
    assert found["no_punctuation"].texts == 1
    assert found["doubled_words"].texts == 2
    assert found["truncated"].texts == 1  # the second text would lose its mask
    shown = robustness.invariance(model, MASKED, {"other": lambda text: "good " + text}, examples=9)["other"]
    assert shown.texts == 2
    assert all("[MASK]" in example.perturbed for example in shown.examples)


def test_a_file_may_be_given_by_its_path(trained, int8):
    texts = ["good film", "bad film"]
    runner = robustness.invariance(trained, texts, robustness.upper_case, runner=export.open_artifact(int8))
    for file in (int8, int8.path, str(int8.path)):
        found = robustness.invariance(trained, texts, robustness.upper_case, runner=file)
        assert found.rates == runner.rates


def test_perturbations_of_other_kinds(task):
    found = robustness.invariance(task, TEXTS, {1: robustness.upper_case})
    assert "1" in str(found)
    assert "1" in found._repr_html_()
    for wrong in ("lower_case", ["lower_case"], {"a": "lower_case"}):
        with pytest.raises(TypeError, match="must be a function"):
            robustness.invariance(task, TEXTS, wrong)
    with pytest.raises(TypeError, match="must be a function"):
        robustness.direction(task, TEXTS, "lower_case", "good", "up")
    assert robustness.direction(task, TEXTS, lambda text: text + "!", "good", "up").name == "change"


@pytest.mark.parametrize("tolerance", ["a", -1, float("nan")])
def test_a_tolerance_is_a_number(task, words, tolerance):
    embedder = made("BertTextEmbedder", words)
    with pytest.raises(ValueError, match="`tolerance` must be"):
        robustness.invariance(embedder, TEXTS, robustness.upper_case, tolerance=tolerance)
    with pytest.raises(ValueError, match="`tolerance` must be"):
        robustness.direction(task, TEXTS, robustness.upper_case, "good", "up", tolerance=tolerance)


def test_changes_that_apply_to_no_text_do_not_count(task):
    rate, words = robustness.invariance(task, ["1 2", "3 4"], [robustness.upper_case]).verdict()
    assert (rate, words) == (0.0, "No change that keeps the label applies to these texts.")
    _, words = robustness.invariance(task, ["1 2"], [robustness.upper_case, robustness.emoji]).verdict()
    assert words.startswith("Of 1 change")


def test_positions_are_refused_wherever_they_are():
    texts = ["film", "Anna was there"]
    squad = [{"text": [], "answer_start": []}, {"text": ["Anna"], "answer_start": [0]}]
    for labels in ([[], [(0, 4, "PER")]], squad, [[], [{"text": "Anna", "answer_start": 0}]]):
        with pytest.raises(ValueError, match="must not be positions"):
            robustness.augmented(texts, labels)
    assert len(list(robustness.augmented(texts, [[], ["person"]]))) == 2


def test_rows_of_a_reader_are_not_taken_for_words():
    rows = RowStream(lambda: iter([("good film", "good")]), labelled=True)
    with pytest.raises(TypeError, match="must be texts in memory"):
        robustness.augmented(rows)
    with pytest.raises(TypeError, match="a list of labels"):
        robustness.augmented(TEXTS, "bad")
