import csv
import json

import keras
import numpy as np
import pytest

from kerasbert import export
from kerasbert.__main__ import main

ROWS = [("good film", "good"), ("bad film", "bad"), ("what a good film!", "good"), ("very bad.", "bad")]


@pytest.fixture(scope="module")
def folder(trained, tmp_path_factory):
    """A saved task, and the same rows as .csv, .tsv and .jsonl."""
    folder = tmp_path_factory.mktemp("commands")
    trained.save(folder / "film.keras")
    for suffix, separator in ((".csv", ","), (".tsv", "\t")):
        with (folder / f"rows{suffix}").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, delimiter=separator).writerows([("text", "label"), *ROWS])
    lines = [json.dumps({"text": text, "label": label}) for text, label in ROWS]
    (folder / "rows.jsonl").write_text("\n".join(lines), "utf-8")
    (folder / "broken.keras").write_bytes((folder / "film.keras").read_bytes()[:5000])
    keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)]).save(folder / "other.keras")
    (folder / "broken.tflite").write_bytes(b"\x1c\0\0\0TFL3" + b"\xff" * 100)
    (folder / "broken.onnx").write_bytes(b"\x08\x07\x12 not a model")
    (folder / "broken").mkdir()
    (folder / "broken" / "saved_model.pb").write_bytes(b"not a model")
    return folder


def test_export_verify_and_benchmark(folder, capsys):
    model, file = str(folder / "film.keras"), str(folder / "film.tflite")
    options = ["--recipe", "mixed48", "--takes-text", "--data", str(folder / "rows.csv")]
    assert main(["export", model, file, *options]) == 0
    lines = dict(line.split(": ", 1) for line in capsys.readouterr().out.splitlines())
    assert (lines["path"], lines["recipe"]) == (file, "mixed48")
    assert "classify_text" in lines["signatures"]
    for suffix in ("tsv", "jsonl"):
        assert main(["verify", model, file, "--data", str(folder / f"rows.{suffix}"), "--max-drop", "0"]) == 0
        lines = dict(line.split(": ", 1) for line in capsys.readouterr().out.splitlines())
        assert (lines["rows"], lines["label_agreement"]) == ("4", "1.0")
        assert json.loads(lines["scores"]) == {"accuracy": 1.0}
    arguments = ["--model", model, "--lengths", "4", "8", "--repeats", "2"]
    assert main(["benchmark", file, *arguments]) == 0
    assert "threads 1: 4 tokens" in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:A budget of")
def test_a_budget_prints_every_trial(folder, capsys):
    arguments = [str(folder / "film.keras"), str(folder / "small.tflite"), "--max-drop", "0.4"]
    assert main(["export", *arguments, "--data", str(folder / "rows.csv")]) == 0
    first, second, *_ = capsys.readouterr().out.splitlines()
    assert first.startswith("dynamic_wi4_afp32: ")
    assert " MB, score " in first
    assert " lower on 4 rows, at least " in first
    assert second.startswith("path: ")


@pytest.mark.slow
def test_train_learns_from_a_file(folder, trained, capsys):
    trained.save_to_preset(folder / "preset")
    preset, target, data = str(folder / "preset"), str(folder / "mine.keras"), str(folder / "rows.tsv")
    sizes = ["--epochs", "1", "--batch-size", "4", "--learning-rate", "1e-8"]
    assert main(["train", preset, target, "--data", data, "--validation", data, *sizes]) == 0
    assert "labels: bad, good" in capsys.readouterr().out
    texts = [text for text, _ in ROWS]
    found = keras.saving.load_model(target)
    np.testing.assert_allclose(found.predict(texts), trained.predict(texts), atol=1e-5)


def test_train_says_what_is_wrong_before_it_trains(folder, capsys):
    data = ["--data", str(folder / "rows.csv")]
    assert main(["train", str(folder / "preset"), str(folder / "none" / "mine.keras"), *data]) == 2
    assert "The folder of the new file must exist." in capsys.readouterr().err
    assert main(["train", str(folder / "preset"), str(folder / "mine.h5"), *data]) == 2
    assert "must end in `.keras`" in capsys.readouterr().err


@pytest.mark.slow
def test_the_targets_name_says_the_format(folder, capsys):
    model = str(folder / "film.keras")
    assert main(["export", model, str(folder / "serving" / "1")]) == 0
    assert "format: saved_model" in capsys.readouterr().out
    assert main(["export", model, str(folder / "serving" / "2"), "--recipe", "mixed48"]) == 2
    assert "Recipes and budgets are only for TFLite" in capsys.readouterr().err


@pytest.mark.slow
def test_limits_are_options(folder, capsys):
    arguments = [str(folder / "film.keras"), str(folder / "film.tflite"), "--data", str(folder / "rows.csv")]
    assert main(["export", *arguments]) == 0
    for command in ("export", "verify"):
        assert main([command, *arguments, "--max-mean-difference", "0"]) == 1
        assert "max_mean_difference=0" in capsys.readouterr().err
        assert main([command, *arguments, "--min-agreement", "0"]) == 0


def test_errors_of_others_are_one_line_and_no_status_1(folder, capsys, monkeypatch):
    def fail(*arguments):
        raise KeyError("a\nb")

    monkeypatch.setattr("kerasbert.export.commands.verify", fail)
    arguments = [str(folder / "film.keras"), str(folder / "film.tflite"), "--data", str(folder / "rows.csv")]
    assert main(["verify", *arguments]) == 2
    assert capsys.readouterr().err == "error: KeyError: 'a\\nb'\n"


@pytest.mark.slow
@pytest.mark.parametrize("target", ["film.tflite", "film.onnx", "serving/1"])
def test_data_are_compared_in_every_format(target, folder, tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(
        "kerasbert.export.verification.verify", lambda task, artifact, *data: seen.append(data)
    )
    arguments = [str(folder / "film.keras"), str(tmp_path / target), "--data", str(folder / "rows.csv")]
    assert main(["export", *arguments]) == 0
    assert seen == [tuple(map(list, zip(*ROWS, strict=True)))]


@pytest.mark.slow
def test_another_model_is_status_1_and_one_line(folder, trained, tmp_path, capsys):
    other = type(trained).from_config(trained.get_config())
    rng = np.random.default_rng(0)
    other.set_weights([weight + rng.normal(0, 0.3, weight.shape) for weight in trained.get_weights()])
    export.to_tflite(other, tmp_path / "other.tflite")
    arguments = [str(folder / "film.keras"), str(tmp_path / "other.tflite")]
    assert main(["verify", *arguments, "--data", str(folder / "rows.csv")]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: The artifact must give the same answers as the Keras model")


@pytest.mark.parametrize(
    ("arguments", "rule"),
    [
        (["verify", "absent.keras", "film.tflite", "--data", "rows.csv"], "The file of the model must exist"),
        (["verify", "rows.csv", "film.tflite", "--data", "rows.csv"], "must be a complete `.keras` file"),
        (["verify", "film.keras", "absent.tflite", "--data", "rows.csv"], "The artifact must exist"),
        (["verify", "film.keras", "rows.csv", "--data", "rows.csv"], "The artifact must be"),
        (["verify", "film.keras", "film.tflite", "--data", "absent.csv"], "absent.csv"),
        (["verify", "film.keras", "film.tflite", "--data", "rows.csv", "--label", "stars"], "stars"),
        (["export", "film.keras", "x.tflite", "--recipe", "int8"], "recipe='int8'"),
        (["export", "film.keras", "x.tflite", "--max-drop", "0.01"], "texts and their labels"),
        (
            ["export", "film.keras", "x.tflite", "--max-drop", "1", "--data", "rows.csv"],
            "alf a percent is 0.005",
        ),
        (["verify", "broken.keras", "film.tflite", "--data", "rows.csv"], "complete `.keras` file"),
        (["verify", "other.keras", "film.tflite", "--data", "rows.csv"], "must be a kerasbert task"),
        (["verify", "film.keras", "broken.tflite", "--data", "rows.csv"], "a complete file"),
        (["verify", "film.keras", "broken.onnx", "--data", "rows.csv"], "a complete file"),
        (["verify", "film.keras", "broken", "--data", "rows.csv"], "a complete file"),
        (["benchmark", "absent.tflite", "--model", "film.keras"], "The artifact must exist"),
    ],
)
def test_wrong_input_is_status_2_and_one_line(arguments, rule, folder, capsys, monkeypatch):
    monkeypatch.chdir(folder)
    assert main(arguments) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ")
    assert rule in line
