"""What this installation is made of, what TensorFlow sees, and why a GPU is not used."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from typing import Any

PACKAGES = (
    "cnnstudio",
    "tensorflow",
    "keras",
    "PySide6-Essentials",
    "numpy",
    "matplotlib",
    "pillow",
    "scikit-learn",
    "pydantic",
)


def examine() -> dict[str, Any]:
    """Versions, Qt platform, devices, GPU, and what is broken, as plain JSON data."""
    problems: list[str] = []
    devices, reason, used = _devices(problems)
    return {
        "versions": {"python": platform.python_version(), **_versions()},
        "system": platform.platform(),
        "qt_platform": _qt_platform(problems),
        "devices": devices,
        "gpu": {"used": used, "reason": reason},
        "problems": problems,
    }


def _versions() -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found[package] = None
    return found


def _devices(problems: list[str]) -> tuple[list[str], str, bool]:
    from cnnstudio.errors import StudioError
    from cnnstudio.training.device import describe_device, gpus, why_no_gpu

    try:
        found = gpus()
        return [describe_device()], why_no_gpu() or f"{len(found)} in use", bool(found)
    except StudioError as error:
        problems.append(str(error))
        return [], "unknown: TensorFlow does not start", False


def _qt_platform(problems: list[str]) -> str:
    """The window system Qt would use, found without opening a window."""
    try:
        import PySide6.QtGui  # noqa: F401
    except ImportError as error:
        problems.append(
            f"Qt does not start ({error}): on Debian and Ubuntu run packaging/debian-packages.sh, "
            "elsewhere install PySide6-Essentials again."
        )
        return "none"
    chosen = os.environ.get("QT_QPA_PLATFORM")
    if chosen:
        return f"{chosen} (Qt {_qt_version()})"
    if platform.system() in {"Darwin", "Windows"}:
        return f"{platform.system()} (Qt {_qt_version()})"
    for variable, name in (("WAYLAND_DISPLAY", "wayland"), ("DISPLAY", "xcb")):
        if os.environ.get(variable):
            return f"{name} on {os.environ[variable]} (Qt {_qt_version()})"
    return f"no display (Qt {_qt_version()}): only the command line and demo --headless work"


def _qt_version() -> str:
    from PySide6.QtCore import qVersion

    return str(qVersion())
