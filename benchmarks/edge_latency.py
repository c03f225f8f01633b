"""How fast is the int8 file for a phone? One run measures it beside KerasHub's and ONNX Runtime's int8.

    pip install -r benchmarks/requirements.txt
    python benchmarks/edge_latency.py

The same MiniLM-L6 (22.7 M parameters, the weights of all-MiniLM-L6-v2, a head of 14 classes) in every file;
one thread, one sequence, valid ids. Each file must first agree with PyTorch's float32 answers. A pilot
measures every setting that was tried; each rival's fastest at any length then meets kerasbert in rounds
that measure each once at each length, in random order. Prints Markdown tables; files are kept in the
output folder, and a second run uses them.
"""

import argparse
import importlib.metadata
import json
import os
import pathlib
import platform
import random
import statistics
import subprocess
import sys
import time

import numpy as np
from edge_models import ANY, HUGGING_FACE_NAMES, LENGTHS, NAMES, tokens

PACKAGES = (
    "kerasbert ai-edge-litert litert-quantizer tensorflow keras keras-hub torch litert-torch transformers "
    "onnx onnxruntime"
)
OURS = "kerasbert"
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
    args = parser.parse_args()
    if min(args.rounds, args.pilot) < 2:
        parser.error("--rounds and --pilot must be at least 2")
    args.output.mkdir(parents=True, exist_ok=True)
    prepare(args.output)
    contenders, refused = load(args.output)
    print(f"{processor()}; {os.cpu_count()} cores, one thread used; load before: {os.getloadavg()[0]:.2f}")
    print(", ".join(f"{name} {version(name)}" for name in PACKAGES.split()) + "\n")
    reference = np.load(args.output / "reference.npz")
    correlations = {name: agreement(name, runs, reference) for name, (runs, _) in contenders.items()}
    pilot = measure(contenders, args.pilot)
    finalists = fastest(contenders, pilot)
    final = measure({name: contenders[name] for name in finalists}, args.rounds)
    print(f"Median of {args.rounds} interleaved rounds, ms; times kerasbert's: median and quartiles.\n")
    print_comparison(final, contenders)
    print(f"\nEvery setting tried, median of {args.pilot} interleaved rounds, ms; correlation of logits.\n")
    print_settings(pilot, contenders, correlations)
    for name, error in refused:
        print(f"\n{name} failed: {error}")
    print(f"\nLoad after: {os.getloadavg()[0]:.2f}")


# === Files ===


def prepare(folder):
    """Writes what is missing, each kind in a process of its own: converters leave memory behind."""
    kinds = [(OURS,), ("onnx_runtime",), ("keras_hub",)]
    kinds += [("keras_hub_torch", str(length)) for length in LENGTHS]
    for kind, *length in kinds:
        if (folder / f"{'_'.join([kind, *length])}.json").exists():
            continue
        print(f"Writing the files of {' '.join([kind, *length])} ...", file=sys.stderr, flush=True)
        script = str(pathlib.Path(__file__).with_name("edge_models.py"))
        done = subprocess.run(
            [sys.executable, script, kind, str(folder), *length], capture_output=True, text=True
        )
        if done.returncode:
            raise SystemExit(f"{kind} could not be prepared:\n{done.stderr[-2000:]}")


def load(folder):
    """Returns name -> (length -> function of nothing, megabytes) and the settings that failed with errors."""
    titles = {OURS: OURS, "keras_hub": "KerasHub", "onnx_runtime": "ONNX Runtime"}
    rows = [(title, row) for kind, title in titles.items() for row in read_rows(folder / f"{kind}.json")]
    per_length = [read_rows(folder / f"keras_hub_torch_{length}.json")[0] for length in LENGTHS]
    files = {length: path for row in per_length for length, path in row["files"].items()}
    error = next((row["error"] for row in per_length if row["error"]), None)
    rows.append(("KerasHub", {**per_length[0], "files": files, "error": error}))
    contenders, refused = {}, []
    for title, row in rows:
        name = f"{title}: {row['setting']}"
        if row["error"]:
            refused.append((name, row["error"]))
            continue
        paths = {length: folder / path for length, path in row["files"].items()}
        opened = {length: open_file(path) for length, path in paths.items()}
        runs = {n: bind(opened.get(ANY) or opened[str(n)], n) for n in LENGTHS}
        size = max(path.stat().st_size for path in paths.values()) / 1e6
        contenders[name] = runs, f"{size:.1f}" + (f" x {len(paths)}" if len(paths) > 1 else "")
    return contenders, refused


def read_rows(path):
    return json.loads(path.read_text())


def open_file(path):
    """Returns a function of the arrays of `NAMES`, that returns a function of nothing."""
    if path.suffix == ".onnx":
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
        options.log_severity_level = 3
        # Its SkipLayerNormalization is slower than Add and LayerNormalization.
        session = onnxruntime.InferenceSession(
            str(path), options, ["CPUExecutionProvider"], disabled_optimizers=["SkipLayerNormFusion"]
        )

        def with_inputs(inputs):
            # Some offline fusions leave int64 inputs, others int32.
            types = {i.name: i.type.removeprefix("tensor(").removesuffix(")") for i in session.get_inputs()}
            feed = {k: x.astype(types[k]) for k, x in zip(HUGGING_FACE_NAMES, inputs, strict=True)}
            return lambda: session.run(None, feed)[0]

        return with_inputs
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(path), num_threads=1)
    ((_, signature),) = interpreter.get_signature_list().items()
    run = interpreter.get_signature_runner()

    def with_inputs(inputs):
        # The PyTorch backend calls them "args_0_token_ids".
        feed = {
            k: x for k in signature["inputs"] for n, x in zip(NAMES, inputs, strict=True) if k.endswith(n)
        }
        # The function keeps the interpreter alive.
        return lambda: next(iter(run(**feed).values())) if interpreter else None

    return with_inputs


def bind(with_inputs, length):
    return with_inputs(tokens(length))


def agreement(name, runs, reference):
    """The correlation of logits with the float model's, over all lengths."""
    found = np.concatenate([run().ravel() for run in runs.values()]).reshape(len(LENGTHS), -1)
    if name.startswith(OURS):
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


def measure(contenders, rounds):
    """Returns (name, length) -> milliseconds of each round."""
    times = {(name, n): [] for name in contenders for n in LENGTHS}
    for _ in range(rounds):
        for n in LENGTHS:
            for name in random.sample(sorted(contenders), len(contenders)):
                run = contenders[name][0][n]
                # The one before brings the weights back into the cache after another's turn.
                run()
                start = time.perf_counter()
                run()
                times[name, n].append(1e3 * (time.perf_counter() - start))
    return times


def fastest(contenders, times):
    """Ours, and of each rival every setting that is its fastest at some length."""
    names = []
    for title in dict.fromkeys(name.split(":")[0] for name in contenders):
        own = [name for name in contenders if name.startswith(title)]
        best = [min(own, key=lambda name: statistics.median(times[name, n])) for n in LENGTHS]
        names += dict.fromkeys(best)
    return names


def header(*columns):
    print(f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}")


def print_comparison(times, contenders):
    header("contender", "MB", *(f"{n} tokens" for n in LENGTHS))
    ours = next(name for name, _ in times if name.startswith(OURS))
    for name in dict.fromkeys(name for name, _ in times):
        cells = []
        for n in LENGTHS:
            cell = f"{statistics.median(times[name, n]):.2f}"
            if name != ours:
                ratios = [a / b for a, b in zip(times[name, n], times[ours, n], strict=True)]
                low, middle, high = statistics.quantiles(ratios, n=4)
                cell += f", **{middle:.2f}x** ({low:.2f}-{high:.2f})"
            cells.append(cell)
        print(f"| {name} | {contenders[name][1]} | {' | '.join(cells)} |")


def print_settings(times, contenders, correlations):
    header("setting", "MB", *map(str, LENGTHS), "correlation")
    for name in contenders:
        cells = [f"{statistics.median(times[name, n]):.2f}" for n in LENGTHS]
        print(f"| {name} | {contenders[name][1]} | {' | '.join(cells)} | {correlations[name]:.3f} |")


def processor():
    cpuinfo = pathlib.Path("/proc/cpuinfo")
    if not cpuinfo.exists():
        return platform.processor() or platform.machine()
    lines = dict(line.split(":", 1) for line in cpuinfo.read_text().splitlines() if ":" in line)
    fields = {key.strip(): value.strip() for key, value in lines.items()}
    flags = [
        f for f in ("avx2", "avx512f", "avx512_vnni", "amx_int8") if f in fields.get("flags", "").split()
    ]
    return f"{fields.get('model name', platform.machine())} ({', '.join(flags)})"


def version(name):
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "missing"


if __name__ == "__main__":
    main()
