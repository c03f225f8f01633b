"""Python's garbage collector looks at every object of the process, which takes seconds in a large one."""

import contextlib
import ctypes
import gc


@contextlib.contextmanager
def only_new_garbage():
    """What is made inside and left as garbage is collected at the end; objects that exist are not looked at.

    For graphs of TensorFlow, which refer to themselves and hold weights, and for variables of Keras, which
    collects garbage for each one that is deleted.
    """
    frozen = gc.get_freeze_count()
    if not frozen:  # else they are somebody else's, who wants them kept
        gc.freeze()
    try:
        yield
    finally:
        gc.collect()
        if not frozen:
            gc.unfreeze()
        _give_back()


def _give_back():
    """Returns freed memory to the system: TensorFlow's writer leaves as much as it wrote to its allocator."""
    # glibc alone has it.
    with contextlib.suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)
