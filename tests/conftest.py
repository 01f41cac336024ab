"""What every test gets: offscreen windows, quiet TensorFlow, a home of its own, no leaks."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# The suite says the same of the same code each time, however slow the machine;
# HYPOTHESIS_PROFILE=explore looks for new examples.
settings.register_profile(
    "suite",
    derandomize=True,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("explore", deadline=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "suite"))

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory, monkeypatch):
    """Settings, caches and runs of a test never touch those of the person running it."""
    home = tmp_path_factory.mktemp("home")
    for variable in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(variable, str(home / variable.lower()))
    monkeypatch.setenv("CNNSTUDIO_HOME", str(home / "cnnstudio"))
    return home


@pytest.fixture(autouse=True)
def no_leaked_threads():
    """A test that leaves a thread of ours running fails; library pools are not ours."""
    before = set(threading.enumerate())
    yield
    left = [
        thread
        for thread in threading.enumerate()
        if thread not in before and thread.is_alive() and thread.name.startswith("cnnstudio")
    ]
    for thread in left:
        thread.join(timeout=10)
    assert not [thread.name for thread in left if thread.is_alive()], "threads left running"


@pytest.fixture(scope="session")
def keras():
    """Keras on TensorFlow, imported once."""
    import keras as module

    return module


@pytest.fixture(scope="session")
def fashion():
    """The small Fashion-MNIST, or a skip that says what is missing."""
    return _shared("fashion-mnist-small")


@pytest.fixture(scope="session")
def groceries():
    """The grocery photographs, or a skip that says what is missing."""
    return _shared("grocery-small")


@pytest.fixture(scope="session")
def fruit():
    """The fruit photographs, or a skip that says what is missing."""
    return _shared("fruit-photos")


def _shared(name: str) -> Path:
    folder = SHARED_DATA / name
    if not folder.is_dir():
        pytest.skip(f"the pictures shared/data/{name} beside the repository are absent")
    return folder


def pytest_report_header():
    """Versions that matter when a run is read later."""
    pictures = "found" if SHARED_DATA.is_dir() else "absent"
    return f"python {sys.version.split()[0]}, shared pictures {pictures}"
