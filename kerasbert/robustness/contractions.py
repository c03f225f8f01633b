"""English contractions and what they stand for."""

_NOT = ("is", "are", "was", "were", "do", "does", "did", "has", "have", "had", "could", "should", "would")
_ARE = ("you", "we", "they")
# "'s" stands for "is" only after these: "what's happened" and "Ann's film" are others. "'d" is left out.
_PAIRS = {
    **{f"{verb} not": f"{verb}n't" for verb in _NOT},
    "cannot": "can't",
    "will not": "won't",
    "i am": "I'm",
    **{f"{who} are": f"{who}'re" for who in _ARE},
    **{f"{who} will": f"{who}'ll" for who in (*_ARE, "he", "she", "it")},
    "i will": "I'll",
    **{f"{who} have": f"{who}'ve" for who in _ARE},
    "i have": "I've",
}
CONTRACTED = _PAIRS | {"it is": "it's", "that is": "that's", "there is": "there's"}
_LONG = {"i am": "I am", "i will": "I will", "i have": "I have"}
EXPANDED = {short.lower(): _LONG.get(long, long) for long, short in _PAIRS.items()}
