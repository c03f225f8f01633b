"""The character map of a SentencePiece model: what its normalisation replaces by what."""

import base64
import binascii
import dataclasses
import functools

import numpy as np

from kerasbert import checks

_MOST_BYTES = 1 << 26  # of a map; that of XLM-R has 0.3 MB
_LONGEST_KEY = 32  # in characters
_LEAF, _LABEL, _VALUE = 1 << 8, (1 << 31) | 0xFF, (1 << 31) - 1
_BYTES = np.arange(1, 256)


class CharacterMap:
    """The strings that a `precompiled_charsmap` replaces, as an automaton over characters.

    The map holds a double-array trie of these strings in UTF-8, in the layout of the Darts-clone library: the
    size of the trie in bytes (4 bytes), its units (4 bytes each), and the replacements, each ended by a zero
    byte. Its nodes are shared by strings with the same endings: the map of XLM-R has 200,000 strings on
    45,000 units, so they are not listed one by one.

    Args:
        content: bytes.
        where: str or None, the source, for error messages.

    Raises:
        ValueError: if the content is not such a map.

    Attributes:
        edges: numpy int64 (E, 3): state, code point, the state that it leads to; in ascending order. Strings
            begin in state 0.
        replacements: list of str or None, for each state the replacement of the string that ends there.
        longest: int, the characters of the longest string.
    """

    def __init__(self, content, where=None):
        self._where = where
        size = int.from_bytes(content[:4], "little")
        if not 4 <= size <= len(content) - 4 or size % 4 or len(content) > _MOST_BYTES:
            raise self._damaged(trie_bytes=size, bytes=len(content))
        self._units = np.frombuffer(content, "<u4", size // 4, 4).astype(np.int64)
        numbers, edges, frontier = {0: 0}, [], np.array([0])
        self.longest = 0
        while len(frontier):
            found = self._characters_after(frontier)
            edges += [(numbers[node], code, target) for node, code, target in zip(*found, strict=True)]
            new = [node for node in dict.fromkeys(found[2]) if node not in numbers]
            numbers |= {node: len(numbers) + i for i, node in enumerate(new)}
            frontier = np.array(new, np.int64)
            self.longest += len(new) > 0
            if self.longest > _LONGEST_KEY:
                raise self._damaged(longest_string=self.longest)
        self.edges = np.array(
            sorted((state, code, numbers[target]) for state, code, target in edges), np.int64
        ).reshape(-1, 3)
        self.replacements = [self._replacement(node, content[4 + size :]) for node in numbers]

    def _characters_after(self, nodes):
        """The (node, code point, node behind it) of all characters that follow nodes, as lists."""
        found = ([], [], [])
        parents, at, byte = self._bytes_after(nodes, nodes)
        if ((byte >= 0x80) & (byte < 0xC2) | (byte > 0xF4)).any():
            raise self._damaged(reason="a string is not UTF-8")
        more = (byte >= 0xC2) * 1 + (byte >= 0xE0) + (byte >= 0xF0)  # bytes after the first
        code = np.where(more == 0, byte, byte & (0x3F >> more))
        while len(at):
            done = more == 0
            for values, kept in zip(found, (parents, code, at), strict=True):
                values += kept[done].tolist()
            row = np.flatnonzero(~done)
            which, at, byte = self._bytes_after(row, at[row])
            if (byte // 64 != 2).any():
                raise self._damaged(reason="a string is not UTF-8")
            parents, more, code = parents[which], more[which] - 1, code[which] * 64 + (byte & 0x3F)
        return found

    def _bytes_after(self, names, nodes):
        """The (name of the parent, node, byte) of all children of nodes."""
        at = self._children(nodes)[:, np.newaxis] ^ _BYTES
        unit = self._units[np.minimum(at, len(self._units) - 1)]
        rows, columns = np.nonzero((unit & _LABEL == _BYTES) & (at < len(self._units)))
        return names[rows], at[rows, columns], _BYTES[columns]

    def _children(self, nodes):
        units = self._units[nodes]
        return nodes ^ ((units >> 10) << ((units & (1 << 9)) >> 6))

    def _replacement(self, node, replacements):
        if node == 0 or not self._units[node] & _LEAF:
            return None
        place = int(self._children(np.array([node]))[0])
        begin = int(self._units[place] & _VALUE) if place < len(self._units) else -1
        end = replacements.find(b"\0", begin) if begin >= 0 else -1
        if end < 0:
            raise self._damaged(node=node)
        try:
            return replacements[begin:end].decode()
        except UnicodeDecodeError as error:
            raise self._damaged(replacement=replacements[begin:end]) from error

    def _damaged(self, **received):
        return checks.invalid(
            "A character map must be a trie and its replacements, as SentencePiece writes them.",
            fix="Download the tokenizer's files again.",
            where=self._where,
            **received,
        )


@dataclasses.dataclass(frozen=True)
class CharacterStrings:
    """Strings that are replaced, in the form of a `CharacterMap`.

    Args:
        edges, replacements, longest: as in `CharacterMap`.
    """

    edges: np.ndarray
    replacements: list[str | None]
    longest: int

    @classmethod
    def of(cls, character_map):
        """The strings of a `CharacterMap`, or none for None."""
        if character_map is None:
            return cls(np.zeros((0, 3), np.int64), [None], 1)
        return cls(character_map.edges, character_map.replacements, character_map.longest)

    def with_strings(self, strings):
        """The same with more strings: a dict, string -> what the replacement is, before the map itself."""
        following = {(state, code): to for state, code, to in self.edges.tolist()}
        found = list(self.replacements)
        for string, text in strings.items():
            state = 0
            for character in string:
                state = following.setdefault((state, ord(character)), len(found))
                found += [None] * (state == len(found))
            found[state] = text
        edges = np.array([(*key, to) for key, to in sorted(following.items())], np.int64).reshape(-1, 3)
        return CharacterStrings(edges, found, max(self.longest, *map(len, strings)))


@functools.lru_cache(maxsize=2)  # copies of a tokenizer share the map, which takes a second to read
def character_map(charsmap):
    """The `CharacterMap` of a `precompiled_charsmap` in Base64, or None."""
    if charsmap is None:
        return None
    try:
        content = base64.b64decode(charsmap, validate=True)
    except (TypeError, ValueError, binascii.Error) as error:
        raise checks.invalid(
            "`charsmap` must be a precompiled character map in Base64, or None.",
            fix="Pass the `precompiled_charsmap` of a tokenizer.json.",
            where="SentencePieceTokenizer",
            kind=TypeError if not isinstance(charsmap, str) else ValueError,
            charsmap=charsmap if not isinstance(charsmap, str) else charsmap[:40],
        ) from error
    return CharacterMap(content, "SentencePieceTokenizer")
