"""A run that stops and goes on is the run that never stopped."""

import dataclasses
import json
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import kerasbert
from kerasbert.__main__ import main
from kerasbert.pretraining import (
    ExampleSettings,
    Optimizer,
    Phase,
    pretrain,
    pretraining_batches,
    read_settings,
)
from kerasbert.pretraining import run as run_module
from kerasbert.pretraining.logs import RunLog
from kerasbert.training.snapshots import snapshots

TEXT = "\n\n".join(
    "\n".join(f"the {animal} {verb} over the {place} {number} times" for verb in ("ran", "jumped", "fell"))
    for number, animal in enumerate(("dog", "cat", "cow", "hen"))
    for place in ("hill", "moon", "wall")
)
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *sorted(set(TEXT.split()))]
SETTINGS = """
output = "out"
log_every = 2
save_every = 4
evaluate_every = 4

[corpus]
files = "corpus.txt"

[validation]
files = ["corpus.txt"]

[vocabulary]
path = "words.txt"

[model]
num_layers = 1
num_heads = 2
hidden_dim = 8
intermediate_dim = 16
max_sequence_length = 32

[examples]
duplicates = 4

[optimizer]
learning_rate = 1e-2
warmup_steps = 2

[[phases]]
steps = 8
max_length = 16
batch_size = 4

[[phases]]
steps = 4
max_length = 32
batch_size = 4
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "corpus.txt").write_text(TEXT)
    (tmp_path / "words.txt").write_text("\n".join(WORDS))
    (tmp_path / "run.toml").write_text(SETTINGS)
    return tmp_path


def log_of(settings):
    """The lines of the log, but for what the clock says."""
    with open(f"{settings.output}/log.jsonl") as file:
        lines = [json.loads(line) for line in file]
    for line in lines:
        assert line.pop("tokens_per_second") > 0
    return lines


def tokens_of_intervals(settings):
    """How many tokens the batches of each interval of steps have."""
    tokenizer = kerasbert.BertTokenizer(f"{settings.output}/vocab.txt")
    batches = []
    for phase in settings.phases:
        folder = f"{settings.output}/examples-{phase.max_length}"
        stream = pretraining_batches(folder, tokenizer, phase.batch_size, seed=settings.seed)
        batches += [int(np.sum(batch["padding_mask"])) for batch in stream.take(phase.steps)]
    return np.sum(np.reshape(batches, (-1, settings.log_every)), 1).tolist()


@pytest.mark.slow
def test_a_run_that_fails_goes_on_as_if_it_had_not(folder, monkeypatch):
    settings = read_settings(folder / "run.toml")
    whole = pretrain(settings, verbose=0)
    other = dataclasses.replace(settings, output=str(folder / "other"))
    saved = []

    def full(path, model, step):
        if step == 8 and len(saved) < 2:
            saved.append(step)
            raise OSError("No space left on device")
        save(path, model, step)

    save = run_module.save_snapshot
    monkeypatch.setattr(run_module, "save_snapshot", full)
    for _ in range(2):
        with pytest.raises(OSError, match="No space"):
            pretrain(other, verbose=0)
        assert [path.name for path in snapshots(folder / "other" / "snapshots")] == [
            "step-000000004.safetensors"
        ]
    again = pretrain(other, verbose=0)
    assert log_of(other) == log_of(settings)
    assert [line["step"] for line in log_of(other)] == [2, 4, 6, 8, 10, 12]
    for one, two in zip(whole.weights, again.weights, strict=True):
        np.testing.assert_array_equal(one, two)


@pytest.mark.slow
def test_a_run_that_stops_in_its_second_phase(folder, monkeypatch):
    """Its step is traced for the shapes of that phase alone, as in the run that does not stop."""
    settings = dataclasses.replace(
        read_settings(folder / "run.toml"), phases=(Phase(4, 16, 4), Phase(8, 32, 6)), validation=None
    )
    other = dataclasses.replace(settings, output=str(folder / "other"))
    whole = pretrain(settings, verbose=0)
    save = run_module.save_snapshot

    def fails(path, model, step):
        if step == 12:
            raise OSError("No space left on device")
        save(path, model, step)

    monkeypatch.setattr(run_module, "save_snapshot", fails)
    with pytest.raises(OSError, match="No space"):
        pretrain(other, verbose=0)
    monkeypatch.setattr(run_module, "save_snapshot", save)
    again = pretrain(other, verbose=0)
    for one, two in zip(whole.variables, again.variables, strict=True):
        np.testing.assert_array_equal(one, two)
    for one, two in zip(whole.optimizer.variables, again.optimizer.variables, strict=True):
        np.testing.assert_array_equal(one, two)


def test_what_a_run_leaves(folder, monkeypatch):
    end = RunLog.on_epoch_end

    def slow_end(self, epoch, logs=None):
        end(self, epoch, logs)
        time.sleep(0.2)  # enough for a buffer to fill

    monkeypatch.setattr(RunLog, "on_epoch_end", slow_end)
    settings = read_settings(folder / "run.toml")
    model = pretrain(settings, verbose=0)
    lines = log_of(settings)
    assert lines[-1]["masked_lm_loss"] < lines[0]["masked_lm_loss"] - 0.1
    assert lines[-1]["gradient_norm"] > 0
    assert lines[0]["learning_rate"] == pytest.approx(1e-2)
    assert [line["tokens"] for line in lines] == tokens_of_intervals(settings)
    measured = [line["step"] for line in lines if "validation_perplexity" in line]
    assert measured == [4, 8, 12]
    assert lines[-1]["validation_perplexity"] == pytest.approx(np.exp(lines[-1]["validation_masked_lm_loss"]))
    assert list((folder / "out").glob("events.out.tfevents.*"))
    loaded = kerasbert.BertPretrainer.from_preset(folder / "out" / "preset")
    assert loaded.pairs == "next_sentence"
    for one, two in zip(model.weights, loaded.weights, strict=True):
        np.testing.assert_array_equal(one, two)
    other = kerasbert.BertTextClassifier.from_preset(folder / "out" / "preset", labels=["a", "b"])
    assert any(name.startswith("cls.predictions") for name in other.load_report.ignored)


@pytest.mark.slow
def test_it_goes_on_from_a_preset_without_pairs(folder):
    first = read_settings(folder / "run.toml")
    pretrain(first, verbose=0)
    second = dataclasses.replace(
        first,
        output=str(folder / "second"),
        preset=str(folder / "out" / "preset"),
        examples=ExampleSettings(pairs="none"),
        optimizer=Optimizer(name="lamb", gradient_accumulation_steps=2),
        phases=(Phase(steps=4, max_length=16, batch_size=4),),
        dtype="mixed_bfloat16",
        rematerialize=True,
    )
    model = pretrain(second, verbose=0)  # the other head of the preset is not needed
    assert model.pairs == "none"
    assert "next_sentence_loss" not in log_of(second)[0]
    assert log_of(second)[1]["validation_perplexity"] > 1


@pytest.mark.slow
def test_other_settings_in_the_same_folder(folder):
    settings = read_settings(folder / "run.toml")
    pretrain(dataclasses.replace(settings, phases=settings.phases[1:]), verbose=0)
    with pytest.raises(ValueError, match=r"changed=\['phases'\]"):
        pretrain(settings, verbose=0)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ("steps = 5", "multiples of `log_every`, 2.*phases.0._steps=5"),
        ("stpes = 8", r"unknown=\['stpes'\], missing=\['steps'\]"),
        ("steps = 8 9", "must be TOML"),
        ("steps = 8\nbatch_size = 0", "batch_size"),
    ],
)
def test_wrong_settings(folder, wrong, message):
    path = folder / "run.toml"
    path.write_text(SETTINGS.replace("steps = 8\nmax_length = 16\nbatch_size = 4", wrong))
    with pytest.raises(ValueError, match=message):
        read_settings(path)


def test_functions_are_named_by_their_module(folder):
    path = folder / "run.toml"
    options = 'duplicates = 4\nsplit_sentences = true\nsegment_words = "re:{}"'
    path.write_text(SETTINGS.replace("duplicates = 4", options.format("escape")))
    examples = read_settings(path, allow_functions=True).examples
    assert (examples.split_sentences, examples.segment_words) == (True, re.escape)
    path.write_text(SETTINGS.replace("duplicates = 4", options.format("absent")))
    with pytest.raises(ValueError, match="`segment_words` must name a function"):
        read_settings(path, allow_functions=True)


def test_functions_are_not_called_unless_allowed(folder, capsys):
    """Such as `os:system`, which would run the lines of the corpus."""
    path = folder / "run.toml"
    (folder / "corpus.txt").write_text(f"touch {folder / 'called'}\n\n" * 3)
    for name in ("split_sentences", "segment_words"):
        path.write_text(SETTINGS.replace("duplicates = 4", f'{name} = "os:system"'))
        with pytest.raises(ValueError, match=f"name a function.*{name}='os:system'.*--allow-functions"):
            read_settings(path)
        assert main(["pretrain", "--config", str(path)]) == 2
        assert "--allow-functions" in capsys.readouterr().err
    assert not (folder / "called").exists()


@pytest.mark.slow
def test_a_run_goes_on_with_a_function_of_the_same_name(folder):
    """A function is known by its name: its address in memory differs from process to process."""

    def settings(name):
        def segment(text):
            return text.split()

        segment.__qualname__ = name
        examples = ExampleSettings(duplicates=4, segment_words=segment)
        return dataclasses.replace(read_settings(folder / "run.toml"), examples=examples)

    first = pretrain(settings("segment"), verbose=0)
    log = log_of(settings("segment"))
    second = pretrain(settings("segment"), verbose=0)
    assert log_of(settings("segment")) == log  # no step is trained again
    for one, two in zip(first.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)
    with pytest.raises(ValueError, match=r"changed=\['examples'\]"):
        pretrain(settings("another"), verbose=0)


def test_a_model_of_another_name_and_a_missing_corpus(folder):
    path = folder / "run.toml"
    path.write_text(SETTINGS.replace("hidden_dim", "hidden_size"))
    with pytest.raises(ValueError, match=r"unknown=\['hidden_size'\]"):
        read_settings(path)
    path.write_text(SETTINGS.replace('"corpus.txt"', '"absent.txt"'))
    with pytest.raises(FileNotFoundError, match=r"absent\.txt"):
        read_settings(path)
    with pytest.raises(FileNotFoundError, match="Check the path"):
        read_settings(folder / "absent.toml")


def command(path):
    return [sys.executable, "-m", "kerasbert", "pretrain", "--config", str(path)]


@pytest.mark.slow
def test_the_command_line(folder):
    done = subprocess.run(command(folder / "absent.toml"), capture_output=True, text=True)
    assert done.returncode == 2
    assert "error: The file of settings must exist." in done.stderr
    assert "Traceback" not in done.stderr


def empty(folder):
    (folder / "corpus.txt").write_text("\n\n\n")


def binary(folder):
    (folder / "corpus.txt").write_bytes(b"text\n\x89PNG\x00\xff")


def no_mask(folder):
    (folder / "words.txt").write_text("\n".join(word for word in WORDS if word != "[MASK]"))


def small(folder):
    (folder / "run.toml").write_text(SETTINGS.replace("batch_size = 4", "batch_size = 4000"))


def preset_of_another_vocabulary(folder):
    pretrain(read_settings(folder / "run.toml"), verbose=0)
    (folder / "out" / "preset" / "tokenizer.json").unlink()  # it would be read first
    vocabulary = folder / "out" / "preset" / "vocab.txt"
    vocabulary.write_text(vocabulary.read_text().rstrip() + "\nanother\n")
    text = SETTINGS.replace('output = "out"', 'output = "other"\npreset = "out/preset"')
    (folder / "run.toml").write_text(text)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (empty, "must have text"),
        (binary, r"UTF-8 text.*corpus.txt, line 2"),
        (no_mask, r"\[MASK\]"),
        (small, "as many examples as a batch.*batch_size=4000, num_examples"),
        pytest.param(
            preset_of_another_vocabulary, r"vocabulary_size=\d+, embedding_rows=\d+", marks=pytest.mark.slow
        ),
    ],
)
def test_bad_input_is_told_in_one_line(folder, capsys, spoil, message):
    spoil(folder)
    assert main(["pretrain", "--config", str(folder / "run.toml")]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert re.search(message, lines[-1])
    assert lines[-1].startswith("error: ")


@pytest.mark.slow
def test_killed_at_random_moments(folder):
    """Ten SIGKILLs, whatever the process does just then; the last call ends the run."""
    text = SETTINGS.replace("steps = 4", "steps = 1000").replace("steps = 8", "steps = 2000")
    text = text.replace("evaluate_every = 4", "evaluate_every = 40")
    (folder / "run.toml").write_text(text)
    settings = read_settings(folder / "run.toml")
    whole = dataclasses.replace(settings, output=str(folder / "whole"))
    pretrain(whole, verbose=0)
    generator, log, interrupted = np.random.default_rng(0), folder / "out" / "log.jsonl", 0
    for kill in range(10):
        before = log.stat().st_mtime_ns if log.exists() else 0
        process = subprocess.Popen(command(folder / "run.toml"), stdout=subprocess.DEVNULL)
        if kill % 4 == 3:  # while it starts, restores or makes examples
            time.sleep(generator.uniform(1, 8))
        else:
            while process.poll() is None and (not log.exists() or log.stat().st_mtime_ns == before):
                time.sleep(0.05)
            time.sleep(generator.uniform(0, 5))
        assert process.poll() is None, "it ended before the last kill"
        process.send_signal(signal.SIGKILL)
        process.wait()
        interrupted += bool(snapshots(folder / "out" / "snapshots"))
    model = pretrain(settings, verbose=0)
    assert interrupted >= 5
    assert log_of(settings) == log_of(whole)
    expected = kerasbert.BertPretrainer.from_preset(folder / "whole" / "preset")
    for one, two in zip(model.weights, expected.weights, strict=True):
        np.testing.assert_array_equal(one, two)
