"""Opens the files that `edge_latency.py` compares, each with its runtime and one thread."""

from edge_models import HUGGING_FACE_NAMES, NAMES


def open_file(path):
    """Returns a function of the arrays of `NAMES`, that returns a function of nothing."""
    return {".tflite": _open_tflite, ".onnx": _open_onnx, ".xml": _open_openvino}[path.suffix](path)


def _open_tflite(path):
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


def _open_onnx(path):
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


def _open_openvino(path):
    import openvino as ov

    settings = {"INFERENCE_NUM_THREADS": 1, "NUM_STREAMS": 1, "PERFORMANCE_HINT": "LATENCY"}
    request = ov.Core().compile_model(path, "CPU", settings).create_infer_request()

    def with_inputs(inputs):
        feed = {k: x.astype("int64") for k, x in zip(HUGGING_FACE_NAMES, inputs, strict=True)}
        return lambda: request.infer(feed)[0]

    return with_inputs
