"""How long a text a file may get: time and memory for 1,000 to 100,000 characters, of MiniLM-L6's files.

    python benchmarks/long_texts.py FOLDER

FOLDER is all-MiniLM-L6-v2 in Hugging Face's layout. A classifier in int8 (TFLite) and float32 (ONNX) cuts the
text after 512 tokens; a token classifier and a question answerer read all of it, window after window. Each
row is a process of its own that imports a runtime and numpy alone, on one thread: the milliseconds of the
first call, and how much its peak of memory is above what the process holds with the model loaded and one
sentence answered.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np

TEXT = (
    "He was born in a small town in the north of Italy, and although he travelled far, he wrote of it all "
    "his life; the letters that he sent home were printed in 1931 (and again, unabridged, in 1977). "
)
LENGTHS = (1_000, 10_000, 100_000)
KINDS = {
    "classify": ("BertTextClassifier", {"labels": ["bad", "good"]}),
    "tag": ("BertTokenClassifier", {"labels": ["O", "B-X", "I-X", "B-Y", "I-Y"]}),
    "answer": ("BertQuestionAnswerer", {}),
}


def memory(path, signature, length):
    """Prints the milliseconds of a call and the megabytes that it adds, as JSON."""
    long, short = (_row((TEXT * (length // len(TEXT) + 1))[:size]) for size in (length, 60))

    def inputs(row):
        question = {"code_points": short, "pair_code_points": row}
        return question if signature.startswith("answer") else {"code_points": row}

    run = _opened(path, signature)
    for _ in range(2):
        run(inputs(short))
    before = _status("VmRSS")
    pathlib.Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    start = time.perf_counter()
    run(inputs(long))
    print(json.dumps([1e3 * (time.perf_counter() - start), (_status("VmHWM") - before) / 1024]))


def _row(text):
    return np.array([[*map(ord, text)]], np.int32)


def _status(key):
    status = pathlib.Path("/proc/self/status").read_text()
    return int(status.partition(f"{key}:")[2].split()[0])


def _opened(path, signature):
    if path.endswith(".onnx"):
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        return lambda inputs: session.run(None, inputs)
    from ai_edge_litert.interpreter import Interpreter

    model = Interpreter(path, num_threads=1)
    run = model.get_signature_runner(signature)
    return lambda inputs: (model, run(**inputs))


def main(folder):
    import kerasbert
    from kerasbert import export

    with tempfile.TemporaryDirectory() as temporary:
        for kind, (name, arguments) in KINDS.items():
            task = getattr(kerasbert, name).from_preset(folder, **arguments)
            paths = [os.path.join(temporary, f"{kind}.{format}") for format in ("tflite", "onnx")]
            for export_as, path in zip((export.to_tflite, export.to_onnx), paths, strict=True):
                export_as(task, path, text=True, verify=False)
            rows = [("tokenize", paths[0])] * (kind == "classify") + [(f"{kind}_text", p) for p in paths]
            for signature, path in rows:
                for length in LENGTHS:
                    command = [sys.executable, __file__, "memory", path, signature, str(length)]
                    done = subprocess.run(command, capture_output=True, text=True, check=True)
                    ms, megabytes = json.loads(done.stdout.splitlines()[-1])
                    runtime = pathlib.Path(path).suffix[1:]
                    print(
                        f"{runtime} {signature}, {length} characters: {ms:.0f} ms, {megabytes:.0f} MB",
                        flush=True,
                    )


if __name__ == "__main__":
    if sys.argv[1] == "memory":
        memory(*sys.argv[2:4], int(sys.argv[4]))
    else:
        main(*sys.argv[1:])
