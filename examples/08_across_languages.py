"""Train in one language, answer in others: multilingual E5 learns from English questions alone.

A classifier learns to which of 48 articles a question of XQuAD belongs, from two thirds of the English
questions, with the lower blocks frozen. It is scored on the other third, in English and as translations that
it has never seen. Prints a table of the accuracies, before training by the nearest question in English.
Needs: pip install kerasbert; a folder with multilingual E5 small or, online, hf://intfloat/multilingual-e5-small;
and the files of XQuAD, https://github.com/google-deepmind/xquad.
"""

import argparse
import json
import pathlib

import keras

import kerasbert
from kerasbert.training import BertAdamW


def questions(folder, language):
    """Training and test questions with the titles of their articles, the same rows in every language."""
    content = json.loads((folder / f"xquad.{language}.json").read_text("utf-8"))["data"]
    rows = [
        ("query: " + question["question"], article["title"])
        for article in content
        for paragraph in article["paragraphs"]
        for question in paragraph["qas"]
    ]
    test = rows[::3]
    train = [row for number, row in enumerate(rows) if number % 3]
    return [tuple(map(list, zip(*part, strict=True))) for part in (train, test)]


def main(model, folder, languages, epochs):
    """Trains in English, and prints the accuracy in each language."""
    keras.utils.set_random_seed(0)
    (texts, titles), _ = questions(folder, "en")
    embedder = kerasbert.BertTextEmbedder.from_preset(model)
    vectors = embedder.encode(texts)

    classifier = kerasbert.BertTextClassifier.from_preset(model, labels=sorted(set(titles)))
    classifier.encoder.freeze(len(classifier.encoder.blocks) * 3 // 4)
    classifier.compile(optimizer=BertAdamW(5e-4))
    classifier.fit(texts, titles, batch_size=32, epochs=epochs, verbose=2)

    print("| language | nearest English question | trained in English |\n|---|---|---|")
    for language in languages:
        _, (test, expected) = questions(folder, language)
        nearest = [titles[number] for [(number, _)] in embedder.search(test, vectors, top_k=1)]
        before = sum(a == b for a, b in zip(nearest, expected, strict=True)) / len(test)
        after = classifier.evaluate(test, expected, verbose=0, return_dict=True)["accuracy"]
        print(f"| {language} | {before:.1%} | {after:.1%} |", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("model", help="folder of multilingual E5 small, or its name")
    parser.add_argument("xquad", type=pathlib.Path, help="folder with xquad.en.json and others")
    parser.add_argument("--languages", nargs="+", default=["en", "de", "zh", "ar"])
    parser.add_argument("--epochs", type=int, default=10)
    arguments = parser.parse_args()
    main(arguments.model, arguments.xquad, arguments.languages, arguments.epochs)
