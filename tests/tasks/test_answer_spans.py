"""The spans that `predict` finds, beside plain searches, and for odd texts."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from answers import same_answers
from question_rows import make

import kerasbert


def plain_search(task, question, context, longest):
    """All spans of one row with their scores, and the null score: one window and one pair at a time."""
    tokenizer = task.tokenizer
    ids = tokenizer.tokenize(question).numpy()[: task.preprocessor.max_question_length]
    tokens, starts, ends = (t.numpy() for t in tokenizer.tokenize_with_offsets(context))
    room = task.max_sequence_length - 3 - len(ids)
    windows, begin = [], 0
    while True:
        windows.append((begin, tokens[begin : begin + room]))
        if begin + room >= len(tokens):
            break
        begin += task.preprocessor.window_step
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


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_answers_are_those_of_a_plain_search(seed):
    task = make(max_length=16, seed=seed, window_step=4)
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
        same_answers(answers[0], one)  # some processors round the products of other batches otherwise
        for answer, (text, score) in zip(answers, texts, strict=False):
            assert answer.text == text == context[answer.start : answer.end]
            assert answer.score == pytest.approx(score, abs=1e-4)
            assert answer.null_score == pytest.approx(null - texts[0][1], abs=1e-4)


@pytest.mark.slow
def test_transformers_finds_the_same_spans(tmp_path):
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    task = make(max_length=16, window_step=4)
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


@pytest.fixture(scope="module")
def compiled():
    """Not trained to any end: tests compare what one state of it says."""
    task = make()
    task.compile()
    return task


@pytest.mark.slow
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


@pytest.mark.slow
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
    task = kerasbert.BertQuestionAnswerer(
        kerasbert.BertEncoder(config, pooler=False), tokenizer, window_step=5
    )
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
    assert again.preprocessor.window_step == 5
    assert again.predict((["film"], contexts[:1]), verbose=0) == task.predict(
        (["film"], contexts[:1]), verbose=0
    )
