r"""The browser's client beside transformers.js, in headless Chromium: the same weights in int8, in one page.

    python examples/clients/make_vectors.py build/clients
    (mkdir -p build/browser && cd build/browser && npm install --ignore-scripts \
        @litertjs/core playwright-core @huggingface/transformers)
    python benchmarks/browser.py build/clients build/browser

Writes what the page needs: our file with the model alone at the number of tokens of the sentence, and the
model for transformers.js, by `torch.onnx.export` and ONNX Runtime's `quantize_dynamic`. `browser.mjs`
measures.
"""

import pathlib
import shutil
import subprocess
import sys

import keras

import kerasbert

SENTENCE = "remind me to buy milk and eggs when i leave the office"


def write_transformers(task, folder):
    """Writes what transformers.js loads: Hugging Face's files, and `onnx/model_quantized.onnx`."""
    import torch
    from onnx import TensorProto
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    shutil.rmtree(folder, ignore_errors=True)  # of an earlier run
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
        input_names=[*names],
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


def write_model_alone(source, path, tokens):
    """Copies a file, and fixes the length of its signature of tokens: LiteRT.js runs no other."""
    from ai_edge_litert.schema_py_generated import Model

    content = bytearray(source.read_bytes())
    model = Model.GetRootAs(content, 0)
    signatures = map(model.SignatureDefs, range(model.SignatureDefsLength()))
    signature = next(each for each in signatures if each.SignatureKey() == b"classify")
    graph = model.Subgraphs(signature.SubgraphIndex())
    for i in graph.InputsAsNumpy():
        for shape in (graph.Tensors(i).ShapeAsNumpy(), graph.Tensors(i).ShapeSignatureAsNumpy()):
            shape[1] = tokens
    path.write_bytes(content)


def main(vectors, folder):
    """Writes what the page needs to a folder that has the Node packages, and measures."""
    task = keras.saving.load_model(vectors / "assistant.keras")
    tokens = task.tokenizer([SENTENCE])["token_ids"].shape[1]
    write_transformers(task, folder / "assistant")
    write_model_alone(vectors / "assistant.tflite", folder / "alone.tflite", tokens)
    shutil.copy(vectors / "assistant.tflite", folder)
    shutil.copy(vectors / "vectors.json", folder)
    script = pathlib.Path(__file__).with_suffix(".mjs")
    subprocess.run(["node", script, folder.resolve(), SENTENCE, str(tokens)], check=True)


if __name__ == "__main__":
    print(f"kerasbert {kerasbert.__version__}")
    main(*map(pathlib.Path, sys.argv[1:]))
