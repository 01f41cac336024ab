"""What can go wrong while training, in words for the person."""

from __future__ import annotations

import contextlib
import errno
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from cnnstudio.data.report import DataError
from cnnstudio.errors import Cancelled, StudioError

# What a training failed of, where that tells what to try.
Cause = Literal["", "memory", "numbers", "disk", "data", "device"]
_DEVICE = re.compile(r"CUDA|cuDNN|cuBLAS|CUDNN_|CUBLAS_|\bGPU\b|ROCm|device is lost|device lost")
_WHERE = re.compile(
    r'Graph execution error|Detected at node|<stack traces unavailable>|File "|\d+ root error'
)
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class TrainingError(StudioError):
    """A training that cannot start or broke off: what happened and the way out."""

    def __init__(self, message: str, cause: Cause = "") -> None:
        super().__init__(message)
        self.cause: Cause = cause


def explain(
    error: Exception, *, batch_size: int, image_size: tuple[int, int], kept: str
) -> TrainingError:
    """`error`, whatever raised it while training, as a sentence and a way out.

    `kept` is the sentence that says what was not lost, or empty.
    """
    if isinstance(error, TrainingError):
        return error
    if isinstance(error, DataError):
        back = "Bring the pictures back, then continue the run." if kept else ""
        return TrainingError(_joined(_joined(error.message, kept), back), "data")
    if isinstance(error, StudioError):
        return TrainingError(_joined(error.message, kept))
    if out_of_memory(error):
        height, width = image_size
        if batch_size > 1:
            way_out = f"Reduce the batch size to {batch_size // 2}, or use smaller pictures."
        else:
            way_out = "Use smaller pictures or a smaller network."
        pictures = "picture" if batch_size == 1 else "pictures"
        return TrainingError(
            _joined(
                f"A batch of {batch_size} {pictures} of {height} × {width} does not fit into "
                f"memory. {way_out}",
                kept,
            ),
            "memory",
        )
    if device_failed(error):
        return TrainingError(
            _joined(
                f"The GPU failed ({first_line(error)}). Start CNN Studio again, then continue the "
                "run; if it fails again, update the driver, or train on the processor: with "
                "CUDA_VISIBLE_DEVICES=-1 set, the GPU is left alone.",
                kept,
            ),
            "device",
        )
    return TrainingError(
        _joined(f"The training broke off ({type(error).__name__}: {first_line(error)}).", kept)
    )


def out_of_memory(error: Exception) -> bool:
    """Whether memory, of the computer or the GPU, did not suffice."""
    if isinstance(error, MemoryError):
        return True
    text = str(error)
    if "ResourceExhaustedError" in _kinds(error):
        return "No space left" not in text
    return "OpError" in _kinds(error) and ("ut of memory" in text or "OUT_OF_MEMORY" in text)


def device_failed(error: Exception) -> bool:
    """Whether a GPU stopped working, or what drives it."""
    return "OpError" in _kinds(error) and _DEVICE.search(first_line(error)) is not None


def not_a_number(epoch: int, step: int, rate: float, kept: str) -> TrainingError:
    """What to say when the loss, or a weight, is no number any more."""
    return TrainingError(
        _joined(
            f"The loss is no longer a number (epoch {epoch}, step {step}): the weights have run "
            "away, and training on would not bring them back. Choose a learning rate below "
            f"{rate:g}, check that the pixels are scaled by a Rescaling layer, and train again.",
            kept,
        ),
        "numbers",
    )


def _kinds(error: Exception) -> set[str]:
    """The names of its classes: TensorFlow's are matched so that this works without it."""
    return {kind.__name__ for kind in type(error).__mro__}


@contextlib.contextmanager
def writing(path: Path, kept: str = "") -> Iterator[None]:
    """Turn whatever fails in writing `path` into a `TrainingError` that names it."""
    try:
        yield
    except (StudioError, Cancelled, MemoryError):
        raise
    except Exception as error:
        number = error.errno if isinstance(error, OSError) else None
        if number in _FULL or "No space left" in str(error) or "File too large" in str(error):
            reason, way_out = "the disk is full", "Free some space, then continue the run."
        elif number in {errno.EACCES, errno.EPERM, errno.EROFS}:
            reason, way_out = "nothing may be written there", "Choose another folder for runs."
        elif not path.parent.exists():
            reason, way_out = "its folder is gone", "Bring it back, or train again."
        else:
            reason = os.strerror(number) if number else first_line(error)
            way_out = "Check the disk, then continue the run."
        raise TrainingError(
            _joined(f"{path} cannot be written: {reason}. {way_out}", kept), "disk"
        ) from error


def first_line(error: BaseException) -> str:
    """The first line of what an exception says, its kind where it says nothing.

    TensorFlow tells first where in its graph it happened: what happened comes after that.
    """
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    told = next((line for line in lines if not _WHERE.match(line)), lines[0] if lines else "")
    return told[:200].rstrip(".") or type(error).__name__


def _joined(text: str, kept: str) -> str:
    return f"{text} {kept}".strip()
