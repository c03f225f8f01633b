"""Sentences of English and Chinese texts; `|` stands in the cases where one ends."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerasbert.data import split_sentences

CASES = {
    "marks": [
        "Hello World. |My name is Jonas.",
        "What is your name? |My name is Jonas! |Oh?! |Really!!! |OK.",
        "no capitals here. |none at all! |ok?",
        "It rained. |3 people came.",
        "He went . |Then he left .",
        "an end without a mark",
    ],
    "abbreviations": [
        "Mr. Smith met Dr. Jones and Prof. Li. |They talked.",
        "At 5 p.m. Mr. Smith left, e.g. by train, i.e. late. |It was dark.",
        "See Fig. 3 and No. 5. |Did he? |No. |He left.",
        "Jane and co. came. |So did Pitt, Briggs & Co. |It closed.",
        "She works for Apple Inc. in May. |Apple Inc. |The firm grew.",
        "He has a Ph.D. from Bonn. |He has a Ph.D. |She has none.",
        "It opened in Jan. 2020. |It closed in Dec. |We moved.",
    ],
    "initials": [
        "I work for the U.S. Government. |I live in the U.S. |It is large.",
        "J. R. R. Tolkien wrote it. |A. A. Milne did not.",
        "Take vitamin C. |The others do not help.",
    ],
    "numbers and names": [
        "She has $3.50, or 1,000.25. |Version 2.0 is out.",
        "See https://www.example.com/a.b?c=1. |Mail jane.doe@example.com. |Done.",
        "1. Wash the rice. |2. Boil it.",
        "It ended in 1999. |Then it began.",
    ],
    "quotes and brackets": [
        '"Why?" she asked. |"Because." |Then he left.',
        "She said, ‘This is great.’ |He nodded. |(He knew.) |So did I.",
        "Science (He was an engineer.) is hard. |A claim (!) of his.",
        "“Is it?” |[It is.] |Yes.",
    ],
    "ellipses": [
        "Wait... what? |Well … no. |So... |Then he came.",
        "and so . . . on it went . . . |Then it stopped.",
    ],
    "Chinese": [
        "他走了。|我也走了！|真的吗？！|好。",
        "他说：“你好。”|然后走了。|「好。」|（他知道。）|完了",
        "“好。”，他说。|《去哪儿？》、《回来！》都好看。",
        "他（？）走了。|价格是3.5元。|是的……好吧。|我不信!|真的?|嗯…",
        "Mr. Li来了。|He said 你好。|OK. |再见｡|完",
    ],
    "lines": [
        "A headline\n|Its first sentence. |Its second\r\n|\n\n|他走了\u2028|done",
        " \t blanks around. |  and between  \n|\n \n|  ",
    ],
}


@pytest.mark.parametrize("kind", CASES)
def test_sentences_end_where_the_bars_stand(kind):
    for case in CASES[kind]:
        expected = [part.strip() for part in case.split("|")]
        text = case.replace("|", "")
        found = [text[start:end] for start, end in split_sentences(text)]
        assert found == [part for part in expected if part]


@given(st.lists(st.sampled_from([*"aB1.!?…。！？”\"')( ,\n\t“", "Mr.", "U.S.", " The"])).map("".join))
def test_all_that_is_no_blank_is_in_one_sentence(text):
    spans = split_sentences(text)
    ends = [0, *(place for span in spans for place in span), len(text)]
    assert ends == sorted(ends)
    assert not any(text[a:b].strip() for a, b in zip(ends[::2], ends[1::2], strict=True))
    assert all(text[a:b] == text[a:b].strip() != "" for a, b in spans)


@given(st.text("aB.。\n ", max_size=20), st.text("aB.。\n ", max_size=20))
def test_a_line_break_parts_texts(one, two):
    moved = [(start + len(one) + 1, end + len(one) + 1) for start, end in split_sentences(two)]
    assert split_sentences(f"{one}\n{two}") == split_sentences(one) + moved


@pytest.mark.parametrize(
    "piece", ["a. ", "1. ", "。”，", ". (", "Inc. b ", '."', "\n ", '"', "a", " ", " " * 999 + "."]
)
def test_a_long_line_takes_no_quadratic_time(piece):
    text = piece * (500_000 // len(piece))  # minutes, if each mark looked at all that came before
    assert len(split_sentences(text)) <= len(text) / 2
