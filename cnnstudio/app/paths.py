"""Where things lie on this machine. `CNNSTUDIO_HOME` moves all of it below one folder."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path


def home() -> Path | None:
    """The folder that holds everything, if the person named one in `CNNSTUDIO_HOME`."""
    named = os.environ.get("CNNSTUDIO_HOME")
    return Path(named).expanduser() if named else None


def runs_folder() -> Path:
    """Where runs are written: `CNN Studio/runs` among the person's documents."""
    base = home()
    if base is not None:
        return base / "runs"
    import platformdirs

    return Path(platformdirs.user_documents_dir()) / "CNN Studio" / "runs"


def sample_folder(name: str) -> Path:
    """Where the window writes the sample set `name`."""
    return _data_folder() / "samples" / name


def own_blocks_folder() -> Path:
    """Where the blocks are that a person keeps in the palette."""
    return _data_folder() / "blocks"


def cache_folder() -> Path:
    """What may be deleted at any time."""
    base = home()
    if base is not None:
        return base / "cache"
    import platformdirs

    return Path(platformdirs.user_cache_dir("cnnstudio", appauthor=False))


def settings_file() -> Path:
    """The file of the window's settings."""
    base = home()
    if base is not None:
        return base / "settings.ini"
    import platformdirs

    return Path(platformdirs.user_config_dir("cnnstudio", appauthor=False)) / "settings.ini"


def log_file() -> Path:
    """The file that unexpected errors are written to."""
    return _state_folder() / "cnnstudio.log"


def recovery_folder() -> Path:
    """Where unsaved projects are kept while they are edited."""
    return _state_folder() / "recovery"


def resource(name: str) -> Path:
    """A file that ships with the program, such as `icons/play.svg`.

    Raises FileNotFoundError when the installation is incomplete.
    """
    path = _resources() / name
    if not path.exists():
        raise FileNotFoundError(f"{path} is missing: install CNN Studio again.")
    return path


@cache
def _resources() -> Path:
    package = Path(__file__).resolve().parents[1]
    # A wheel carries them inside the package, a source tree beside it.
    inside = package / "resources"
    return inside if inside.is_dir() else package.parent / "resources"


def _data_folder() -> Path:
    base = home()
    if base is not None:
        return base
    import platformdirs

    return Path(platformdirs.user_data_dir("cnnstudio", appauthor=False))


def _state_folder() -> Path:
    base = home()
    if base is not None:
        return base
    import platformdirs

    return Path(platformdirs.user_state_dir("cnnstudio", appauthor=False))
