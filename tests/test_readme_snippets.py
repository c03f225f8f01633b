"""Every snippet of README runs, one after the other, and the settings that are shipped: on local folders."""

import dataclasses
import gzip
import json
import pathlib
import re
import shlex
import warnings

import datasets
import keras
import numpy as np
import pytest
from apart import run_apart

import kerasbert
from kerasbert.__main__ import main
from kerasbert.pretraining import Phase, pretrain, read_settings
from kerasbert.tasks.task import Task

ROOT = pathlib.Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text("utf-8")
BLOCKS, COMMANDS = (re.findall(rf"^```{kind}\n(.*?)^```", README, re.M | re.S) for kind in ("python", "bash"))
ON_JAX = [block for block in BLOCKS if "DeviceMesh" in block]
SLOW = [block for block in BLOCKS if "AccuracyBudget" in block]  # tries several files
SIZES = {"num_layers": 4, "num_heads": 2, "hidden_dim": 16, "intermediate_dim": 32, "initializer_range": 0.3}
WORDS = "good bad film the was what a not very anna moved to new york where we met in bonn paris capital of"
LETTERS = "abcdefghijklmnopqrstuvwxyz"
CONLL = "Anna B-PER\nmoved O\nto O\nNew B-LOC\nYork I-LOC\n\n"
TEXTS = ["good film", "bad film", "what a good film", "the film was bad"] * 2


def tiny_config(**sizes):
    return kerasbert.config.BertConfig(**(SIZES | {"vocabulary_size": 3000} | sizes))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with what the snippets name, in which they run."""
    monkeypatch.chdir(tmp_path)
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS.split(), *"!.?", *LETTERS]
    tokens = list(dict.fromkeys([*tokens, *(f"##{letter}" for letter in LETTERS)]))
    tokens += [f"[unused{i}]" for i in range(3000 - len(tokens))]
    tokenizer = kerasbert.BertTokenizer(tokens)
    tokenizer.save_vocabulary("vocab.txt")
    encoder = kerasbert.BertEncoder(tiny_config())
    pathlib.Path("google").mkdir()
    task = kerasbert.BertTextClassifier(encoder, tokenizer, ["negative", "positive"])
    for name in ("google/uncased_L-12_H-768_A-12", "all-MiniLM-L6-v2", "folder"):
        task.save_to_preset(name)
    question = {"id": "1", "question": "Where?", "answers": [{"text": "Bonn", "answer_start": 10}]}
    none = {"id": "2", "question": "What?", "answers": [], "is_impossible": True}
    squad = {"data": [{"paragraphs": [{"context": "We met in Bonn.", "qas": [question, none]}]}]}
    for name in ("train-v2.0.json", "dev-v2.0.json"):
        pathlib.Path(name).write_text(json.dumps(squad))
    for name in ("train.conll", "dev.conll"):
        pathlib.Path(name).write_text(CONLL * 2)
    pathlib.Path("texts").mkdir()
    for name in ("dev.csv", "test.csv"):
        rows = [f"{text},{'positive' if 'good' in text else 'negative'}" for text in TEXTS]
        pathlib.Path(name).write_text("\n".join(["text,label", *rows]))
    with gzip.open("texts/1.txt.gz", "wt") as file:
        file.write("\n\n".join("\n".join([f"the {word} film was good"] * 3) for word in WORDS.split() * 12))
    return tmp_path


@pytest.fixture
def names(monkeypatch):
    """What the snippets speak of. Training is eager, which is quick, and sizes are small."""
    compile_task, fit = Task.compile, kerasbert.BertPretrainer.fit
    monkeypatch.setattr(
        Task, "compile", lambda *args, **kw: compile_task(*args, **(kw | {"run_eagerly": True}))
    )
    monkeypatch.setattr(kerasbert, "BertConfig", tiny_config)
    monkeypatch.setattr(
        kerasbert.BertPretrainer, "fit", lambda *args, **kw: fit(*args, **(kw | {"steps_per_epoch": 1}))
    )
    # Models of a few steps give words labels by a hair, and int8 moves many.
    monkeypatch.setattr("kerasbert.export.verification.SAMPLE_AGREEMENT", dict.fromkeys((32, 16, 8, 4), 0.0))
    numbers = [int("good" in text) for text in TEXTS]
    features = datasets.Features(
        sentence=datasets.Value("string"), label=datasets.ClassLabel(names=["negative", "positive"])
    )
    part = datasets.Dataset.from_dict({"sentence": TEXTS, "label": numbers}, features=features)
    sst2 = datasets.DatasetDict({"train": part, "validation": part})
    monkeypatch.setattr(datasets, "load_dataset", lambda *args: sst2)
    names = [["negative", "positive"][number] for number in numbers]
    return {
        "keras": keras,
        "kerasbert": kerasbert,
        "texts": TEXTS,
        "text": "Anna moved to New York.",
        "labels": names,
        "dev_texts": TEXTS,
        "dev_labels": names,
        "classes": np.array(numbers),
        "rows_of_numbers": np.ones((len(TEXTS), 4), "float32"),
        "questions": ["Where?"] * 2,
        "paragraphs": ["We met in Bonn."] * 2,
        "contexts": ["We met in Bonn."] * 2,
        "summaries": TEXTS,
        "partners": TEXTS[::-1],
        "others": TEXTS[::-1],
        "negatives": TEXTS[1:] + TEXTS[:1],
        "scores": np.linspace(0, 1, len(TEXTS)),
    }


def run(blocks, names):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # new heads, and texts that are cut
        for block in blocks:
            line = README[: README.index(block)].count("\n")  # errors then name README's line
            exec(compile("\n" * line + block, "README.md", "exec"), names)


def test_the_snippets_run_in_their_order(folder, names):
    assert len(BLOCKS) > 10
    run([block for block in BLOCKS if block not in ON_JAX + SLOW], names)
    assert names["student"].encoder.config.vocabulary_size < 3000
    assert (folder / "film.tflite").is_file()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:A budget of")
def test_those_that_take_long(folder, names):
    run([BLOCKS[0]], names)
    # Four bits are noise beside a model that hardly tells texts apart, and its file would be refused.
    names["classifier"].compile(keras.optimizers.Adam(0.01))
    names["classifier"].fit(TEXTS, names["labels"], epochs=30, verbose=0)
    names["classifier"].save("film.keras")
    run(SLOW, names)
    assert len(SLOW) == 1
    for line in "".join(COMMANDS).splitlines():
        python, _, module, *arguments = shlex.split(line)
        assert (python, module) == ("python", "kerasbert")
        assert main(arguments) == 0, line


@pytest.mark.slow
def test_that_of_jax():
    flags = "--xla_force_host_platform_device_count=8"
    code = "import keras, kerasbert, kerasbert.training\n" + "".join(ON_JAX)
    run_apart(code + "\nprint(1)", KERAS_BACKEND="jax", XLA_FLAGS=flags)
    assert len(ON_JAX) == 1


@pytest.mark.slow
def test_the_settings_that_are_shipped(tmp_path):
    for path in ROOT.glob("examples/*.toml"):
        settings = read_settings(path)
        model = {"num_layers": 1, "num_heads": 2, "hidden_dim": 8, "intermediate_dim": 16}
        settings = dataclasses.replace(
            settings,
            output=str(tmp_path / path.stem),
            phases=tuple(Phase(1, phase.max_length, 2) for phase in settings.phases),
            model=settings.model | model,
            examples=dataclasses.replace(settings.examples, duplicates=1),
            optimizer=dataclasses.replace(settings.optimizer, warmup_steps=0),
            log_every=1,
            save_every=2,
            evaluate_every=2,
        )
        pretrain(settings, verbose=0)
        assert kerasbert.BertPretrainer.from_preset(tmp_path / path.stem / "preset")
