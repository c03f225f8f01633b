import pathlib

import pytest

import kerasbert
from kerasbert.atomic import MARK
from kerasbert.pretraining import Corpus, ExampleSettings, write_examples, write_examples_with_beam

pytest.importorskip("apache_beam", reason='pip install ".[beam]"')
pytestmark = pytest.mark.filterwarnings("default")  # Beam's own


def contents(folder):
    return {path.name: path.read_bytes() for path in pathlib.Path(folder).iterdir() if path.name != MARK}


@pytest.mark.parametrize(
    "num_shards", [3, pytest.param(1, marks=pytest.mark.slow), pytest.param(80, marks=pytest.mark.slow)]
)  # of 66 documents: some shards have none
def test_the_pipeline_writes_the_same_bytes(corpus, random_words, tmp_path, num_shards):
    pairs = "sentence_order" if num_shards == 80 else "next_sentence"
    arguments = random_words, ExampleSettings(max_length=32, pairs=pairs), num_shards
    local = write_examples(corpus, tmp_path / "local", *arguments)
    beam = write_examples_with_beam(corpus, tmp_path / "beam", *arguments)
    assert contents(tmp_path / "beam") == contents(tmp_path / "local")
    assert beam.counts == local.counts


@pytest.mark.slow
def test_functions_and_other_file_systems(corpus, random_words, tmp_path):
    def split(line):
        return line.split("w3")

    settings = ExampleSettings(max_length=32, split_sentences=split, segment_words=str.split)
    write_examples_with_beam(corpus, "ram://beam", random_words, settings)
    write_examples(corpus, tmp_path / "local", random_words, settings)
    from tensorflow.io import gfile

    for name, data in contents(tmp_path / "local").items():
        with gfile.GFile(f"ram://beam/{name}", "rb") as file:
            assert file.read() == data


def test_a_failure_is_told_and_leaves_nothing(random_words, tmp_path):
    (tmp_path / "bad.txt").write_bytes(b"w1\n\n\xff\xff\n")
    with pytest.raises(Exception, match=r"UTF-8 text[\s\S]*bad.txt, line 3"):
        write_examples_with_beam(Corpus(tmp_path / "bad.txt"), tmp_path / "beam", random_words)
    assert [path.name for path in tmp_path.iterdir()] == ["bad.txt"]


def test_roberta_travels_too(byte_pairs, corpus, tmp_path):
    tokenizer = kerasbert.RobertaTokenizer(*byte_pairs)
    settings = ExampleSettings(max_length=64, pairs="none")
    write_examples_with_beam(corpus, tmp_path / "beam", tokenizer, settings)
    write_examples(corpus, tmp_path / "local", tokenizer, settings)
    assert contents(tmp_path / "beam") == contents(tmp_path / "local")
