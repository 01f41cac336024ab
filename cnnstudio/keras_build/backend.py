"""The first import of Keras and TensorFlow: quiet, on TensorFlow, with the GPUs set up.

Everything that starts Keras work calls `load_keras`; inside, `import keras` is as good.
"""

from __future__ import annotations

import contextlib
import gc
import logging
import os
import sys
import threading
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from cnnstudio.errors import StudioError

_loading = threading.Lock()


class BackendError(StudioError):
    """TensorFlow or Keras is missing or broken, with the way out."""


def load_keras() -> ModuleType:
    """Import Keras on TensorFlow and set up the GPUs; cheap when done before.

    Raises `BackendError` with the way out where either is missing or broken.
    """
    # Two threads may need it first: one imports, the other waits.
    with _loading:
        # What TensorFlow logs about its build is not for people.
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        os.environ["KERAS_BACKEND"] = "tensorflow"
        fresh = "tensorflow" not in sys.modules
        try:
            if fresh:
                with native_stderr_hidden():
                    import tensorflow

                    tensorflow.config.list_physical_devices()
            import keras
            import tensorflow

            if fresh:
                # Hundreds of thousands of objects that stay: every search for garbage among them
                # would hold up the window for a fifth of a second.
                gc.freeze()
                tensorflow.get_logger().addFilter(_not_about_tracing)
        # A broken installation raises anything, from AttributeError to what the linker says.
        except Exception as error:
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
            raise BackendError(
                f"TensorFlow cannot be loaded ({reason}). Install it again: "
                "python -m pip install --force-reinstall tensorflow keras"
            ) from error
        if keras.backend.backend() != "tensorflow":
            raise BackendError(
                f"Keras runs on {keras.backend.backend()} here; CNN Studio needs TensorFlow. "
                "Set KERAS_BACKEND=tensorflow and start again."
            )
        _grow_memory(tensorflow)
        return keras


def _not_about_tracing(record: logging.LogRecord) -> bool:
    """TensorFlow warns where functions are traced anew, which is meant: for each layer."""
    return "retracing" not in str(record.msg)


def _grow_memory(tensorflow: Any) -> None:
    """Let TensorFlow take GPU memory as needed, so that other programs keep theirs."""
    for device in tensorflow.config.list_physical_devices("GPU"):
        try:
            tensorflow.config.experimental.set_memory_growth(device, True)
        except (RuntimeError, ValueError):
            return  # the GPU is in use already: it was set before, or somebody chose otherwise


@contextlib.contextmanager
def native_stderr_hidden() -> Iterator[None]:
    """Drop what native code writes to standard error.

    TensorFlow's libraries log while they are loaded, before they read TF_CPP_MIN_LOG_LEVEL.
    """
    try:
        kept = os.dup(2)
    except OSError:  # a windowed program may have none
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
