"""Measures one artifact in a process of its own: PATH VOCABULARY_SIZE LENGTHS THREADS REPEATS; prints JSON.

An ONNX file that takes text has a further argument, the folder that `text_benchmarks` wrote.

It does not import kerasbert, so that it reports the memory of a program that only loads the runtime.
"""

import json
import os
import resource
import statistics
import sys
import time
import zipfile

import numpy as np

# In all of Google's vocabularies, the ids of [CLS] and [SEP] are below this, and those of words above.
FIRST_WORD = 1000
# Names of the inputs, also in other exporters' files; only the last part of a name is compared.
NAMES = {
    "token_ids": "token_ids",
    "segment_ids": "segment_ids",
    "padding_mask": "padding_mask",
    "input_ids": "token_ids",
    "token_type_ids": "segment_ids",
    "attention_mask": "padding_mask",
}


def token_inputs(length, vocabulary_size):
    """Returns valid tokens of one sequence, int32 `(1, length)` each."""
    rng = np.random.default_rng(length)
    first = FIRST_WORD if vocabulary_size > 2 * FIRST_WORD else 0
    return {
        "token_ids": rng.integers(first, vocabulary_size, (1, length)).astype("int32"),
        "segment_ids": np.zeros((1, length), "int32"),
        "padding_mask": np.ones((1, length), "int32"),
    }


def read_texts(folder):
    """Returns what `text_benchmarks` wrote: dict, length -> inputs of a file that takes text."""
    with open(os.path.join(folder, "texts.json")) as file:
        texts = json.load(file)
    return {
        int(length): {name: np.array(rows, "int32") for name, rows in inputs.items()}
        for length, inputs in texts.items()
    }


def bound(tensors, inputs):
    """Returns the inputs by the model's own names.

    Args:
        tensors: dict, name -> (numpy type, shape) of the model's inputs. Extra inputs of float32 are set to
            zeros.
        inputs: dict of tokens, as `token_inputs` returns it.
    """
    bound = {}
    for name, (dtype, shape) in tensors.items():
        key = next((NAMES[end] for end in NAMES if name.endswith(end)), None)
        if key is None and dtype not in ("float32", "float", np.float32):
            raise ValueError(f"inputs must have names from {sorted(NAMES)}; received: {sorted(tensors)}")
        bound[name] = np.zeros((1, *shape[1:]), "float32") if key is None else inputs[key].astype(dtype)
    return bound


def peak_bytes():
    """The peak memory of this process in bytes."""
    if os.path.exists("/proc/self/status"):
        # Not ru_maxrss, which a child process inherits from its parent on Linux.
        with open("/proc/self/status") as file:
            return next(1024 * int(line.split()[1]) for line in file if line.startswith("VmHWM"))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def open_tflite(path, threads):
    """Returns a function that runs a TFLite file on tokens."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(path, num_threads=threads)
    signatures = interpreter.get_signature_list().items()
    of_tokens = [name for name, names in signatures if "code_points" not in names["inputs"]]
    of_tokens = min(of_tokens, key=len)  # those of fixed lengths have longer names
    run = interpreter.get_signature_runner(of_tokens)
    details = run.get_input_details().items()
    tensors = {name: (tensor["dtype"], tensor["shape"]) for name, tensor in details}
    # The interpreter is used here because the signature runner does not keep it alive.
    return lambda inputs: (interpreter, run(**bound(tensors, inputs)))


def open_tokenizer(path, threads, texts):
    """Returns a function of a length, that returns one that tokenizes a text of so many tokens.

    The text is the file's self-test, repeated. Returns None for a file that does not take text.

    Args:
        path: str, the file; of an ONNX file, that of its tokenizer alone.
        threads: int.
        texts: dict, length -> what an ONNX file that takes text gets.
    """
    if texts:
        run = open_onnx(path, threads)
        return lambda length: lambda: run(texts[length])
    if os.path.isdir(path) or path.endswith(".onnx") or not zipfile.is_zipfile(path):
        return None
    from ai_edge_litert.interpreter import Interpreter

    with zipfile.ZipFile(path) as archive:
        if "task.json" not in archive.namelist():
            return None
        test = json.loads(archive.read("task.json"))["self_test"]["inputs"]["code_points"]
    interpreter = Interpreter(path, num_threads=threads)
    tokenize = interpreter.get_signature_runner("tokenize")

    def of_length(length):
        row = np.array([[*test[0], ord(" ")] * length], "int32")
        ends = tokenize(code_points=row)["ends"][0]
        row = row[:, : ends[1:-1][: length - 2].max(initial=0)]  # without [CLS] and [SEP]
        return lambda: (interpreter, tokenize(code_points=row))

    return of_length


def open_onnx(path, threads):
    """Returns a function that runs an ONNX file on tokens."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    types = {x.name: x.type.removeprefix("tensor(").removesuffix(")") for x in session.get_inputs()}
    if "code_points" in types:
        return lambda inputs: session.run(None, {name: inputs[name] for name in types})
    tensors = {x.name: (types[x.name], x.shape) for x in session.get_inputs()}
    return lambda inputs: session.run(None, bound(tensors, inputs))


def open_saved_model(path, threads):
    """Returns a function that runs a SavedModel on tokens."""
    import tensorflow as tf
    import tensorflow_text  # noqa: F401  the graph holds its operations

    model = tf.saved_model.load(path)
    name = next(name for name in model.signatures if name.endswith("_tokens"))
    run = model.signatures[name]
    specs = run.structured_input_signature[1]
    tensors = {key: (spec.dtype.as_numpy_dtype, spec.shape) for key, spec in specs.items()}
    return lambda inputs: (model, run(**{k: tf.constant(v) for k, v in bound(tensors, inputs).items()}))


def opener(path):
    """Returns the function that opens an artifact."""
    if os.path.isdir(path):
        return open_saved_model
    return open_onnx if path.endswith(".onnx") else open_tflite


def import_runtime(path, threads):
    """Imports the runtime, so that the load time does not include it."""
    if os.path.isdir(path):
        import tensorflow as tf
        import tensorflow_text  # noqa: F401

        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(1)
    elif path.endswith(".onnx"):
        import onnxruntime  # noqa: F401
    else:
        import ai_edge_litert.interpreter  # noqa: F401


def main(path, vocabulary_size, lengths, threads, repeats, folder=None):
    """Prints the load time, the peak memory in addition to the runtime's, and the latency at each length."""
    import_runtime(path, threads)
    texts, of_tokenizer = {}, path
    if folder is not None:
        texts = read_texts(folder)
        of_tokenizer = os.path.join(folder, "tokenizer.onnx")
    before = peak_bytes()
    start = time.perf_counter()
    run = opener(path)(path, threads)
    run(texts[lengths[0]] if texts else token_inputs(8, vocabulary_size))
    load_ms = 1e3 * (time.perf_counter() - start)
    latency = []
    for length in lengths:
        inputs = texts[length] if texts else token_inputs(length, vocabulary_size)
        times = timed(lambda inputs=inputs: run(inputs), repeats)
        latency.append(
            {
                "length": length,
                "median_ms": statistics.median(times),
                "p10_ms": statistics.quantiles(times, n=10)[0],
                "p90_ms": statistics.quantiles(times, n=10)[-1],
            }
        )
    memory_bytes, tokenizer = peak_bytes() - before, open_tokenizer(of_tokenizer, threads, texts)
    for row in latency if tokenizer else ():
        row["tokenizer_ms"] = statistics.median(timed(tokenizer(row["length"]), repeats))
    print(json.dumps({"load_ms": load_ms, "memory_bytes": memory_bytes, "latency": latency}))


def timed(call, repeats):
    """Calls a function, and returns the milliseconds of each call but the first three."""
    times = []
    for _ in range(3 + repeats):
        start = time.perf_counter()
        call()
        times.append(1e3 * (time.perf_counter() - start))
    return times[3:]


if __name__ == "__main__":
    path, *numbers = sys.argv[1:6]
    main(path, *map(json.loads, numbers), *sys.argv[6:])
