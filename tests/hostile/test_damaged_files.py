"""Damaged files of every format that is read: an error that says what, where and how, or harmless."""

import copy
import gzip
import json
import random
import struct
import warnings
import zipfile

import keras
import pytest

import kerasbert
from kerasbert.data import read_conll, read_csv, read_json_lines, read_squad, read_tfrecord, write_tfrecord
from kerasbert.data.lines import LONGEST
from kerasbert.text import tokenizer_from_folder

TRIALS = 60
MANY = 2000
VALUES = [None, True, -1, 0, 1, 10**12, 1.5, "", "x", "\ud800", [], [1], {}, {"a": [{}]}, 2**70, [[]] * 3]


def nodes(value, path=()):
    """The paths of all values within a JSON value."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from nodes(item, (*path, key))


def changed_json(content, draw):
    value = copy.deepcopy(json.loads(content))
    *path, last = draw.choice([path for path in nodes(value) if path])
    target = value
    for key in path:
        target = target[key]
    if draw.random() < 0.2:
        target.pop(last)
    else:
        target[last] = draw.choice(VALUES)
    return json.dumps(value).encode()


def changed_bytes(content, draw):
    if draw.random() < 0.3:
        return content[: draw.randrange(len(content))]
    damaged = bytearray(content)
    for _ in range(draw.choice([1, 1, 3])):
        damaged[draw.randrange(len(damaged))] = draw.randrange(256)
    return bytes(damaged)


def fuzz(path, read, trials, kinds=(ValueError, OSError, TypeError)):
    """Reads damaged versions of a file, and returns how many were refused; other errors are raised."""
    content, draw, messages = path.read_bytes(), random.Random(path.name), []
    for trial in range(trials):
        change = changed_json if path.suffix == ".json" and trial % 2 else changed_bytes
        path.write_bytes(change(content, draw))
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                read()
        except kinds as error:
            messages.append(repr(error))
    path.write_bytes(content)
    raw = [message for message in messages if "Received: " not in message and "In: " not in message]
    print(f"{path.name}: {trials} tried, {len(messages)} refused, {len(raw)} of these with a raw error")
    assert not raw, raw[:5]
    return len(messages)


@pytest.fixture(params=[TRIALS, pytest.param(MANY, marks=pytest.mark.slow)])
def trials(request):
    return request.param


@pytest.fixture(scope="module")
def folder(tmp_path_factory, config, tokenizer):
    folder = tmp_path_factory.mktemp("preset") / "it"
    task = kerasbert.BertTextEmbedder(kerasbert.BertEncoder(config), tokenizer)
    task.save_to_preset(folder)
    return folder


@pytest.mark.slow
def test_configs(folder, trials):
    for name in ("config.json", "modules.json", "1_Pooling/config.json", "sentence_bert_config.json"):
        refused = fuzz(folder / name, lambda: kerasbert.BertTextEmbedder.from_preset(folder), trials // 4)
        assert refused


@pytest.mark.parametrize("name", ["tokenizer.json", "tokenizer_config.json", "vocab.txt"])
def test_tokenizers(folder, trials, name, tmp_path):
    for other in ("tokenizer.json", "tokenizer_config.json", "vocab.txt"):
        if name != "vocab.txt" or other != "tokenizer.json":
            (tmp_path / other).write_bytes((folder / other).read_bytes())
    assert fuzz(tmp_path / name, lambda: tokenizer_from_folder(tmp_path), trials)


def test_readers(trials, tmp_path):
    rows = [(f"a film of {i}", "good" if i % 2 else "bad") for i in range(30)]
    squad = {"id": "7", "question": "where", "answers": [{"text": "Bonn", "answer_start": 3}]}
    texts = {
        "a.csv.gz": "text,label\n" + "".join(f'"{text}",{label}\n' for text, label in rows),
        "a.jsonl": "".join(json.dumps({"text": text, "label": label}) + "\n" for text, label in rows),
        "a.jsonl.gz": "".join(json.dumps({"text": text, "label": label}) + "\n" for text, label in rows),
        "a.conll": "In O\nBonn B-LOC\n\nYes O\n",
        "squad.json": json.dumps({"data": [{"paragraphs": [{"context": "In Bonn.", "qas": [squad]}]}]}),
    }
    for name, text in texts.items():
        (tmp_path / name).write_bytes(gzip.compress(text.encode()) if name.endswith("gz") else text.encode())
    for name in ("a.tfrecord", "a.tfrecord.gz"):
        write_tfrecord(tmp_path / name, rows)
    readers = {
        "a.csv.gz": read_csv,
        "a.jsonl": read_json_lines,
        "a.jsonl.gz": read_json_lines,
        "a.conll": read_conll,
        "squad.json": read_squad,
        "a.tfrecord": read_tfrecord,
        "a.tfrecord.gz": read_tfrecord,
    }
    for name, reader in readers.items():
        path = tmp_path / name

        def read(reader=reader, path=path):
            found = reader(path)
            return found if reader is read_squad else list(found)

        assert fuzz(path, read, trials)


def test_our_parts_of_keras_files(config, tokenizer, tmp_path):
    """Keras reads the file; what it gives to `from_config` is ours to check."""
    path, damaged = tmp_path / "a.keras", tmp_path / "b.keras"
    kerasbert.BertTextEmbedder(kerasbert.BertEncoder(config), tokenizer).save(path)
    with zipfile.ZipFile(path) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    page = json.loads(parts["config.json"])
    for vocabulary in ("/etc/passwd", 3, None, {"a": 1}):
        changed = copy.deepcopy(page)
        changed["config"]["tokenizer"]["config"]["vocabulary"] = vocabulary
        with zipfile.ZipFile(damaged, "w") as file:
            for name, content in parts.items():
                file.writestr(name, json.dumps(changed) if name == "config.json" else content)
        with pytest.raises((ValueError, TypeError), match="must hold its vocabulary as a list"):
            keras.saving.load_model(damaged)


# === Bombs ===


def masked_crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def test_a_record_that_claims_the_world(tmp_path):
    length = struct.pack("<Q", 2**60)
    record = length + struct.pack("<I", masked_crc32c(length)) + bytes(100)
    for name, content in {"a.tfrecord": record, "a.tfrecord.gz": gzip.compress(record)}.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ValueError, match="claims 1152921504606846976 bytes, more than 64 MiB"):
            list(read_tfrecord(tmp_path / name))


@pytest.mark.parametrize("read", [read_json_lines, read_conll, read_csv])
def test_a_line_that_inflates(tmp_path, read):
    with gzip.open(tmp_path / "a.gz", "wb", compresslevel=1) as file:
        for _ in range(LONGEST // 2**22 + 1):
            file.write(b" " * 2**22)
    with pytest.raises(ValueError, match="A line must have at most 64 MiB"):
        list(read(tmp_path / "a.gz"))


def test_a_whole_file_that_inflates(tmp_path):
    with gzip.open(tmp_path / "a.json.gz", "wb", compresslevel=1) as file:
        for _ in range(LONGEST // 2**22 + 1):
            file.write(b" " * 2**22)
    with pytest.raises(ValueError, match="at most 100 times its size"):
        read_squad(tmp_path / "a.json.gz")
