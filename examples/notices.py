"""Notices of events, as on the board of a village, and questions about them.

Each notice is put together from sentences in `data/notices.json`, which were written for it. Some questions
have no answer, because the notice does not say it. Test notices have other sentences, names and questions.
"""

import json
import pathlib
import random

PARTS = json.loads((pathlib.Path(__file__).parent / "data" / "notices.json").read_text("utf-8"))
DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
MONTHS = ["January", "March", "April", "May", "June", "July", "September", "October", "December"]


def _values(draw, part):
    """What a notice may say."""
    names = [draw.choice(PARTS[names][part]) for names in ("first_names", "last_names")]
    date, hour = f"{draw.randint(1, 28)} {draw.choice(MONTHS)}", draw.randint(1, 11)
    minutes = draw.choice(["00", "15", "30"])
    return {
        "place": draw.choice(PARTS["places"][part]),
        "day": draw.choice([date, f"{draw.choice(DAYS)}, {date}", f"{draw.choice(DAYS)} next week"]),
        "time": draw.choice([f"{hour} o'clock", f"half past {hour}", f"{hour + 12}:{minutes}"]),
        "price": draw.choice([f"{draw.randint(2, 30)} euros", f"{draw.randint(2, 9)}.50 euros"]),
        "host": " ".join(names),
    }


def _notice(draw, part):
    """A text of an event, four facts and another sentence; and where the facts stand in it."""
    values = _values(draw, part)
    sentences = [(kind, draw.choice(found[part])) for kind, found in PARTS["sentences"].items()]
    chosen = [*draw.sample(sentences, 4), (None, draw.choice(PARTS["others"][part]))]
    draw.shuffle(chosen)
    text, facts = draw.choice(PARTS["events"][part]), {}
    for kind, sentence in chosen:
        text += " "
        if kind is not None:
            value = values[kind]
            if sentence.startswith("{}"):
                value = value[:1].upper() + value[1:]
            facts[kind] = (value, len(text) + sentence.index("{}"))
            sentence = sentence.format(value)
        text += sentence
    return text, facts


def notices(count, part="train", seed=0):
    """Returns `2 * count` questions, their notices, their answers, and what each question asks for.

    The answers of a question are a list of `(text, start)`, which is empty if the notice does not say it.
    """
    draw = random.Random(f"{part} {seed}")
    questions, texts, answers, kinds = [], [], [], []
    for _ in range(count):
        text, facts = _notice(draw, part)
        for kind in draw.sample(sorted(PARTS["questions"]), 2):
            questions.append(draw.choice(PARTS["questions"][kind][part]))
            texts.append(text)
            answers.append([facts[kind]] if kind in facts else [])
            kinds.append(kind)
    return questions, texts, answers, kinds
