"""BERTweet's tokenizer against Hugging Face's."""

import collections
import itertools
import json

import numpy as np
import pytest

import kerasbert
from kerasbert import export
from kerasbert.text import BertweetTokenizer, normalise_tweet, tokenizer_from_folder
from kerasbert.text.integers import IntegerTokenizer

TWEETS = [
    "@friend can't believe it’s https://t.co/abc 😂😂… www.x.com, #film I'm at 5 p.m. cannot!",
    "I ain't sure, they've gone; we'll see :-) <3 :D &amp; 1/2 +1 (555) 123-4567 ->",
    "flags 🇩🇪 family 👩‍👩‍👧 thumb 👍🏽 heart ❤️ 電影 très naïve",
    "",
    "   ",
    "a@b.co http HTTPS://X.Y @ # ... .. . don't DON'T it's a . m . now",
    "soooooo !!!!!!!! ------ <mask> it </s>",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A vocabulary and merges that are learned from the tweets, in the files of fastBPE."""
    folder = tmp_path_factory.mktemp("bertweet")
    words = collections.Counter(" ".join(TWEETS * 3).split())
    words.update(["@USER", "HTTPURL", "n't", "ca", ":face_with_tears_of_joy:"] * 5)
    split = {word: [*word[:-1], word[-1] + "</w>"] for word in words}
    codes = []
    for _ in range(120):
        pairs = collections.Counter()
        for word, symbols in split.items():
            for pair in itertools.pairwise(symbols):
                pairs[pair] += words[word]
        if not pairs:
            break
        best = max(pairs, key=lambda pair: (pairs[pair], pair))
        codes.append(f"{best[0]} {best[1]} {pairs[best]}")
        for word, symbols in split.items():
            merged = []
            while symbols:
                both = tuple(symbols[:2]) == best
                merged.append("".join(symbols[: 1 + both]))
                symbols = symbols[1 + both :]
            split[word] = merged
    tokens = collections.Counter()
    for symbols in split.values():
        tokens.update(f"{symbol}@@" for symbol in symbols[:-1])
        tokens[symbols[-1].removesuffix("</w>")] += 1
    for letter in "abcdefghijklmnopqrstuvwxyz_:'":
        tokens.update([letter, f"{letter}@@"])
    special = ("<s>", "<pad>", "</s>", "<unk>", "<mask>")
    lines = [f"{token} {count}" for token, count in tokens.most_common() if token not in special]
    (folder / "vocab.txt").write_text("\n".join(lines) + "\n", "utf-8")
    (folder / "bpe.codes").write_text("\n".join(codes) + "\n", "utf-8")
    (folder / "config.json").write_text('{"model_type": "roberta"}')
    return folder


def with_special_tokens(tokenizer):
    return type(tokenizer).from_config(tokenizer.get_config() | {"special_tokens_in_text": True})


@pytest.mark.parametrize("normalization", [False, True])
def test_ids_are_those_of_transformers(folder, normalization, tmp_path):
    transformers = pytest.importorskip("transformers")
    if normalization:
        pytest.importorskip("emoji")
    theirs = transformers.BertweetTokenizer.from_pretrained(folder, normalization=normalization)
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({"normalization": normalization}))
    for name in ("vocab.txt", "bpe.codes"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    tokenizer = tokenizer_from_folder(tmp_path)
    assert (type(tokenizer), tokenizer.normalization) == (BertweetTokenizer, normalization)
    ours = with_special_tokens(tokenizer)
    packed = ours(TWEETS, TWEETS[::-1])
    rows = zip(packed["token_ids"].numpy(), packed["padding_mask"].numpy(), strict=True)
    expected = theirs(TWEETS, TWEETS[::-1])["input_ids"]
    assert [row[mask == 1].tolist() for row, mask in rows] == expected
    assert not packed["segment_ids"].numpy().any()
    assert ours.mask_id in np.array(expected[-1])
    assert tokenizer.mask_id not in tokenizer.tokenize(TWEETS[-1]).numpy()
    tokenizer.save_to_folder(tmp_path / "ours")
    (tmp_path / "ours" / "config.json").write_text('{"model_type": "roberta"}')
    read = tokenizer_from_folder(tmp_path / "ours")
    assert read.get_config() == tokenizer.get_config()
    again = transformers.AutoTokenizer.from_pretrained(tmp_path / "ours")
    assert type(again).__name__ == "BertweetTokenizer"
    assert again(TWEETS, TWEETS[::-1])["input_ids"] == expected


def test_normalised_tweets():
    pytest.importorskip("emoji")
    face = ":face_with_tears_of_joy:"
    expected = f"@USER can't believe it 's HTTPURL {face} {face} ... HTTPURL , #film I 'm at 5 p.m. can not !"
    assert normalise_tweet(TWEETS[0]) == expected
    # Each part of a sequence of emoji has a name, as when BERTweet was trained.
    assert ":woman: \u200d :woman: \u200d :girl:" in normalise_tweet(TWEETS[2])


def test_places_and_words(folder):
    tokenizer = tokenizer_from_folder(folder)
    text = " cannot film!"
    ids, starts, ends = tokenizer.tokenize_with_offsets(text)
    tokens = [token.removesuffix("@@") for token in tokenizer.to_tokens(ids)]
    found = [text[start:end] for start, end in zip(starts.numpy(), ends.numpy(), strict=True)]
    known = [(a, b) for a, b in zip(tokens, found, strict=True) if a != "<unk>"]
    assert "".join(found) == "cannotfilm!"
    assert known
    assert all(a == b for a, b in known)
    normalising = BertweetTokenizer.from_config(tokenizer.get_config() | {"normalization": True})
    with pytest.raises(ValueError, match="have no places in the text"):
        normalising.tokenize_with_offsets(text)


@pytest.mark.tensorflow
@pytest.mark.filterwarnings("ignore:.*were truncated:UserWarning")
def test_a_task_learns_and_is_no_saved_model(folder, config, tmp_path):
    tokenizer = tokenizer_from_folder(folder)
    changes = {"vocabulary_size": tokenizer.vocabulary_size, "position_offset": 2, "num_segments": 1}
    encoder = kerasbert.BertEncoder(kerasbert.BertConfig.from_dict(config.to_dict() | changes))
    task = kerasbert.BertTextClassifier(encoder, tokenizer, ["bad", "good"])
    task.compile()
    rows = [tweet[:40] for tweet in TWEETS[:4]]
    task.fit(rows, ["bad", "good"] * 2, batch_size=2, epochs=1, verbose=0)
    expected = task.predict(rows, verbose=0)
    task.save_to_preset(tmp_path / "it")
    again = kerasbert.BertTextClassifier.from_preset(tmp_path / "it")
    np.testing.assert_allclose(again.predict(rows, verbose=0), expected, atol=1e-6)
    with pytest.raises(ValueError, match="needs a tokenizer made of graph operations"):
        export.to_saved_model(task, tmp_path / "saved")
    with pytest.raises(TypeError, match="must be a BertTokenizer"):
        IntegerTokenizer(tokenizer)


def test_damaged_files(folder, tmp_path):
    for name in ("vocab.txt", "bpe.codes"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    (tmp_path / "bpe.codes").write_text("a b\n")  # as transformers saves it
    with pytest.raises(ValueError, match="two tokens and a number"):
        tokenizer_from_folder(tmp_path)
