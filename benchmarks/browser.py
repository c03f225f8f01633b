r"""The browser's client beside transformers.js, in headless Chromium: the same weights in int8, in one page.

    python examples/clients/make_vectors.py build/clients
    (mkdir -p build/browser && cd build/browser && npm install --ignore-scripts \
        @litertjs/core playwright-core @huggingface/transformers)
    python benchmarks/browser.py build/clients build/browser

Writes what the page needs: the model alone in LiteRT at the number of tokens of the sentence, and the model
for transformers.js, by `torch.onnx.export` and ONNX Runtime's `quantize_dynamic`. `browser.mjs` measures.
"""

import pathlib
import shutil
import subprocess
import sys

import keras

import kerasbert
from kerasbert import export

SENTENCE = "remind me to buy milk and eggs when i leave the office"


def write_transformers(task, folder):
    """Writes what transformers.js loads: Hugging Face's files, and `onnx/model_quantized.onnx`."""
    import torch
    from onnx import TensorProto
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    task.save_to_preset(folder)
    model = AutoModelForSequenceClassification.from_pretrained(folder, attn_implementation="eager").eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.model_max_length = task.max_sequence_length  # as ours, which cuts longer texts
    tokenizer.save_pretrained(folder)
    names = ("input_ids", "attention_mask", "token_type_ids")
    inputs = tokenizer(SENTENCE, return_tensors="pt")
    axes = {name: {0: "batch", 1: "sequence"} for name in names} | {"logits": {0: "batch"}}
    (folder / "onnx").mkdir(exist_ok=True)
    path = folder / "onnx" / "model.onnx"
    torch.onnx.export(
        model,
        tuple(inputs[name] for name in names),
        path,
        input_names=names,
        output_names=["logits"],
        dynamic_axes=axes,
        opset_version=17,
        dynamo=False,
    )
    quantize_dynamic(
        path,
        folder / "onnx" / "model_quantized.onnx",
        weight_type=QuantType.QInt8,
        extra_options={"DefaultTensorType": TensorProto.FLOAT},
    )


def write_model_alone(task, path, tokens):
    """Writes a file of tokens whose inputs have a fixed length, which is what LiteRT.js runs."""
    from ai_edge_litert.schema_py_generated import Model, ModelT
    from flatbuffers import Builder

    export.to_tflite(task, path, verify=False)
    model = ModelT.InitFromObj(Model.GetRootAs(path.read_bytes(), 0))
    graph = model.subgraphs[model.signatureDefs[0].subgraphIndex]
    for i in graph.inputs:
        graph.tensors[i].shape, graph.tensors[i].shapeSignature = [1, tokens], None
    builder = Builder()
    builder.Finish(model.Pack(builder), b"TFL3")
    path.write_bytes(builder.Output())


def main(vectors, folder):
    """Writes what the page needs to a folder that has the Node packages, and measures."""
    task = keras.saving.load_model(vectors / "assistant.keras")
    tokens = task.tokenizer([SENTENCE])["token_ids"].shape[1]
    write_transformers(task, folder / "assistant")
    write_model_alone(task, folder / "alone.tflite", tokens)
    shutil.copy(vectors / "assistant.tflite", folder)
    shutil.copy(vectors / "vectors.json", folder)
    script = pathlib.Path(__file__).with_suffix(".mjs")
    subprocess.run(["node", script, folder.resolve(), SENTENCE, str(tokens)], check=True)


if __name__ == "__main__":
    print(f"kerasbert {kerasbert.__version__}")
    main(*map(pathlib.Path, sys.argv[1:]))
