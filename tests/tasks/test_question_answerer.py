import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

import kerasbert
from kerasbert.data import QuestionRows

WORDS = ["where", "who", "is", "lives", "in", "bonn", "rome", "paris", "ann", "bob", ".", "?", "影", "##s"]
PEOPLE, CITIES = ("Ann", "Bob"), ("Bonn", "Rome", "Paris")
QUESTIONS, CONTEXTS, ANSWERS = [], [], []
for person in PEOPLE:
    for city in CITIES:
        context = f"🎉 {person} lives in {city}."
        QUESTIONS += [f"Where is {person}?", f"Who is in {city}?"]
        CONTEXTS += [context] * 2
        ANSWERS += [[(city, context.index(city))], [(person, 2)]]


def make(max_length=32, seed=0, dim=8, **kwargs):
    keras.utils.set_random_seed(seed)
    tokenizer = kerasbert.BertTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS])
    config = kerasbert.BertConfig(
        vocabulary_size=tokenizer.vocabulary_size,
        num_layers=2,
        num_heads=2,
        hidden_dim=dim,
        intermediate_dim=2 * dim,
        max_sequence_length=max_length,
        initializer_range=0.3 if dim == 8 else 0.02,
        hidden_dropout=0.0,
        attention_dropout=0.0,
    )
    return kerasbert.BertQuestionAnswerer(kerasbert.BertEncoder(config, pooler=False), tokenizer, **kwargs)


@pytest.fixture(scope="module")
def compiled():
    """Not trained to any end: tests compare what one state of it says."""
    task = make()
    task.compile()
    return task


@pytest.fixture(scope="module")
def learned():
    task = make(dim=32, stride=3)
    task.compile(optimizer=keras.optimizers.Adam(3e-3))
    contexts, answers = long()
    rows = (QUESTIONS * 2 + ["影?"] * 6, CONTEXTS + contexts + CONTEXTS[::2])
    task.fit(rows, ANSWERS + answers + [[]] * 6, epochs=30, batch_size=8, verbose=0)
    return task


def long(prefix=20):
    """The same rows, with answers that a first window does not reach."""
    return [("🎉 " * prefix) + c for c in CONTEXTS], [[(t, s + 2 * prefix) for t, s in a] for a in ANSWERS]


# === It learns ===


def test_it_learns_exact_answers(learned):
    answers = learned.predict((QUESTIONS, CONTEXTS), verbose=0)
    assert [(a.text, a.start) for a in answers] == [row[0] for row in ANSWERS]
    assert learned.scores((QUESTIONS, CONTEXTS), ANSWERS, verbose=0) == {
        "exact_match": 100.0,
        "f1": 100.0,
        "questions": 12,
    }


def test_it_finds_answers_beyond_the_first_window(learned):
    contexts, right = long()
    answers = learned.predict((QUESTIONS, contexts), verbose=0)
    assert [(a.text, a.start) for a in answers] == [row[0] for row in right]


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
    assert (scores["no_answer_exact_match"], scores["has_answer_exact_match"]) == (100, 100)
    lists = learned.predict(x, null_threshold=0.0, n_best=3, verbose=0)
    assert (lists[0][0], lists[0][1]) == (empty, never[0])


# === Answers, beside a plain search ===


def plain_search(task, question, context, longest):
    """All spans of one row with their scores, and the null score: one window and one pair at a time."""
    tokenizer = task.tokenizer
    ids = tokenizer.tokenize(question).numpy()[: task.max_question_length]
    tokens, starts, ends = (t.numpy() for t in tokenizer.tokenize_with_offsets(context))
    room = task.max_sequence_length - 3 - len(ids)
    windows, begin = [], 0
    while True:
        windows.append((begin, tokens[begin : begin + room]))
        if begin + room >= len(tokens):
            break
        begin += task.stride
    spans, null = [], []
    for w, (begin, part) in enumerate(windows):
        packed = tokenizer.pack(tf.constant(ids), tf.constant(part))
        logits = {name: np.asarray(v) for name, v in task(packed).items()}
        null.append(logits["start"][0] + logits["end"][0])
        for i in range(len(part)):
            context_of = [
                min(begin + i - b, b + len(p) - 1 - begin - i) + 0.01 * len(p)
                if b <= begin + i < b + len(p)
                else -1
                for b, p in windows
            ]
            if context_of.index(max(context_of)) != w:
                continue
            for j in range(i, min(i + longest, len(part))):
                score = logits["start"][len(ids) + 2 + i] + logits["end"][len(ids) + 2 + j]
                spans.append((score, int(starts[begin + i]), int(ends[begin + j])))
    return sorted(spans, reverse=True), min(null)


@pytest.mark.parametrize("seed", range(3))
def test_answers_are_those_of_a_plain_search(seed):
    task = make(max_length=16, seed=seed, stride=4)
    for i, weight in enumerate(task.weights):
        weight.assign(weight + np.random.default_rng(seed + i).normal(size=weight.shape) * 0.3)
    contexts = [
        "Ann lives in Rome. 影影 Bob is Bonns in 🎉 Paris? " * 2,
        "Bob",
        "Who lives in Bonn? Ann Ann.",
    ]
    questions = ["Where is Ann?", "", "Who?"]
    found = task.predict((questions, contexts), n_best=7, max_answer_length=5, batch_size=3, verbose=0)
    best = task.predict((questions, contexts), max_answer_length=5, verbose=0)
    for question, context, answers, one in zip(questions, contexts, found, best, strict=True):
        spans, null = plain_search(task, question, context, 5)
        texts = []
        for score, start, end in spans:
            if context[start:end] not in [text for text, _ in texts]:
                texts.append((context[start:end], score))
        assert len(answers) == min(7, len(texts))
        assert answers[0] == one
        for answer, (text, score) in zip(answers, texts, strict=False):
            assert answer.text == text == context[answer.start : answer.end]
            assert answer.score == pytest.approx(score, abs=1e-4)
            assert answer.null_score == pytest.approx(null - texts[0][1], abs=1e-4)


def test_transformers_finds_the_same_spans(tmp_path):
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    task = make(max_length=16, stride=4)
    task.save_to_preset(tmp_path / "it")
    model = transformers.AutoModelForQuestionAnswering.from_pretrained(tmp_path / "it").eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(tmp_path / "it")
    question, context = "Where is Ann?", "Ann lives in Rome. Bob is in Bonn. Who lives in Paris? 影"
    room = 16 - 3 - 4
    inputs = tokenizer(
        question,
        context,
        truncation="only_second",
        max_length=16,
        stride=room - 4,  # transformers counts the overlap
        return_overflowing_tokens=True,
        return_offsets_mapping=True,
        padding=True,
        return_tensors="pt",
    )
    offsets, _ = inputs.pop("offset_mapping"), inputs.pop("overflow_to_sample_mapping")
    with torch.no_grad():
        logits = model(**inputs)
    scores = {}
    for w in range(len(offsets)):
        places = [i for i, s in enumerate(inputs.sequence_ids(w)) if s == 1]
        for i in places:
            for j in (j for j in places if i <= j < i + 30):
                span = (int(offsets[w][i][0]), int(offsets[w][j][1]))
                score = float(logits.start_logits[w][i] + logits.end_logits[w][j])
                scores.setdefault(span, []).append(score)
    assert len(offsets) > 1
    for answer in task.predict(([question], [context]), n_best=50, verbose=0)[0]:
        assert any(abs(answer.score - s) < 1e-4 for s in scores[answer.start, answer.end])


# === What goes in ===


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


def test_what_the_reader_gives_is_enough(compiled):
    rows = QuestionRows(QUESTIONS, CONTEXTS, ANSWERS, range(12), range(12))
    history = compiled.fit(rows, batch_size=5, epochs=2, validation_data=rows, verbose=0).history
    np.testing.assert_allclose(
        history["val_loss"][-1], compiled.evaluate(rows, batch_size=5, verbose=0)[0], rtol=1e-5
    )
    assert compiled.scores(rows, verbose=0) == compiled.scores((QUESTIONS, CONTEXTS), ANSWERS, verbose=0)
    with pytest.raises(ValueError, match="right answers"):
        compiled.scores((QUESTIONS, CONTEXTS))


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


def test_weights_count(compiled):
    contexts, answers = long(20)
    weights = [1.0, 0.0] * 6
    half = compiled.evaluate((QUESTIONS[::2], contexts[::2]), answers[::2], verbose=0)[0]
    weighted = compiled.evaluate((QUESTIONS, contexts), answers, sample_weight=weights, verbose=0)[0]
    windows = [
        len(compiled.feed_class(compiled).windows(QUESTIONS[part], contexts[part]))
        for part in (slice(None, None, 2), slice(None))
    ]
    np.testing.assert_allclose(weighted, half * windows[0] / windows[1], rtol=1e-4)
    compiled.fit((QUESTIONS, contexts), answers, sample_weight=weights, validation_split=0.25, verbose=0)


def test_validation_split_takes_the_last_rows(compiled):
    history = compiled.fit((QUESTIONS, CONTEXTS), ANSWERS, validation_split=0.25, verbose=0).history
    last = compiled.evaluate((QUESTIONS[9:], CONTEXTS[9:]), ANSWERS[9:], verbose=0)[0]
    np.testing.assert_allclose(history["val_loss"], last, rtol=1e-5)


def test_long_questions_are_truncated_and_counted():
    task = make(max_question_length=4)
    task.compile()
    short, cut_off = "Where is Ann?", "Where is Ann? Bob Bob"
    with pytest.warns(UserWarning, match="1 of the 2 questions .* longer than 4 tokens"):
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
        (tf.data.Dataset.from_tensors(("a", "b")), None, TypeError, "in memory"),
        ({"token_ids": np.zeros((2, 3), int)}, [0, 1], ValueError, "`start` and `end`"),
        ({"token_ids": np.zeros((2, 3), int)}, {"start": [0], "end": [1, 2]}, ValueError, "as many rows"),
    ],
    ids=range(12),
)
def test_what_does_not_fit_is_an_error(compiled, x, y, kind, message):
    with pytest.raises(kind, match=message):
        compiled.fit(x, y, verbose=0)


# === Odd rows ===


def test_empty_texts(compiled):
    answers = compiled.predict((["", "Who?", ""], ["Ann", "", ""]), verbose=0)
    assert (answers[0].text, answers[0].start, answers[0].end) == ("Ann", 0, 3)
    assert [(a.text, a.start, a.end, a.null_score) for a in answers[1:]] == [("", 0, 0, np.inf)] * 2
    assert compiled.predict(([], []), verbose=0) == []
    compiled.fit((["", "Who?"], ["Ann", ""]), [[("Ann", 0)], []], verbose=0)
    with pytest.raises(ValueError, match="n_best"):
        compiled.predict((["a"], ["a"]), n_best=0)


def test_one_huge_word_and_lone_surrogates(compiled, byte_pairs):
    word = "x" * 100_000
    answer = compiled.predict((["Who?"], [word]), verbose=0)[0]
    assert (answer.start, answer.end) == (0, 100_000)
    odd = "\ud800 Ann"
    for answer in compiled.predict((["Who?"], [odd]), n_best=5, verbose=0)[0]:
        assert odd[answer.start : answer.end] == answer.text


def test_byte_level_tokens(byte_pairs, tmp_path):
    tokenizer = kerasbert.RobertaTokenizer(*byte_pairs)
    config = kerasbert.BertConfig(
        vocabulary_size=tokenizer.vocabulary_size,
        num_layers=1,
        num_heads=2,
        hidden_dim=8,
        intermediate_dim=16,
        max_sequence_length=20,
        position_offset=2,
        num_segments=1,
        initializer_range=0.3,
    )
    task = kerasbert.BertQuestionAnswerer(kerasbert.BertEncoder(config, pooler=False), tokenizer, stride=5)
    task.compile(optimizer=keras.optimizers.Adam(1e-2))
    contexts = ["a film 🎉 no film  é", "x" * 30, "no film's a film é"]
    answers = [[("🎉", 7)], [], [("é", 17)]]
    task.fit((["film", "no", "é"], contexts), answers, epochs=40, verbose=0)
    found = task.predict((["film", "no", "é"], contexts), null_threshold=0.0, verbose=0)
    assert [a.text for a in found] == ["🎉", "", "é"]
    contexts[1] *= 100
    for lists, context in zip(
        task.predict((["film"] * 3, contexts), n_best=20, verbose=0), contexts, strict=True
    ):
        assert all(context[a.start : a.end] == a.text != "" for a in lists)
        assert len({a.text for a in lists}) == len(lists)
    task.save_to_preset(tmp_path / "it")
    again = kerasbert.BertQuestionAnswerer.from_preset(tmp_path / "it")
    assert again.stride == 5
    assert again.predict((["film"], contexts[:1]), verbose=0) == task.predict(
        (["film"], contexts[:1]), verbose=0
    )


# === Files ===


def test_files_keep_what_it_learned(learned, tmp_path):
    expected = learned.predict((QUESTIONS, CONTEXTS), verbose=0)
    learned.save(tmp_path / "it.keras")
    learned.save_to_preset(tmp_path / "preset")
    for again in (
        keras.saving.load_model(tmp_path / "it.keras"),
        kerasbert.BertQuestionAnswerer.from_preset(tmp_path / "preset"),
    ):
        assert (again.stride, again.max_question_length) == (3, 64)
        assert again.predict((QUESTIONS, CONTEXTS), verbose=0) == expected


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
