"""Python's garbage collector looks at every object of the process, which takes seconds in a large one."""

import contextlib
import gc


@contextlib.contextmanager
def only_new_garbage():
    """What is made inside and left as garbage is collected at the end; objects that exist are not looked at.

    For graphs of TensorFlow, which refer to themselves and hold weights, and for variables of Keras, which
    collects garbage for each one that is deleted.
    """
    if gc.get_freeze_count():  # somebody else's, who wants it kept
        yield
        return
    gc.freeze()
    try:
        yield
    finally:
        gc.collect()
        gc.unfreeze()
