"""Attributions are those that are known of hand-made models, and keep what their methods promise."""

import numpy as np
import pytest
from keras import ops

from kerasbert import explain

METHODS = [explain.integrated_gradients, explain.gradient_times_input, explain.occlusion, explain.attention]
TEXTS = ["what a good film!", "Bad", "the film was very badly, not good"]


def logits(task, ids):
    ids = np.array([ids])
    return ops.convert_to_numpy(task({"token_ids": ids, "padding_mask": np.ones_like(ids)}))[0]


@pytest.mark.slow
@pytest.mark.parametrize("baseline", ["mask", "pad"])
def test_words_that_add_up_have_the_shares_that_they_add(sum_of_tokens, tokenizer, baseline):
    [found] = explain.integrated_gradients(
        sum_of_tokens, ["good badly, good"], "good", baseline=baseline, steps=128
    )
    stand_in = tokenizer.mask_id if baseline == "mask" else tokenizer.pad_id

    def alone(token):
        ids = [tokenizer.cls_id, tokenizer.vocabulary.id_of(token), tokenizer.sep_id]
        without = [tokenizer.cls_id, stand_in, tokenizer.sep_id]
        return (logits(sum_of_tokens, ids) - logits(sum_of_tokens, without))[1]

    expected = [alone("good"), alone("bad") + alone("##ly"), alone(","), alone("good")]
    assert np.ptp(expected) > 0.1
    assert [word.text for word in found.words] == ["good", "badly", ",", "good"]
    np.testing.assert_allclose([word.attribution for word in found.words], expected, atol=1e-3)
    assert [t.attribution for t in found.tokens if t.part is None] == [0, 0]
    if baseline == "mask":  # occlusion finds the same
        [found] = explain.occlusion(sum_of_tokens, ["good badly, good"], "good")
        np.testing.assert_allclose([word.attribution for word in found.words], expected, atol=1e-4)


def test_integrated_gradients_are_complete(random_classifier):
    found = explain.integrated_gradients(random_classifier, TEXTS, "bad")
    for explanation, text in zip(found, TEXTS, strict=True):
        assert abs(explanation.value - explanation.baseline_value) > 0.01, text
        assert explanation.completeness_error < 0.01
        whole = sum(word.attribution for word in explanation.words)
        assert whole == pytest.approx(explanation.value - explanation.baseline_value, rel=0.01)
    coarse = explain.integrated_gradients(random_classifier, TEXTS, "bad", steps=1)
    assert max(e.completeness_error for e in coarse) > max(e.completeness_error for e in found)


@pytest.mark.slow
def test_batches_and_padding_change_nothing(random_classifier):
    for method in METHODS:
        together = method(random_classifier, TEXTS, "good", batch_size=5)
        alone = [method(random_classifier, [text], "good")[0] for text in TEXTS]
        for one, other in zip(together, alone, strict=True):
            shares = [[token.attribution for token in e.tokens] for e in (one, other)]
            np.testing.assert_allclose(*shares, atol=2e-5)
            assert any(abs(share) > 1e-4 for share in shares[0])


@pytest.mark.parametrize("random_classifier", ["BERT", "MPNET"], indirect=True)
def test_values_are_log_odds_of_what_predict_says(random_classifier):
    probabilities = random_classifier.predict(TEXTS, verbose=0)
    for label, column in zip(random_classifier.labels, probabilities.T, strict=True):
        found = explain.occlusion(random_classifier, TEXTS, label)
        np.testing.assert_allclose([e.probability for e in found], column, rtol=1e-4)
        assert [e.target for e in found] == [label] * 3


def test_the_default_is_the_predicted_class_of_each_row(random_classifier):
    found = explain.gradient_times_input(random_classifier, TEXTS)
    assert [e.target for e in found] == random_classifier.predict_labels(TEXTS, verbose=0)
    given = explain.gradient_times_input(random_classifier, TEXTS, ["bad", "good", "so-so"])
    assert [e.target for e in given] == ["bad", "good", "so-so"]


def test_gradient_times_input_is_the_slope_along_the_input(random_classifier):
    from kerasbert.explain.kinds import subject_of

    subject, rows, step = subject_of(random_classifier, TEXTS[:1], "good"), np.array([0]), 1e-2
    tokens = subject.batch(rows)
    vectors = ops.convert_to_numpy(subject.vectors(tokens))
    up, down = (
        float(subject.numbers(ops.convert_to_tensor(vectors * (1 + sign * step)), tokens, rows)[0])
        for sign in (1, -1)
    )
    [found] = explain.gradient_times_input(random_classifier, TEXTS[:1], "good")
    total = sum(token.attribution for token in found.tokens)
    assert total == pytest.approx((up - down) / (2 * step), rel=0.02)


def test_uniform_attention_is_shared_evenly(config, tokenizer):
    import kerasbert

    task = kerasbert.BertTextClassifier(kerasbert.BertEncoder(config), tokenizer, ["bad", "good"])
    for block in task.encoder.blocks:  # all scores are 0
        block.attention.query_dense.kernel.assign(ops.zeros_like(block.attention.query_dense.kernel))
    [raw] = explain.attention(task, ["what a good film"], "good", method="raw")
    np.testing.assert_allclose([token.attribution for token in raw.tokens], 1 / 6, atol=1e-6)
    [rollout] = explain.attention(task, ["what a good film"], "good")
    own = 0.5**config.num_layers  # what `[CLS]` keeps of itself in each block
    expected = [own + (1 - own) / 6, *[(1 - own) / 6] * 5]
    np.testing.assert_allclose([token.attribution for token in rollout.tokens], expected, atol=1e-6)
    assert "does not show which words decided" in rollout.note


def test_a_text_that_is_too_long_is_truncated_with_a_warning(random_classifier):
    text = "good " * 20 + "film"
    with pytest.warns(UserWarning, match="1 of the 1 texts"):
        [found] = explain.integrated_gradients(random_classifier, [text], steps=8)
    assert [word.attribution != 0 for word in found.words] == [True] * 14 + [False] * 7


def test_pairs_have_words_of_both_texts(random_classifier):
    rows = (["good film", "what"], ["was bad", "not very bad, was the film?"])
    found = explain.integrated_gradients(random_classifier, rows, "good")
    assert [(w.part, w.text) for w in found[0].words] == [
        (0, "good"),
        (0, "film"),
        (1, "was"),
        (1, "bad"),
    ]
    assert all(e.completeness_error < 0.01 for e in found)
    with pytest.warns(UserWarning, match="truncated"):
        [long] = explain.occlusion(random_classifier, (["good " * 9], ["film " * 12]), "good")
    ids = [token.token for token in long.tokens]
    assert ids == ["[CLS]", *["good"] * 7, "[SEP]", *["film"] * 6, "[SEP]"]
    assert [t.part for t in long.tokens] == [None, *[0] * 7, None, *[1] * 6, None]


def test_no_rows_and_texts_without_words(random_classifier):
    assert explain.integrated_gradients(random_classifier, []) == []
    found = explain.integrated_gradients(random_classifier, ["", "\u200b"], "good")
    assert [e.words for e in found] == [[], []]
    assert [e.completeness_error for e in found] == [0, 0]


@pytest.mark.parametrize(
    ("x", "arguments", "kind", "message"),
    [
        ("good film", {}, ValueError, "rows of text, not one text"),
        (["good", None], {}, TypeError, "row=1"),
        (["good"], {"target": "great"}, ValueError, "`target` must be one of 'bad', 'good', 'so-so'"),
        (["good"], {"target": ["bad", "good"]}, ValueError, "as many rows"),
        (["good"], {"steps": 0}, ValueError, "`steps` must be a positive int"),
        (["good"], {"baseline": "zero"}, ValueError, "`baseline` must be one of"),
        ({"token_ids": np.ones((1, 3), int)}, {}, TypeError, "texts in memory"),
    ],
)
def test_errors(random_classifier, x, arguments, kind, message):
    with pytest.raises(kind, match=message):
        explain.integrated_gradients(random_classifier, x, **arguments)


def test_other_tasks_are_refused(config, tokenizer):
    import kerasbert

    task = kerasbert.BertMultipleChoice(kerasbert.BertEncoder(config), tokenizer)
    with pytest.raises(TypeError, match="Explanations are for"):
        explain.integrated_gradients(task, (["good"], [["film", "bad"]]))
