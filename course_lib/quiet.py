"""Keras on TensorFlow, imported without TensorFlow's log lines, and with threads for small recurrent networks.

`from course_lib.quiet import keras`.

The lines come from C++ straight to file descriptor 2, where neither Python nor a notebook can hold them back.
"""

import contextlib
import os
import sys


@contextlib.contextmanager
def _descriptor_2_closed():
    sys.stderr.flush()
    kept = os.dup(2)
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


if "tensorflow" in sys.modules:
    import keras
else:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # Small recurrent networks: two operations side by side, on a core each, hand over less than one operation
    # on both. A training step of lesson 04 takes three quarters of the time.
    os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
    os.environ.setdefault("TF_NUM_INTEROP_THREADS", "2")
    with _descriptor_2_closed():
        import keras
        import tensorflow as tf

        tf.zeros(1).numpy()  # the first operation logs, too

__all__ = ["keras"]
