"""What `edge_latency.py` compares: shapes, lengths, inputs, and our own files of them.

Run as a process by it: KIND FOLDER SHAPE SETTINGS, where SETTINGS are a JSON list, or null for all.
Each KIND leaves `KIND.json` in FOLDER: the settings tried, with their files or their error.
"""

import json
import os
import pathlib
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from public_sets import weights_folder

LENGTHS = (16, 32, 64, 128, 256)
# MiniLM-L6 has the weights of all-MiniLM-L6-v2; BERT-base has random ones, which take the same time.
SHAPES = {
    "MiniLM-L6": {"num_layers": 6, "num_heads": 12, "hidden_dim": 384, "intermediate_dim": 1536},
    "BERT-base": {"num_layers": 12, "num_heads": 12, "hidden_dim": 768, "intermediate_dim": 3072},
}
CLASSES, VOCABULARY = 14, 30522
NAMES = ("token_ids", "segment_ids", "padding_mask")
HUGGING_FACE_NAMES = ["input_ids", "token_type_ids", "attention_mask"]
ANY = "any"  # the key of a file that takes every length


def weights_of(folder, shape):
    """The Hugging Face folder that every contender loads; of BERT-base one that `edge_torch.py` writes."""
    return weights_folder() if shape == "MiniLM-L6" else folder / "weights"


def head_kernel(shape):
    rng = np.random.default_rng(0)
    return rng.normal(0, 0.1, (SHAPES[shape]["hidden_dim"], CLASSES)).astype("float32")


def tokens(length, padded_to=None):
    """Valid ids of one sequence, int32 `(1, S)` each, in the order of `NAMES`."""
    ids = np.random.default_rng(length).integers(1000, VOCABULARY, (1, length)).astype("int32")
    arrays = ids, np.zeros_like(ids), np.ones_like(ids)
    return tuple(np.pad(x, ((0, 0), (0, (padded_to or length) - length))) for x in arrays)


class Settings:
    """What one KIND tried.

    Args:
        kind: str.
        folder: path.
        wanted: list of the settings to try, or None for all.
    """

    def __init__(self, kind, folder, wanted=None):
        self.kind, self.folder, self.wanted, self.rows = kind, folder, wanted, []

    def attempt(self, name, write, lengths=(ANY,), suffix=".tflite"):
        """Calls `write(path, length)` for each length and notes the files, or the first error."""
        if self.wanted is not None and name not in self.wanted:
            return
        row = {"setting": name, "files": {}, "error": None}
        self.rows.append(row)
        for length in lengths:
            path = self.folder / f"{self.kind}_{len(self.rows)}_{length}{suffix}"
            try:
                write(path, length)
            except Exception as error:
                # A rival's refusal is a result: it goes into the table.
                lines = [line for line in str(error).splitlines() if "error:" in line.lower()]
                said = (lines or [str(error)])[-1].rsplit(")): ", 1)[-1]
                row["error"] = f"{type(error).__name__}: {said[:300]}"
                return
            row["files"][str(length)] = path.name

    def save(self):
        (self.folder / f"{self.kind}.json").write_text(json.dumps(self.rows, indent=1))


def quantize_litert(source, path):
    from litert_quantizer import quantizer, recipe

    quantizer.Quantizer(str(source), recipe.dynamic_wi8_afp32()).quantize().export_model(
        str(path), overwrite=True
    )


def kerasbert(folder, shape, wanted):
    from kerasbert import BertTextClassifier, export

    labels = [f"class {i}" for i in range(CLASSES)]
    classifier = BertTextClassifier.from_preset(weights_of(folder, shape), labels=labels)
    classifier.head.dense.kernel.assign(head_kernel(shape))
    settings = Settings("kerasbert", folder, wanted)
    for recipe in ("dynamic_wi8_afp32", "dynamic_wi4_afp32"):
        settings.attempt(recipe, lambda path, _, recipe=recipe: export.to_tflite(classifier, path, recipe))
    settings.save()


def bare_products(folder, shape, wanted):
    """Every matrix product of our graph with its bias, and nothing else: a bound for all that do them."""
    import tensorflow as tf

    sizes, rng = SHAPES[shape], np.random.default_rng(0)
    width, heads = sizes["hidden_dim"], sizes["num_heads"]

    def linear(x, units):
        kernel = rng.normal(0, 0.02, (x.shape[-1], units)).astype("float32")
        return tf.nn.bias_add(tf.matmul(x, tf.constant(kernel)), tf.zeros(units))

    def attention(x, query):
        # Reshapes cost nothing, and give products of the same sizes.
        q, k, v = (tf.reshape(linear(y, width), (heads, -1, width // heads)) for y in (query, x, x))
        context = tf.matmul(tf.matmul(q, k, transpose_b=True), v)
        return linear(tf.reshape(context, (-1, width)), width)

    specs = [tf.TensorSpec((1, None), tf.int32, name) for name in NAMES]

    @tf.function(input_signature=specs)
    def multiply(token_ids, segment_ids, padding_mask):
        numbers = tf.reshape(tf.cast(token_ids + segment_ids + padding_mask, tf.float32), (-1, 1))
        x = numbers * tf.constant(rng.normal(0, 1e-4, (1, width)).astype("float32"))
        for i in range(sizes["num_layers"]):
            x = attention(x, x[:1] if i == sizes["num_layers"] - 1 else x)
            x = linear(linear(x, sizes["intermediate_dim"]), width)
        return {"products": linear(linear(x, width), CLASSES)}

    def write(path, _):
        module = tf.Module()
        module.multiply = multiply
        source = str(folder / "bare_products")
        tf.saved_model.save(module, source, signatures={"multiply": module.multiply})
        converter = tf.lite.TFLiteConverter.from_saved_model(source, signature_keys=["multiply"])
        path.write_bytes(converter.convert())
        quantize_litert(path, path)

    settings = Settings("bare_products", folder, wanted)
    settings.attempt("int8", write)
    settings.save()


def run(kinds):
    """Writes what the command line names, one of the functions `kinds`."""
    name, folder, shape, wanted = sys.argv[1:]
    {kind.__name__: kind for kind in kinds}[name](pathlib.Path(folder), shape, json.loads(wanted))


if __name__ == "__main__":
    run([kerasbert, bare_products])
