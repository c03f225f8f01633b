"""What of a character map a vocabulary can tell apart: most of it is about scripts that it may not have."""

import numpy as np


def reduced(character_map, known):
    """Leaves out of a character map what becomes unknown either way.

    A string whose replacement has no known character can be left as it is, if none of its own characters is
    known. (Unknown characters that follow each other are one token, whatever their number.) Of the 73,000
    edges of XLM-R's map, for example, 46,000 put letters of Korean syllables together.

    A string stays if one that begins inside of it does, because it decides where that one may begin.

    Args:
        character_map: `CharacterMap`.
        known: set of str, the characters of the pieces.

    Returns:
        (edges, replacements) as a `CharacterMap` has them, with fewer states.
    """
    texts = character_map.replacements
    lost = [bool(text) and known.isdisjoint(text) for text in texts]
    following = [[] for _ in texts]
    for state, code, target in character_map.edges.tolist():
        following[state].append((code, target))
    alone = {code: target for code, target in following[0] if texts[target] is not None}

    def is_unknown(code):
        return lost[alone[code]] if code in alone else chr(code) not in known

    begins = {code for code, target in following[0] if following[target]}
    while True:
        unknown = _unknown_from(following, texts, lost, is_unknown, begins)
        kept = {
            code
            for code, target in following[0]
            if code in begins and not (is_unknown(code) and all(map(unknown, following[target])))
        }
        if kept == begins:
            break
        begins = kept

    numbers, edges, found = {0: 0}, set(), set()
    ways = [(0, code, target, is_unknown(code)) for code, target in following[0]]
    ways = [way for way in ways if way[1] in begins or chr(way[1]) in known or not way[3]]
    while ways:
        state, code, target, is_lost = way = ways.pop()
        if way in found:
            continue
        found.add(way)
        edges.add((numbers[state], code, numbers.setdefault(target, len(numbers))))
        if texts[target] is not None:
            is_lost = lost[target]
        if state or code in begins:
            ways += [
                (target, *edge, is_lost) for edge in following[target] if not (is_lost and unknown(edge))
            ]
    return np.array(sorted(edges), np.int64).reshape(-1, 3), [texts[state] for state in numbers]


def _unknown_from(following, texts, lost, is_unknown, begins):
    """A function that says of an edge whether all strings that go on with it are unknown either way."""
    states = {}

    def unknown(edge):
        code, state = edge
        if not is_unknown(code) or code in begins:
            return False
        if state not in states:
            replaced = texts[state] is not None and not lost[state]
            states[state] = not replaced and all(map(unknown, following[state]))
        return states[state]

    return unknown
