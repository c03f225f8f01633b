import collections
import dataclasses
import json

import numpy as np
import pytest
from pretraining_corpus import digests

from kerasbert.pretraining import Manifest, language_batches, language_shares, pretraining_batches


@pytest.fixture
def folders(folder, tmp_path):
    """The same examples as two languages, the second one of which is said to have nine times the text."""
    found = {"de": folder, "en": tmp_path / "en"}
    found["en"].mkdir()
    for path in folder.iterdir():
        (found["en"] / path.name).write_bytes(path.read_bytes())
    manifest = Manifest.load(found["en"])
    dataclasses.replace(manifest, num_tokens=manifest.num_tokens * 9).save()
    return found


def test_shares_are_smoothed():
    sizes = {"en": 80, "de": 15, "sw": 5}
    assert language_shares(sizes, 1.0) == pytest.approx({"en": 0.8, "de": 0.15, "sw": 0.05})
    assert language_shares(sizes, 0.0) == pytest.approx(dict.fromkeys(sizes, 1 / 3))
    powers = np.array([80, 15, 5]) ** 0.3
    assert [*language_shares(sizes, 0.3).values()] == pytest.approx((powers / powers.sum()).tolist())
    # Names of any kind, also those of arguments, and numbers of NumPy.
    counted = language_shares({"where": np.int64(80), 2: np.float32(20)}, 1.0)
    assert counted == {"where": 0.8, 2: 0.2}
    for wrong in ({}, {"en": 0}, {"en": "many"}, {"en": float("nan")}, [80, 20]):
        with pytest.raises(ValueError, match="a dict with at least one language, and each size a number"):
            language_shares(wrong)


@pytest.mark.slow
def test_each_batch_is_of_one_language_and_the_stream_can_be_entered_at_any_step(folders, random_words):
    options = {"seed": 3, "shuffle_buffer": 50, "smoothing": 0.5}
    stream = language_batches(folders, random_words, 8, **options)
    whole = digests(stream.take(60))
    assert digests(language_batches(folders, random_words, 8, step=23, **options).take(37)) == whole[23:]
    # Both languages have the same stream here, of which each batch comes when its language is drawn.
    alone = digests(pretraining_batches(folders["de"], random_words, 8, seed=3, shuffle_buffer=50).take(60))
    taken = sorted(collections.Counter(whole).values())
    counts = [sum(digest in alone[:n] for digest in whole) for n in (60,)]
    assert counts == [60]
    assert set(taken) <= {1, 2}
    rare = taken.count(2)  # the rarer language's batches are among those of the other
    assert 8 <= rare <= 22  # a quarter of 60, by sqrt(9)


def test_all_languages_have_one_max_length(folders, random_words):
    """A longer one has more masked tokens, so that the shapes of the stream would change between batches."""
    dataclasses.replace(Manifest.load(folders["en"]), max_length=64).save()
    with pytest.raises(ValueError, match="must have the same `max_length`") as error:
        language_batches(folders, random_words, 8)
    assert f"max_length=(32, 64). In: language_batches: {folders['de']} and {folders['en']}." in str(
        error.value
    )


def test_all_languages_have_pairs_or_none(folders, random_words):
    page = json.loads((folders["en"] / "examples.json").read_text())
    page["settings"]["pairs"] = "none"
    (folders["en"] / "examples.json").write_text(json.dumps(page))
    with pytest.raises(ValueError, match="must be pairs, or those of none"):
        language_batches(folders, random_words, 8)
    for wrong in ({}, [folders["de"]]):
        with pytest.raises(ValueError, match="`folders` must be a dict"):
            language_batches(wrong, random_words, 8)
    with pytest.raises(TypeError, match="epochs"):
        language_batches({"de": folders["de"]}, random_words, 8, epochs=2)
