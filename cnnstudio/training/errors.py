"""What can go wrong while training, in words for the person."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path

from cnnstudio.errors import Cancelled, StudioError


class TrainingError(StudioError):
    """A training that cannot start or broke off: what happened and the way out."""


def explain(
    error: Exception, *, batch_size: int, image_size: tuple[int, int], kept: str
) -> StudioError:
    """`error`, whatever raised it while training, as a sentence and a way out.

    `kept` is the sentence that says what was not lost, or empty.
    """
    if isinstance(error, TrainingError):
        return error
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
            )
        )
    return TrainingError(
        _joined(f"The training broke off ({type(error).__name__}: {first_line(error)}).", kept)
    )


def out_of_memory(error: Exception) -> bool:
    """Whether memory, of the computer or the GPU, did not suffice."""
    if isinstance(error, MemoryError):
        return True
    # TensorFlow's class is matched by name so that this works where it cannot be imported.
    names = {kind.__name__ for kind in type(error).__mro__}
    text = str(error)
    if "ResourceExhaustedError" in names:
        return "No space left" not in text
    return "OpError" in names and "ut of memory" in text


@contextlib.contextmanager
def writing(path: Path, kept: str = "") -> Iterator[None]:
    """Turn whatever fails in writing `path` into a `TrainingError` that names it."""
    try:
        yield
    except (StudioError, Cancelled, MemoryError):
        raise
    except Exception as error:
        number = error.errno if isinstance(error, OSError) else None
        if number == errno.ENOSPC or "No space left" in str(error):
            reason, way_out = "the disk is full", "Free some space, then continue the run."
        elif number in {errno.EACCES, errno.EPERM, errno.EROFS}:
            reason, way_out = "nothing may be written there", "Choose another folder for runs."
        elif not path.parent.exists():
            reason, way_out = "its folder is gone", "Bring it back, or train again."
        else:
            reason = os.strerror(number) if number else first_line(error)
            way_out = "Check the disk, then continue the run."
        raise TrainingError(
            _joined(f"{path} cannot be written: {reason}. {way_out}", kept)
        ) from error


def first_line(error: BaseException) -> str:
    """The first line of what an exception says, its kind where it says nothing."""
    lines = str(error).strip().splitlines()
    return lines[0].strip()[:200].rstrip(".") if lines else type(error).__name__


def _joined(text: str, kept: str) -> str:
    return f"{text} {kept}".strip()
