"""The Search tab of the Train page, and the marks on the Design page, by mouse and keyboard."""

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QPushButton
from test_train_page import LONG, use, write_pictures

from cnnstudio.app.document import Document
from cnnstudio.app.trainer import State
from cnnstudio.graph.edits import remove_layers
from cnnstudio.graph.project import load_project
from cnnstudio.search.alive import Worker
from cnnstudio.search.joining import join
from cnnstudio.search.settings import parse_entry
from cnnstudio.training.runs import run_info

RATE, BATCH = "training.optimizer.learning_rate", "training.batch_size"
FILTERS = "layers.conv2d_1.filters"


def click(qtbot, widget, place=None):
    qtbot.mouseClick(widget, Qt.MouseButton.LeftButton, pos=place or QPoint())


def search_over(window, **more):
    """Search over two keys, with two trials of one epoch at random."""
    space = {RATE: parse_entry("0.001..0.1 log"), FILTERS: parse_entry("2, 3")}
    given = {"method": "random", "pruner": "none", "trials": 2, "epochs": 1, "space": space}
    document = window.document
    document.set_search(document.search.model_copy(update={**given, **more}))
    return document.search


@pytest.fixture
def panel(window, tmp_path, qtbot):
    use(window, write_pictures(tmp_path / "pictures"))
    action = next(a for a in window.pages["train"].actions() if a.objectName() == "searchAction")
    action.trigger()
    panel = window.pages["train"]._bottom.search
    qtbot.waitUntil(panel.isVisible)
    return panel


def press(panel, qtbot, name):
    # Buttons that are being deleted are hidden.
    qtbot.waitUntil(lambda: any(b.isVisible() for b in panel.findChildren(QPushButton, name)))
    button = next(b for b in panel.findChildren(QPushButton, name) if b.isVisible())
    qtbot.waitUntil(lambda: button.isVisible() and button.isEnabled(), timeout=LONG)
    click(qtbot, button)


def rest(window, qtbot):
    qtbot.waitUntil(lambda: not window.trainer.state.active, timeout=LONG)


def test_an_empty_tab_leads_on_and_what_is_typed_is_checked(window, panel, qtbot):
    document = window.document
    press(panel, qtbot, "usualSearch")
    assert set(document.search.space) == {RATE, BATCH}
    qtbot.waitUntil(lambda: set(panel.form.rows.rows) == {RATE, BATCH})
    row = panel.form.rows.rows[BATCH]
    assert row.field.text() == "16, 32, 64, 128"
    row.field.setFocus()
    row.field.selectAll()
    qtbot.keyClicks(row.field, "4, 8, x")
    assert "whole number" in row.message.text()
    assert row.field.property("state") == "error"
    qtbot.keyClick(row.field, Qt.Key.Key_Backspace)
    qtbot.keyClicks(row.field, "9")
    assert document.search.space[BATCH] == parse_entry("4, 8, 9")
    assert row.message.text() == ""
    click(qtbot, row.remove)
    assert set(document.search.space) == {RATE}
    document.undo_stack.undo()
    assert document.search.space[BATCH] == parse_entry("4, 8, 9")
    document.undo_stack.undo()
    assert document.search.space[BATCH] == parse_entry("16, 32, 64, 128")


def test_a_grid_says_before_the_start_how_much_of_it_is_tried(window, panel, qtbot):
    space = {RATE: parse_entry("1, 2, 3"), BATCH: parse_entry("4, 8")}
    search_over(window, method="grid", trials=4, space=space)
    qtbot.waitUntil(lambda: panel.form.count.text() == "6 combinations")
    said = "The grid has 6 combinations, of which only 4 are tried."
    qtbot.waitUntil(lambda: panel.bar.note.text() == said)
    assert panel.bar.start_button.isEnabled()
    press(panel, qtbot, "searchWayTryall6")
    assert window.document.search.trials == 6
    qtbot.waitUntil(lambda: panel.bar.note.text() == "")
    search_over(window, method="grid", trials=20, space=space)
    said = "The grid has 6 combinations: the search ends when all are tried."
    qtbot.waitUntil(lambda: panel.bar.note.text() == said)
    # When all are tried there is nothing left to start, whatever the budget was.
    window.context.runs_folder.mkdir(parents=True)
    study = join(panel.watch.place, window.document.project, window.document.search, 1)
    worker = Worker()
    while (claim := study.claim(worker)) is not None:
        study.finish(claim, claim.number / 10, 2.0)
    worker.close()
    study.close()
    panel.watch.look()
    said = "All 6 combinations of the grid are tried."
    qtbot.waitUntil(lambda: panel.bar.note.text() == said)
    assert panel.bar.label.text().startswith("Finished · 6 of 6 trials done")
    assert panel.bar.progress.maximum() == panel.bar.progress.value() == 6
    assert not panel.bar.start_button.isEnabled()
    assert not [b for b in panel.findChildren(QPushButton, "searchWayMoretrials") if b.isVisible()]


def test_a_setting_is_found_by_words(window, panel, qtbot):
    panel.form.choose_key()
    chooser = panel.form.chooser
    qtbot.keyClicks(chooser.field, "drop rate")
    shown = [
        chooser.list.item(row).text()
        for row in range(chooser.list.count())
        if not chooser.list.item(row).isHidden()
    ]
    assert any("dropout_1 · rate" in text for text in shown)
    assert all("rate" in text.lower() for text in shown[:1])
    chooser.field.clear()
    qtbot.keyClicks(chooser.field, "conv2d_2 filters")
    qtbot.keyClick(chooser.field, Qt.Key.Key_Return)
    assert window.document.search.space == {
        "layers.conv2d_2.filters": parse_entry("32 .. 128 step 16")
    }


def test_a_search_from_start_to_the_best_values(window, panel, qtbot):
    document = window.document
    search_over(window)
    document.undo_stack.setClean()
    notes = []
    window.context.notified.connect(lambda text, *_: notes.append(text))
    press(panel, qtbot, "startSearchButton")
    assert window.trainer.searching
    assert window.trainer.state is State.PREPARING
    # One thread trains.
    assert not window.pages["train"].start()
    rest(window, qtbot)
    assert window.trainer.state is State.FINISHED
    qtbot.waitUntil(lambda: panel._seen.info is not None and panel._seen.info.done == 2)
    info = panel._seen.info
    assert panel.results.model.rowCount() == 2
    assert panel.results.model.index(0, 1).data() == str(info.best.number)
    assert panel.findChild(QPushButton, "startSearchButton").isEnabled() is False
    assert panel.bar.note.text() == "All 2 trials are done."
    assert panel.bar.label.text().startswith("Finished · 2 of 2 trials done")
    controls = window.pages["train"].controls
    assert controls.state_label.text() == "The search finished"
    assert f"The best is trial {info.best.number}" in controls.note.text()
    # A trial is a run: choosing it shows its curves.
    panel.results.select(info.best.number)
    page = window.pages["train"]
    assert page._shown == info.best.run
    assert run_info(info.best.run).state == "finished"
    assert panel.results.plot.selected == info.best.number
    before = document.project
    press(panel, qtbot, "useTrialButton")
    assert document.training.optimizer.learning_rate == info.best.values[RATE]
    assert document.network["conv2d_1"]["filters"] == info.best.values[FILTERS]
    assert document.search.space
    document.undo_stack.undo()
    assert document.project == before
    # Its values put in, it goes on with the same study.
    document.undo_stack.redo()
    press(panel, qtbot, "searchWayMoretrials")
    assert document.search.trials == 4
    qtbot.waitUntil(panel.findChild(QPushButton, "startSearchButton").isEnabled)
    assert panel._seen.misfit == ""
    # Another network does not.
    document.set_training(document.training.model_copy(update={"seed": 5}))
    qtbot.waitUntil(lambda: "other training settings" in panel.bar.note.text(), timeout=LONG)
    press(panel, qtbot, "searchWayNewstudy")
    qtbot.waitUntil(lambda: panel._seen.info is None, timeout=LONG)
    assert document.search.study.endswith("untitled-2.study")
    document.undo_stack.undo()
    qtbot.waitUntil(lambda: panel._seen.info is not None, timeout=LONG)
    panel.results.select(info.best.number)
    document.undo_stack.setClean()
    press(panel, qtbot, "openTrialButton")
    opened = load_project(info.best.run / "project.cnns")
    assert document.title == f"untitled-trial-{info.best.number}.cnns"
    assert document.network["conv2d_1"]["filters"] == opened.network["conv2d_1"]["filters"]
    assert document.search.space == {}


def test_stop_and_continue_by_mouse(window, panel, qtbot):
    search_over(window, trials=1, epochs=100_000)
    press(panel, qtbot, "startSearchButton")
    qtbot.waitUntil(lambda: panel.bar._trial.startswith("trial 1, epoch"), timeout=LONG)
    controls = window.pages["train"].controls
    assert not controls.steering.isVisible()
    qtbot.waitUntil(lambda: controls.state_label.text().startswith("Search: trial 1, epoch"))
    press(panel, qtbot, "pauseSearchButton")
    assert window.trainer.state is State.PAUSED
    assert controls.state_label.text().startswith("Search: paused in trial 1, epoch")
    press(panel, qtbot, "pauseSearchButton")
    press(panel, qtbot, "stopSearchButton")
    rest(window, qtbot)
    qtbot.waitUntil(
        lambda: panel._seen.info and [t.state for t in panel._seen.info.trials] == ["waiting"]
    )
    (trial,) = panel._seen.info.trials
    assert run_info(trial.run).state == "stopped"
    # It is stopped, not finished, and both places say how to go on.
    assert panel.bar.label.text() == "Stopped · 0 of 1 trials done"
    assert panel.bar.note.text() == "Continue goes on with trial 1 where it was."
    assert controls.state_label.text() == "Stopped after 0 of 1 trial"
    assert controls.note.text() == "It goes on with trial 1 where it was."
    click(qtbot, controls.findChild(QPushButton, "wayContinuethesearch"))
    qtbot.waitUntil(lambda: panel.bar._trial.startswith("trial 1, epoch"), timeout=LONG)
    assert window.trainer.run == trial.run
    press(panel, qtbot, "stopSearchButton")
    rest(window, qtbot)
    press(panel, qtbot, "startSearchButton")
    qtbot.waitUntil(lambda: panel.bar._trial.startswith("trial 1, epoch"), timeout=LONG)
    assert window.trainer.run == trial.run
    press(panel, qtbot, "stopSearchButton")
    rest(window, qtbot)


def test_the_trials_of_others_are_seen_and_brushed(window, panel, qtbot):
    search = search_over(window, trials=8, monitor="val_loss")
    window.context.runs_folder.mkdir(parents=True)
    study = join(panel.watch.place, window.document.project, search, 1)
    worker = Worker()
    for _ in range(6):
        claim = study.claim(worker)
        study.report(claim, 1, claim.number / 10)
        study.finish(claim, claim.number / 10, 2.0)
    running = study.claim(worker)
    study.report(running, 1, 0.5)
    panel.watch.look()
    qtbot.waitUntil(lambda: panel.results.model.rowCount() == 7)
    assert "6 of 8 trials done" in panel.bar.label.text()
    assert "1 elsewhere" in panel.bar.label.text()
    assert [panel.results.model.index(row, 1).data() for row in range(2)] == ["1", "2"]
    qtbot.waitUntil(
        lambda: sum(panel.results.plot.importance.values()) == pytest.approx(1), timeout=LONG
    )
    plot = panel.results.plot
    assert len(plot.trials) == 7
    # Along the axis of the figure, the better half.
    x = round(plot.across(len(plot.axes) - 1))
    low, high = QPoint(x, round(plot.down(0.0)) + 3), QPoint(x, round(plot.down(0.45)))
    qtbot.mousePress(plot, Qt.MouseButton.LeftButton, pos=low)
    move = QMouseEvent(
        QMouseEvent.Type.MouseMove,
        QPointF(high),
        plot.mapToGlobal(QPointF(high)),
        Qt.MouseButton.NoButton,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    plot.mouseMoveEvent(move)
    qtbot.mouseRelease(plot, Qt.MouseButton.LeftButton, pos=high)
    assert panel.results.sorter.rowCount() == 3
    # A line is chosen where it is clicked.
    trial = plot.kept()[1]
    a, b = plot.line_of(trial)[:2]
    near = QPointF((a.x() + b.x()) / 2, (a.y() + b.y()) / 2)
    found = plot.trial_at(near)
    click(qtbot, plot, near.toPoint())
    assert panel.results.selected_trial().number == found
    qtbot.keyClick(plot, Qt.Key.Key_Escape)
    assert panel.results.sorter.rowCount() == 7
    # The values of one that runs on no folder of ours can be used, too.
    panel.results.select(7)
    press(panel, qtbot, "useTrialButton")
    assert window.document.network["conv2d_1"]["filters"] == running.values[FILTERS]
    study.finish(running, 0.01, 2.0)
    worker.close()
    study.close()
    panel.watch.look()
    qtbot.waitUntil(lambda: panel._seen.info.best.number == 7)


def test_what_cannot_be_searched_over_says_so_before_the_start(window, panel, qtbot):
    search_over(window, space={FILTERS: parse_entry("2, 3")})
    window.document.edit("Rename", lambda network: network.__class__())
    qtbot.waitUntil(lambda: panel.bar.note.text() != "")
    assert not panel.start()
    window.document.undo_stack.undo()
    search_over(window, space={"layers.gone.filters": parse_entry("2, 3")})
    qtbot.waitUntil(lambda: "There is no layer gone whose" in panel.bar.note.text())
    assert (
        "There is no layer gone whose" in panel.form.rows.rows["layers.gone.filters"].message.text()
    )
    assert not panel.bar.start_button.isEnabled()
    # A file that is no study.
    window.context.runs_folder.mkdir(parents=True)
    (window.context.runs_folder / "notes").write_text("hello\n")
    search_over(window, study=str(window.context.runs_folder / "notes"))
    qtbot.waitUntil(lambda: "is not a study" in panel.bar.note.text())


def test_a_marked_layer_that_is_deleted_is_told_and_taken_out(window, panel, qtbot):
    document = window.document
    search_over(window, space={FILTERS: parse_entry("2, 3"), RATE: parse_entry("0.1, 0.2")})
    document.edit("Delete conv2d_1", lambda network: remove_layers(network, ["conv2d_1"]))
    qtbot.waitUntil(lambda: "There is no layer conv2d_1 whose filters" in panel.bar.note.text())
    assert not panel.bar.start_button.isEnabled()
    # Undo brings it back with its mark.
    document.undo_stack.undo()
    qtbot.waitUntil(panel.bar.start_button.isEnabled)
    document.undo_stack.redo()
    press(panel, qtbot, "searchWayTakeitout")
    assert set(document.search.space) == {RATE}
    qtbot.waitUntil(panel.bar.start_button.isEnabled)


def test_a_search_that_breaks_off_says_why_and_can_be_started_again(window, panel, qtbot):
    search_over(window)
    window.context.runs_folder.parent.mkdir(parents=True, exist_ok=True)
    place = window.context.runs_folder.parent / "s.study"
    search_over(window, study=str(place))
    window.context.runs_folder.write_text("no folder", encoding="utf-8")
    with qtbot.waitSignal(window.trainer.failed, timeout=20_000):
        assert panel.start()
    controls = window.pages["train"].controls
    qtbot.waitUntil(lambda: "broke off" in panel.bar.note.text())
    assert panel.bar.label.text().startswith("Broke off")
    assert panel.bar.start_button.isEnabled()
    assert controls.state_label.text() == "The search broke off"
    assert controls.note.text() == panel.bar.note.text()


def test_settings_of_layers_are_marked_in_the_inspector(design, qtbot):
    document = design.document
    design.select(["conv2d_1"])
    form = design.inspector._form()
    mark = form.marks.marks["filters"]
    assert mark.isVisible()
    click(qtbot, mark, QPoint(8, 14))
    assert document.search.space == {FILTERS: parse_entry("16 .. 64 step 8")}
    assert mark.isChecked()
    qtbot.waitUntil(lambda: set(design.search_marks.marks) == {"conv2d_1"})
    sign = design.search_marks.marks["conv2d_1"]
    assert sign.parentItem() is design.scene.layer_items["conv2d_1"]
    # What is clicked is the card.
    assert sign not in design.scene.items(sign.mapToScene(QPointF(0, 0)))
    # Another layer of the type has its own; a new name takes the mark along.
    design.select(["conv2d_2"])
    assert not mark.isChecked()
    design.select(["conv2d_1"])
    form.name_edit.setFocus()
    form.name_edit.selectAll()
    qtbot.keyClicks(form.name_edit, "stem")
    assert set(document.search.space) == {"layers.stem.filters"}
    qtbot.waitUntil(lambda: set(design.search_marks.marks) == {"stem"})
    assert mark.isChecked()
    document.undo_stack.undo()
    assert set(document.search.space) == {FILTERS}
    click(qtbot, mark, QPoint(8, 14))
    assert document.search.space == {}
    qtbot.waitUntil(lambda: not design.search_marks.marks)
    document.undo_stack.undo()
    qtbot.waitUntil(lambda: set(design.search_marks.marks) == {"conv2d_1"})
    design.grab()


def test_a_search_is_saved_with_the_project_and_found_again(qtbot, tmp_path):
    document = Document()
    space = {FILTERS: parse_entry("2, 3")}
    document.set_search(document.search.model_copy(update={"trials": 7, "space": space}))
    document.rename_layer("conv2d_1", "stem")
    assert set(document.search.space) == {"layers.stem.filters"}
    assert document.dirty
    assert document.save(tmp_path / "a.cnns")
    other = Document()
    assert other.open(tmp_path / "a.cnns")
    assert other.search == document.search
    assert document.save(tmp_path / "b.cnns")
    failures = []
    other.failed.connect(failures.append)
    text = (tmp_path / "a.cnns").read_text(encoding="utf-8")
    (tmp_path / "c.cnns").write_text(text.replace('"trials": 7', '"trials": -7'), encoding="utf-8")
    assert not other.open(tmp_path / "c.cnns")
    assert "search.trials must be at least 1" in failures[0]
