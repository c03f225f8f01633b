"""Of each kind of task, the answer is explained that `predict` gives, in words of the texts."""

import keras
import numpy as np
import pytest
import question_rows
import tagging

import kerasbert
from kerasbert import evaluation, explain

# === Entities ===


@pytest.fixture(scope="module")
def tagger():
    keras.utils.set_random_seed(0)
    tokenizer = kerasbert.BertTokenizer(tagging.TOKENS)
    config = kerasbert.BertConfig(
        vocabulary_size=tokenizer.vocabulary_size,
        num_layers=1,
        num_heads=2,
        hidden_dim=16,
        intermediate_dim=16,
        max_sequence_length=12,
        initializer_range=0.5,
    )
    return kerasbert.BertTokenClassifier(kerasbert.BertEncoder(config), tokenizer, tagging.LABELS)


TEXT = "Ben and Anna is in Rome and New York. In São Rome is Ben and in New York is Anna"


def test_an_entity_in_any_window(tagger):
    start = TEXT.rindex("New York")
    [found] = explain.integrated_gradients(tagger, [TEXT], [(start, start + 8, "LOC")])
    assert found.completeness_error < 0.01
    assert found.target == "LOC 'New York'"
    assert [word.text for word in found.words] == [TEXT[a:b] for a, b in tagger.words_of([TEXT])[0]]
    read = [word.attribution != 0 for word in found.words]
    assert not any(read[:8])  # another window
    assert all(read[-6:])


def test_rows_of_words_have_the_same_explanation(tagger):
    words, target = tagging.SENTENCES[2], [(19, 23, "LOC")]
    texts = [" ".join(words)]
    assert texts[0][19:23] == "Rome"
    one, other = (explain.occlusion(tagger, x, target)[0] for x in (texts, [words]))
    assert [w.text for w in other.words] == words
    assert [w.text for w in one.words] == words
    np.testing.assert_allclose([w.attribution for w in one.words], [w.attribution for w in other.words])


def test_values_are_log_odds_of_the_labels(tagger):
    entities = tagger.predict([TEXT], verbose=0)[0]
    # An entity may begin with an "I-" where the model errs; a target always begins with its "B-".
    names = tagger.predict_labels([TEXT], verbose=0)[0]
    one_word = [e for e in entities if e.end_word - e.first_word == 1 and names[e.first_word][0] == "B"]
    assert one_word
    for entity in one_word:
        [found] = explain.gradient_times_input(tagger, [TEXT], [entity])
        assert found.probability == pytest.approx(entity.score, rel=1e-3)
    best = max(entities, key=lambda entity: entity.score)
    assert explain.gradient_times_input(tagger, [TEXT])[0].target == f"{best.type} {best.text!r}"


def test_wrong_entities(tagger):
    with pytest.raises(ValueError, match="borders of words"):
        explain.occlusion(tagger, ["in Bonn"], [(3, 6, "LOC")])
    with pytest.raises(ValueError, match=r"label='B-ORG'.*row 0"):
        explain.occlusion(tagger, ["in Bonn"], [(3, 7, "ORG")])


@pytest.mark.parametrize("as_words", [True, False])
def test_the_first_wrong_entity_of_the_worst_rows(tagger, as_words):
    """The tagger has learned nothing, so that it invents entities; one row has no answer at all."""
    x, y = ["Bonn Bonn", *tagging.TEXTS], [[(5, 9, "LOC")], *map(tagging.spans, tagging.SENTENCES)]
    if as_words:
        x, y = [["Bonn", "Bonn"], *tagging.SENTENCES], [["O", "B-LOC"], *tagging.Y]
    evaluated = evaluation.evaluate(tagger, x, y)
    evaluated.answered[0] = []  # a missing entity, for which no words speak
    found = evaluation.explain_mistakes(evaluated, tagger, x, count=len(x), steps=2)
    assert list(found) == [m.row for m in evaluated.mistakes(len(x)) if m.row and m.answer != "none"]
    assert len(found) > 2
    for row, explanation in found.items():
        wrong = [a for kind, _, a in evaluated.matches[row] if kind != "right" and a]
        start, end, type_ = min(wrong)
        words = (["Bonn", "Bonn"], *tagging.SENTENCES)[row]
        assert explanation.target == f"{type_} {' '.join(words[start:end])!r}"
        assert [word.text for word in explanation.words] == list(words)


# === Answers ===


@pytest.mark.slow
def test_an_answer_in_any_window():
    x = (question_rows.QUESTIONS[:2], question_rows.long(20)[0][:2])
    answerer = question_rows.make(max_length=24, window_step=8)
    answers = answerer.predict(x, verbose=0)
    found = explain.integrated_gradients(answerer, x)
    for explanation, answer, question, context in zip(found, answers, *x, strict=True):
        assert explanation.texts == (question, context)
        assert explanation.target == repr(answer.text)
        assert explanation.completeness_error < 0.01
        assert {word.part for word in explanation.words if word.attribution} == {0, 1}
        for word in explanation.words:
            assert explanation.texts[word.part][word.start : word.end] == word.text
    start = x[1][0].index("Bonn")
    [given] = explain.occlusion(answerer, tuple(part[:1] for part in x), (start, start + 4))
    assert given.target == "'Bonn'"


def test_the_value_of_an_answer_is_the_mean_of_the_log_odds_of_start_and_end():
    answerer = question_rows.make()
    x = (["Where is Ann?"], ["Ann lives in Bonn."])
    logits = answerer.predict(answerer.tokenizer(*x), verbose=0)
    [found] = explain.occlusion(answerer, x, (4, 12))
    expected = []
    for name, position in (("start", 6 + 1), ("end", 6 + 2)):
        p = np.exp(logits[name][0]) / np.exp(logits[name][0]).sum()
        expected.append(np.log(p[position] / (1 - p[position])))
    assert found.value == pytest.approx(np.mean(expected), rel=1e-4)
    with pytest.raises(ValueError, match="part of the context"):
        explain.occlusion(answerer, x, (3, 3))


# === Similarities and masks ===


@pytest.mark.slow_after(1)
@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_a_similarity(config, tokenizer, pooling):
    embedder = kerasbert.BertTextEmbedder(kerasbert.BertEncoder(config), tokenizer, pooling=pooling)
    x = (["good film", "what"], ["bad film!", "the film was bad"])
    found = explain.integrated_gradients(embedder, x)
    expected = np.diag(embedder.similarity(*x, verbose=0))
    np.testing.assert_allclose([e.value for e in found], expected, atol=1e-5)
    assert [w.text for w in found[0].words if w.part == 1] == ["bad", "film", "!"]
    assert all(e.completeness_error < 0.01 for e in found)
    attention = explain.attention(embedder, x)[0]
    assert sum(token.attribution for token in attention.tokens) == pytest.approx(1)
    with pytest.raises(ValueError, match="similarity of two texts"):
        explain.occlusion(embedder, ["good film"])


def test_a_masked_token(config, tokenizer):
    task = kerasbert.BertMaskedLM(kerasbert.BertEncoder(config), tokenizer)
    texts = ["what a [MASK] film", "[MASK]!"]
    best = task.fill_masks(texts, top_k=1)
    found = explain.integrated_gradients(task, texts)
    for explanation, [[(token, probability)]] in zip(found, best, strict=True):
        assert explanation.target == token
        assert explanation.probability == pytest.approx(probability, rel=1e-3)
        assert explanation.completeness_error < 0.01
    given = explain.occlusion(task, texts, "good")
    tokens = tokenizer.vocabulary.id_of("good")
    probabilities = task.predict(task.mask_tokenizer("")(texts), verbose=0)
    assert given[1].probability == pytest.approx(probabilities[1, 1, tokens], rel=1e-3)
    with pytest.raises(ValueError, match="exactly one mask"):
        explain.occlusion(task, ["[MASK] [MASK]"])
    with pytest.raises(ValueError, match="token of the vocabulary"):
        explain.occlusion(task, texts, "wonderful")


# === Other classifiers, words, tokenizers ===


def test_regressions_labels_and_numbers_beside_the_text(config, tokenizer):
    task = kerasbert.BertTextClassifier(
        kerasbert.BertEncoder(config), tokenizer, ["stars"], problem="regression"
    )
    [found] = explain.integrated_gradients(task, ["good film"])
    assert (found.target, found.measure) == ("stars", "number")
    assert found.value == pytest.approx(task.predict(["good film"], verbose=0)[0, 0], abs=1e-5)
    assert np.isnan(found.probability)


def test_words_of_odd_texts(random_classifier):
    texts = ["Göod  film!!", "漢字 🎉 verybadly", " \tgood\n"]
    for text, found in zip(texts, explain.occlusion(random_classifier, texts, "good"), strict=True):
        assert all(text[w.start : w.end] == w.text for w in found.words)
        shares = sum(w.attribution for w in found.words)
        assert shares == pytest.approx(sum(t.attribution for t in found.tokens))
    assert [w.text for w in explain.occlusion(random_classifier, texts[:1], "good")[0].words] == [
        "Göod",
        "film",
        "!",
        "!",
    ]


def test_a_roberta_tokenizer(config, byte_pairs):
    tokens, merges = byte_pairs
    tokenizer = kerasbert.RobertaTokenizer(tokens, merges)
    sizes = config.to_dict() | {"vocabulary_size": tokenizer.vocabulary_size}
    task = kerasbert.BertTextClassifier(
        kerasbert.BertEncoder(kerasbert.BertConfig.from_dict(sizes)), tokenizer, ["bad", "good"]
    )
    [found] = explain.integrated_gradients(task, ["a film, no"], "good")
    assert [word.text for word in found.words] == ["a", "film", ",", "no"]
    assert all(word.attribution for word in found.words)
    assert found.completeness_error < 0.01
