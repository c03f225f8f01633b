import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from kerasbert.tasks.summaries import UNSCORED, best_summary


def summarize(sentences, scores, *args, **kwargs):
    text = "\n".join(sentences)
    ends = np.cumsum([len(sentence) + 1 for sentence in sentences], dtype=int) - 1
    spans = [(int(e) - len(s), int(e)) for s, e in zip(sentences, ends, strict=True)]
    summary = best_summary(text, spans, np.array(scores, "float32"), *args, **kwargs)
    assert [text[a:b] for a, b in summary.sentences] == [sentences[i] for i in summary.indices]
    assert summary.text == "\n".join(sentences[i] for i in summary.indices)
    np.testing.assert_allclose(summary.scores, [scores[i] for i in summary.indices], rtol=1e-6)
    return summary.indices


ENGLISH = ["The mayor of Bonn resigned.", "It rained.", "Ann said the mayor, of Bonn, left.", "Ben stayed."]


def test_a_sentence_that_repeats_three_words_is_passed_over():
    scores = [0.9, 0.2, 0.8, 0.1]
    assert summarize(ENGLISH, scores, 2) == (0, 1)
    assert summarize(ENGLISH, scores, 2, trigram_blocking=False) == (0, 2)
    assert summarize(ENGLISH, scores, 9) == (0, 1, 3)
    assert summarize(ENGLISH, [0.8, 0.2, 0.9, 0.1], 1) == (2,)
    # What is blocked blocks nothing: 2 shares words with 1, which 0 keeps out.
    chain = ["a b c d", "b c d e f g", "e f g h"]
    assert summarize(chain, [0.9, 0.8, 0.7]) == (0, 2)


def test_five_characters_of_chinese():
    chinese = ["张无忌来到北京大学。", "张无忌走了。", "他在北京大学学习。", "天气好。"]
    assert summarize(chinese, [0.9, 0.8, 0.7, 0.1], 3) == (
        0,
        1,
        2,
    )  # 张无忌 is no repetition, nor is 北京大学
    longer = [*chinese[:2], "来到北京大学的人。"]
    assert summarize(longer, [0.9, 0.8, 0.7], 3) == (0, 1)


def test_order_and_limits():
    assert summarize(["a", "b", "c"], [0.5, 0.5, 0.5], 2) == (0, 1)
    assert summarize(["a", "b", "c"], [0.1, 0.3, 0.2], 2) == (1, 2)
    assert summarize(["a", "", "c"], [0.1, UNSCORED, 0.2], 3) == (0, 2)
    assert summarize([""], [UNSCORED]) == ()
    empty = best_summary("", [], np.zeros(0))
    assert (empty.text, empty.sentences, empty.indices, empty.scores) == ("", (), (), ())
    assert hash(empty) == hash(best_summary(" ", [], np.zeros(0)))


def trigrams(sentence):
    words = sentence.split()
    return {tuple(words[i : i + 3]) for i in range(len(words) - 2)}


SENTENCE = st.lists(st.sampled_from("abc"), min_size=1, max_size=5).map(" ".join)


@given(st.lists(st.tuples(SENTENCE, st.sampled_from([0.1, 0.2])), max_size=7), st.integers(1, 4))
def test_every_sentence_is_taken_or_worse_or_a_repetition(rows, max_sentences):
    sentences, scores = [row[0] for row in rows], [row[1] for row in rows]
    taken = summarize(sentences, scores, max_sentences)
    pairs = itertools.combinations([trigrams(sentences[i]) for i in taken], 2)
    assert all(one.isdisjoint(other) for one, other in pairs)
    for i in {*range(len(rows))} - {*taken}:
        better = [j for j in taken if (-scores[j], j) < (-scores[i], i)]
        repeats = any(trigrams(sentences[i]) & trigrams(sentences[j]) for j in better)
        assert repeats or len(better) == max_sentences
