"""Reads the pickle of a PyTorch file without the `pickle` module, so that it cannot run code or fill memory.

Python's unpickler calls whatever a file names, and allocates memory for as many objects as the file claims.
This one has only the few operations that a file of plain tensors needs.
"""

import pickletools

_STORAGES = {
    "DoubleStorage": "float64",
    "FloatStorage": "float32",
    "HalfStorage": "float16",
    "BFloat16Storage": "bfloat16",
    "LongStorage": "int64",
    "IntStorage": "int32",
    "BoolStorage": "bool",
    "ByteStorage": "uint8",
}
_NEW = {
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
    "EMPTY_TUPLE": tuple,
    "EMPTY_LIST": list,
    "EMPTY_DICT": dict,
}
_VALUES = {"BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT"}
_VALUES |= {"BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"}
_TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}


class NotTensorsError(ValueError):
    """The pickle names something that a file of tensors does not need."""


class Storage:
    """Numbers of one dtype, which are stored elsewhere in the file under a key."""

    def __init__(self, dtype, key):
        self.dtype, self.key = dtype, key


class Tensor:
    """A view of a storage."""

    def __init__(self, storage, offset, shape, strides, *_):
        self.storage, self.offset, self.shape, self.strides = storage, offset, tuple(shape), tuple(strides)

    def is_sound(self):
        """Whether its storage is one, and offset, shape and strides are whole numbers of at least 0."""
        numbers = (self.offset, *self.shape, *self.strides)
        return (
            isinstance(self.storage, Storage)
            and all(isinstance(n, int) and n >= 0 for n in numbers)
            and len(self.shape) == len(self.strides)
        )


def load_pickle(file):
    """Reads one pickle, and leaves the file positioned after its end.

    Args:
        file: open binary file whose `read` never allocates more memory than the file has bytes, such as a
            `BytesIO` or an `mmap`.

    Returns:
        A pair: the pickled object, made of dicts, lists, tuples, numbers, str and `Tensor`s; and a dict, key
        -> `Storage`.

    Raises:
        NotTensorsError: if the pickle names anything else.
        Exception: of any kind, if the pickle is damaged.
    """
    stacks, memo, storages = [[]], {}, {}  # each mark begins a new stack
    for opcode, value, _ in pickletools.genops(file):
        name, stack = opcode.name, stacks[-1]
        if name == "MARK":
            stacks.append([])
        elif name in _VALUES:
            stack.append(value)
        elif name in _NEW:
            stack.append(_NEW[name]())
        elif name in ("BINPUT", "LONG_BINPUT"):
            memo[value] = stack[-1]
        elif name == "MEMOIZE":
            memo[len(memo)] = stack[-1]
        elif name in ("BINGET", "LONG_BINGET"):
            stack.append(memo[value])
        elif name in _TUPLES:
            stack[-_TUPLES[name] :] = [tuple(stack[-_TUPLES[name] :])]
        elif name == "TUPLE":
            items = stacks.pop()
            stacks[-1].append(tuple(items))
        elif name in ("APPEND", "APPENDS"):
            items = [stack.pop()] if name == "APPEND" else stacks.pop()
            stacks[-1][-1].extend(items)
        elif name in ("SETITEM", "SETITEMS"):
            items = [stack.pop(-2), stack.pop()] if name == "SETITEM" else stacks.pop()
            stacks[-1][-1].update(_pairs(zip(items[::2], items[1::2], strict=True)))
        elif name in ("GLOBAL", "STACK_GLOBAL"):
            found = value.split(" ") if name == "GLOBAL" else [stack.pop(-2), stack.pop()]
            stack.append(_named(*found))
        elif name == "REDUCE":
            arguments = stack.pop()
            stack.append(stack.pop()(*arguments))
        elif name == "BINPERSID":
            storage = _storage(*stack.pop())
            storages[storage.key] = storage
            stack.append(storage)
        elif name == "BUILD":  # an attribute, `_metadata`, of the dict of tensors
            stack.pop()
        elif name == "STOP":
            return stack.pop(), storages
        elif name not in ("PROTO", "FRAME"):
            raise NotTensorsError(f"the operation {name}")
    raise ValueError("the pickle does not end")


def _pairs(pairs):
    # Deeply nested tuples as keys would take years to hash.
    pairs = dict((key, value) if isinstance(key, (str, int)) else (None, None) for key, value in pairs)
    if None in pairs:
        raise NotTensorsError("a key that is not a name")
    return pairs


def _named(module, name):
    if (module, name) == ("collections", "OrderedDict"):
        return lambda items=(): _pairs(items)
    if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
        return Tensor
    if (module, name) == ("torch._utils", "_rebuild_parameter"):
        return lambda tensor, *_: tensor
    if module == "torch" and name in _STORAGES:
        return _STORAGES[name]
    raise NotTensorsError(f"{module}.{name}")


def _storage(kind, dtype, key, *_):
    if kind != "storage" or not isinstance(key, str) or dtype not in _STORAGES.values():
        raise NotTensorsError("a persistent object that is not a storage")
    return Storage(dtype, key)
