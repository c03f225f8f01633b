"""Sentence splitters on English: sentences that they cut in two, and ends that they do not see.

    pip install sentencex==1.0.32 sentencesplit==0.1.0
    python benchmarks/sentences.py

The sentences are those of QNLI, which another splitter made out of Wikipedia: its errors count against all
contenders alike.
"""

import pathlib
import time

import sentencesplit
import sentencex

from kerasbert.data import split_sentences

QNLI = pathlib.Path(__file__).resolve().parents[2] / "shared" / "data" / "qnli" / "dev.tsv"

SEGMENTER = sentencesplit.Segmenter(language="en")
CONTENDERS = {
    "kerasbert": lambda text: [text[start:end] for start, end in split_sentences(text)],
    "sentencex": lambda text: [part.strip() for part in sentencex.segment("en", text) if part.strip()],
    "sentencesplit": lambda text: [part.strip() for part in SEGMENTER.segment(text)],
}


def main():
    rows = QNLI.read_text("utf-8").split("\n")[1:]
    sentences = [row.split("\t")[2].strip() for row in rows if row]
    ended = [sentence for sentence in sentences if sentence.endswith((".", "!", "?", '"', ")"))]
    pairs = list(zip(ended[::2], ended[1::2], strict=False))
    size = sum(len(text.encode()) for text in sentences) / 1e6
    print(f"{len(sentences)} sentences, {len(pairs)} pairs of them")
    for name, split in CONTENDERS.items():
        begin = time.perf_counter()
        cut = sum(len(split(sentence)) > 1 for sentence in sentences)
        speed = size / (time.perf_counter() - begin)
        unseen = sum(len(one) not in ends(split, f"{one} {two}") for one, two in pairs)
        print(f"{name}: {cut} sentences cut, {unseen} ends not seen, {speed:.1f} MB a second")


def ends(split, text):
    """Where the parts of a text end."""
    places, end = set(), 0
    for part in split(text):
        end = text.index(part, end) + len(part)
        places.add(end)
    return places


if __name__ == "__main__":
    main()
