"""What training runs on, in plain words, and why a GPU is not used.

Everything here loads TensorFlow, except `why_no_gpu`'s look at the machine.
"""

from __future__ import annotations

import ctypes.util
import functools
import os
import platform
import shutil
import subprocess
from pathlib import Path
from typing import Any

from cnnstudio.keras_build.backend import load_keras


def gpus() -> tuple[str, ...]:
    """The names of the GPUs that TensorFlow uses, as their makers call them."""
    load_keras()
    import tensorflow as tf

    return tuple(_gpu_name(device) for device in tf.config.list_physical_devices("GPU"))


def describe_device() -> str:
    """`CPU, 4 threads` or `GPU: NVIDIA H100`, several joined by commas."""
    found = gpus()
    if found:
        return "GPU: " + ", ".join(found)
    import tensorflow as tf

    threads = tf.config.threading.get_intra_op_parallelism_threads() or _processors()
    return f"CPU, {threads} thread" + ("" if threads == 1 else "s")


def why_no_gpu() -> str | None:
    """Why TensorFlow uses no GPU here, with the way out; None if it uses one."""
    if gpus():
        return None
    import tensorflow as tf

    if os.environ.get("CUDA_VISIBLE_DEVICES") in {"", "-1"}:
        return "GPUs are hidden from programs by the environment variable CUDA_VISIBLE_DEVICES."
    system = platform.system()
    if system == "Darwin":
        return "TensorFlow has no GPU support of its own on macOS."
    if system == "Windows":
        return (
            "TensorFlow has no GPU support on Windows itself: use the Windows Subsystem for "
            "Linux (WSL 2)."
        )
    card = _nvidia_card()
    if card is None:
        return "No NVIDIA GPU was found on this computer."
    if not tf.test.is_built_with_cuda():
        return (
            f"{card} is there, but this TensorFlow was built without CUDA: install the usual one "
            "with python -m pip install --force-reinstall 'tensorflow[and-cuda]'."
        )
    if not _driver_answers():
        return (
            f"{card} is there, but NVIDIA's driver does not answer: install or update it "
            "(nvidia-smi must list the GPU), then start the computer again."
        )
    missing = _missing_libraries()
    if missing:
        return (
            f"{card} and its driver are there, but CUDA libraries are missing "
            f"({', '.join(missing)}): python -m pip install 'tensorflow[and-cuda]' brings them."
        )
    return (
        f"{card} and its driver are there, but TensorFlow does not accept them: the driver may be "
        "too old for its CUDA version "
        f"({tf.sysconfig.get_build_info().get('cuda_version', 'unknown')})."
    )


@functools.cache
def _gpu_name(device: Any) -> str:
    import tensorflow as tf

    details = tf.config.experimental.get_device_details(device)
    return str(details.get("device_name", device.name.rpartition("/")[2]))


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _nvidia_card() -> str | None:
    """The NVIDIA GPU of a Linux computer in words, driver or not; None if there is none."""
    proc = Path("/proc/driver/nvidia/gpus")
    try:
        for card in sorted(proc.iterdir()):
            for line in (card / "information").read_text(errors="replace").splitlines():
                if line.startswith("Model:"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    if Path("/dev/nvidia0").exists():
        return "An NVIDIA GPU"
    try:
        for card in Path("/sys/bus/pci/devices").iterdir():
            vendor, kind = ((card / name).read_text().strip() for name in ("vendor", "class"))
            # PCI: NVIDIA is vendor 10de; class 03 is a display controller.
            if vendor == "0x10de" and kind.startswith("0x03"):
                return "An NVIDIA GPU"
    except OSError:
        pass
    return None


def _driver_answers() -> bool:
    if Path("/proc/driver/nvidia/version").exists():
        return True
    program = shutil.which("nvidia-smi")
    if program is None:
        return False
    try:
        return subprocess.run([program, "-L"], capture_output=True, timeout=20).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _missing_libraries() -> list[str]:
    """Which of the CUDA libraries TensorFlow opens are neither in the system nor from pip."""
    import importlib.util

    pip = {"cudnn": "nvidia.cudnn", "cublas": "nvidia.cublas", "cudart": "nvidia.cuda_runtime"}
    missing = []
    for library, package in pip.items():
        try:
            installed = importlib.util.find_spec(package) is not None
        except ImportError:
            installed = False
        if not installed and ctypes.util.find_library(library) is None:
            missing.append(library)
    return missing
