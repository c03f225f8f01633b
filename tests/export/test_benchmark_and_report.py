import json
import re

import pytest

from kerasbert import export


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
    texts = ["good <b>film</b>", "bad"]
    verification = export.verify(trained, int8, texts, ["good", "bad"])
    benchmark = export.benchmark(int8, 19, lengths=(4, 8), threads=(1,), repeats=3)
    path = export.write_report(
        tmp_path / "report.html",
        trained,
        title="Films & <films>",
        accuracy=0.75,
        artifacts={"int8": int8},
        verifications={"int8": verification},
        benchmarks={"int8": benchmark},
        answers={"good <b>film</b>": {"Keras": "good", "int8": "good"}},
    )
    page = path.read_text("utf-8")
    numbers = json.loads((tmp_path / "report.json").read_text("utf-8"))
    assert numbers["accuracy"] == 0.75
    assert numbers["artifacts"]["int8"]["sha256"] == int8.sha256
    assert set(numbers["benchmarks"]["int8"]["latency_ms"]) == {"1x4", "1x8"}
    assert "<svg" in page
    assert "Films &amp; &lt;films&gt;" in page
    assert "<b>film</b>" not in page
    assert "75.0%" in page
    assert not re.search(r"<(script|link)|src=", page)  # nothing is fetched
