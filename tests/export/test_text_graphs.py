"""What files compute of texts, in integers: the graphs answer as `predict`, before anything is converted."""

import itertools
import random

import numpy as np
import pytest
import tensorflow as tf
from wild_tasks import made

import kerasbert
from kerasbert.data import scheme_labels
from kerasbert.export import text_graphs
from kerasbert.export.text_graphs.tokenize import as_code_points, tokenizer_of

# Long texts are among those below, and `predict` warns of them.
pytestmark = pytest.mark.filterwarnings("ignore:.*were truncated:UserWarning")
CHARACTERS = "ab b b  c,.)!東京\u00ad\ufeff\x07\n👩\u200d\ufffd\x00Éßı\ud800"
WORDS = ["good", "bad", "film", "!", "漢字", "\x07", "very", "films", "[MASK]"]


def answers(task, x):
    """As `predict`, by the graphs of code points."""
    module = text_graphs.BY_ENDPOINT[task.endpoint]
    functions = {
        name: tf.function(function, input_signature=specs)
        for name, (function, specs) in text_graphs.text_signatures(
            task, tokenizer_of(task), task.answer_tokens
        ).items()
    }
    rows, outputs = text_graphs.rows_of_texts(task.endpoint, x), []
    for row in rows:
        name, inputs = module.inputs(task.endpoint, row)
        found = functions[name](*map(tf.constant, inputs.values()))
        outputs.append({key: value.numpy() for key, value in found.items()})
    return module.predictions(text_graphs.description(task), rows, outputs)


def texts(seed, count=40, most=30):
    generator = random.Random(seed)
    words = [" ".join(generator.choices(WORDS, k=generator.randrange(most))) for _ in range(count)]
    others = ["".join(generator.choices(CHARACTERS, k=generator.randrange(most))) for _ in words]
    return ["", " ", *words, *others]


def check_scores(found, expected, names=("score",)):
    """Compares all fields of rows; the scores among them by their difference."""
    fields = [{**vars(row)} for row in found], [{**vars(row)} for row in expected]
    scores = [[row.pop(name) for row in rows for name in names] for rows in fields]
    assert fields[0] == fields[1]
    np.testing.assert_allclose(*scores, atol=1e-5)


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("scheme", ["IO", "IOB1", "BIO", "IOBES", "BILOU"])
def test_entities(scheme, tokenizer):
    labels = scheme_labels(["X", "Y"], scheme)
    task, x = (
        made("BertTokenClassifier", tokenizer, labels=labels, scheme=scheme, window_step=3),
        texts(scheme),
    )
    found, expected = answers(task, x), task.predict(x, verbose=0)
    assert list(map(len, found)) == list(map(len, expected))
    assert sum(map(len, found)) > 10
    check_scores(list(itertools.chain(*found)), list(itertools.chain(*expected)))


@pytest.mark.slow
def test_entities_in_bytes(byte_pairs):
    task = made("BertTokenClassifier", kerasbert.RobertaTokenizer(*byte_pairs), labels=["O", "B-X", "I-X"])
    x = texts("bytes")
    found, expected = answers(task, x), task.predict(x, verbose=0)
    assert list(map(len, found)) == list(map(len, expected))
    check_scores(list(itertools.chain(*found)), list(itertools.chain(*expected)))


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("kind", ["words", "bytes"])
def test_answers_to_questions(kind, tokenizer, byte_pairs):
    tokenizer = tokenizer if kind == "words" else kerasbert.RobertaTokenizer(*byte_pairs)
    task = made("BertQuestionAnswerer", tokenizer, length=24, window_step=5, max_question_length=6)
    x = texts("questions", most=12), texts("contexts", most=60)
    found, expected = answers(task, x), task.predict(x, verbose=0)
    assert len({answer.text for answer in found}) > 20
    check_scores(found, expected, ("score", "null_score"))


@pytest.mark.slow_after(1)
@pytest.mark.parametrize(
    ("kind", "arguments"),
    [
        ("BertTextClassifier", {"labels": ["a", "b", "c"]}),
        ("BertTextClassifier", {"labels": ["score"], "problem": "regression"}),
        ("BertTextEmbedder", {}),
        ("BertNextSentencePredictor", {}),
    ],
)
def test_numbers(kind, arguments, tokenizer):
    task = made(kind, tokenizer, **arguments)
    x = texts("pairs", 10), texts("more", 10)
    np.testing.assert_allclose(answers(task, x), task.predict(x, verbose=0), atol=1e-5)
    np.testing.assert_allclose(answers(task, x[0]), task.predict(x[0], verbose=0), atol=1e-5)


@pytest.mark.slow
def test_choices(tokenizer):
    task, x = made("BertMultipleChoice", tokenizer), texts("choices", 10)
    x = x, [[text, *x[i : i + 2]] for i, text in enumerate(["good film", *x[:-3], "", "film"])]
    x[1][-2:] = [["film", "", "bad"], ["bad", "good", "good film"]]
    np.testing.assert_allclose(answers(task, x), task.predict(x, verbose=0), atol=1e-5)


@pytest.mark.slow
def test_filled_masks(tokenizer):
    task = made("BertMaskedLM", tokenizer)
    x = [text for text in texts("masks", most=9) if "[MASK]" in text]
    assert len(x) > 5
    for found, expected in zip(answers(task, x), task.predict(x), strict=True):
        for one, two in zip(found, expected, strict=True):
            assert [token for token, _ in one] == [token for token, _ in two]
            np.testing.assert_allclose(*([p for _, p in mask] for mask in (one, two)), atol=1e-5)
    with pytest.raises(ValueError, match="must contain a mask"):
        answers(task, ["no mask"])


@pytest.mark.slow
def test_summaries(tokenizer):
    task = made("BertSummarizer", tokenizer)
    sentences = texts("sentences", 30, most=12)
    x = [sentences[i : i + n] for i, n in enumerate([0, 1, 5, 9, 20])] + ["A good film. Very bad! \x07"]
    found, expected = answers(task, x), task.predict(x, verbose=0)
    assert [row.indices for row in found] == [row.indices for row in expected]
    assert [row.text for row in found] == [row.text for row in expected]
    for one, two in zip(found, expected, strict=True):
        np.testing.assert_allclose(one.scores, two.scores, atol=1e-5)


def test_what_is_no_text_is_refused():
    assert as_code_points("Bé", b"a").tolist() == [[66, 233], [97, 0]]
    for wrong in (["Anna", "was"], None, float("nan")):
        with pytest.raises(TypeError, match="A file that takes text takes str"):
            as_code_points("a", wrong)
