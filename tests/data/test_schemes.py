import itertools
import random

import pytest

from kerasbert.data import SCHEMES, convert, detect, entities, scheme_labels, scheme_of_names, spans_to_labels

TYPES = ("PER", "creative-work")


def random_labels(scheme, count, types=TYPES):
    """Labels without any order: most sequences break the rules of their scheme."""
    names = [*scheme_labels(types, scheme), *SCHEMES[scheme]]  # prefixes alone are labels too
    return [[random.choice(names) for _ in range(random.randint(0, 9))] for _ in range(count)]


def random_spans(count, words=12):
    rows = []
    for _ in range(count):
        borders = sorted(random.sample(range(words + 1), 6))
        rows.append([(a, b, random.choice(TYPES)) for a, b in itertools.pairwise(borders)])
        rows[-1] = [span for span in rows[-1] if random.random() < 0.6]
    return rows


@pytest.mark.parametrize("scheme", ["IOB1", "BIO", "IOBES", "BILOU"])
def test_any_sequence_is_read_as_seqeval_reads_it(scheme):
    get_entities = pytest.importorskip("seqeval.metrics.sequence_labeling").get_entities
    random.seed(0)
    for labels in random_labels(scheme, 2000):
        known = [{"L": "E", "U": "S"}.get(label[0], label[0]) + label[1:] for label in labels]
        expected = [(start, end + 1, type_) for type_, start, end in get_entities(known)]
        assert entities(labels, scheme) == expected, labels


@pytest.mark.parametrize("scheme", sorted(set(SCHEMES) - {"IO"}))
def test_what_is_written_is_read_back_from_every_scheme(scheme):
    random.seed(0)
    for spans in random_spans(500):
        labels = spans_to_labels(spans, 12, scheme)
        assert entities(labels) == spans
        for other in set(SCHEMES) - {"IO"}:
            assert convert(convert(labels, scheme, other), other, scheme) == labels


@pytest.mark.parametrize("scheme", ["BIO", "IOBES", "BILOU"])
def test_what_is_written_is_what_seqeval_calls_strict(scheme):
    """A second opinion on the writing, where seqeval's strict mode knows the scheme."""
    seqeval_scheme = pytest.importorskip("seqeval.scheme")
    known = getattr(seqeval_scheme, {"BIO": "IOB2"}.get(scheme, scheme))
    random.seed(0)
    for spans in random_spans(300):
        found = seqeval_scheme.Tokens(spans_to_labels(spans, 12, scheme), known).entities
        assert [(entity.start, entity.end, entity.tag) for entity in found] == spans


def test_each_scheme_in_letters():
    spans = [(0, 1, "A"), (1, 4, "A"), (5, 7, "B"), (7, 8, "A")]
    written = {scheme: " ".join(spans_to_labels(spans, 9, scheme)) for scheme in SCHEMES}
    assert written == {
        "IO": "A A A A O B B A O",
        "IOB1": "I-A B-A I-A I-A O I-B I-B I-A O",
        "BIO": "B-A B-A I-A I-A O B-B I-B B-A O",
        "IOBES": "S-A B-A I-A E-A O B-B E-B S-A O",
        "BILOU": "U-A B-A I-A L-A O B-B L-B U-A O",
    }
    assert entities(written["IO"].split()) == [(0, 4, "A"), (5, 7, "B"), (7, 8, "A")]
    assert spans_to_labels([(0, 2, "_")], 2) == ["B", "I"]


@pytest.mark.parametrize(
    ("labels", "scheme"),
    [
        (["I-A", "B-A", "O"], "IOB1"),
        (["I-A", "B-B"], "BIO"),
        (["I-A", "O", "B-A"], "BIO"),  # bad BIO: IOB1 would have no B there
        (["B-A", "I-A", "O"], "BIO"),
        (["O", "O"], "BIO"),
        ([], "BIO"),
        (["B", "I"], "BIO"),
        (["S-A"], "IOBES"),
        (["B-A", "L-A"], "BILOU"),
        (["PER", "O"], "IO"),
        (["NOUN", "VERB"], "IO"),
    ],
)
def test_schemes_are_told_apart(labels, scheme):
    assert detect([labels]) == scheme


def test_the_scheme_of_class_names_does_not_depend_on_their_order():
    for scheme in set(SCHEMES) - {"IOB1"}:
        names = scheme_labels(TYPES, scheme)
        assert scheme_of_names(names) == scheme_of_names(names[::-1]) == scheme
    assert scheme_of_names(["O", "I-A", "B-A", "I-B"]) == "IOB1"  # as of CoNLL 2003: no B without need
    assert scheme_of_names(["O", "B-A"], "IOB2") == "BIO"


def test_labels_of_another_scheme_are_errors():
    with pytest.raises(ValueError, match="label='E-A'"):
        entities(["B-A", "E-A"], "BIO")
    with pytest.raises(ValueError, match="label='B_A'"):
        scheme_of_names(["O", "B_A"], "BIO")
    with pytest.raises(ValueError, match="one scheme"):
        detect([["S-A"], ["U-A"]])
    with pytest.raises(ValueError, match="`scheme` must be one of"):
        convert(["O"], None, "IOBS")


BIO = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]


@pytest.mark.parametrize("odd", ["X", "[CLS]", "MISC", "B_PER", "b-PER", "o", "B:PER", "PER-B"])
def test_one_odd_label_decides_nothing_and_is_an_error(odd):
    for call in (
        lambda: scheme_of_names([*BIO, odd]),
        lambda: detect([BIO, [odd]]),
        lambda: entities(["B-PER", odd]),
        lambda: convert(["B-PER", odd], None, "IOBES"),
    ):
        with pytest.raises(ValueError, match="types with a prefix"):
            call()
    assert scheme_of_names([*BIO, odd], "IO") == "IO"  # said by hand


@pytest.mark.parametrize("names", [["O", "B_PER", "I_PER"], ["o", "b-PER", "i-PER"], ["O", "PER-B", "PER-I"]])
def test_prefixes_that_are_written_otherwise_are_no_types(names):
    with pytest.raises(ValueError, match=r"not_prefixed=\["):
        detect([names])


@pytest.mark.parametrize("names", [["NOUN", "X", "ADP"], ["N", "V", "S", "I", "E"], ["-LRB-", "WP$", "B"]])
def test_parts_of_speech_are_plain_types_though_one_is_called_as_a_prefix(names):
    assert detect([names]) == "IO"
