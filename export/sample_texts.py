"""Texts for a first comparison of a new artifact with its model if the user gives none."""

import numpy as np

from kerasbert.data import text_columns
from kerasbert.export import endpoints
from kerasbert.optional import tensorflow as tf

# Sentences in the scripts that vocabularies are made for.
SENTENCES = (
    "The film was long, but nobody in the audience wanted it to end.",
    "On 12 March 2021 about 4,500 people met in the park near the old station.",
    "She asked: why does it cost so much, and who is going to pay for it?",
    "Die Straße führt über die Brücke, und dahinter beginnt der große Wald.",
    "L'été dernier, nous avons visité un château près de la rivière.",
    "El niño comió una manzana mientras su hermana leía el periódico.",
    "Вчера вечером мы долго гуляли по городу и говорили о погоде.",
    "Το πρωί ο καιρός ήταν καλός και βγήκαμε έξω με τα παιδιά.",
    "ذهب الطلاب إلى المدرسة في الصباح وعادوا إلى البيت مساء.",
    "הילדים הלכו לבית הספר בבוקר וחזרו הביתה בערב.",
    "बच्चे सुबह स्कूल गए और शाम को घर लौट आए।",
    "เด็กๆ ไปโรงเรียนตอนเช้าและกลับบ้านตอนเย็น",
    "我们昨天在公园里散步,天气很好,孩子们都很高兴。",
    "昨日の夜、友達と一緒に新しい映画を見ました。",
    "어제 저녁에 친구와 함께 새로운 영화를 보았습니다.",
)
MOST_UNKNOWN = 0.25  # a sentence with a larger fraction of [UNK] is not in the vocabulary's language


def sample_inputs(task):
    """Returns inputs for `predict`, of several lengths, with words of the vocabulary.

    Args:
        task: a kerasbert task with a tokenizer.

    Returns:
        List of `x` for the task's `predict`: two of them if the task also takes pairs of texts, or else one.
    """
    texts = _texts(task)
    others = [*texts[1:], texts[0]]
    if task.endpoint == "answer":
        return [(others, texts)]
    if task.endpoint == "choose":
        return [(texts, [list(pair) for pair in zip(others, [*others[1:], others[0]], strict=True)])]
    if task.endpoint == "summarize":
        return [[texts[: i + 1] for i in range(len(texts))]]
    if task.endpoint == "fill":
        mask = task.tokenizer.vocabulary[task.tokenizer.mask_id]
        return [[f"{mask} {text}" for text in texts]]
    if f"{task.endpoint}_pair" in endpoints.BY_NAME[task.endpoint].signatures(task):
        return [_with_numbers(task, x) for x in (["", *texts], (texts, others))]
    return [["", *texts]]


def _with_numbers(task, x):
    """Adds random numbers to rows of texts if the task has extra inputs."""
    if not task.extra_inputs:
        return x
    columns = text_columns(x)
    rng, rows = np.random.default_rng(0), len(columns["text"])
    return columns | {name: rng.standard_normal((rows, *s)) for name, s in task.extra_inputs.items()}


def _texts(task):
    """The sentences that the vocabulary knows, and longer texts made by joining them."""
    ids = task.tokenizer.tokenize(list(SENTENCES))
    unknown = tf.reduce_mean(tf.cast(ids == task.tokenizer.unk_id, "float32"), axis=1).numpy()
    known = [text for text, share in zip(SENTENCES, unknown, strict=True) if share < MOST_UNKNOWN]
    known = known or _words(task.tokenizer)
    return [*known, " ".join(known[:3]), " ".join(known)]


def _words(tokenizer):
    """Random tokens of a vocabulary that knows none of the sentences, joined to texts of 2 to 13 tokens."""
    special = {tokenizer.pad_id, tokenizer.unk_id, tokenizer.cls_id, tokenizer.sep_id, tokenizer.mask_id}
    words = [token for i, token in enumerate(tokenizer.vocabulary) if i not in special]
    lengths = [2, 3, 5, 8, 13]
    drawn = np.random.default_rng(0).integers(0, len(words), sum(lengths)).tolist() if words else []
    ends = np.cumsum(lengths).tolist()
    rows = [[words[i] for i in drawn[end - n : end]] for n, end in zip(lengths, ends, strict=True)]
    return [" ".join(row) for row in rows]
