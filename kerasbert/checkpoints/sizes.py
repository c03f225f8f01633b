"""Compares the sizes in a config with the tensors in the file before anything is built."""

from kerasbert import checks

_MOST_TIMES = 1000  # that a shared block is applied


def check_num_layers(config, tensors):
    """Raises ValueError if a file has too few tensors for the number of layers in its config."""
    most = _MOST_TIMES if config.shared_blocks else len(tensors.shapes)
    if config.num_layers > most:
        raise checks.invalid(
            "The file must hold every weight of the encoder.",
            fix="Check that it is a model with as many layers as its config says.",
            where=str(tensors.path),
            num_layers=config.num_layers,
            tensors_in_file=len(tensors.shapes),
        )


def number_of_classes(tensors, bias):
    """The length of a head's bias in a file; ValueError if the bias is not a vector."""
    shape = tensors.shapes[bias]
    if len(shape) != 1 or not shape[0]:
        raise checks.invalid(
            "The bias of a head must be a vector with a number for each class.",
            fix="The file is damaged: download it again.",
            where=str(tensors.path),
            name=bias,
            shape=shape,
        )
    return shape[0]


def check_encoder(checkpoint):
    """Raises ValueError if weights of the encoder are missing in the file or have the wrong shape."""
    shapes = dict(encoder_shapes(checkpoint.config))
    check_complete(checkpoint, [path for path in shapes if checkpoint.find(path) is None])
    for path, shape in shapes.items():
        if checkpoint.find(path) is not None:
            check_shape(checkpoint, path, shape)


def check_complete(checkpoint, absent):
    """Raises ValueError if absent weights belong to the encoder, except those of the pooler.

    Args:
        checkpoint: `Checkpoint`.
        absent: sequence of our paths of the weights that the file lacks.
    """
    missing = [
        place.name if (place := checkpoint.places.get(path)) else path
        for path in absent
        if path.startswith("encoder/") and not path.startswith("encoder/pooler/")
    ]
    if missing:
        raise checks.invalid(
            "The file must hold every weight of the encoder.",
            fix="Check that it is a model with as many layers as its config says.",
            where=str(checkpoint.tensors.path),
            missing=missing,
            found=sorted(checkpoint.tensors.shapes),
        )


def check_shape(checkpoint, path, shape):
    """Raises ValueError if a weight of ours has another shape in the file.

    Args:
        checkpoint: `Checkpoint`, which holds the weight.
        path: str, our path of the weight.
        shape: tuple of int, the shape of the weight in our model.
    """
    name, expected = checkpoint.find(path), checkpoint.places[path].shape_there(shape)
    if checkpoint.tensors.shapes[name] != expected:
        raise checks.invalid(
            f"The shape of `{name}` must be that of the model, {expected}.",
            fix="Use the config that was saved with these weights.",
            where=str(checkpoint.tensors.path),
            shape=checkpoint.tensors.shapes[name],
        )


def encoder_shapes(config):
    """Yields the path and the shape of each weight of a `BertEncoder` with a pooler.

    Args:
        config: `BertConfig`.
    """
    width, inner = config.embedding_dim or config.hidden_dim, config.hidden_dim
    tables = {"token": config.vocabulary_size}
    if config.num_segments:
        tables["segment"] = config.num_segments
    if config.position_embedding == "learned":
        tables["position"] = config.max_sequence_length + config.position_offset
    for name, rows in tables.items():
        yield f"encoder/embeddings/{name}_embedding/embeddings", (rows, width)
    if config.relative_position_buckets:
        shape = config.relative_position_buckets, config.num_heads
        yield "encoder/embeddings/relative_position_embedding/embeddings", shape
    yield from _norm("encoder/embeddings/layer_norm", width)
    if config.embedding_dim:
        yield from _dense("encoder/embeddings/projection", width, inner)
    for i, (heads, units) in enumerate(config.block_sizes):
        block, attended = f"encoder/block_{i}", heads * config.head_dim
        for name in ("query", "key", "value"):
            yield from _dense(f"{block}/attention/{name}", inner, attended)
        yield from _dense(f"{block}/attention/output", attended, inner)
        yield from _norm(f"{block}/attention_norm", inner)
        yield from _dense(f"{block}/feed_forward/intermediate", inner, units)
        yield from _dense(f"{block}/feed_forward/output", units, inner)
        yield from _norm(f"{block}/feed_forward_norm", inner)
    yield from _dense("encoder/pooler/dense", inner, inner)


def _dense(path, inputs, outputs):
    yield f"{path}/kernel", (inputs, outputs)
    yield f"{path}/bias", (outputs,)


def _norm(path, width):
    yield f"{path}/gamma", (width,)
    yield f"{path}/beta", (width,)
