"""The paths that identify weights of the encoder and of all other layers of a task."""

import re


def own_weights(layer, name=None):
    """Returns the weights of a layer by path, such as `masked_lm/dense/kernel`.

    Args:
        layer: `keras.Layer`.
        name: str or None, the first part of the paths; None: the layer's name.
    """
    return {f"{name or layer.name}/{_below(layer, weight)}": weight for weight in layer.weights}


def head_weights(layers):
    """Returns the weights of heads by path.

    Keras numbers unnamed layers through the whole process, so `dense_7` in this process may be `dense` in
    another one. Therefore the numbers at the end of names are assigned anew, in the order of the weights.

    Args:
        layers: list of `keras.Layer`.
    """
    named, numbers = {}, {}
    for layer in layers:
        for weight in layer.weights:
            here, there = "", ""
            for part in (layer.name, *_below(layer, weight).split("/")):
                here, base = f"{here}/{part}", re.sub(r"_\d+$", "", part)
                known = numbers.setdefault((there, base), {})
                number = known.setdefault(here, len(known))
                there = f"{there}/{base}_{number}" if number else f"{there}/{base}"
            named[_unused(there[1:], named)] = weight
    return named


def head_of(path):
    """The first part of a weight's path: `"encoder"` or the name of a head."""
    return path.partition("/")[0]


def heads_among(paths):
    """The heads to which the weights with these paths belong, a tuple of str."""
    return tuple(dict.fromkeys(head_of(path) for path in paths if head_of(path) != "encoder"))


def _below(layer, weight):
    """The part of a weight's path below its layer, whether the layer was built alone or within others."""
    _, found, below = weight.path.partition(f"{layer.name}/")
    return below if found else weight.path


def _unused(path, named):
    """The path, with a number added if another weight already has it: some layers have two of one name."""
    number, unused = 1, path
    while unused in named:
        number, unused = number + 1, f"{path}:{number + 1}"
    return unused
