"""Recovery files: written while unsaved, gone once saved, offered when left behind."""

import subprocess
import sys
import textwrap

import pytest

from cnnstudio.app import paths
from cnnstudio.app.document import Document
from cnnstudio.app.recovery import Recovery
from cnnstudio.graph import edits


@pytest.fixture
def document(qapp):
    return Document()


@pytest.fixture
def recovery(document):
    made = Recovery(document)
    yield made
    made.close()


def files():
    folder = paths.recovery_folder()
    return sorted(folder.glob("*.cnns")) if folder.is_dir() else []


def test_nothing_is_written_while_nothing_changed(recovery):
    recovery.write()
    recovery.flush()
    assert files() == []


def test_change_is_written_and_save_removes_it(document, recovery, tmp_path):
    document.edit("Add", edits.add_layer, "Dropout")
    recovery.write()
    recovery.flush()
    assert len(files()) == 1
    # The program that writes it is alive: it is not offered to another.
    assert Recovery(Document()).find() == []
    document.save(tmp_path / "p.cnns")
    recovery.flush()
    assert files() == []


def test_change_starts_the_clock(document, recovery, qtbot):
    recovery._timer.setInterval(1)
    document.edit("Add", edits.add_layer, "Dropout")
    qtbot.waitUntil(lambda: len(files()) == 1, timeout=60_000)


def test_close_removes_the_file(document):
    recovery = Recovery(document)
    document.edit("Add", edits.add_layer, "Dropout")
    recovery.write()
    recovery.close()
    assert files() == []


def test_what_a_killed_program_left_is_offered_and_restored(document, recovery, tmp_path):
    program = textwrap.dedent(f"""
        import os
        from PySide6.QtWidgets import QApplication
        from cnnstudio.app.document import Document
        from cnnstudio.app.recovery import Recovery
        from cnnstudio.graph import edits
        app = QApplication([])
        document = Document()
        document.save({str(tmp_path / "mine.cnns")!r})
        recovery = Recovery(document)
        document.edit("Add", edits.add_layer, "Dropout", name="precious")
        recovery.write()
        recovery.flush()
        os._exit(9)
    """)
    subprocess.run([sys.executable, "-c", program], check=False, timeout=60)
    found = recovery.find()
    assert [rescued.path for rescued in found] == [tmp_path / "mine.cnns"]
    assert found[0].title == "mine.cnns"
    recovery.restore(found[0])
    assert "precious" in document.network
    assert document.dirty
    assert document.path == tmp_path / "mine.cnns"
    assert "recovery" not in document.project.extra
    # It is this program's now, and not lost if it crashes right away.
    assert len(files()) == 1
    assert recovery.find() == []
    document.save()
    recovery.flush()
    assert files() == []


def test_discarded_file_is_gone(document, recovery):
    folder = paths.recovery_folder()
    folder.mkdir(parents=True)
    document.save(folder / "old.cnns")
    (found,) = recovery.find()
    recovery.discard(found)
    assert recovery.find() == []


def test_damaged_file_is_passed_over(recovery):
    folder = paths.recovery_folder()
    folder.mkdir(parents=True)
    (folder / "bad.cnns").write_text("{")
    assert recovery.find() == []
