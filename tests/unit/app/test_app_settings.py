"""What is remembered, where things lie, and errors in words."""

import errno
import logging
from pathlib import Path

import pytest

from cnnstudio.app import errors, paths
from cnnstudio.app.settings import RECENT, Settings
from cnnstudio.errors import StudioError


def test_settings_survive(qapp, tmp_path):
    settings = Settings()
    assert settings.theme == "system"
    assert settings.runs_folder is None
    settings.theme = "dark"
    settings.page = "train"
    settings.runs_folder = tmp_path
    settings.set_value("train/axis", "epoch")
    settings.sync()
    again = Settings()
    assert (again.theme, again.page, again.runs_folder) == ("dark", "train", tmp_path)
    assert again.value("train/axis") == "epoch"


def test_recent_files_newest_first_without_those_that_are_gone(qapp, tmp_path):
    settings = Settings()
    files = [tmp_path / f"{number}.cnns" for number in range(RECENT + 3)]
    for file in files:
        file.touch()
        settings.add_recent_project(file)
    settings.add_recent_project(files[5])
    assert settings.recent_projects[:2] == [files[5], files[-1]]
    assert len(settings.recent_projects) == RECENT
    files[5].unlink()
    assert files[5] not in settings.recent_projects
    assert settings.recent_folders == []
    settings.add_recent_folder(tmp_path)
    settings.sync()
    assert Settings().recent_folders == [tmp_path]


def test_damaged_settings_count_as_absent(qapp):
    file = paths.settings_file()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"\x00[view\ntheme=@Variant(\xff\nrecent/projects=@ByteArray(3)\n")
    settings = Settings()
    assert settings.theme == "system"
    assert settings.recent_projects == []
    assert settings.geometry is None


def test_everything_lies_below_the_chosen_home(own_home):
    home = own_home / "cnnstudio"
    for path in (
        paths.runs_folder(),
        paths.cache_folder(),
        paths.settings_file(),
        paths.log_file(),
        paths.recovery_folder(),
        paths.sample_folder("digits"),
    ):
        assert home in path.parents


def test_usual_places_without_a_home(monkeypatch):
    monkeypatch.delenv("CNNSTUDIO_HOME")
    assert paths.runs_folder().parts[-2:] == ("CNN Studio", "runs")
    assert "cnnstudio" in str(paths.cache_folder())


def test_resources_are_found():
    assert paths.resource("icons/play.svg").read_text().startswith("<svg")
    with pytest.raises(FileNotFoundError, match="install CNN Studio again"):
        paths.resource("icons/no such icon.svg")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (StudioError("Said well."), ["Said well."]),
        (MemoryError(), ["memory", "batch size"]),
        (OSError(errno.ENOSPC, "No space left on device", "/data/x.cnns"), ["x.cnns", "full"]),
        (PermissionError(errno.EACCES, "Permission denied", "/root/x"), ["/root/x", "folder"]),
        (ModuleNotFoundError("No module named 'tensorflow'", name="tensorflow"), ["TensorFlow"]),
        (ImportError("DLL load failed: _pywrap_tensorflow"), ["TensorFlow", "pip install"]),
        (ModuleNotFoundError("No module named 'PIL'", name="PIL"), ["PIL", "CNN Studio again"]),
        (ZeroDivisionError("division by zero\nmore"), ["ZeroDivisionError", "cnnstudio.log"]),
    ],
)
def test_errors_in_words(error, words):
    text = errors.describe(error)
    assert "Traceback" not in text
    assert "\n" not in text
    for word in words:
        assert word in text


def test_unexpected_errors_reach_the_log_file():
    logger = logging.getLogger("cnnstudio")
    before = list(logger.handlers)
    errors.log_to_file()
    try:
        try:
            raise KeyError("lost")
        except KeyError as error:
            errors.describe(error)
        written = Path(paths.log_file()).read_text()
        assert "KeyError" in written
        assert "Traceback" in written
    finally:
        logger.propagate = True
        for handler in set(logger.handlers) - set(before):
            logger.removeHandler(handler)
            handler.close()
