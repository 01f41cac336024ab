"""Exceptions in words for people. The traceback goes to the log file."""

from __future__ import annotations

import errno
import logging
import logging.handlers

from cnnstudio.app import paths
from cnnstudio.errors import StudioError

log = logging.getLogger("cnnstudio")


def describe(error: BaseException) -> str:
    """What happened and the way out, in a sentence or two. Unexpected errors are logged."""
    if isinstance(error, StudioError):
        return error.message
    log.error("%s", type(error).__name__, exc_info=error)
    if isinstance(error, MemoryError):
        return (
            "There is not enough memory for this. Close other programs, or choose a smaller "
            "batch size, smaller pictures or a smaller network."
        )
    if isinstance(error, ImportError):
        return _import_error(error)
    if isinstance(error, OSError):
        return _os_error(error)
    return (
        f"Something unexpected happened ({type(error).__name__}: {_first_line(error)}). Your "
        f"project is unharmed. Details are in {paths.log_file()}; please send them along when you "
        "report it."
    )


def log_to_file() -> None:
    """Write what is logged to `paths.log_file()`; without a writable folder, nowhere."""
    path = paths.log_file()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = logging.handlers.RotatingFileHandler(
            path, maxBytes=1_000_000, backupCount=1, encoding="utf-8", delay=True
        )
    except OSError:
        return
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    log.addHandler(handler)
    log.propagate = False


def _import_error(error: ImportError) -> str:
    name = (error.name or "").split(".")[0]
    if name in {"tensorflow", "keras", ""} or "tensorflow" in str(error):
        return (
            f"TensorFlow cannot be loaded ({_first_line(error)}). Install it again with "
            "“python -m pip install --force-reinstall tensorflow keras”; designing networks works "
            "without it."
        )
    return (
        f"The package {name} is missing ({_first_line(error)}). Install CNN Studio again with "
        "“python -m pip install --force-reinstall cnnstudio”."
    )


def _os_error(error: OSError) -> str:
    where = str(error.filename) if error.filename else "a file"
    reason = error.strerror or _first_line(error)
    way_out = {
        errno.ENOSPC: "The disk is full: free some space and try again.",
        errno.EACCES: "You may not do that there: choose another folder.",
        errno.EPERM: "You may not do that there: choose another folder.",
        errno.EROFS: "Nothing can be written there: choose another folder.",
        errno.ENOENT: "It is not there any more: choose another.",
        errno.EMFILE: "Too many files are open: close other programs and try again.",
    }.get(error.errno or 0, "Check that the disk is connected and the file can be opened.")
    return f"{where}: {reason}. {way_out}"


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
