"""Where our weights are in the files of other libraries."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Place:
    """The name of a tensor in a file, and its layout in that file.

    Args:
        name: str, the name of the tensor.
        transposed: bool, whether rows and columns are exchanged in the file.
        shape: tuple of int or None, the shape in the file if it only splits axes of ours, such as `(D, N, H)`
            for a kernel `(D, D)`; None: our shape.

    Example:

    >>> Place("classifier.weight", transposed=True).shape_there((8, 3))
    (3, 8)
    """

    name: str
    transposed: bool = False
    shape: tuple[int, ...] | None = None

    def shape_there(self, shape):
        """The shape of the tensor in the file, for a weight of ours with `shape`."""
        return tuple(shape)[::-1] if self.transposed else self.shape or tuple(shape)

    def to_ours(self, value, shape):
        """Turns the tensor's value into the value of our weight, which has `shape`."""
        return value.T if self.transposed else value.reshape(shape)

    def from_ours(self, value):
        """Turns the value of our weight into the tensor's value."""
        return value.T if self.transposed else value.reshape(self.shape or value.shape)


def module_places(ours, theirs, parameters, transposed=False):
    """The places of all weights of one layer.

    Args:
        ours: str, the path of the layer in kerasbert. Its last part shows the kind of layer: `..._norm` has a
            gamma and a beta, `..._embedding` has a table, and any other has a kernel and a bias.
        theirs: str, the path of the layer in the file.
        parameters: dict, the ends of their names, with a separator, such as `{"kernel": ".weight", "bias":
            ".bias", "gamma": ".weight", "beta": ".bias", "embeddings": ".weight"}`.
        transposed: bool, whether kernels are transposed.

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
    """The same places for a file in which attention weights have a separate axis for heads.

    There, the kernels `(D, D)` of query, key and value are `(D, N, H)`, their biases `(N, H)`, and the kernel
    of the output `(N, H, D)`.

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
    """Yields the paths of all layers of a `BertEncoder` that have weights.

    Args:
        config: `BertConfig`.
        pooler: bool, whether the encoder has a pooler.

    Yields:
        Pairs `(path, block)`: `block` is the number of the encoder block, or None for a layer outside of the
        blocks. The path of a layer in a block contains `block_{i}`, so that a table lists it only once.
    """
    yield "encoder/embeddings/token_embedding", None
    if config.num_segments:
        yield "encoder/embeddings/segment_embedding", None
    if config.position_embedding == "learned":
        yield "encoder/embeddings/position_embedding", None
    if config.relative_position_buckets:
        yield "encoder/embeddings/relative_position_embedding", None
    yield "encoder/embeddings/layer_norm", None
    if config.embedding_dim:
        yield "encoder/embeddings/projection", None
    for i in range(len(config.block_sizes)):
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
