"""A corpus of random words, and its examples."""

import numpy as np
import pytest
from pretraining_corpus import TOKENS, random_text

import kerasbert
from kerasbert.pretraining import Corpus, ExampleSettings, write_examples


@pytest.fixture(scope="session")
def random_words():
    return kerasbert.BertTokenizer(TOKENS)


@pytest.fixture(scope="session")
def corpus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("corpus")
    rng = np.random.default_rng(0)
    for name, count in (("a.txt", 40), ("b.txt", 1), ("c.txt", 25)):
        (folder / name).write_text(random_text(rng, count))
    return Corpus(folder / "*.txt")


@pytest.fixture(scope="session")
def folder(corpus, random_words, tmp_path_factory):
    """Examples of at most 32 tokens in three shards. Not to be changed."""
    folder = tmp_path_factory.mktemp("examples") / "examples"
    write_examples(corpus, folder, random_words, ExampleSettings(max_length=32), num_shards=3)
    return folder
