"""Train in one language, answer in others: multilingual E5 learns from English questions alone.

A classifier learns which of the 48 articles of XQuAD a question belongs to, from English questions, with the
lower blocks frozen. It is then scored on other questions, in English and as German, Arabic and Chinese
translations. Needs a folder with multilingual E5 small (online, `hf://intfloat/multilingual-e5-small`), and
the files of XQuAD (https://github.com/google-deepmind/xquad).
"""

import argparse
import json
import os
import pathlib

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras

import kerasbert
from kerasbert.training import BertAdamW


def questions(folder, language):
    """The questions of a language with the titles of their articles, in the same order in every language."""
    content = json.loads((folder / f"xquad.{language}.json").read_text("utf-8"))["data"]
    rows = [
        ("query: " + question["question"], article["title"])
        for article in content
        for paragraph in article["paragraphs"]
        for question in paragraph["qas"]
    ]
    return [text for text, _ in rows], [title for _, title in rows]


def main(model, folder, languages, epochs):
    """Trains on English, and prints the accuracy in each language."""
    keras.utils.set_random_seed(0)
    texts, titles = questions(folder, "en")
    is_test = [number % 3 == 0 for number in range(len(texts))]
    train = [text for text, held in zip(texts, is_test, strict=True) if not held]
    train_titles = [title for title, held in zip(titles, is_test, strict=True) if not held]

    classifier = kerasbert.BertTextClassifier.from_preset(model, labels=sorted(set(titles)))
    classifier.encoder.freeze(len(classifier.encoder.blocks) * 3 // 4)
    classifier.compile(optimizer=BertAdamW(5e-4))
    classifier.fit(train, train_titles, batch_size=32, epochs=epochs, verbose=2)

    for language in languages:
        texts, titles = questions(folder, language)
        rows = [row for row, held in zip(zip(texts, titles, strict=True), is_test, strict=True) if held]
        test, expected = zip(*rows, strict=True)
        scores = classifier.evaluate(list(test), list(expected), verbose=0, return_dict=True)
        print(f"{language}: accuracy {scores['accuracy']:.3f} on {len(test)} questions")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("model", help="folder of multilingual E5 small, or its name")
    parser.add_argument("xquad", type=pathlib.Path, help="folder with xquad.en.json and others")
    parser.add_argument("--languages", nargs="+", default=["en", "de", "zh", "ar"])
    parser.add_argument("--epochs", type=int, default=3)
    arguments = parser.parse_args()
    main(arguments.model, arguments.xquad, arguments.languages, arguments.epochs)
