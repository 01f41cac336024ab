"""TensorFlow Lite and ONNX: written by Keras, read back by the interpreters that others use."""

from __future__ import annotations

import contextlib
import importlib.util
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnnstudio.keras_build.backend import native_stderr_hidden
from cnnstudio.keras_build.compare import answers, random_pictures, same_answers
from cnnstudio.keras_build.placing import ExportError

if TYPE_CHECKING:
    import keras
    import numpy as np

# Other kernels add up in another order: the outputs differ by this share of the largest at most.
TOLERANCE = 1e-4


def write_tflite(model: keras.Model, path: Path) -> None:
    """Write a `.tflite` file and compare its answers with the model's.

    Raises `DiffersError`, or what the converter raises.
    """
    with _quiet():
        model.export(str(path), format="litert", verbose=False)
        same_answers(
            lambda pictures: _run_tflite(path, model, pictures), model, tolerance=TOLERANCE
        )


def write_onnx(model: keras.Model, path: Path, name: str) -> None:
    """Write an `.onnx` file and compare its answers with the model's.

    Raises `ExportError` where the packages for it are missing, `DiffersError`, or what the
    converter raises.
    """
    missing = [each for each in ("tf2onnx", "onnx") if importlib.util.find_spec(each) is None]
    if missing:
        raise ExportError(
            f"{name} cannot be exported to ONNX: {' and '.join(missing)} "
            f"{'is' if len(missing) == 1 else 'are'} not installed. Install what ONNX needs: "
            "pip install 'cnnstudio[onnx]'"
        )
    with _quiet():
        # Keras exports models that were called only.
        answers(model, random_pictures(model))
        model.export(str(path), format="onnx", verbose=False)
        same_answers(lambda pictures: _run_onnx(path, pictures), model, tolerance=TOLERANCE)


def _run_tflite(path: Path, model: keras.Model, pictures: Sequence[np.ndarray]) -> list[Any]:
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError:
        import tensorflow

        # A lazy module: its names cannot be imported.
        Interpreter = tensorflow.lite.Interpreter  # noqa: N806
    interpreter = Interpreter(model_path=str(path))
    (signature,) = interpreter.get_signature_list().values()
    names = signature["inputs"]
    if len(names) > 1:
        # The file has them in an order of its own, under the names that the model has.
        names = [tensor.name for tensor in model.inputs]
    runner = interpreter.get_signature_runner()
    found = runner(**dict(zip(names, pictures, strict=True)))
    return [found[name] for name in signature["outputs"]]


def _run_onnx(path: Path, pictures: Sequence[np.ndarray]) -> list[Any]:
    if importlib.util.find_spec("onnxruntime") is not None:
        import onnxruntime

        runner = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        names = [each.name for each in runner.get_inputs()]
    else:
        from onnx.reference import ReferenceEvaluator

        runner = ReferenceEvaluator(str(path))
        names = runner.input_names
    return list(runner.run(None, dict(zip(names, pictures, strict=True))))


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without what the converters say of themselves, in Python and in native code."""
    with warnings.catch_warnings(), native_stderr_hidden():
        warnings.simplefilter("ignore")
        yield
