"""Tagging schemes, which write entities as one label per word: BIO and its variants."""

import re
from collections.abc import Sequence

from kerasbert import checks
from kerasbert.data.labels import check_labels

# The prefixes of each scheme. "IO" has none: its labels are plain types, such as parts of speech.
SCHEMES = {"IO": "", "IOB1": "BI", "BIO": "BI", "IOBES": "BIES", "BILOU": "BILU"}
OTHER_NAMES = {"IOB2": "BIO", "BIOES": "IOBES"}
OUTSIDE = "O"
# The type of a label that names no type, such as `B`. seqeval uses the same name.
NO_TYPE = "_"
_AS_IOBES = {"L": "E", "U": "S"}
# Prefixes or suffixes written in other ways.
_OTHERWISE = re.compile(r"[BIESLU][_:/|.].|[biesluo][-_:/|.].|.+[-_:/|][BIESLU]$")


def entities(labels: Sequence[str], scheme: str | None = None) -> list[tuple[int, int, str]]:
    """Reads the entities of one sentence from its labels.

    Invalid sequences are read in the same way as by seqeval's default mode and by the `conlleval` script of
    CoNLL 2000 (Tjong Kim Sang & Buchholz 2000): a label after one of another type, or after `O`, begins an
    entity, whatever its prefix.

    Args:
        labels: sequence of str, one for each word.
        scheme: str, one of `SCHEMES`; None: detected from the labels. All schemes but `"IO"` are read alike.

    Returns:
        List of `(start, end, type)`: the index of the first word, and of the word after the last.

    Raises:
        ValueError: if a label does not belong to the scheme.

    Example:

    >>> entities(["B-PER", "I-PER", "O", "I-LOC", "B-LOC"])
    [(0, 2, 'PER'), (3, 4, 'LOC'), (4, 5, 'LOC')]
    """
    scheme = detect([labels]) if scheme is None else known_scheme(scheme)
    found, start, before, type_before = [], 0, OUTSIDE, NO_TYPE
    for place, label in enumerate([*labels, OUTSIDE]):
        prefix, type_ = _parts(label, scheme)
        other = type_ != type_before
        if before != OUTSIDE and (before in "ES" or prefix in "BSO" or other):
            found.append((start, place, type_before))
        if prefix in "BS" or (prefix in "IE" and (before in "ESO" or other)):
            start = place
        before, type_before = prefix, type_
    return found


def spans_to_labels(spans, count, scheme="BIO"):
    """Writes entities as one label per word.

    Args:
        spans: `(start, end, type)` in words, in ascending order, without overlaps.
        count: int, the number of words.
        scheme: str, one of `SCHEMES`. `"IO"` cannot separate two adjacent entities of the same type.

    Returns:
        List of `count` str.

    Example:

    >>> spans_to_labels([(0, 2, "PER"), (3, 4, "LOC")], 4, "IOBES")
    ['B-PER', 'E-PER', 'O', 'S-LOC']
    """
    scheme, labels, last = known_scheme(scheme), [OUTSIDE] * count, (0, None)
    for start, end, type_ in spans:
        prefixes = ["I"] * (end - start)
        if scheme != "IOB1" or last == (start, type_):
            prefixes[0] = "B"
        if scheme in ("IOBES", "BILOU"):
            closing, single = ("E", "S") if scheme == "IOBES" else ("L", "U")
            prefixes[-1] = closing if end - start > 1 else single
        last = end, type_
        if scheme == "IO":
            labels[start:end] = [type_] * (end - start)
        else:
            labels[start:end] = [p if type_ == NO_TYPE else f"{p}-{type_}" for p in prefixes]
    return labels


def convert(labels, source, target):
    """Rewrites the labels of one sentence in another scheme.

    Args:
        labels: sequence of str, one for each word.
        source: str, one of `SCHEMES`; None: detected from the labels.
        target: str, one of `SCHEMES`.

    Returns:
        List of str, as long as `labels`.

    Raises:
        ValueError: if a label does not belong to the scheme `source`.

    Example:

    >>> convert(["I-PER", "I-PER", "B-PER", "O"], "IOB1", "BIO")
    ['B-PER', 'I-PER', 'B-PER', 'O']
    """
    return spans_to_labels(entities(labels, source), len(labels), target)


def detect(sentences):
    """Detects the scheme in which labels are written.

    All labels but `"O"` must have the same form: types with a prefix, such as `B-PER`, or types without, such
    as `NOUN`. A single odd label, such as `X`, `[CLS]` or `MISC` beside `B-PER`, is an error.

    Args:
        sentences: sequence of sequences of str.

    Returns:
        str: `"IO"` if no label has a prefix. Otherwise `"BILOU"` or `"IOBES"` if their special prefixes
        occur; `"IOB1"` if an entity begins with `I` and none begins with a `B` that IOB1 would not need; or
        `"BIO"`.

    Raises:
        ValueError: if labels with and without a prefix are mixed, or prefixes of IOBES and BILOU are mixed;
            or if labels seem to have a prefix that is written differently, such as `B_PER` or `b-PER`.

    Example:

    >>> detect([["I-PER", "O"], ["I-LOC", "B-LOC"]]), detect([["B-PER", "O"]]), detect([["NOUN", "VERB"]])
    ('IOB1', 'BIO', 'IO')
    """
    names = {label for labels in sentences for label in labels}
    typed = sorted(name for name in names if is_prefixed(name) and name[1:])
    plain = sorted(name for name in names if not is_prefixed(name))
    other = [name for name in plain if _OTHERWISE.match(name)]
    if plain and (typed or other):
        raise checks.invalid(
            "Labels must all be types with a prefix, such as B-PER, or all be types without one.",
            fix="Rename or remove the labels that differ: special tokens need no label, and a word to ignore "
            'has the label -100. If all of these are plain types, pass the scheme "IO".',
            prefixed=typed,
            not_prefixed=other or plain,
        )
    if plain:
        return "IO"
    prefixes = {name[0] for name in names}
    if prefixes & set("LU") and prefixes & set("ES"):
        raise checks.invalid(
            "Labels must be written in one scheme.",
            fix="Pass `scheme`, or convert the files with `kerasbert.data.convert`.",
            prefixes=sorted(prefixes),
        )
    if prefixes & set("LU"):
        return "BILOU"
    if prefixes & set("ES"):
        return "IOBES"
    bare_begin = False
    for labels in sentences:
        before = (OUTSIDE, NO_TYPE)
        for label in labels:
            prefix, type_ = _parts(label, "BIO")
            follows = before[0] != OUTSIDE and before[1] == type_
            if prefix == "B" and not follows:
                return "BIO"
            bare_begin |= prefix == "I" and not follows
            before = (prefix, type_)
    return "IOB1" if bare_begin else "BIO"


def scheme_labels(types: Sequence[str], scheme: str = "BIO") -> tuple[str, ...]:
    """The class names that a task needs for entities of the given types.

    Args:
        types: sequence of str.
        scheme: str, one of `SCHEMES`.

    Returns:
        Tuple of str, `"O"` first.

    Raises:
        TypeError: if the types are not a sequence, or are a set, whose order differs from process to process.

    Example:

    >>> scheme_labels(["LOC", "PER"])
    ('O', 'B-LOC', 'I-LOC', 'B-PER', 'I-PER')
    """
    prefixes, types = SCHEMES[known_scheme(scheme)], check_labels(types, least=1)
    return (OUTSIDE, *(f"{p}-{t}" if p else t for t in types for p in prefixes or ("",)))


def scheme_of_names(names, scheme=None):
    """The scheme to which a task's class names belong.

    Args:
        names: sequence of str.
        scheme: str, one of `SCHEMES`, to check the names against; or None.

    Returns:
        str, one of `SCHEMES`: `"BIO"` if names have the prefixes `B` and `I`, and every type has one with
            `B`.

    Raises:
        ValueError: if a name does not belong to the scheme, or names have mixed forms; see `detect`.

    Example:

    >>> scheme_of_names(["O", "I-PER", "B-PER"]), scheme_of_names(["O", "I-PER"])
    ('BIO', 'IOB1')
    """
    found = known_scheme(scheme) if scheme else detect([names])
    types = {prefix: set() for prefix in "BIES"}
    for name in names:
        prefix, type_ = _parts(name, found)
        if prefix != OUTSIDE:
            types[prefix].add(type_)
    if scheme or found not in ("BIO", "IOB1"):
        return found
    return "BIO" if types["I"] <= types["B"] else "IOB1"


def known_scheme(scheme):
    """Returns the canonical name of a scheme, such as `"BIO"` for `"IOB2"`, or raises ValueError."""
    checks.one_of("scheme", (*SCHEMES, *OTHER_NAMES), scheme=scheme)
    return OTHER_NAMES.get(scheme, scheme)


def is_prefixed(label):
    """Whether a label is `O` or a type with a prefix, such as `B-PER`."""
    return label == OUTSIDE or (label[:1] in set("BIESLU") and label[1:2] in ("", "-"))


def type_of(label, scheme):
    """The entity type of a label; None for `O`."""
    prefix, type_ = _parts(label, scheme)
    return None if prefix == OUTSIDE else type_


def _parts(label, scheme):
    """The prefix, in terms of IOBES, and the type of a label."""
    if label == OUTSIDE:
        return OUTSIDE, NO_TYPE
    if scheme == "IO":
        return "I", label
    if not is_prefixed(label) or label[0] not in SCHEMES[scheme]:
        raise checks.invalid(
            f"A label in the scheme {scheme} must be O, or one of {', '.join(SCHEMES[scheme])} and a type.",
            fix='Write labels such as "B-PER", or pass another scheme.',
            label=label,
        )
    return _AS_IOBES.get(label[0], label[0]), label[2:] or NO_TYPE
