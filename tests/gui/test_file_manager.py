"""Show in file manager: the file is selected where one answers, else its folder opens."""

import shutil
import subprocess
import sys

import pytest
from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices

from cnnstudio.views import file_manager
from cnnstudio.views.file_manager import show_in_folder

# A file manager of the test's own answers, or with "nobody" none does.
ON_A_BUS = """
import sys
from pathlib import Path
from PySide6.QtCore import ClassInfo, QObject, QTimer, QUrl, Slot
from PySide6.QtDBus import QDBusConnection
from PySide6.QtGui import QDesktopServices, QGuiApplication
from cnnstudio.views.file_manager import PLACE, SERVICE, show_in_folder

app = QGuiApplication([])

def told(*words):
    print(*words, sep="\\n")
    QTimer.singleShot(0, app.quit)

@ClassInfo({"D-Bus Interface": SERVICE})
class Manager(QObject):
    @Slot("QStringList", str)
    def ShowItems(self, files, startup):
        told("shown", *files)

class Desktop(QObject):
    @Slot(QUrl)
    def open(self, url):
        told("opened", url.toString(QUrl.ComponentFormattingOption.FullyEncoded))

manager, desktop = Manager(), Desktop()
QDesktopServices.setUrlHandler("file", desktop, "open")
if sys.argv[1] != "nobody":
    bus = QDBusConnection.connectToBus(QDBusConnection.BusType.SessionBus, "manager")
    assert bus.registerObject(PLACE, manager, QDBusConnection.RegisterOption.ExportAllSlots)
    assert bus.registerService(SERVICE)
show_in_folder(Path(sys.argv[2]))
app.exec()
"""


@pytest.fixture
def picture(tmp_path):
    folder = tmp_path / "a folder"
    folder.mkdir()
    file = folder / "pear #1 ü.png"
    file.write_bytes(b"a picture")
    return file


@pytest.fixture
def opened(monkeypatch):
    folders = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: folders.append(url.toLocalFile()))
    return folders


@pytest.mark.skipif(
    not sys.platform.startswith("linux") or shutil.which("dbus-run-session") is None,
    reason="dbus-run-session is not there to start a session bus of the test's own",
)
@pytest.mark.parametrize("who", ["manager", "nobody"])
def test_the_file_manager_on_the_session_bus_is_asked(picture, who):
    command = ["dbus-run-session", "--", sys.executable, "-c", ON_A_BUS, who, str(picture)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    encoded = QUrl.ComponentFormattingOption.FullyEncoded
    file, folder = (
        QUrl.fromLocalFile(str(path)).toString(encoded) for path in (picture, picture.parent)
    )
    wanted = ["shown", file] if who == "manager" else ["opened", folder]
    assert ended.stdout.split("\n")[:2] == wanted, ended.stderr


def test_folders_and_files_that_are_gone_open_the_folder(picture, opened):
    show_in_folder(picture.parent)
    show_in_folder(picture.parent / "gone.png")
    assert opened == [str(picture.parent)] * 2


@pytest.mark.skipif(sys.platform == "win32", reason="stands in for programs by shell scripts")
@pytest.mark.parametrize(
    ("system", "program", "first"), [("darwin", "open", "-R"), ("win32", "explorer", "/select,")]
)
def test_other_systems_have_a_command_for_it(
    picture, opened, monkeypatch, tmp_path, qtbot, system, program, first
):
    programs, told = tmp_path / "programs", tmp_path / "told"
    programs.mkdir()
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setattr(sys, "platform", system)
    # Without that program there is still the folder.
    show_in_folder(picture)
    assert opened == [str(picture.parent)]
    script = programs / program
    script.write_text(f"""#!/bin/sh\nprintf '%s\\n' "$@" > '{told}'\n""")
    script.chmod(0o755)
    show_in_folder(picture)
    qtbot.waitUntil(lambda: told.is_file() and told.read_text().endswith("png\n"))
    assert told.read_text().split("\n")[:2] == [first, str(picture)]
    assert len(opened) == 1


def test_without_a_session_bus_the_folder_opens(picture, opened, monkeypatch):
    if not sys.platform.startswith("linux"):
        pytest.skip("a session bus is asked on Linux only")
    from PySide6.QtDBus import QDBusConnection

    nowhere = QDBusConnection.connectToBus("unix:path=/nowhere", "cnnstudio-test-nowhere")
    assert not nowhere.isConnected()
    monkeypatch.setattr(QDBusConnection, "sessionBus", lambda: nowhere)
    file_manager.show_in_folder(picture)
    assert opened == [str(picture.parent)]
