import pathlib

import numpy as np
import pytest
from pretraining_corpus import random_text, read

import kerasbert
from kerasbert.pretraining import Corpus, ExampleSettings, Manifest, documents, write_examples
from kerasbert.pretraining.tokens import tokenize_documents


def contents(folder):
    return {path.name: path.read_bytes() for path in pathlib.Path(folder).iterdir()}


@pytest.fixture
def write(tmp_path, random_words):
    """Writes examples of a text, and returns the manifest and the examples."""

    def write(text, tokenizer=random_words, num_shards=None, **settings):
        (tmp_path / "corpus.txt").write_text(text)
        corpus = Corpus(tmp_path / "corpus.txt")
        manifest = write_examples(
            corpus, tmp_path / "examples", tokenizer, ExampleSettings(**settings), num_shards
        )
        return manifest, {name: values.numpy() for name, values in read(manifest).items()}

    return write


def test_pairs_are_packed_as_the_tokenizer_packs_them(folder, random_words):
    manifest = Manifest.load(folder)
    rows = read(manifest)
    assert manifest.num_examples == rows["token_ids"].shape[0] > 100
    assert (manifest.num_documents, manifest.num_empty_documents) == (66, 0)
    assert set(rows["next_sentence"].numpy()) == {0, 1}
    pieces = np.array([token.startswith("##") for token in random_words.vocabulary])
    for ids, inside, start in zip(
        rows["token_ids"].to_list(), rows["continues"].to_list(), rows["second_start"].numpy(), strict=True
    ):
        assert len(ids) <= 32
        assert ids[0] == random_words.cls_id
        assert np.flatnonzero(np.array(ids) == random_words.sep_id).tolist() == [start - 1, len(ids) - 1]
        assert not np.any(np.array(inside) & ~pieces[ids])


def test_nothing_is_lost_without_pairs(write):
    text = random_text(np.random.default_rng(1), 30)
    manifest, rows = write(text, pairs="none", max_length=24, short_sequence_rate=0.0)
    ids, counts = np.unique(np.concatenate(list(rows["token_ids"])), return_counts=True)
    words, expected = np.unique(text.replace("p", " p").split(), return_counts=True)
    assert counts[ids >= 5].sum() == expected.sum() == manifest.num_tokens
    assert len(words) == (ids >= 5).sum()
    assert "next_sentence" not in rows
    np.testing.assert_array_equal(rows["second_start"], [len(row) for row in rows["token_ids"]])
    assert manifest.num_examples < counts[ids == 3][0] < manifest.num_examples + 30  # separators of documents


def test_the_same_arguments_give_the_same_bytes(corpus, random_words, folder, tmp_path):
    settings = ExampleSettings(max_length=32)
    write_examples(corpus, tmp_path / "again", random_words, settings, num_shards=3)
    assert contents(tmp_path / "again") == contents(folder)
    write_examples(corpus, tmp_path / "other", random_words, ExampleSettings(max_length=32, seed=1), 3)
    assert contents(tmp_path / "other") != contents(folder)


def test_dealing_in_many_turns_changes_nothing(corpus, random_words, folder, tmp_path, monkeypatch):
    monkeypatch.setattr("kerasbert.pretraining.examples._PENDING_BYTES", 100)
    write_examples(corpus, tmp_path / "again", random_words, ExampleSettings(max_length=32), num_shards=3)
    assert contents(tmp_path / "again") == contents(folder)


def test_the_order_within_a_shard_is_random(write):
    text = "\n\n".join(f"w{i} w{i}" for i in range(60))
    _, rows = write(text, pairs="none", max_length=4, short_sequence_rate=0.0)
    first = [row[1] for row in rows["token_ids"]]
    assert sorted(first) == list(range(5, 65))
    assert np.abs(np.corrcoef(first, range(60))[0, 1]) < 0.5


def test_duplicates_make_other_pairs_of_the_same_text(write):
    text = random_text(np.random.default_rng(1), 20)
    once, thrice = (write(text, duplicates=n, max_length=32)[0].num_examples for n in (1, 3))
    assert 2.5 * once < thrice < 3.5 * once


def test_a_long_sentence_is_cut_and_not_lost(write, monkeypatch):
    monkeypatch.setattr(documents, "_BLOCK", 1000)
    text = " ".join(f"w{i % 60}" for i in range(5000))
    _, rows = write(text, pairs="none", max_length=32, short_sequence_rate=0.0)
    assert sum(len(row) - 2 for row in rows["token_ids"]) == 5000


def test_documents_without_tokens_are_counted(write):
    manifest, _ = write("w1 w2\n\n\u00ad\n\nw3 w4\n", max_length=16)
    assert (manifest.num_documents, manifest.num_empty_documents) == (2, 1)


def test_sentences_are_split_by_a_function(write):
    _, rows = write(
        "w1 w2. w3 w4. w5 w6",
        pairs="none",
        max_length=5,
        short_sequence_rate=0.0,
        split_sentences=lambda line: line.split("."),
    )
    assert sorted(row[1:-1].tolist() for row in rows["token_ids"]) == [[6, 7], [8, 9], [10, 11]]


def test_sentences_are_split_by_rules(random_words):
    documents = [["w1 w2. W3 w4! w5", "w6"], ["w7"]]
    tokens = tokenize_documents(documents, random_words, 100, split_sentences=True)
    assert np.diff(tokens.bounds).tolist() == [3, 3, 1, 1, 1]
    assert tokens.documents.tolist() == [0, 4, 5]


@pytest.mark.parametrize("wrong", [{"split_sentences": "a.b"}, {"segment_words": True}])
def test_functions_must_be_such(wrong):
    with pytest.raises(ValueError, match=r"`s[a-z_]*` must be a function"):
        ExampleSettings(**wrong)


def test_whole_words_of_a_segmenter():
    tokenizer = kerasbert.BertTokenizer(
        ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"使用语言模型来预测", "good", "##ly"]
    )

    def segment(text):
        return {"使用语言模型": ["使用", "语言", "模型"], "来 goodly预测": ["来", "goodly", "预测"]}[text]

    tokens = tokenize_documents([["使用语言模型", "来 goodly预测"]], tokenizer, 100, segment_words=segment)
    assert tokens.continues.astype(int).tolist() == [0, 1, 0, 1, 0, 1, 0, 0, 1, 0, 1]
    assert not tokenize_documents([["使用语言模型"]], tokenizer, 100).continues.any()
    with pytest.raises(ValueError, match="`segment_words` must return the words exactly"):
        tokenize_documents([["使用"]], tokenizer, 100, segment_words=lambda text: ["用", "使"])


def test_roberta(byte_pairs, write):
    tokenizer = kerasbert.RobertaTokenizer(*byte_pairs)
    text = "film film!\nno film\n\nfilm a\n"
    _, rows = write(text, tokenizer, max_length=40)
    for ids, start in zip(rows["token_ids"], rows["second_start"], strict=True):
        assert start == len(ids)  # all segments are 0
        assert (ids == tokenizer.sep_id).sum() == 3
    _, rows = write(text, tokenizer, max_length=40, pairs="none")
    ((ids, inside),) = zip(rows["token_ids"], rows["continues"], strict=True)
    # The blank before a sentence that follows another is not lost, and words go up to the next blank.
    assert tokenizer.to_tokens(ids)[1:6] == ["film", "Ġfilm", "!", "Ġ", "no"]
    assert inside[1:6].tolist() == [False, False, True, False, True]


def test_a_failure_leaves_the_former_examples(corpus, random_words, tmp_path):
    write_examples(corpus, tmp_path / "examples", random_words, ExampleSettings(max_length=32))
    before = contents(tmp_path / "examples")

    def fail(line):
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        write_examples(
            corpus, tmp_path / "examples", random_words, ExampleSettings(split_sentences=fail, max_length=32)
        )
    assert contents(tmp_path / "examples") == before
    assert [path.name for path in tmp_path.iterdir()] == ["examples"]  # and no temporary files


@pytest.mark.parametrize("text", ["", "\n\n \n", "\u00ad\n"])
def test_a_corpus_without_text_is_refused(write, text):
    with pytest.raises(ValueError, match="A corpus must have text"):
        write(text)


def test_one_document_has_no_other_to_draw_from(write):
    with pytest.raises(ValueError, match=r"at least two documents in every shard.*num_documents=1"):
        write("w1\nw2\n")
    with pytest.raises(ValueError, match=r"smaller `num_shards`"):
        write("w1\n\nw2\n\nw3\n", num_shards=2)
    manifest, _ = write("w1 w2\nw2\n", pairs="sentence_order")
    assert manifest.num_examples == 1
    manifest, _ = write("w1\n\nw2\n", num_shards=1)
    assert manifest.num_examples == 2


def test_wrong_arguments_are_refused(corpus, random_words, tmp_path):
    with pytest.raises(ValueError, match="`pairs` must be one of"):
        ExampleSettings(pairs="nsp")
    with pytest.raises(ValueError, match="`short_sequence_rate` must be a number from 0 to 1"):
        ExampleSettings(short_sequence_rate=2)
    with pytest.raises(ValueError, match="`max_length` must be at least 5"):
        write_examples(corpus, tmp_path / "x", random_words, ExampleSettings(max_length=4))
    with pytest.raises(TypeError, match="`corpus` must be a `Corpus`"):
        write_examples("corpus.txt", tmp_path / "x", random_words)
    with pytest.raises(ValueError, match="`num_shards` must be a positive int"):
        write_examples(corpus, tmp_path / "x", random_words, num_shards=0)
    with pytest.raises(ValueError, match=r"must hold .*\[MASK\]"):
        kerasbert.BertTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "film"])


def test_a_damaged_folder_is_refused(corpus, random_words, tmp_path):
    manifest = write_examples(corpus, tmp_path / "examples", random_words, ExampleSettings(max_length=32))
    assert Manifest.load(tmp_path / "examples") == manifest
    (shard,) = manifest.paths
    data = pathlib.Path(shard).read_bytes()
    pathlib.Path(shard).write_bytes(data[:-5])
    with pytest.raises(ValueError, match="as long as when it was written"):
        Manifest.load(tmp_path / "examples")
    pathlib.Path(shard).unlink()
    with pytest.raises(ValueError, match="size_bytes=None"):
        Manifest.load(tmp_path / "examples")
    (tmp_path / "examples" / "examples.json").unlink()
    with pytest.raises(FileNotFoundError, match="write_examples"):
        Manifest.load(tmp_path / "examples")


def test_the_original_sample_text(shared_data, tmp_path):
    tokenizer = kerasbert.BertTokenizer(shared_data / "vocab" / "bert_base_uncased.vocab.txt")
    corpus = Corpus(shared_data / "bert_sample_text" / "sample_text.txt")
    manifest = write_examples(corpus, tmp_path / "x", tokenizer, ExampleSettings(duplicates=50))
    rows = read(manifest)
    assert manifest.num_documents == 3
    assert rows["token_ids"].bounding_shape()[1] == 128
    # Mostly random: with sentences this long few chunks have two, and a lone one gets a random segment.
    assert 0.5 < rows["next_sentence"].numpy().mean() < 0.75


@pytest.mark.slow
def test_a_line_of_100_megabytes(tmp_path, random_words):
    line = "w1 w2 w3 w4 " * (100_000_000 // 12)
    (tmp_path / "corpus.txt").write_text(f"{line}\n\nw5 w6\n")
    corpus, peak = Corpus(tmp_path / "corpus.txt"), 0
    for document in corpus:
        peak = max([peak, *(len(piece) for piece in document)])
    assert 1000 < peak <= 1 << 20
    settings = ExampleSettings(pairs="none", max_length=128, short_sequence_rate=0.0)
    manifest = write_examples(corpus, tmp_path / "examples", random_words, settings)
    assert manifest.num_documents == 2
    lengths = read(manifest)["token_ids"].row_lengths().numpy()
    assert np.sum(lengths - 2) >= len(line.split()) + 2
