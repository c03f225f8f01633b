"""Splits English and Chinese texts into sentences."""

import re

_BLANKS = re.compile(r"\s*")
# A line break; or punctuation marks, with the closing quotes and brackets after them.
_CANDIDATE = re.compile(r"[\n\r\v\f\x85\u2028\u2029]|([.!?…。！？｡]+)([\"'”’»)\]}」』）】〕］｝]*)")
_CHINESE_MARKS = frozenset("。！？｡")
_CHINESE = re.compile("[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]")
# A sentence continues if one of these follows the mark; 》 closes a title that ends with a mark.
_CONTINUES = frozenset("，、；：》〉,;:)!?.…。！？")
# What follows a mark and a space: opening marks, and the first word or number.
_NEXT = re.compile(r"[^\S\n\r]*[\"'“‘«(\[{¿¡—–*•-]*([^\W_]*)")
# The word or abbreviation before a full stop, in the last few characters.
_BEFORE = re.compile(r"[^\W_][^\W_.]*(?:\.[^\W_]+)*$")
_LONGEST_ABBREVIATION = 12
_INITIALS = re.compile(r"(?:[^\W\d_]\.)*[^\W\d_]$")  # J, U.S, p.m


def _words(text):
    return frozenset(text.split())


# No sentence ends after these.
_NEVER_LAST = _words(
    "adm brig capt cmdr col cpl dr drs ens gen gov hon lt maj messrs mlle mme mr mrs ms msgr mt pfc pres prof"
    " pvt rep reps rev sen sens sgt st supt e.g i.e eg ie cf viz vs approx ca fig figs eq eqs"
)
# No sentence ends after these if a number follows.
_BEFORE_NUMBERS = _words("no nos art arts ch chap p pp ps pt sec sect vol vols ver op")
# After these and after initials, a sentence may end, depending on what follows.
_MAY_BE_LAST = _words(
    "co corp inc ltd bros dept univ assn est etc al jr sr esq ph.d m.sc b.sc d.phil jan feb mar apr jun jul"
    " aug sep sept oct nov dec mon tue tues wed thu thur thurs fri sat sun ave blvd rd ft hr hrs min lb lbs"
    " oz sq ed eds trans"
)
# Words that have a capital letter only at the beginning of a sentence.
_STARTERS = _words(
    "A After All Although An And Another Any As At Because Before Both But By Do Does Did During Each Even"
    " Every For From Had Has Have He Her Here His How However I If In Is It Its Last Many May Meanwhile More"
    " Most My No Not Now Of On Once One Or Other Our Since She So Some Still Such Than That The Their Then"
    " There These They This Those Though Through To Today Two Under Until Up Was We Were What When Where"
    " Whether Which While Who Why Will With Would Yes Yet You Your"
)


def split_sentences(text: str) -> list[tuple[int, int]]:
    """Finds the sentences of a text by rules, in time linear in its length.

    - A line break ends a sentence, so join lines that were only wrapped.
    - `。！？`, with the closing quotes and brackets after them, end a sentence, unless a comma or the like
      follows.
    - `.!?` before a space also end a sentence; but an ellipsis, or a mark before a closing quote or bracket,
      does so only if no lower-case letter follows.
    - No sentence ends after `Mr.`, `e.g.` and similar abbreviations, nor after `No.` before a number. After
      `U.S.`, `Inc.` or an initial, a sentence ends if a word such as `The` follows.

    Args:
        text: str, in English, Chinese or both.

    Returns:
        List of `(start, end)` in characters, without the white space around a sentence.

    Example:

    >>> text = 'Mr. Smith paid $3.50. "Why?" she asked. 他说：“好。”然后走了。'
    >>> [text[start:end] for start, end in split_sentences(text)]
    ['Mr. Smith paid $3.50.', '"Why?" she asked.', '他说：“好。”', '然后走了。']
    """
    spans, start = [], _after_blanks(text, 0)
    for match in _CANDIDATE.finditer(text):
        if match.start() < start:  # a line break that was already skipped as white space
            continue
        if match[1] is None or _ends(text, start, match):
            spans.append((start, match.end()))
            start = _after_blanks(text, match.end())
    spans.append((start, len(text)))
    return [(start, start + len(text[start:end].rstrip())) for start, end in spans if start < end]


def _after_blanks(text, start):
    return _BLANKS.match(text, start).end()


def _ends(text, start, match):
    """Whether marks end the sentence that begins at `start`."""
    marks, closing = match.groups()
    following = text[match.end() : match.end() + 1]
    if following in _CONTINUES or text[max(match.start() - 1, 0)] in "(（":
        return False
    if not _CHINESE_MARKS.isdisjoint(marks):
        return True
    if following and not following.isspace():
        return marks[-1] in "!?" and bool(_CHINESE.match(following))
    first = _NEXT.match(text, match.end())
    after = text[first.end() : first.end() + 1]
    if not first[1] and after in _CONTINUES:
        return False
    if closing or marks.endswith(("..", "…")) or text[max(start, match.start() - 2) : match.start()] == ". ":
        return not first[1][:1].islower()
    if marks != ".":
        return True
    before = _BEFORE.search(text[max(start, match.start() - _LONGEST_ABBREVIATION) : match.start()])
    name = before[0].lower() if before else ""
    if name in _NEVER_LAST or (name in _BEFORE_NUMBERS and first[1].isdecimal()):
        return False
    if name in _MAY_BE_LAST or _INITIALS.match(name):
        return first[1] in _STARTERS and after != "."  # "A. A. Milne"
    return not (name.isdecimal() and start == match.start() - len(name))  # "1. Wash the rice."
