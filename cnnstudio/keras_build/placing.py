"""Files are written beside their place and moved there when all went well."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from cnnstudio.errors import StudioError


class ExportError(StudioError):
    """A network that cannot be written in the form asked for, with the reason."""


@contextlib.contextmanager
def moved_into_place(out: Path) -> Iterator[Path]:
    """Give a path beside `out` to write to; move what is there to `out` if all went well.

    Raises `ExportError` naming `out` when the disk refuses or what was written does not work.
    """
    folder = None
    try:
        folder = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
        beside = folder / f"export{out.suffix.lower()}"
        yield beside
        with beside.open("rb+") as file:
            os.fsync(file.fileno())
        os.replace(beside, out)
    except StudioError:
        raise
    except OSError as error:
        raise ExportError(
            f"{out} could not be written: {error.strerror or error}. "
            "What was there before is unchanged; choose another name or folder."
        ) from error
    except Exception as error:
        reason = " ".join(str(error).split())[:300] or type(error).__name__
        raise ExportError(
            f"{out} could not be written: {reason.rstrip('.')}. What was there before is unchanged."
        ) from error
    finally:
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)
