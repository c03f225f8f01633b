"""Ways of writing entities as one label a word: B, I and O, and their relatives."""

import re
from collections.abc import Sequence

from kerasbert import checks
from kerasbert.data.labels import check_labels

# The prefixes of each scheme. "IO" has none: its labels are plain types, also those of parts of speech.
SCHEMES = {"IO": "", "IOB1": "BI", "BIO": "BI", "IOBES": "BIES", "BILOU": "BILU"}
OTHER_NAMES = {"IOB2": "BIO", "BIOES": "IOBES"}
OUTSIDE = "O"
# What a label without a type, `B` alone, is of; seqeval calls it so too.
NO_TYPE = "_"
_AS_IOBES = {"L": "E", "U": "S"}
# Prefixes, or suffixes, as they are written elsewhere.
_OTHERWISE = re.compile(r"[BIESLU][_:/|.].|[biesluo][-_:/|.].|.+[-_:/|][BIESLU]$")


def entities(labels: Sequence[str], scheme: str | None = None) -> list[tuple[int, int, str]]:
    """Reads the entities of one sentence.

    Bad sequences are read as seqeval's default mode and the `conlleval` script of CoNLL 2000 (Tjong Kim Sang
    & Buchholz 2000) read them: what comes after another type, or after no entity, begins an entity, whatever
    its prefix.

    Args:
        labels: sequence of str, one to a word.
        scheme: str, of `SCHEMES`; None: found out from the labels. All but `"IO"` are read alike.

    Returns:
        List of `(start, end, type)`: the first word, and the word after the last.

    Raises:
        ValueError: if a label is none of the scheme.

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
    """Writes entities as one label a word.

    Args:
        spans: `(start, end, type)` in words, in order, none inside another.
        count: int, how many words there are.
        scheme: str, of `SCHEMES`. `"IO"` cannot tell two neighbours of one type apart.

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
        labels: sequence of str, one to a word.
        source: str, of `SCHEMES`; None: found out from the labels.
        target: str, of `SCHEMES`.

    Returns:
        List of str, as long as `labels`.

    Raises:
        ValueError: if a label is none of `source`.

    Example:

    >>> convert(["I-PER", "I-PER", "B-PER", "O"], "IOB1", "BIO")
    ['B-PER', 'I-PER', 'B-PER', 'O']
    """
    return spans_to_labels(entities(labels, source), len(labels), target)


def detect(sentences):
    """Finds out in which scheme labels are written.

    All labels but `"O"` must be of one form: types with a prefix, such as `B-PER`, or without, such as
    `NOUN`. One odd label among many, such as `X`, `[CLS]` or `MISC` beside `B-PER`, is an error.

    Args:
        sentences: sequence of sequences of str.

    Returns:
        str: `"IO"` if no label has a prefix; else `"BILOU"` or `"IOBES"` if there are their prefixes; else
        `"IOB1"` if an entity begins with `I` and none with a `B` that IOB1 would not need; else `"BIO"`.

    Raises:
        ValueError: if labels with and without a prefix are mixed, or prefixes of IOBES and BILOU; or if
            labels look as if they had a prefix, but are written otherwise, such as `B_PER` or `b-PER`.

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
            fix="Rename or remove the odd ones: special tokens need no label, and a word that does not count "
            'has the number -100. If these are types as they stand, name the scheme "IO".',
            prefixed=typed,
            not_prefixed=other or plain,
        )
    if plain:
        return "IO"
    prefixes = {name[0] for name in names}
    if prefixes & set("LU") and prefixes & set("ES"):
        raise checks.invalid(
            "Labels must be written in one scheme.",
            fix="Name it with `scheme`, or convert the files with `kerasbert.data.convert`.",
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
    """The class names that a task needs for entities of some types.

    Args:
        types: sequence of str.
        scheme: str, of `SCHEMES`.

    Returns:
        Tuple of str, `"O"` first.

    Raises:
        TypeError: if the types are a set, whose order is another one in each process, or no sequence.

    Example:

    >>> scheme_labels(["LOC", "PER"])
    ('O', 'B-LOC', 'I-LOC', 'B-PER', 'I-PER')
    """
    prefixes, types = SCHEMES[known_scheme(scheme)], check_labels(types, least=1)
    return (OUTSIDE, *(f"{p}-{t}" if p else t for t in types for p in prefixes or ("",)))


def scheme_of_names(names, scheme=None):
    """The scheme that a task's class names are for.

    Args:
        names: sequence of str.
        scheme: str, of `SCHEMES`, to check them against; or None.

    Returns:
        str, of `SCHEMES`: `"BIO"` where names have the prefixes `B` and `I`, and every type one with `B`.

    Raises:
        ValueError: if a name is none of the scheme, or names are of mixed forms; see `detect`.

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
    """Returns the name of a scheme, `"BIO"` for `"IOB2"`, or raises ValueError."""
    checks.one_of("scheme", (*SCHEMES, *OTHER_NAMES), scheme=scheme)
    return OTHER_NAMES.get(scheme, scheme)


def is_prefixed(label):
    """Whether a label is `O`, or a type with a prefix before it, such as `B-PER`."""
    return label == OUTSIDE or (label[:1] in set("BIESLU") and label[1:2] in ("", "-"))


def type_of(label, scheme):
    """The type of entity that a label is for; None for `O`."""
    prefix, type_ = _parts(label, scheme)
    return None if prefix == OUTSIDE else type_


def _parts(label, scheme):
    """Prefix and type of a label, the prefix as in IOBES."""
    if label == OUTSIDE:
        return OUTSIDE, NO_TYPE
    if scheme == "IO":
        return "I", label
    if not is_prefixed(label) or label[0] not in SCHEMES[scheme]:
        raise checks.invalid(
            f"A label in the scheme {scheme} must be O, or one of {', '.join(SCHEMES[scheme])} and a type.",
            fix='Write "B-PER"; or name another scheme.',
            label=label,
        )
    return _AS_IOBES.get(label[0], label[0]), label[2:] or NO_TYPE
