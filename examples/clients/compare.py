"""Compares the answers of a client's program with those that make_vectors.py recorded.

    python examples/clients/compare.py build/clients utf-8 path/to/kerasbert
    python examples/clients/compare.py --onnx build/clients utf-32-le python kerasbert_device.py

The program is started once a model, with the model's file as its argument. It reads a line for each row, of
one text, or of two with a tab between them, and writes its answer as a line of JSON. `utf-8` says that its
places count bytes; `utf-16-le` is for languages whose strings are of UTF-16, `utf-32-le` for places in code
points. Scores may differ by TOLERANCE, an environment variable, else by 0.001; relative to scores above 1.
With `--onnx` the models are the ONNX files in float32, and the answers those of Keras.
"""

import json
import math
import os
import pathlib
import subprocess
import sys

LARGEST = 3.4028234e38  # of float32
TOLERANCE = float(os.environ.get("TOLERANCE", "1e-3"))


def places(answer, text, encoding):
    """An answer whose places, in code points, are counted as the program counts them."""
    unit = len("a".encode(encoding))
    ends = {name: len(text[: answer[name]].encode(encoding)) // unit for name in ("start", "end")}
    return answer | ends


def differences(found, expected, where=""):
    """Yields how two answers differ: a text for what should be equal, a number for what should be near."""
    if expected is None and isinstance(found, float) and found >= LARGEST:
        return  # the score of "no answer" where nothing else is possible: null, or the largest float
    if isinstance(expected, float):
        is_near = found is not None and math.isclose(found, expected, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
        yield abs(found - expected) if is_near else f"{where} is {found}, and should be {expected}"
    elif isinstance(expected, dict | list) and type(found) is type(expected) and len(found) == len(expected):
        for key in expected if isinstance(expected, dict) else range(len(expected)):
            if isinstance(found, dict) and key not in found:
                yield f"{where} lacks {key!r}"
            else:
                yield from differences(found[key], expected[key], f"{where}[{key!r}]")
    elif found != expected:
        yield f"{where} is {found}, and should be {expected}"


def as_the_program_says(kind, answer, text, encoding):
    """A recorded answer in the form in which programs write it; `text` is the one that it has places in."""
    if kind == "classify":
        return answer["probabilities"]
    if kind == "embed":
        return answer["embedding"]
    if kind == "tag":
        return [places(entity, text, encoding) for entity in answer["entities"]]
    return places(answer, text, encoding)


def compare(folder, encoding, command, is_onnx=False):
    """Prints a line a model, and what differs. Returns the number of rows that do."""
    path, recorded = ("onnx", "keras") if is_onnx else ("file", "file")
    wrong = 0
    for name, model in json.loads((folder / "vectors.json").read_text(encoding="utf-8")).items():
        rows = model["rows"]
        lines = "".join("\t".join(row["texts"]) + "\n" for row in rows)
        done = subprocess.run(
            [*command, folder / model[path]], input=lines.encode(), stdout=subprocess.PIPE, check=True
        )
        found = [json.loads(line) for line in done.stdout.decode().split("\n")[:-1]]
        assert len(found) == len(rows), f"{name}: {len(rows)} rows have {len(found)} answers"
        largest = 0.0
        for row, answer in zip(rows, found, strict=True):
            expected = as_the_program_says(model["kind"], row[recorded], row["texts"][-1], encoding)
            all_differences = [*differences(answer, expected)]
            texts = [each for each in all_differences if isinstance(each, str)]
            largest = max([largest, *(each for each in all_differences if isinstance(each, float))])
            if texts:
                wrong += 1
                print(f"{name}: {row['texts']}: the answer{texts[0]}")
        print(f"{name}: {len(rows)} rows, the largest difference of a score is {largest:.1e}")
    return wrong


if __name__ == "__main__":
    is_onnx = sys.argv[1] == "--onnx"
    folder, encoding, *command = sys.argv[2 if is_onnx else 1 :]
    sys.exit(bool(compare(pathlib.Path(folder), encoding, command, is_onnx)))
