"""The window as a whole: pages, menus, files, drops, closing."""

import subprocess
import sys
import textwrap

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QAction, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QFileDialog,
    QLabel,
    QMenu,
    QMessageBox,
    QPlainTextEdit,
    QPushButton,
    QTableWidget,
    QWidget,
)

from cnnstudio.app.document import Document
from cnnstudio.app.settings import Settings
from cnnstudio.graph import edits
from cnnstudio.graph.presets import PRESETS
from cnnstudio.views import theme
from cnnstudio.views.main_window import TITLES, MainWindow

PAGES = tuple(TITLES)
CONTRACT = (
    "layerPalette", "networkCanvas", "layerInspector", "summaryTable", "problemsList",
    "datasetFolder", "openFolderButton", "classTable", "imagePreview", "startButton",
    "pauseButton", "stopButton", "epochProgress", "lossCurves", "runTable", "featureMaps",
    "confusionMatrix", "classifyDrop", "predictionTable",
)  # fmt: skip
LEFT = Qt.MouseButton.LeftButton


def action(window, name) -> QAction:
    found = window.findChild(QAction, name)
    assert found is not None, name
    return found


def change(window):
    window.document.edit("Add Dropout", edits.add_layer, "Dropout", name="mine")


def answer(qtbot, window, name, button):
    """Wait for a question and press one of its buttons."""
    qtbot.waitUntil(lambda: window.findChild(QMessageBox, name) is not None)
    box = window.findChild(QMessageBox, name)
    qtbot.mouseClick(box.button(button), LEFT)


def drop(window, *paths):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    actions, buttons, keys = Qt.DropAction.CopyAction, LEFT, Qt.KeyboardModifier.NoModifier
    entered = QDragEnterEvent(QPoint(5, 5), actions, data, buttons, keys)
    QApplication.sendEvent(window, entered)
    assert entered.isAccepted()
    QApplication.sendEvent(window, QDropEvent(QPointF(5, 5), actions, data, buttons, keys))


@pytest.mark.parametrize("name", PAGES)
def test_every_page_is_there_and_has_its_button_and_shortcut(window, qtbot, name):
    page = window.findChild(QWidget, f"{name}Page")
    assert page is window.pages[name]
    qtbot.mouseClick(window.findChild(QPushButton, f"{name}Tab"), LEFT)
    assert page.isVisible()
    assert [other for other in PAGES if window.pages[other].isVisible()] == [name]
    window.show_page(PAGES[0])
    qtbot.keyClick(
        window, Qt.Key(Qt.Key.Key_1 + PAGES.index(name)), Qt.KeyboardModifier.ControlModifier
    )
    qtbot.waitUntil(page.isVisible)
    assert window.findChild(QPushButton, f"{name}Tab").isChecked()


def test_contract_names_exist_once_shown(window):
    assert [name for name in CONTRACT if window.findChild(QWidget, name) is None] == []


def test_everything_is_written_in_the_font_of_the_theme(window):
    family = theme.font().family()
    for widget in window.findChildren(QPushButton) + window.findChildren(QLabel):
        mono = "Mono" in widget.font().family()
        assert mono or widget.font().family() == family, widget.objectName()


def test_controls_have_accessible_names(window):
    nameless = [
        (button.objectName(), button.text())
        for page in window.pages.values()
        for button in page.findChildren(QPushButton)
        if button.isVisibleTo(page) and not button.accessibleName() and not button.text()
    ]
    assert nameless == []


def test_no_two_actions_share_a_shortcut(window):
    keys = {}
    for one in window.findChildren(QAction):
        # Keys of a page count only while the page has the keyboard.
        inside = one.shortcutContext() is Qt.ShortcutContext.WidgetWithChildrenShortcut
        for key in one.shortcuts():
            keys.setdefault(key.toString(), []).append(one.parent() if inside else None)
    for key, where in keys.items():
        assert len(where) == len(set(where)), key
        assert None not in where or len(where) == 1, key


def test_every_menu_entry_says_what_it_does(window):
    menus = window.menuBar().findChildren(QMenu)
    assert {"fileMenu", "editMenu", "networkMenu", "dataMenu", "trainMenu", "viewMenu"} <= {
        menu.objectName() for menu in menus
    }
    for menu in menus:
        for entry in menu.actions():
            assert entry.isSeparator() or entry.text().strip()


def test_undo_and_redo_follow_the_stack(window):
    undo, redo = action(window, "undoAction"), action(window, "redoAction")
    assert not undo.isEnabled()
    change(window)
    assert undo.isEnabled()
    assert "Add Dropout" in undo.text()
    undo.trigger()
    assert "mine" not in window.document.network
    redo.trigger()
    assert "mine" in window.document.network


def test_title_and_bar_say_what_is_saved(window, tmp_path):
    label = window.findChild(QLabel, "projectTitle")
    assert label.text() == "untitled.cnns · unsaved"
    window.document.save(tmp_path / "groceries.cnns")
    assert label.text() == "groceries.cnns · saved"
    assert "groceries.cnns" in window.windowTitle()
    assert not window.isWindowModified()
    change(window)
    assert label.text() == "groceries.cnns · unsaved"
    assert window.isWindowModified()


def test_status_line_adds_up_the_network(window):
    analysis = window.document.analysis
    text = {
        name: window.findChild(QLabel, name).text()
        for name in ("statusLayers", "statusParameters", "statusMultiplyAdds", "statusMemory")
    }
    assert text["statusLayers"] == f"{len(analysis.layers)} layers"
    assert f"{analysis.parameters:,}" in text["statusParameters"]
    assert "multiply-adds" in text["statusMultiplyAdds"]
    assert "to train at batch 32" in text["statusMemory"]
    window.document.set_training(window.document.training.model_copy(update={"batch_size": 64}))
    assert "at batch 64" in window.findChild(QLabel, "statusMemory").text()
    window.document.new(PRESETS["mlp"].build())
    assert window.findChild(QLabel, "statusLayers").text() != text["statusLayers"]


def test_status_line_shows_the_zoom(window):
    window.context.zoom_changed.emit("75 %")
    assert window.findChild(QLabel, "statusZoom").text() == "75 %"


def test_training_actions_follow_the_state(window):
    enabled = {
        name: action(window, name).isEnabled()
        for name in ("startAction", "pauseAction", "resumeAction", "stopAction")
    }
    assert enabled == {
        "startAction": True, "pauseAction": False, "resumeAction": False, "stopAction": False,
    }  # fmt: skip


def test_train_button_leads_to_the_train_page(window, qtbot):
    with qtbot.waitSignal(window.context.train_requested):
        qtbot.mouseClick(window.findChild(QPushButton, "trainButton"), LEFT)
    assert window.pages["train"].isVisible()


@pytest.mark.parametrize("preset", ["lenet5", "empty"])
def test_new_project(window, preset):
    action(window, f"newAction_{preset}").trigger()
    expected = PRESETS[preset].build() if preset in PRESETS else None
    assert window.document.network == expected or len(window.document.network) == 0
    assert window.document.path is None
    assert not window.document.dirty


def test_start_from_a_preset_is_one_step(window):
    before = window.document.network
    action(window, "startFromAction_lenet5").trigger()
    assert window.document.undo_stack.count() == 1
    action(window, "undoAction").trigger()
    assert window.document.network == before


def test_new_asks_about_changes_and_cancel_keeps_them(window, qtbot):
    change(window)
    action(window, "newAction_mlp").trigger()
    answer(qtbot, window, "saveQuestion", QMessageBox.StandardButton.Cancel)
    assert "mine" in window.document.network
    qtbot.waitUntil(lambda: window.findChild(QMessageBox, "saveQuestion") is None)
    action(window, "newAction_mlp").trigger()
    answer(qtbot, window, "saveQuestion", QMessageBox.StandardButton.Discard)
    assert window.document.network == PRESETS["mlp"].build()


def test_save_asks_for_a_file_once(window, qtbot, tmp_path):
    change(window)
    action(window, "saveAction").trigger()
    dialog = window.findChild(QFileDialog)
    dialog.selectFile(str(tmp_path / "mine"))
    dialog.accept()
    assert window.document.path == tmp_path / "mine.cnns"
    assert not window.document.dirty
    assert Settings().recent_projects == [tmp_path / "mine.cnns"]
    window.document.edit("Remove", edits.remove_layers, ["mine"])
    action(window, "saveAction").trigger()
    assert not window.document.dirty
    again = Document()
    again.open(tmp_path / "mine.cnns")
    assert "mine" not in again.network


def test_failed_save_says_so_and_keeps_the_changes(window, tmp_path):
    change(window)
    window.document.save(tmp_path / "missing" / "p.cnns")
    (text,) = window.notifications.texts
    assert "missing" in text
    assert window.document.dirty


def test_export_source_writes_the_network(window, qtbot, tmp_path):
    action(window, "exportSourceAction").trigger()
    dialog = window.findChild(QFileDialog)
    dialog.selectFile(str(tmp_path / "net.py"))
    dialog.accept()
    qtbot.waitUntil(lambda: bool(window.notifications.texts), timeout=60_000)
    assert "net.py" in window.notifications.texts[0]
    assert "keras" in (tmp_path / "net.py").read_text()


def test_recent_projects_are_in_the_menu(window, tmp_path):
    window.document.save(tmp_path / "old.cnns")
    window.settings.add_recent_project(tmp_path / "old.cnns")
    change(window)
    window.document.undo_stack.setClean()
    menu = window.findChild(QMenu, "recentMenu")
    (entry,) = menu.actions()
    assert "old.cnns" in entry.text()
    entry.trigger()
    assert "mine" not in window.document.network


def test_dropped_project_opens(window, tmp_path):
    other = Document()
    other.edit("Add", edits.add_layer, "Dropout", name="dropped")
    other.save(tmp_path / "p.cnns")
    drop(window, tmp_path / "p.cnns")
    assert "dropped" in window.document.network
    assert Settings().recent_projects == [tmp_path / "p.cnns"]


def test_dropped_folder_becomes_the_data(window, qtbot, tmp_path):
    with qtbot.waitSignal(window.context.folder_requested) as asked:
        drop(window, tmp_path)
    assert asked.args == [tmp_path]
    assert window.pages["data"].isVisible()


def test_folder_is_chosen_in_the_menu(window, qtbot, tmp_path):
    action(window, "openFolderAction").trigger()
    dialog = window.findChild(QFileDialog)
    dialog.setDirectory(str(tmp_path))
    with qtbot.waitSignal(window.context.folder_requested) as asked:
        dialog.accept()
    assert asked.args == [tmp_path]


def test_sample_is_taken_in_the_menu(window, qtbot):
    with qtbot.waitSignal(window.context.sample_requested) as asked:
        action(window, "sample_digits_Action").trigger()
    assert asked.args == ["digits"]
    assert window.pages["data"].isVisible()


def test_dropped_pictures_are_classified(window, qtbot, tmp_path):
    pictures = tmp_path / "a.png", tmp_path / "b.jpg"
    for picture in pictures:
        picture.touch()
    with qtbot.waitSignal(window.context.classify_requested) as asked:
        drop(window, *pictures)
    assert asked.args == [pictures]
    assert window.pages["classify"].isVisible()


def test_theme_is_chosen_in_the_menu_and_remembered(window):
    before = theme.choice()
    try:
        action(window, "theme_light_Action").trigger()
        assert theme.current().name == "light"
        action(window, "theme_dark_Action").trigger()
        assert theme.current().name == "dark"
        assert Settings().theme == "dark"
    finally:
        theme.choose(before)


def test_full_screen_and_back(window):
    action(window, "fullScreenAction").trigger()
    assert window.isFullScreen()
    action(window, "fullScreenAction").trigger()
    assert not window.isFullScreen()


def test_help_windows(window, qtbot):
    action(window, "shortcutsAction").trigger()
    dialog = window.findChild(QDialog, "shortcutsDialog")
    table = dialog.findChild(QTableWidget)
    texts = {table.item(row, 1).text() for row in range(table.rowCount())}
    assert {"Save", "Design", "Start"} <= texts
    dialog.accept()
    action(window, "aboutAction").trigger()
    window.findChild(QDialog, "aboutDialog").accept()


def test_versions_and_devices(window, qtbot):
    action(window, "doctorAction").trigger()
    text = window.findChild(QPlainTextEdit, "doctorText")
    qtbot.waitUntil(lambda: "tensorflow" in text.toPlainText(), timeout=60_000)
    window.findChild(QDialog, "doctorDialog").accept()


def test_page_and_place_are_remembered(qtbot):
    first = MainWindow()
    first.resize(1100, 700)
    first.show()
    first.show_page("learn")
    first.close()
    first.deleteLater()
    second = MainWindow()
    second.show()
    assert second.pages["learn"].isVisible()
    second.close()
    second.deleteLater()


def test_close_asks_about_changes(window, qtbot, tmp_path):
    change(window)
    window.document.save(tmp_path / "p.cnns")
    window.document.edit("Add", edits.add_layer, "Flatten", name="late")
    window.close()
    assert window.isVisible()
    answer(qtbot, window, "saveQuestion", QMessageBox.StandardButton.Cancel)
    assert window.isVisible()
    qtbot.waitUntil(lambda: window.findChild(QMessageBox, "saveQuestion") is None)
    window.close()
    answer(qtbot, window, "saveQuestion", QMessageBox.StandardButton.Save)
    qtbot.waitUntil(lambda: not window.isVisible())
    saved = Document()
    saved.open(tmp_path / "p.cnns")
    assert "late" in saved.network


def test_close_without_saving(window, qtbot):
    change(window)
    window.close()
    answer(qtbot, window, "saveQuestion", QMessageBox.StandardButton.Discard)
    qtbot.waitUntil(lambda: not window.isVisible())


def test_unsaved_project_of_a_killed_program_is_offered(window, qtbot):
    other = Document()
    other.edit("Add", edits.add_layer, "Dropout", name="rescued")
    folder = window.recovery._file.parent
    folder.mkdir(parents=True)
    other.save(folder / "left.cnns")
    window.offer_recovery()
    assert "not saved" in window.notifications.texts[0]
    button = window.notifications.findChild(QPushButton, "notificationAction")
    qtbot.mouseClick(button, LEFT)
    assert "rescued" in window.document.network
    assert window.document.dirty


def run(program, **environment):
    import os

    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        capture_output=True,
        text=True,
        timeout=180,
        env={**os.environ, **environment},
    )


def test_window_is_shown_before_tensorflow_is_imported():
    done = run("""
        import sys
        from cnnstudio.views.start import make_application
        application = make_application()
        from cnnstudio.views.main_window import MainWindow
        window = MainWindow()
        window.show()
        for _ in range(10):
            application.processEvents()
        assert window.isVisible()
        loaded = {"tensorflow", "keras", "sklearn", "matplotlib"} & set(sys.modules)
        assert not loaded, loaded
        window.close()
    """)
    assert done.returncode == 0, done.stderr


def test_interrupt_closes_the_program_and_an_uncaught_error_is_told(tmp_path):
    done = run(
        f"""
        import os, signal, sys
        from PySide6.QtCore import QTimer
        from PySide6.QtWidgets import QApplication
        from cnnstudio.views.start import make_application, run_window
        from pathlib import Path
        application = make_application()

        def stumble():
            raise ZeroDivisionError("by me")

        def look():
            shown = {{one.objectName(): one for one in application.topLevelWidgets()}}
            window = shown["mainWindow"]
            if window.trainer.device:
                print("told", any("by me" in text for text in window.notifications.texts))
                print("missing", any("nothing.cnns" in text for text in window.notifications.texts))
                print("device", window.trainer.device)
                os.kill(os.getpid(), signal.SIGINT)
            else:
                QTimer.singleShot(100, look)

        QTimer.singleShot(0, stumble)
        QTimer.singleShot(100, look)
        sys.exit(run_window(Path({str(tmp_path / "nothing.cnns")!r})))
        """
    )
    assert done.returncode == 0, done.stderr
    assert "told True" in done.stdout
    assert "missing True" in done.stdout
    assert "device CPU" in done.stdout or "device GPU" in done.stdout
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="displays as on Linux")
@pytest.mark.parametrize(("display", "words"), [("", "no display"), (":987", ":987")])
def test_without_a_display_one_line_says_so(display, words):
    done = run(
        """
        import sys
        from cnnstudio.cli import main
        sys.exit(main([]))
        """,
        QT_QPA_PLATFORM="",
        DISPLAY=display,
        WAYLAND_DISPLAY="",
    )
    assert done.returncode == 1
    assert words in done.stderr
    assert "--headless" in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
