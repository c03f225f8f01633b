"""Which pieces of a SentencePiece vocabulary some languages use most, by lists of frequent words."""

import collections
import json
import math
import pathlib
import unicodedata

GERMAN = pathlib.Path("/usr/share/dict/ngerman")  # Debian's wngerman


def ranked(tokenizer, languages, shared):
    """The pieces of languages, the most frequent ones first; languages count equally.

    Args:
        tokenizer: `tokenizers.Tokenizer` with a Unigram model.
        languages: sequence of str, from "en", "zh", "de" and "ar".
        shared: path of the data sets, for running text in English and Chinese.

    Returns:
        list of str.
    """
    entries = json.loads(tokenizer.to_str())["model"]["vocab"]
    total = collections.Counter()
    for language in languages:
        sources = [_shares(tokenizer, word_forms(language)), _symbols(entries)]
        if texts := running_texts(language, shared):
            sources.append(_shares(tokenizer, dict.fromkeys(texts, 1.0)))
        for shares in sources:
            for piece, share in shares.items():
                total[piece] += share / len(sources)
    return [entries[piece][0] for piece, _ in total.most_common()]


def word_forms(language):
    """Words as texts write them -> frequency; wordfreq has them in lower case, and German ones without ß."""
    import wordfreq

    words = wordfreq.get_frequency_dict(language, "best")
    if language not in ("en", "de"):
        return words
    forms = collections.Counter()
    known = set()
    if language == "de":
        if not GERMAN.exists():
            raise SystemExit("apt-get install wngerman, the list of German words as they are spelled")
        for word in GERMAN.read_text("utf-8").split():
            known.add(word.casefold())
            frequency = words.get(word.casefold(), 0) + 1e-9
            forms[word] += frequency
            forms[word.capitalize()] += 0.2 * frequency
    for word, frequency in words.items():
        if word not in known:  # names, for the most part
            forms[word] += frequency
            forms[word.capitalize()] += (0.7 if language == "de" else 0.2) * frequency
        forms[word.upper()] += 0.02 * frequency
    return forms


def running_texts(language, shared):
    """Texts of a language, none of which are of XQuAD."""
    if language == "en":
        parts = [(shared / f"wikitext2/{part}.txt").read_text("utf-8") for part in ("valid", "test")]
        return "\n".join(parts).split("\n")
    if language == "zh":
        return list(_strings(json.loads((shared / "cmrc2018/cmrc2018_dev.json").read_text("utf-8"))))
    return []


def _strings(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, (dict, list)):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _strings(part)


def _shares(tokenizer, texts):
    """The share that each piece, by its number, has of all pieces of texts, which are counted by weight."""
    counts = collections.Counter()
    for weight, found in zip(
        texts.values(), tokenizer.encode_batch_fast([*texts], add_special_tokens=False), strict=True
    ):
        for piece in found.ids:
            counts[piece] += weight
    whole = sum(counts.values())
    return {piece: count / whole for piece, count in counts.items()}


def _symbols(entries):
    """Digits, punctuation and symbols by the model's own probabilities, which no list of words has."""
    found = {}
    for number, (piece, score) in enumerate(entries):
        characters = piece.strip("▁")
        if characters and all(unicodedata.category(c)[0] in "NPSZ" for c in characters):
            found[number] = math.exp(score)
    whole = sum(found.values())
    return {piece: 0.12 * count / whole for piece, count in found.items()}
