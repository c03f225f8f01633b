"""What a notebook shows of tasks, tokenizers and what was measured; all of it is escaped."""

import kerasbert
from kerasbert.export import Benchmark, Verification
from kerasbert.robustness import Example, Invariance, Outcome


def test_a_task_shows_its_answers_and_its_size(config, tokenizer):
    labels = ["<bad>", *(f"label {i}" for i in range(30))]
    task = kerasbert.BertTextClassifier(
        kerasbert.BertEncoder(config), tokenizer, labels, problem="multi_label", thresholds=0.25
    )
    page = task._repr_html_()
    assert "BertTextClassifier" in page
    assert "&lt;bad&gt;, label 0" in page
    assert "<bad>" not in page
    assert "and 11 more" in page
    assert "&lt;bad&gt; 0.25" in page
    assert "2 blocks of width 8, 19 tokens" in page
    assert f"{task.count_params():,}" in page
    assert "16 tokens" in page
    task.encoder.trainable = False
    assert f"of which {8 * 31 + 31} learn" in task._repr_html_()


def test_a_tokenizer_shows_its_tokens(tokenizer):
    page = tokenizer._repr_html_()
    for part in ("BertTokenizer", "19 tokens", "[CLS] 2", "lowercase", "[UNK] · [UNK]"):
        assert part in page, part


def test_measurements_show_themselves():
    result = Verification("a/<film>.tflite", 20, 0.01, 0.001, 0.95, "a & b", 0, {"f1": 0.5}, {"f1": 0.25})
    page = result._repr_html_()
    for part in ("&lt;film&gt;.tflite", "95.0\u00a0%", "a &amp; b", "F1", "0.250, Keras model 0.500"):
        assert part in page, part
    times = {(1, 16): 2.0}
    page = Benchmark("film.tflite", 10**6, {1: 5.0}, {1: 10**6}, times, times)._repr_html_()
    assert "ms at 16 tokens" in page
    outcome = Outcome("swapped_letters", 50, 5, [Example(0, "<good>", "goo", "yes", ("a", "b"))])
    page = Invariance({"swapped_letters": outcome})._repr_html_()
    assert "swapped letters" in page
    page = outcome._repr_html_()
    assert "&lt;good&gt;" in page
    assert "a, b" in page
