"""Is there a display? Qt ends the whole process without one, so this looks first."""

from __future__ import annotations

import ctypes
import os
import sys

from cnnstudio.errors import StudioError

_WAY_OUT = (
    "The command line works without a display: “cnnstudio demo --headless FOLDER” shows everything "
    "as pictures, “cnnstudio --help” lists the commands."
)


def check_display() -> None:
    """Raise `StudioError` with the way out if a window cannot be opened."""
    if not sys.platform.startswith("linux") or os.environ.get("QT_QPA_PLATFORM", "xcb") not in (
        "xcb",
        "",
    ):
        return
    if os.environ.get("WAYLAND_DISPLAY") and not os.environ.get("DISPLAY"):
        return
    name = os.environ.get("DISPLAY")
    if not name:
        raise StudioError(f"There is no display to open a window on. {_WAY_OUT}")
    try:
        # Qt's xcb plugin needs both.
        ctypes.CDLL("libxcb-cursor.so.0")
        xcb = ctypes.CDLL("libxcb.so.1")
    except OSError as error:
        raise StudioError(
            f"A library that Qt needs to open a window is missing ({error}). On Debian and Ubuntu "
            f"run packaging/debian-packages.sh, or “apt install libxcb-cursor0”. {_WAY_OUT}"
        ) from None
    xcb.xcb_connect.restype = ctypes.c_void_p
    xcb.xcb_connect.argtypes = [ctypes.c_char_p, ctypes.c_void_p]
    for function in (xcb.xcb_connection_has_error, xcb.xcb_disconnect):
        function.argtypes = [ctypes.c_void_p]
    connection = xcb.xcb_connect(None, None)
    broken = bool(xcb.xcb_connection_has_error(connection))
    xcb.xcb_disconnect(connection)
    if broken:
        raise StudioError(f"The display {name} cannot be opened. {_WAY_OUT}")
