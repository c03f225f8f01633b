import keras
import numpy as np
import pytest

import kerasbert

TEXTS = ["good", "bad", "film", "what"] * 6
CHOICES = [
    ["a bad film", "a good film", "the"],
    ["bad", "good", "not"],
    ["was", "a", "film"],
    ["what a film", ".", ","],
] * 6
RIGHT = [1, 0, 2, 0] * 6


@pytest.fixture
def task(config, tokenizer):
    return kerasbert.BertMultipleChoice(kerasbert.BertEncoder(config), tokenizer)


@pytest.mark.slow
def test_it_learns_which_choice_is_right(task):
    task.compile(optimizer=keras.optimizers.Adam(1e-2))
    task.fit((TEXTS, CHOICES), RIGHT, batch_size=8, epochs=40, verbose=0, validation_split=0.25)
    scores = task.evaluate((TEXTS, CHOICES), RIGHT, verbose=0, return_dict=True)
    assert scores["accuracy"] == 1.0
    probabilities = task.predict({"text": TEXTS[:4], "choices": CHOICES[:4]}, batch_size=3, verbose=0)
    assert probabilities.argmax(1).tolist() == RIGHT[:4]
    np.testing.assert_allclose(probabilities.sum(1), 1, atol=1e-5)


def test_each_choice_is_scored_with_its_text(task, tokenizer):
    found = task.predict((TEXTS[:2], CHOICES[:2]), verbose=0)
    for text, choices, row in zip(TEXTS, CHOICES, found, strict=False):
        scores = []
        for choice in choices:
            tokens = {name: value[None] for name, value in tokenizer([text], [choice]).items()}
            scores.append(float(task(tokens)[0, 0]))
        expected = np.exp(scores) / np.exp(scores).sum()
        np.testing.assert_allclose(row, expected, atol=1e-5)


@pytest.mark.slow
def test_tokens_do_as_well(task, tokenizer):
    tokens = tokenizer(np.repeat(TEXTS[:4], 3).tolist(), [choice for row in CHOICES[:4] for choice in row])
    tokens = {name: np.reshape(value, (4, 3, -1)) for name, value in tokens.items()}
    expected = task.predict((TEXTS[:4], CHOICES[:4]), verbose=0)
    np.testing.assert_allclose(task.predict(tokens, verbose=0), expected, atol=1e-5)
    task.compile()
    task.fit(tokens, np.array(RIGHT[:4]), verbose=0)


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (
            (["a", "b"], [["a", "b"], ["a"]]),
            [0, 0],
            r"same number of choices.*choices_to_a_row=\[1, 2\].*a separate call for each number",
        ),
        ((["a"], ["ab"]), [0], "a list of choices"),
        ((["a", "b"], [["a", "b"]]), [0], "as many rows"),
        ((["a"], [["a", "b"]]), [2], "from 0 to 1.*row 0"),
        ((["a"], [["a", "b"]]), ["a"], "whole number"),
        ((["a"], [["a", "b"]]), None, "need labels"),
        ({"text": ["a"], "choice": [["a"]]}, [0], "a list of choices"),
    ],
)
def test_wrong_rows_are_errors(task, x, y, message):
    task.compile()
    with pytest.raises(ValueError, match=message):
        task.fit(x, y, verbose=0)


def test_no_rows_give_no_answers(task):
    assert len(task.predict(([], []), verbose=0)) == 0
