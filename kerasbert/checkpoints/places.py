"""Where a weight of ours lies in a file of others."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Place:
    """The name of a tensor in a file, and how its numbers lie there.

    Args:
        name: str, the tensor.
        transposed: bool, rows and columns are exchanged there.
        shape: tuple of int or None, the shape there where it only splits axes of ours, such as `(D, N, H)`
            for a kernel `(D, D)`; None: ours.

    Example:

    >>> Place("classifier.weight", transposed=True).shape_there((8, 3))
    (3, 8)
    """

    name: str
    transposed: bool = False
    shape: tuple | None = None

    def shape_there(self, shape):
        """The shape that the tensor has there, for a weight of ours of `shape`."""
        return tuple(shape)[::-1] if self.transposed else self.shape or tuple(shape)

    def to_ours(self, value, shape):
        """Turns the tensor's value into that of our weight of `shape`."""
        return value.T if self.transposed else value.reshape(shape)

    def from_ours(self, value):
        """Turns the value of our weight into the tensor's."""
        return value.T if self.transposed else value.reshape(self.shape or value.shape)


def module_places(ours, theirs, parameters, transposed=False):
    """Places of all weights of one layer.

    Args:
        ours: str, path of the layer in kerasbert; its last part tells what it is: `..._norm` has a gamma and
            a beta, `..._embedding` a table, any other a kernel and a bias.
        theirs: str, path of the layer there.
        parameters: dict of their endings, with separator, such as `{"kernel": ".weight", "bias": ".bias",
            "gamma": ".weight", "beta": ".bias", "embeddings": ".weight"}`.
        transposed: bool, of kernels.

    Returns:
        dict, our path -> `Place`.
    """
    if ours.endswith("_norm"):
        names = ("gamma", "beta")
    elif ours.endswith("_embedding"):
        names = ("embeddings",)
    else:
        names = ("kernel", "bias")
    return {
        f"{ours}/{name}": Place(theirs + parameters[name], transposed and name == "kernel") for name in names
    }


def with_head_axis(places, config):
    """The same places, in a file whose attention weights have an axis of heads.

    Kernels `(D, D)` of query, key and value are `(D, N, H)` there, their biases `(N, H)`, and the kernel of
    the output `(N, H, D)`.

    Args:
        places: dict, our path -> `Place`.
        config: `BertConfig`.
    """
    hidden_dim, heads = config.hidden_dim, (config.num_heads, config.head_dim)
    shapes = {"output/kernel": (*heads, hidden_dim)}
    for name in ("query", "key", "value"):
        shapes |= {f"{name}/kernel": (hidden_dim, *heads), f"{name}/bias": heads}
    return {
        path: dataclasses.replace(place, shape=shapes.get(path.partition("/attention/")[2]))
        for path, place in places.items()
    }


def encoder_paths(config, pooler):
    """The layers of a `BertEncoder` that have weights, by path.

    Args:
        config: `BertConfig`.
        pooler: bool.

    Yields:
        Pairs `(path, block)`: block is the number of the encoder block, or None outside of one. In the path
        of a block's layer stands `block_{i}`, so that a table needs it once.
    """
    yield "encoder/embeddings/token_embedding", None
    if config.num_segments:
        yield "encoder/embeddings/segment_embedding", None
    if config.position_embedding == "learned":
        yield "encoder/embeddings/position_embedding", None
    yield "encoder/embeddings/layer_norm", None
    if config.embedding_dim:
        yield "encoder/embeddings/projection", None
    for i in range(config.num_layers):
        for name in BLOCK_LAYERS:
            yield f"encoder/block_{{i}}/{name}", i
    if pooler:
        yield "encoder/pooler/dense", None


BLOCK_LAYERS = (
    "attention/query",
    "attention/key",
    "attention/value",
    "attention/output",
    "attention_norm",
    "feed_forward/intermediate",
    "feed_forward/output",
    "feed_forward_norm",
)
