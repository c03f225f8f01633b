"""Trims a vocabulary to the tokens that a corpus needs, and to characters for all other words."""

import collections
import dataclasses
import itertools
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

from kerasbert import checks
from kerasbert.compression.rebuilding import AnyTask, rebuilt, weights_of
from kerasbert.data import RowStream
from kerasbert.optional import tensorflow as tf
from kerasbert.text import BertTokenizer, SentencePieceTokenizer, normalization
from kerasbert.text.byte_fallback import BYTE_PIECES
from kerasbert.types import Rows

# The weights that have a row for each token.
ROWS = (
    "encoder/embeddings/token_embedding/embeddings",
    "masked_lm/output_bias",
    "masked_lm/decoder_kernel",
)
_TEXTS_AT_A_TIME = 1000


def trim_vocabulary(task: AnyTask, texts: Rows, keep: Sequence[str] = (), min_count: int = 1) -> AnyTask:
    """Removes the tokens that a corpus does not need, together with their rows of the embedding.

    The new vocabulary keeps the tokens of the texts, the special tokens, and the vocabulary's single
    characters, at the start of a word and inside it, as far as texts can contain them: digits, punctuation,
    symbols, and letters of the scripts in which the texts are written. So other words can still be split into
    sub-word tokens, although into more than before.

    The texts themselves have the same tokens as before, and exactly the same answers (except for the
    probabilities of a masked language model, which has fewer tokens to choose from). WordPiece always takes
    the longest matching token (Devlin et al. 2019, section 3), so a token that was the longest still is. For
    words that are `[UNK]`, the tokens before the missing one are kept as well, because without them another
    way of splitting the word might succeed. SentencePiece takes the split with the greatest sum of scores,
    and the best of all splits is also the best of those that are left; the piece with the lowest score stays,
    because the score of unknown characters depends on it.

    Args:
        task: a kerasbert task with a `BertTokenizer` or the `SentencePieceTokenizer` of a Unigram model.
        texts: all texts that the model will read, as far as they are known: str in sequences nested to any
            depth, such as the `x` of `fit`, including pairs and words; or what a reader of `kerasbert.data`
            returns.
        keep: sequence of str, additional tokens to keep.
        min_count: int, how often a token must occur. With more than 1, texts that contain rarer tokens are
            split into shorter tokens than before and get other answers, so fine-tune the task again.

    Returns:
        A new task with the same class, labels and weights, and with a tokenizer that has the shorter
        vocabulary. It is not compiled, and none of its weights are frozen. The given task is not changed.

    Raises:
        TypeError: if the tokenizer is of another kind, or `texts` contain something else than texts.
        ValueError: if there are no texts, a token to keep is not in the vocabulary, or LoRA weights are not
            merged.

    Example:

    >>> from kerasbert import BertTextEmbedder
    >>> words = ["films", "film", "##s", "good", "bad", "g", "##d", "!"]
    >>> tokenizer = BertTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *words])
    >>> config = BertConfig(vocabulary_size=13, num_layers=1, num_heads=2, hidden_dim=8, intermediate_dim=16)
    >>> task = trim_vocabulary(BertTextEmbedder(BertEncoder(config), tokenizer), ["a good film"])
    >>> task.tokenizer.vocabulary.tokens[5:], task.encoder.config.vocabulary_size
    (('film', '##s', 'good', 'g', '##d', '!'), 11)
    """
    tokenizer = task.tokenizer
    by_pairs = getattr(tokenizer, "model", None) == "bpe"
    if not isinstance(tokenizer, (BertTokenizer, SentencePieceTokenizer)) or by_pairs:
        raise checks.invalid(
            "The task must have a BertTokenizer or the SentencePieceTokenizer of a Unigram model: every "
            "token of BPE is needed for longer ones.",
            fix="Prune heads and units (`prune`) or drop blocks (`drop_layers`) instead.",
            where="trim_vocabulary",
            kind=TypeError,
            tokenizer=type(tokenizer).__name__,
        )
    ids = needed_ids(tokenizer, texts, keep, min_count)
    weights = weights_of(task, "trim_vocabulary")
    weights |= {path: weights[path][ids] for path in ROWS if path in weights}
    return rebuilt(
        task,
        dataclasses.replace(task.encoder.config, vocabulary_size=len(ids)),
        weights,
        _with_ids(tokenizer, ids),
    )


def needed_ids(tokenizer, texts, keep=(), min_count=1):
    """The ids of the tokens that `trim_vocabulary` keeps, ascending; it raises the same errors.

    Args:
        tokenizer: `BertTokenizer` or `SentencePieceTokenizer`.
        texts, keep, min_count: as for `trim_vocabulary`.

    Returns:
        list of int.
    """
    checks.positive_int("trim_vocabulary", min_count=min_count)
    keep = list(keep)
    unknown = [token for token in keep if token not in tokenizer.vocabulary]
    if unknown:
        raise checks.invalid(
            "Every token in `keep` must be in the vocabulary.",
            fix="Write tokens as in the vocabulary, such as ##ly inside a word.",
            where="trim_vocabulary",
            unknown=unknown,
        )
    found, characters = _found(tokenizer, texts, min_count)
    if isinstance(tokenizer, SentencePieceTokenizer):
        others = _other_pieces(tokenizer, characters)
    else:
        others = _single_characters(tokenizer, characters)
        others |= {token.content for token in tokenizer.added_tokens}
    kept = {*found, *tokenizer.vocabulary.special_tokens, *others, *keep}
    return [i for i, token in enumerate(tokenizer.vocabulary) if token in kept]


def _with_ids(tokenizer, ids):
    """The same tokenizer with fewer tokens."""
    tokens = [tokenizer.vocabulary[i] for i in ids]
    if isinstance(tokenizer, BertTokenizer):
        return _with_tokens(tokenizer, tokens)
    scores = [tokenizer.scores[i] for i in ids]
    return type(tokenizer).from_config(tokenizer.get_config() | {"vocabulary": tokens, "scores": scores})


def _with_tokens(tokenizer, tokens):
    """The same tokenizer with fewer sub-word tokens; added tokens come after them, as before."""
    beside = set(tokenizer.vocabulary.tokens[len(tokenizer.wordpieces) :])
    pieces = [token for token in tokens if token not in beside]
    return type(tokenizer).from_config(tokenizer.get_config() | {"vocabulary": pieces})


def _found(tokenizer, texts, min_count):
    """Two sets: the tokens that texts need, and the characters in the texts."""
    counts, beginnings, characters = collections.Counter(), set(), set()
    texts = _strings(texts)
    while batch := list(itertools.islice(texts, _TEXTS_AT_A_TIME)):
        characters.update(*batch)
        rows = tokenizer.tokenize(batch).to_list()
        counts.update(itertools.chain.from_iterable(rows))
        if isinstance(tokenizer, BertTokenizer):
            unknown = [text for text, row in zip(batch, rows, strict=True) if tokenizer.unk_id in row]
            beginnings |= _beginnings(tokenizer, unknown)
    if not characters:
        raise checks.invalid(
            "There must be texts, because they decide which tokens are needed.",
            fix="Pass the texts that the task was trained on or, better, all texts that it will read.",
            where="trim_vocabulary",
            texts=0,
        )
    frequent = (token for token, count in counts.items() if count >= min_count)
    return beginnings | {tokenizer.vocabulary[token] for token in frequent}, characters


def _strings(texts):
    if isinstance(texts, (str, bytes)):
        yield texts if isinstance(texts, str) else texts.decode("utf-8", "ignore")
        return
    if isinstance(texts, RowStream):
        texts = (part.x for part in texts.parts())
    elif isinstance(texts, Mapping):
        texts = texts.values()
    elif not isinstance(texts, Iterable):
        raise checks.invalid(
            "`texts` must be str, in sequences nested to any depth.",
            fix="Pass the texts that the task reads, without labels and tokens.",
            where="trim_vocabulary",
            kind=TypeError,
            value=texts,
        )
    for part in texts:
        yield from _strings(part)


def _beginnings(tokenizer, texts):
    """The tokens that WordPiece finds in words that become `[UNK]`, before the part that it does not find."""
    if not texts:
        return set()
    found = (rows.to_list() for rows in tokenizer.tokenize_with_offsets(texts))
    words = {
        text[start:end].encode("utf-8", "ignore")
        for text, *row in zip(texts, *found, strict=True)
        for token, start, end in zip(*row, strict=True)
        if token == tokenizer.unk_id
    }
    lowercase, strip_accents = tokenizer.lowercase, tokenizer.strip_accents
    accents = not (lowercase if strip_accents is None else strip_accents)
    normalised = normalization.normalise(tf.constant(sorted(words)), lowercase, accents)
    return {
        piece
        for word in normalised.numpy()
        for piece in _longest_pieces(word.decode(), tokenizer.vocabulary)
        if len(word.decode()) <= tokenizer.max_characters_per_word  # longer ones are not looked up at all
    }


def _longest_pieces(word, vocabulary):
    """Yields the longest token at the start of a word, then that of the rest, until no token matches."""
    prefix = ""
    while word:
        lengths = range(len(word), 0, -1)
        length = next((n for n in lengths if prefix + word[:n] in vocabulary), None)
        if length is None:
            return
        yield prefix + word[:length]
        prefix, word = "##", word[length:]


def _other_pieces(tokenizer, characters):
    """The pieces of one character in the scripts of `characters`, of bytes, and with the lowest score."""
    scripts, of_bytes = {None, *map(_script, characters)}, set(BYTE_PIECES if tokenizer.byte_fallback else ())
    apart = {*tokenizer.vocabulary.special_tokens, *of_bytes}
    scores = {p: s for p, s in zip(tokenizer.vocabulary, tokenizer.scores, strict=True) if p not in apart}
    singles = {piece for piece in scores if len(piece) == 1 and _script(piece) in scripts}
    return singles | of_bytes | {min(scores, key=scores.get)}


def _single_characters(tokenizer, characters):
    """The tokens of one character that texts in the scripts of `characters` can contain."""
    singles = {token.removeprefix("##") for token in tokenizer.vocabulary}
    scripts = {None, *map(_script, characters)}
    singles = sorted(one for one in singles if len(one) == 1 and _script(one) in scripts)
    # A tokenizer with only these tokens shows which of them can occur: not `##,` if a comma is a word of its
    # own, not `##字`, and no capital letters if texts are lower-cased.
    alone = _with_tokens(
        tokenizer, [*tokenizer.vocabulary.special_tokens, *singles, *(f"##{one}" for one in singles)]
    )
    found = alone.tokenize([one + one for one in singles]).flat_values if singles else []
    return {token for token in alone.to_tokens(found) if token in tokenizer.vocabulary}


def _script(character):
    """The first word of the Unicode name of a letter or mark, such as LATIN; None for anything else."""
    if unicodedata.category(character)[0] not in "LM":
        return None
    return unicodedata.name(character, "").partition(" ")[0]
