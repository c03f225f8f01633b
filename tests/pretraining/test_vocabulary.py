import numpy as np
import pytest
from pretraining_corpus import random_text

import kerasbert
from kerasbert.pretraining import Corpus, train_vocabulary

pytest.importorskip("tokenizers", reason='pip install ".[vocabulary]"')
TEXT = "The rain fell on the rainy café.\nRaining again: THE rain!\n\n雨が降る 雨\n" * 3


@pytest.fixture
def learn(tmp_path):
    def learn(text, size, **arguments):
        (tmp_path / "corpus.txt").write_text(text)
        return train_vocabulary(Corpus(tmp_path / "corpus.txt"), size, **arguments)

    return learn


def test_special_tokens_stand_where_google_has_them(learn):
    vocabulary = learn(TEXT, 400)
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    assert [vocabulary.id_of(token) for token in special] == [0, 100, 101, 102, 103]
    assert vocabulary[1] == "[unused0]"
    assert vocabulary[99] == "[unused98]"
    assert learn(TEXT, 400, num_unused=0).tokens[:5] == tuple(special)


def test_the_tokenizer_knows_all_of_the_text(learn):
    for options in ({"lowercase": True}, {"lowercase": False}, {"lowercase": True, "strip_accents": False}):
        vocabulary = learn(TEXT, 300, num_unused=0, min_frequency=1, **options)
        tokenizer = kerasbert.BertTokenizer(vocabulary, **options)
        ids = tokenizer.tokenize(TEXT).numpy()
        assert tokenizer.unk_id not in ids
        assert ("café" in vocabulary) is (options != {"lowercase": True})
        assert ("THE" in vocabulary) is not options["lowercase"]
        assert {"rain", "雨"} <= set(vocabulary)
        assert "雨が" not in vocabulary


def test_size_is_kept_and_frequent_words_are_whole(learn):
    text = random_text(np.random.default_rng(0), 200)
    vocabulary = learn(text, 120, num_unused=0)
    assert len(vocabulary) == 120
    assert len(learn(TEXT, 5000)) < 300  # a small corpus has no more
    with_most = learn(" ".join(chr(0x4E00 + i) * 3 for i in range(500)), 100, num_unused=0)
    assert len(with_most) <= 100


def test_the_same_corpus_gives_the_same_vocabulary(learn):
    """Of ten runs: the trainer's own order of pieces differs nearly every time."""
    text = random_text(np.random.default_rng(0), 100)
    assert len({learn(text, 150).tokens for _ in range(10)}) == 1


def test_it_is_saved_and_read(learn, tmp_path):
    vocabulary = learn(TEXT, 200)
    vocabulary.save(tmp_path / "vocab.txt")
    assert kerasbert.BertTokenizer(tmp_path / "vocab.txt").vocabulary == vocabulary


def test_a_word_without_end_is_passed_over(learn):
    vocabulary = learn("ab" * 200_000 + "\n" + TEXT, 300, num_unused=0)
    assert "rain" in vocabulary


def test_wrong_arguments_are_refused(learn, tmp_path):
    with pytest.raises(ValueError, match="`size` must have room for 104 special tokens"):
        learn(TEXT, 100)
    with pytest.raises(ValueError, match="A corpus must have words"):
        learn("\n \n", 200)
    (tmp_path / "bad.txt").write_bytes(b"good\n\xff\n")
    with pytest.raises(ValueError, match="UTF-8 text"):
        train_vocabulary(Corpus(tmp_path / "bad.txt"), 200)
    with pytest.raises(TypeError, match="`corpus` must be a `Corpus`"):
        train_vocabulary(["text"], 200)
