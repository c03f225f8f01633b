import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from question_rows import ANSWERS, CONTEXTS, QUESTIONS, WORDS, long, make

import kerasbert
from kerasbert.data import QuestionRows

# The long contexts are mostly emoji, which the vocabulary lacks.
pytestmark = pytest.mark.filterwarnings("ignore:.* of the tokens are .UNK.")


@pytest.fixture(scope="module")
def compiled():
    """Not trained to any end: tests compare what one state of it says."""
    task = make()
    task.compile()
    return task


@pytest.fixture(scope="module")
def learned():
    task = make(dim=32, window_step=3)
    task.compile(optimizer=keras.optimizers.Adam(3e-3))
    contexts, answers = long()
    rows = (QUESTIONS * 2 + ["影?"] * 6, CONTEXTS + contexts + CONTEXTS[::2])
    task.fit(rows, ANSWERS + answers + [[]] * 6, epochs=30, batch_size=8, verbose=0)
    return task


# === It learns ===


@pytest.mark.slow
def test_it_learns_exact_answers(learned):
    answers = learned.predict((QUESTIONS, CONTEXTS), verbose=0)
    assert [(a.text, a.start) for a in answers] == [row[0] for row in ANSWERS]
    assert learned.scores((QUESTIONS, CONTEXTS), ANSWERS, verbose=0) == {
        "exact_match": 1.0,
        "f1": 1.0,
        "questions": 12,
    }


@pytest.mark.slow
def test_it_finds_answers_beyond_the_first_window(learned):
    contexts, right = long()
    answers = learned.predict((QUESTIONS, contexts), verbose=0)
    assert [(a.text, a.start) for a in answers] == [row[0] for row in right]


@pytest.mark.slow
def test_a_threshold_gives_no_answer_where_that_scores_higher(learned):
    x = (["影?", "Where is Ann?"], ["🎉 Ann lives in Rome."] * 2)
    never = learned.predict(x, verbose=0)
    assert all(a.text for a in never)
    assert never[0].null_score > 0 > never[1].null_score
    empty, rome = learned.predict(x, null_threshold=0.0, verbose=0)
    assert (empty.text, empty.start, empty.end, empty.null_score) == ("", 0, 0, never[0].null_score)
    assert empty.score == pytest.approx(never[0].score + never[0].null_score, abs=1e-4)
    assert rome == never[1]
    above = never[0].null_score
    assert learned.predict(x, null_threshold=above, verbose=0)[0] == never[0]  # more, not as much
    assert learned.predict(x, null_threshold=above - 1e-3, verbose=0)[0] == empty
    scores = learned.scores(x, [[], ["Rome"]], null_threshold=0.0, verbose=0)
    assert (scores["no_answer_exact_match"], scores["has_answer_exact_match"]) == (1, 1)
    lists = learned.predict(x, null_threshold=0.0, n_best=3, verbose=0)
    assert (lists[0][0], lists[0][1]) == (empty, never[0])


# === What goes in ===


@pytest.mark.slow_after(1)
@pytest.mark.parametrize(
    ("x", "y"),
    [
        ((QUESTIONS, CONTEXTS), ANSWERS),
        ((np.array(QUESTIONS), pd.Series(CONTEXTS)), tuple(map(tuple, ANSWERS))),
        ({"text": QUESTIONS, "text_pair": CONTEXTS}, pd.Series(ANSWERS)),
        ((tf.constant(QUESTIONS), [c.encode() for c in CONTEXTS]), ANSWERS),
        (QuestionRows(QUESTIONS, CONTEXTS, ANSWERS, range(12), range(12)), None),
    ],
    ids=range(5),
)
def test_every_form_of_rows_scores_the_same(compiled, x, y):
    expected = compiled.evaluate((QUESTIONS, CONTEXTS), ANSWERS, verbose=0)
    np.testing.assert_allclose(compiled.evaluate(x, y, verbose=0), expected, rtol=1e-5)
    answers = compiled.predict((QUESTIONS, CONTEXTS), verbose=0)
    assert [a.text for a in compiled.predict(x, verbose=0)] == [a.text for a in answers]


@pytest.mark.slow
def test_what_the_reader_gives_is_enough(compiled):
    rows = QuestionRows(QUESTIONS, CONTEXTS, ANSWERS, range(12), range(12))
    history = compiled.fit(rows, batch_size=5, epochs=2, validation_data=rows, verbose=0).history
    np.testing.assert_allclose(
        history["val_loss"][-1], compiled.evaluate(rows, batch_size=5, verbose=0)[0], rtol=1e-5
    )
    assert compiled.scores(rows, verbose=0) == compiled.scores((QUESTIONS, CONTEXTS), ANSWERS, verbose=0)
    with pytest.raises(ValueError, match="right answers"):
        compiled.scores((QUESTIONS, CONTEXTS))


@pytest.mark.slow
def test_the_loss_is_that_of_tokens_with_positions(compiled):
    as_tokens = {k: v.numpy() for k, v in compiled.tokenizer(QUESTIONS, CONTEXTS).items()}
    ids = as_tokens["token_ids"].tolist()
    words = [[WORDS[i - 5] if i > 4 else "" for i in row] for row in ids]
    places = [
        max(k for k, word in enumerate(row) if word == answer[0][0].lower())
        for row, answer in zip(words, ANSWERS, strict=True)
    ]
    y = {"start": np.array(places), "end": np.array(places)}
    expected = compiled.evaluate((QUESTIONS, CONTEXTS), ANSWERS, verbose=0)
    np.testing.assert_allclose(compiled.evaluate(as_tokens, y, verbose=0), expected, rtol=1e-5)
    data = tf.data.Dataset.from_tensor_slices((as_tokens, y)).batch(5)
    np.testing.assert_allclose(compiled.evaluate(data, verbose=0)[0], expected[0], rtol=1e-5)
    history = compiled.fit(as_tokens, y, validation_split=0.5, validation_data=None, verbose=0)
    compiled.fit(data, validation_data=data, verbose=0)
    assert np.isfinite(history.history["val_loss"]).all()
    logits = compiled.predict(as_tokens, verbose=0)
    assert logits["start"].shape == as_tokens["token_ids"].shape


@pytest.mark.slow
def test_weights_count(compiled):
    contexts, answers = long(20)
    weights = [1.0, 0.0] * 6
    half = compiled.evaluate((QUESTIONS[::2], contexts[::2]), answers[::2], verbose=0)[0]
    weighted = compiled.evaluate((QUESTIONS, contexts), answers, sample_weight=weights, verbose=0)[0]
    windows = [
        len(compiled.preprocessor.windows(QUESTIONS[part], contexts[part]))
        for part in (slice(None, None, 2), slice(None))
    ]
    np.testing.assert_allclose(weighted, half * windows[0] / windows[1], rtol=1e-4)
    compiled.fit((QUESTIONS, contexts), answers, sample_weight=weights, validation_split=0.25, verbose=0)


@pytest.mark.slow
def test_validation_split_takes_the_last_rows(compiled):
    history = compiled.fit((QUESTIONS, CONTEXTS), ANSWERS, validation_split=0.25, verbose=0).history
    last = compiled.evaluate((QUESTIONS[9:], CONTEXTS[9:]), ANSWERS[9:], verbose=0)[0]
    np.testing.assert_allclose(history["val_loss"], last, rtol=1e-5)


@pytest.mark.slow
def test_long_questions_are_truncated_and_counted():
    task = make(max_question_length=4)
    task.compile()
    short, cut_off = "Where is Ann?", "Where is Ann? Bob Bob"
    with pytest.warns(UserWarning, match="1 of the 2 questions .* max_question_length=4"):
        one, two = task.predict(([short, cut_off], ["Bob lives in Rome."] * 2), verbose=0)
    assert one == two
    with pytest.warns(UserWarning, match="1 of the 1 questions"):
        task.fit(([cut_off], ["Ann"]), [[("Ann", 0)]], verbose=0)


@pytest.mark.parametrize(
    ("x", "y", "kind", "message"),
    [
        (QUESTIONS, ANSWERS, TypeError, "takes questions and contexts"),
        ((QUESTIONS, CONTEXTS[1:]), ANSWERS, ValueError, "as many rows"),
        ((QUESTIONS, CONTEXTS), ANSWERS[1:], ValueError, "as many rows"),
        ((QUESTIONS, CONTEXTS), None, ValueError, "need labels"),
        ((QUESTIONS, CONTEXTS), [[("Bonn", 0)]] * 12, ValueError, r"at its offset.*row 0"),
        ((QUESTIONS, CONTEXTS), ["Bonn"] * 12, TypeError, r"list of pairs.*x: y, row 0"),
        ((QUESTIONS, CONTEXTS), [[(" ", 1)]] * 12, ValueError, r"must have a token.*row 0"),
        (([], []), [], ValueError, "at least one row"),
        ((QUESTIONS, [None] * 12), ANSWERS, TypeError, "must be text"),
        (tf.data.Dataset.from_tensors(("a", "b")), None, TypeError, "takes questions.*row 0"),
        ({"token_ids": np.zeros((2, 3), int)}, [0, 1], ValueError, "`start` and `end`"),
        ({"token_ids": np.zeros((2, 3), int)}, {"start": [0], "end": [1, 2]}, ValueError, "as many rows"),
    ],
    ids=range(12),
)
def test_what_does_not_fit_is_an_error(compiled, x, y, kind, message):
    with pytest.raises(kind, match=message):
        compiled.fit(x, y, verbose=0)


# === Files ===


@pytest.mark.slow
def test_files_keep_what_it_learned(learned, tmp_path):
    expected = learned.predict((QUESTIONS, CONTEXTS), verbose=0)
    learned.save(tmp_path / "it.keras")
    learned.save_to_preset(tmp_path / "preset")
    for again in (
        keras.saving.load_model(tmp_path / "it.keras"),
        kerasbert.BertQuestionAnswerer.from_preset(tmp_path / "preset"),
    ):
        assert (again.preprocessor.window_step, again.preprocessor.max_question_length) == (3, 64)
        assert again.predict((QUESTIONS, CONTEXTS), verbose=0) == expected


@pytest.mark.slow
def test_mixed_precision():
    keras.utils.set_random_seed(0)
    full = make()
    half = kerasbert.BertQuestionAnswerer(
        kerasbert.BertEncoder(full.encoder.config, pooler=False, dtype="mixed_bfloat16"),
        full.tokenizer,
        dtype="mixed_bfloat16",
    )
    half.compile()
    history = half.fit((QUESTIONS, CONTEXTS), ANSWERS, verbose=0)
    assert np.isfinite(history.history["loss"]).all()
    assert all(isinstance(a.score, float) for a in half.predict((QUESTIONS, CONTEXTS), verbose=0))


@pytest.mark.slow
def test_an_answer_may_be_one_text_and_one_number(config, tokenizer):
    answerer = kerasbert.BertQuestionAnswerer(kerasbert.BertEncoder(config), tokenizer)
    answerer.compile(optimizer=keras.optimizers.SGD(0.0))
    x = (["good film?", "what film?"], ["the film was bad", "a film"])
    right = answerer.evaluate(x, [[("bad", 13)], []], verbose=0)
    for answer in ({"text": "bad", "answer_start": 13}, {"text": ["bad"], "answer_start": [13]}):
        assert answerer.evaluate(x, [answer, []], verbose=0) == pytest.approx(right)
        assert answerer.scores(x, [answer, []], verbose=0)["questions"] == 2
    for answer in ({"text": "bad", "answer_start": [13]}, {"text": ["bad"], "answer_start": 13}):
        with pytest.raises(TypeError, match=r"list of pairs.*row 0"):
            answerer.evaluate(x, [answer, []], verbose=0)


@pytest.mark.slow
def test_a_context_may_be_empty(config, tokenizer):
    answerer = kerasbert.BertQuestionAnswerer(kerasbert.BertEncoder(config), tokenizer)
    answerer.compile()
    for contexts in (["", "a film"], ["", ""]):
        x = (["good film?", "what film?"], contexts)
        answerer.fit(x, [[], []], validation_data=(x, [[], []]), verbose=0)
        for n_best in (1, 2):
            empty = answerer.predict(x, verbose=0, n_best=n_best)[0]
            assert [answer.text for answer in (empty if n_best > 1 else [empty])] == [""]
        assert answerer.scores(x, [[], []], verbose=0)["questions"] == 2
        with pytest.raises(ValueError, match="must occur in its context"):
            answerer.fit(x, [[("film", 0)], []], verbose=0)
