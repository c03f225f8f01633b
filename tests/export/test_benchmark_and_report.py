import dataclasses
import json
import re

import pytest

from kerasbert import export


@pytest.mark.slow
def test_it_measures_what_it_says(int8, saved_model):
    for artifact in (int8, saved_model):
        result = export.benchmark(artifact, 19, lengths=(4, 16), threads=(1,), repeats=3)
        assert set(result.latency_ms) == set(result.latency_p90_ms) == {(1, 4), (1, 16)}
        assert result.load_ms[1] > 0
        assert result.memory_bytes[1] > 0
        assert result.size_bytes == artifact.size_bytes


def test_too_long_a_length_is_an_error(int8):
    with pytest.raises(RuntimeError, match=r"max_sequence_length.*|lengths=\(17,\)"):
        export.benchmark(int8, 19, lengths=(17,), threads=(1,), repeats=3)


def test_the_report_holds_every_number_and_a_plot(trained, int8, tmp_path):
    texts = ["good <b>film</b>", "good film", "bad film", "what a good film!", "bad", "good", "very bad."]
    labels = ["good", "good", "bad", "good", "bad", "good", "bad"]
    verification = export.verify(trained, int8, texts, labels)
    benchmark = export.benchmark(int8, 19, lengths=(4, 8), threads=(1,), repeats=3)
    times = {"latency_ms": {(1, 4): 9.87}, "tokenizer_ms": {(1, 4): 1.87}}
    rival = dataclasses.replace(benchmark, **times, from_text=True)
    path = export.write_report(
        tmp_path / "report.html",
        trained,
        title="Films & <films>",
        card=export.ModelCard(data="two films", metric="accuracy", limits="Films & only films."),
        scores={"accuracy": 0.75},
        expected={"good <b>film</b>": "<good>"},
        artifacts={"int8": int8},
        verifications={"int8": verification},
        benchmarks={"int8": benchmark, "a rival": rival},
        answers={"good <b>film</b>": {"Keras": ("good", 0.75), "int8": "good"}},
    )
    page = path.read_text("utf-8")
    numbers = json.loads((tmp_path / "report.json").read_text("utf-8"))
    assert numbers["scores"] == {"accuracy": 0.75}
    assert numbers["card"]["data"] == "two films"
    assert numbers["artifacts"]["int8"]["sha256"] == int8.sha256
    assert set(numbers["benchmarks"]["int8"]["latency_ms"]) == {"1x4", "1x8"}
    assert page.count("<svg") == 1
    rows = re.findall(r"<tr><th[^>]*>a rival \(from text to answer\)</th>(.*?)</tr>", page)
    cells = [re.sub(r"<.*?>", "", cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", rows[0])]
    assert cells[0] == "1"
    assert cells[1].startswith("9.87 ")
    assert cells[2] == ""  # a length that the rival was not measured at
    assert "1.87 (23.4\u00a0%)" in page  # of the 8 ms that are left for the model
    assert numbers["benchmarks"]["int8"]["latency_p10_ms"]["1x4"] <= benchmark.latency_ms[1, 4]
    assert "good, 75.0\u00a0%" in page
    assert "&lt;good&gt;" in page
    assert "Films &amp; only films. Texts end after 16 tokens." in page
    assert "dynamic_wi8_afp32" in page
    assert "Films &amp; &lt;films&gt;" in page
    assert "<b>film</b>" not in page
    assert "<strong>accuracy 0.750</strong>" in page
    assert f"answers {100 * verification.label_agreement:.1f} % of 7 texts" in page
    assert not re.search(r"<(script|link)|src=", page)  # nothing is fetched


def test_any_name_can_stand_in_a_report(trained, int8, tmp_path):
    """For matplotlib `$` begins a formula and `_` hides a line; UTF-8 holds no lone surrogate."""
    benchmark = export.Benchmark("film", 1, {1: 1.0}, {1: 0}, {(1, 4): 1.0}, {(1, 4): 1.0})
    names = ["50% & $x^$", "_hidden", "$", "\ud800", ""]
    path = export.write_report(
        tmp_path / "report.html",
        trained,
        title="\ud800",
        card=export.ModelCard(data="", metric="", limits=""),
        scores={},
        artifacts=dict.fromkeys(names, int8),
        verifications={},
        benchmarks=dict.fromkeys(names, benchmark),
        answers={"a \ud800": {"Keras": "good"}},
    )
    assert "50% &amp; $x^$" in path.read_text("utf-8")
    numbers = json.loads((tmp_path / "report.json").read_text("utf-8"))
    assert list(numbers["benchmarks"]) == names
