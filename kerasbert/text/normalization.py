"""Normalisation of texts, as BERT's original tokenizer does it, in graph operations.

Each step depends only on a character and its neighbours within one word, so a whole text can be normalised
at once.
"""

import re

from kerasbert.optional import tensorflow as tf
from kerasbert.optional import tensorflow_text

# Matches valid UTF-8. RE2 matches whole characters, and these explicit ranges exclude surrogates.
_UTF8 = r"[\x{0}-\x{d7ff}\x{e000}-\x{10ffff}]*"
# Control characters that mark words. They are free to use because the text's own have been dropped by then.
TOO_LONG = "\x01"  # added in front of a word that is over the length limit: an extra byte
SPECIAL = "\x02"  # replaces each bracket of a special token
EDGE = "\x0b"  # added to separate words where the text has no white space: an extra byte
# The original drops Cc and Cf, except tab, newline and carriage return, which separate words.
_DROPPED = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\p{Cf}\x{fffd}]+"
_DROPPED_BUT_MARKS = _DROPPED.replace(r"\x00-\x08\x0b", r"\x00\x01\x03-\x08")
# Non-ASCII characters that ICU lower-cases differently if the process runs in Turkish, Azeri or Lithuanian.
_BY_LANGUAGE = {"İ": "i̇", "Ì": "ì", "Í": "í", "Ĩ": "ĩ", "Į": "į"}


def valid_utf8(texts):
    """Drops the bytes that are not UTF-8, as `bytes.decode("utf-8", "ignore")` does.

    Args:
        texts: string tensor of any shape.

    Returns:
        string tensor of the same shape.

    Example:

    >>> valid_utf8([b"caf\\xc3\\xa9", b"caf\\xe9"]).numpy().tolist()
    [b'caf\\xc3\\xa9', b'caf']
    """
    return tf.cond(
        tf.reduce_all(tf.strings.regex_full_match(texts, _UTF8)),
        lambda: tf.identity(texts),
        lambda: tf.strings.unicode_transcode(texts, "UTF-8", "UTF-8", errors="ignore"),
    )


def mark_special_tokens(texts, tokens):
    """Turns special tokens that are written in a text into words of their own.

    Args:
        texts: string tensor of any shape, valid UTF-8.
        tokens: sequence of str, each in brackets of any kind.

    Returns:
        string tensor of the same shape, in which `[MASK]` has become EDGE, SPECIAL, `MASK`, SPECIAL, EDGE:
        as many bytes as before, plus the two edges.
    """
    texts = tf.strings.regex_replace(texts, f"[{SPECIAL}{EDGE}]", "\x03")  # the text's own will be dropped
    for token in tokens:
        texts = tf.strings.regex_replace(texts, re.escape(token), f"{EDGE}{marked(token)}{EDGE}")
    return texts


def marked(token):
    """A special token as it stands in marked texts, with SPECIAL for its brackets and for a `/`.

    Example:

    >>> marked("</s>")
    '\\x02\\x02s\\x02'
    """
    return f"{SPECIAL}{token[1:-1].replace('/', SPECIAL)}{SPECIAL}"


def drop_control_characters(texts, keep_marks=False):
    """Drops U+0000, U+FFFD and the control characters of Unicode (Cc, Cf) that are not white space.

    Args:
        texts: string tensor of any shape, valid UTF-8.
        keep_marks: bool, whether to keep the marks of `mark_special_tokens`.

    Returns:
        string tensor of the same shape.
    """
    return tf.strings.regex_replace(texts, _DROPPED_BUT_MARKS if keep_marks else _DROPPED, "")


def lower_case(texts, accents_follow):
    """Lower-cases texts as Python's `str.lower` does, whatever the locale of the process.

    Args:
        texts: string tensor of any shape, valid UTF-8.
        accents_follow: bool, whether `strip_accents` comes next, which removes the remaining differences
            between locales.

    Returns:
        string tensor of the same shape.
    """
    texts = tf.strings.lower(texts)  # ASCII first: in a Turkish locale ICU would turn "I" into a dotless i
    if not accents_follow:
        for upper, lower in _BY_LANGUAGE.items():
            texts = tf.strings.regex_replace(texts, upper, lower)
    return tf.strings.lower(texts, encoding="utf-8")


def strip_accents(texts):
    """Decomposes characters (NFD) and drops the non-spacing marks (Mn).

    Args:
        texts: string tensor of any shape, valid UTF-8.

    Returns:
        string tensor of the same shape.
    """
    return tf.strings.regex_replace(tensorflow_text.normalize_utf8(texts, "NFD"), r"\p{Mn}+", "")


def normalise(texts, lowercase, accents, keep_marks=False):
    """Drops control characters, then lower-cases and strips accents where the arguments say so.

    Args:
        texts: string tensor of any shape, valid UTF-8.
        lowercase: bool, whether to lower-case.
        accents: bool, whether to keep accents.
        keep_marks: bool, whether to keep the marks of `mark_special_tokens`.

    Returns:
        string tensor of the same shape.
    """
    texts = drop_control_characters(texts, keep_marks)
    if lowercase:
        texts = lower_case(texts, accents_follow=not accents)
    return texts if accents else strip_accents(texts)
