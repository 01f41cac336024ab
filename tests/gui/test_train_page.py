"""The Train page driven by mouse and keyboard through a real training."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import (
    QComboBox,
    QInputDialog,
    QLabel,
    QProgressBar,
    QPushButton,
    QSpinBox,
    QTableView,
)

from cnnstudio.app.trainer import State
from cnnstudio.data.scan import scan_folder
from cnnstudio.graph import edits
from cnnstudio.graph.presets import PRESETS
from cnnstudio.training import events
from cnnstudio.training.schedule import share_at
from cnnstudio.views.compare.dialog import CompareDialog
from cnnstudio.views.train.number_edit import NumberEdit
from cnnstudio.views.train.run_columns import PLACES
from cnnstudio.views.train.run_comparison import RunComparison

LONG = 90_000


def write_pictures(folder: Path, count: int = 12, side: int = 12) -> Path:
    generator = np.random.default_rng(0)
    for label, low in (("dark", 0), ("light", 150)):
        (folder / label).mkdir(parents=True)
        for number in range(count):
            pixels = generator.integers(low, low + 100, (side, side, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / label / f"{number:02}.png")
    return folder


def use(window, folder: Path, **training) -> None:
    """A small network and the pictures of `folder`, as the Data page would leave them."""
    document = window.document
    document.new(PRESETS["small-cnn"].build((12, 12, 3), 2))
    document.set_data(
        document.data.model_copy(update={"folder": str(folder), "image_size": (12, 12)})
    )
    document.set_report(scan_folder(folder))
    settings = document.training.model_copy(update={"batch_size": 4, **training})
    document.set_training(settings)
    document.undo_stack.setClean()


@pytest.fixture
def page(window, tmp_path):
    use(window, write_pictures(tmp_path / "pictures"), epochs=2)
    window.show_page("train")
    return window.pages["train"]


@pytest.fixture
def button(window, page, qtbot):
    """Find a button of the page, or press it."""

    def find(name: str, *, press: bool = False) -> QPushButton:
        found = page.findChild(QPushButton, f"{name}Button")
        if press:
            assert found.isEnabled(), f"{name} cannot be pressed"
            qtbot.mouseClick(found, Qt.MouseButton.LeftButton)
        return found

    return find


def enabled(button) -> set[str]:
    return {name for name in ("start", "pause", "stop") if button(name).isEnabled()}


def reach(window, state, qtbot) -> None:
    qtbot.waitUntil(lambda: window.trainer.state is state, timeout=LONG)


def test_a_training_from_start_to_finish(window, page, button, qtbot):
    seen = []
    window.trainer.events.connect(seen.extend)
    note = page.findChild(QLabel, "trainingNote")
    counted = "20 pictures to train on and 4 to check, of 2 classes"
    qtbot.waitUntil(lambda: counted in note.text(), timeout=LONG)
    assert enabled(button) == {"start"}
    with qtbot.waitSignal(window.context.run_changed, timeout=LONG) as changed:
        button("start", press=True)
        assert window.trainer.state is State.PREPARING
        assert enabled(button) == {"stop"}
    reach(window, State.FINISHED, qtbot)
    run = changed.args[0]
    assert run == window.trainer.run
    assert (run / "model.keras").is_file()
    assert enabled(button) == {"start"}

    # Every figure that was sent is on the curves, at its place.
    history = page.curves.history
    batches = [event for event in seen if isinstance(event, events.BatchDone)]
    epochs = [event for event in seen if isinstance(event, events.EpochDone)]
    assert len(history.get("loss", "batch")) == len(batches) > 0
    assert history.get("loss", "training").x.tolist() == [1, 2]
    expected = [event.metrics["val_accuracy"] for event in epochs]
    assert history.get("accuracy", "validation").y.tolist() == expected
    assert history.get("loss", "batch").x[-1] == 2

    # Feature maps of a picture of the data came without anybody asking.
    levels = page.live_maps.maps.levels
    assert levels is not None
    assert levels.values.shape == (32, 12, 12)
    assert page.live_maps.picture_box.path.suffix == ".png"

    # What the classes of the validation pictures are taken for, of the last epoch.
    assert page.findChild(QLabel, "confusionEpoch").text() == "Validation pictures after epoch 2"
    assert page._bottom.confusion.counts.sum() == 4

    assert page.findChild(QProgressBar, "epochProgress").value() == 1000
    assert page.findChild(QProgressBar, "runProgress").value() == 1000
    assert "after 2 epochs" in page.findChild(QLabel, "trainingState").text()
    assert "best epoch" in note.text()
    qtbot.mouseClick(page.findChild(QPushButton, "wayExplore"), Qt.MouseButton.LeftButton)
    assert window.pages["explore"].isVisible()


def test_pause_resume_and_stop_by_mouse(window, page, button, qtbot):
    document = window.document
    document.set_training(document.training.model_copy(update={"epochs": 100_000}))
    button("start", press=True)
    reach(window, State.RUNNING, qtbot)
    assert enabled(button) == {"pause", "stop"}
    run = window.trainer.run

    with qtbot.waitSignal(
        window.trainer.events,
        timeout=LONG,
        check_params_cb=lambda new: any(isinstance(e, events.Paused) for e in new),
    ):
        button("pause", press=True)
    assert window.trainer.state is State.PAUSED
    assert button("pause").text() == "Resume"
    assert "Paused in epoch" in page.findChild(QLabel, "trainingState").text()

    # A second start is refused, whichever way it comes.
    assert page.start() is False
    window.context.train()
    assert window.trainer.state is State.PAUSED
    assert window.trainer.run == run

    button("pause", press=True)
    assert window.trainer.state is State.RUNNING
    button("stop", press=True)
    assert enabled(button) == set()
    reach(window, State.FINISHED, qtbot)
    assert enabled(button) == {"start"}
    assert "Stopped after" in page.findChild(QLabel, "trainingState").text()
    assert [path for path in window.context.runs_folder.iterdir() if path.is_dir()] == [run]


def test_a_stopped_run_is_continued_by_its_button(window, page, button, qtbot):
    document = window.document
    document.set_training(document.training.model_copy(update={"epochs": 100_000}))
    button("start", press=True)
    with qtbot.waitSignal(
        window.trainer.events,
        timeout=LONG,
        check_params_cb=lambda new: any(isinstance(e, events.EpochDone) for e in new),
    ):
        pass
    button("stop", press=True)
    reach(window, State.FINISHED, qtbot)
    run = window.trainer.run
    points = len(page.curves.history.get("loss", "training"))
    buttons = page.findChildren(QPushButton, "wayContinue")
    (way,) = (found for found in buttons if found.isVisible())
    qtbot.mouseClick(way, Qt.MouseButton.LeftButton)
    with qtbot.waitSignal(
        window.trainer.events,
        timeout=LONG,
        check_params_cb=lambda new: any(isinstance(e, events.EpochDone) for e in new),
    ):
        pass
    assert window.trainer.run == run
    assert len(page.curves.history.get("loss", "training")) > points
    button("stop", press=True)
    reach(window, State.FINISHED, qtbot)
    assert [path for path in window.context.runs_folder.iterdir() if path.is_dir()] == [run]


def test_rate_and_epochs_are_changed_while_it_trains(window, page, button, qtbot):
    document = window.document
    document.set_training(document.training.model_copy(update={"epochs": 100_000}))
    steering = page.controls.steering
    assert not steering.isVisible()
    button("start", press=True)
    reach(window, State.RUNNING, qtbot)
    assert steering.isVisible()
    qtbot.waitUntil(lambda: steering.rate_edit.value == 0.001, timeout=LONG)
    steering.rate_edit.lineEdit().selectAll()
    qtbot.keyClicks(steering.rate_edit.lineEdit(), "0.0005")
    with qtbot.waitSignal(
        window.trainer.events,
        timeout=LONG,
        check_params_cb=lambda new: any(isinstance(e, events.RateChanged) for e in new),
    ):
        button("setLearningRate", press=True)
    (mark,) = page.curves.history.marks
    assert mark[1] == "rate 0.0005"
    assert page.curves.history.get("learning_rate", "batch").y[0] == pytest.approx(0.001)
    # Few enough epochs: it ends.
    steering.epochs_edit.setValue(1)
    button("setEpochs", press=True)
    reach(window, State.FINISHED, qtbot)
    assert not steering.isVisible()
    run = window.trainer.run

    # And for more epochs afterwards.
    done = page._end.epochs_done
    page.continue_run(run, done + 1)
    reach(window, State.PREPARING, qtbot)
    reach(window, State.FINISHED, qtbot)
    assert page._end.epochs_done == done + 1
    assert [found.is_dir() for found in window.context.runs_folder.iterdir()] == [True]


def test_curves_are_chosen_counted_in_steps_and_laid_over_each_other(window, page, button, qtbot):
    for _ in range(2):
        button("start", press=True)
        reach(window, State.FINISHED, qtbot)
    curves = page.curves
    assert curves.chosen == ["loss", "accuracy"]
    curves.measures_menu.aboutToShow.emit()
    action = next(a for a in curves.measures_menu.actions() if a.text() == "Learning rate")
    action.trigger()
    assert curves.chosen == ["loss", "accuracy", "learning_rate"]
    rate = curves.plots[-1]
    assert rate.isVisible()
    assert rate.curves()[0].series.y[0] == pytest.approx(0.001)
    box = curves.step_box
    qtbot.mouseClick(box, Qt.MouseButton.LeftButton, pos=QPoint(8, box.height() // 2))
    assert rate._frame(rate.curves()).x1 == 10
    table = page.findChild(QTableView, "runTable")
    qtbot.waitUntil(lambda: table.model().rowCount() == 2, timeout=LONG)
    table.selectAll()
    qtbot.waitUntil(lambda: len(curves.runs) == 2, timeout=LONG)
    names = {path.name for path in window.context.runs_folder.iterdir() if path.is_dir()}
    assert {name for name, _ in curves.runs} == names
    assert {curve.run for curve in curves.plots[0].curves()} == names
    # One of them alone again.
    place = table.visualRect(table.model().index(1, 0)).center()
    qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    qtbot.waitUntil(lambda: len(curves.runs) == 1, timeout=LONG)


def test_watching_another_layer_and_picture_while_it_trains(window, page, button, qtbot):
    document = window.document
    document.set_training(document.training.model_copy(update={"epochs": 100_000}))
    button("start", press=True)
    maps = page.live_maps.maps
    qtbot.waitUntil(lambda: maps.levels is not None, timeout=LONG)
    box = page.findChild(QComboBox, "watchedLayer")
    dense = next(i for i in range(box.count()) if box.itemData(i).startswith("dense"))
    box.setCurrentIndex(dense)
    box.activated.emit(dense)
    qtbot.waitUntil(lambda: maps.levels.units, timeout=LONG)
    first = page.live_maps.picture_box.path
    qtbot.mouseClick(page.findChild(QPushButton, "nextPictureButton"), Qt.MouseButton.LeftButton)
    assert page.live_maps.picture_box.path != first
    # Nobody looks, nobody computes.
    window.show_page("design")
    assert window.trainer._control.watched is None
    window.show_page("train")
    assert window.trainer._control.watched is not None


def test_start_says_what_stands_in_the_way(window, qtbot):
    window.show_page("train")
    page = window.pages["train"]
    start = page.findChild(QPushButton, "startButton")
    note = page.findChild(QLabel, "trainingNote")
    assert not start.isEnabled()
    assert "needs pictures" in note.text()
    qtbot.mouseClick(page.findChild(QPushButton, "wayOpentheDatapage"), Qt.MouseButton.LeftButton)
    assert window.pages["data"].isVisible()


def test_a_network_that_does_not_fit_is_put_right_by_a_button(window, page, button, qtbot):
    note = page.findChild(QLabel, "trainingNote")
    document = window.document
    document.set_data(document.data.model_copy(update={"color_mode": "grayscale"}))
    qtbot.waitUntil(lambda: not button("start").isEnabled())
    assert "12 × 12 × 3, the data gives 12 × 12 × 1" in note.text()
    assert page.start() is False
    qtbot.mouseClick(page.findChild(QPushButton, "wayMatchthedata"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: button("start").isEnabled())

    flatten = next(n for n, layer in document.network.layers.items() if layer.type == "Flatten")
    document.edit("Delete", edits.remove_layers, [flatten])
    qtbot.waitUntil(lambda: not button("start").isEnabled())
    assert note.text().startswith(document.analysis.errors[0].message)
    remedy = document.analysis.errors[0].remedies[0].label
    way = page.findChild(QPushButton, f"way{remedy.replace(' ', '')}")
    qtbot.mouseClick(way, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: button("start").isEnabled())


def test_settings_are_undoable_field_by_field(window, page, qtbot):
    document, form = window.document, page.form
    rate = form.findChild(NumberEdit, "optimizer.learning_rate")
    rate.lineEdit().selectAll()
    qtbot.keyClicks(rate.lineEdit(), "1e-2")
    assert document.training.optimizer.learning_rate == 0.01
    assert rate.lineEdit().text() == "1e-2"
    qtbot.keyClick(rate.lineEdit(), Qt.Key.Key_Up)
    assert document.training.optimizer.learning_rate == 0.02
    qtbot.keyClick(rate.lineEdit(), Qt.Key.Key_Down)
    qtbot.keyClick(rate.lineEdit(), Qt.Key.Key_Down)
    assert document.training.optimizer.learning_rate == 0.005

    size = form.findChild(QSpinBox, "batch_size")
    size.lineEdit().selectAll()
    qtbot.keyClicks(size.lineEdit(), "16")
    assert document.training.batch_size == 16
    document.undo_stack.undo()
    assert (document.training.batch_size, size.value()) == (4, 4)
    assert document.training.optimizer.learning_rate == 0.005
    document.undo_stack.undo()
    assert document.training.optimizer.learning_rate == 0.001
    assert rate.value == 0.001
    document.undo_stack.redo()
    assert rate.lineEdit().text() == "0.005"


def test_only_the_chosen_optimizers_arguments_are_shown(window, page, qtbot):
    form = page.form

    def shown() -> set[str]:
        return {
            path[-1]
            for path, row in form.rows.items()
            if path[0] == "optimizer" and not row.editor.isHidden()
        }

    common = {"name", "learning_rate", "weight_decay", "clipnorm", "clipvalue", "global_clipnorm"}
    common |= {"use_ema", "gradient_accumulation_steps"}
    assert shown() == common | {"beta_1", "beta_2", "epsilon", "amsgrad"}
    combo = form.findChild(QComboBox, "optimizer.name")
    qtbot.keyClicks(combo, "SGD")
    assert window.document.training.optimizer.name == "SGD"
    assert shown() == common | {"momentum", "nesterov"}
    assert form.rows[("early_stopping", "patience")].editor.isHidden()
    box = form.rows[("early_stopping", "enabled")].editor
    qtbot.mouseClick(box, Qt.MouseButton.LeftButton, pos=QPoint(8, box.height() // 2))
    assert window.document.training.early_stopping.enabled
    assert not form.rows[("early_stopping", "patience")].editor.isHidden()


def test_a_few_settings_are_in_sight_and_the_others_unfold(window, page, qtbot):
    document, form = window.document, page.form
    in_sight = {path for path, row in form.rows.items() if row.editor.isVisible()}
    assert len(in_sight) == 6
    qtbot.mouseClick(form.more_button, Qt.MouseButton.LeftButton)
    group = form.groups["optimizer"]
    assert group.isVisible()
    assert not form.rows["optimizer", "beta_1"].editor.isVisible()
    qtbot.mouseClick(group.head, Qt.MouseButton.LeftButton)
    beta = form.rows["optimizer", "beta_1"].editor
    assert beta.isVisible()
    # Empty is Keras's own, shown in its place; the arrows start from there.
    assert (beta.lineEdit().text(), beta.lineEdit().placeholderText()) == ("", "0.9")
    qtbot.keyClick(beta, Qt.Key.Key_Up)
    assert document.training.optimizer.beta_1 == 0.9
    assert "1 set" in group.head.text()
    assert "1 set" in form.more_button.text()
    beta.lineEdit().selectAll()
    qtbot.keyClick(beta.lineEdit(), Qt.Key.Key_Delete)
    assert document.training.optimizer.beta_1 is None
    # What Lion takes for the same argument.
    combo = form.findChild(QComboBox, "optimizer.name")
    combo.setCurrentText("Lion")
    combo.textActivated.emit("Lion")
    beta_2 = form.rows["optimizer", "beta_2"].editor
    assert beta_2.lineEdit().placeholderText() == "0.99"


def test_whole_numbers_and_ticks_that_may_be_empty(window, page, qtbot):
    document, form = window.document, page.form
    form.reveal(("optimizer", "gradient_accumulation_steps"))
    steps = form.rows["optimizer", "gradient_accumulation_steps"].editor
    qtbot.keyClicks(steps.lineEdit(), "4")
    assert document.training.optimizer.gradient_accumulation_steps == 4
    assert document.training.optimizer.slots_per_weight == 3
    qtbot.keyClicks(steps.lineEdit(), ".5")
    assert steps.property("state") == "error"
    form.reveal(("optimizer", "amsgrad"))
    box = form.rows["optimizer", "amsgrad"].editor
    qtbot.mouseClick(box, Qt.MouseButton.LeftButton, pos=QPoint(8, box.height() // 2))
    assert document.training.optimizer.amsgrad is True
    # Two ways of clipping are refused with the reason.
    clip = form.rows["optimizer", "clipnorm"].editor
    other = form.rows["optimizer", "clipvalue"].editor
    qtbot.keyClicks(clip.lineEdit(), "1")
    qtbot.keyClicks(other.lineEdit(), "2")
    assert other.property("state") == "error"
    assert "cannot be used together" in form.help.text()


def test_metrics_are_ticked_and_class_weights_typed(window, page, qtbot):
    document, form = window.document, page.form
    assert form.rows["top_k",].editor.isHidden()
    form.reveal(("metrics",))
    button = form.rows["metrics",].editor
    for name in ("f1", "top_k"):
        next(a for a in button.choices.actions() if a.text() == name).trigger()
    assert document.training.metrics == ("top_k", "f1")
    assert button.text() == "top_k, f1"
    assert form.rows["top_k",].editor.isVisible()
    document.undo_stack.undo()
    assert button.text() == "none"
    weights = form.rows["class_weights",].editor
    qtbot.keyClicks(weights, "dark=2, light=0.5")
    assert document.training.class_weights == {"dark": 2.0, "light": 0.5}
    qtbot.keyClicks(weights, "x")
    assert weights.property("state") == "error"
    qtbot.keyClick(weights, Qt.Key.Key_Return)
    assert weights.text() == "dark=2, light=0.5"
    assert form.rows["focal_gamma",].editor.isHidden()
    document.set_training(
        document.training.model_copy(update={"loss": "categorical_focal_crossentropy"})
    )
    assert form.rows["focal_gamma",].editor.isVisible()


def test_the_schedule_is_drawn_before_the_start(window, page, qtbot):
    document, form = window.document, page.form
    assert not form.curve.isVisible()
    combo = form.findChild(QComboBox, "schedule.name")
    combo.setCurrentText("cosine")
    combo.textActivated.emit("cosine")
    assert document.training.schedule.name == "cosine"
    assert form.curve.isVisible()
    # 24 pictures less a fifth for validation, in batches of 4.
    assert form.curve.steps_per_epoch == 5
    settings = document.training
    expected = [
        settings.optimizer.learning_rate * share_at(settings.schedule, step, 5, settings.epochs)
        for step in range(5 * settings.epochs)
    ]
    assert [value for _, value in form.curve.points][: len(expected)] == expected
    assert not form.rows["schedule", "end"].editor.isHidden()
    assert form.rows["schedule", "every"].editor.isHidden()


def test_what_is_no_number_or_out_of_range_is_marked_and_undone(window, page, qtbot):
    rate = page.form.findChild(NumberEdit, "optimizer.learning_rate")
    steps = window.document.undo_stack.count()
    rate.setFocus()
    rate.lineEdit().selectAll()
    qtbot.keyClicks(rate.lineEdit(), "fast")
    assert rate.property("state") == "error"
    assert window.document.training.optimizer.learning_rate == 0.001
    rate.lineEdit().selectAll()
    qtbot.keyClicks(rate.lineEdit(), "-3")
    assert rate.property("state") == "error"
    assert "greater than 0" in page.findChild(QLabel, "settingHelp").text()
    qtbot.keyClick(rate, Qt.Key.Key_Return)
    assert rate.lineEdit().text() == "0.001"
    assert window.document.undo_stack.count() == steps


def test_a_failed_training_says_why_and_the_page_goes_on(window, page, button, qtbot):
    for path in Path(window.document.data.folder).rglob("*.png"):
        path.write_bytes(b"no picture")
    button("start", press=True)
    reach(window, State.FAILED, qtbot)
    note = page.findChild(QLabel, "trainingNote")
    assert note.property("role") == "error"
    assert len(note.text()) > 20
    assert "Traceback" not in note.text()
    assert page.messages.count() >= 1
    assert button("start").isEnabled()


def test_skipped_pictures_are_named_and_training_goes_on(window, page, button, qtbot):
    broken = Path(window.document.data.folder) / "dark" / "03.png"
    broken.write_bytes(broken.read_bytes()[:60])
    button("start", press=True)
    reach(window, State.FINISHED, qtbot)
    texts = [page.messages.item(i).text() for i in range(page.messages.count())]
    assert any("03.png" in text for text in texts)
    assert "skipped" in page.findChild(QLabel, "trainingNote").text()


def test_a_learning_rate_is_found_and_used(window, page, button, qtbot):
    button("findRate", press=True)
    dialog = page.rate_dialog
    assert dialog.isVisible()
    use = dialog.use_button
    qtbot.waitUntil(lambda: dialog.result_of_test is not None, timeout=LONG)
    assert len(dialog.plot.points) == len(dialog.result_of_test.points) > 12
    suggestion = dialog.result_of_test.suggestion
    assert use.isEnabled()
    qtbot.mouseClick(use, Qt.MouseButton.LeftButton)
    assert window.document.training.optimizer.learning_rate == suggestion
    window.document.undo_stack.undo()
    assert window.document.training.optimizer.learning_rate == 0.001


def test_runs_are_named_starred_filtered_put_aside_and_back(
    window, page, button, qtbot, monkeypatch
):
    for epochs in (1, 2):
        document = window.document
        document.set_training(document.training.model_copy(update={"epochs": epochs}))
        button("start", press=True)
        reach(window, State.FINISHED, qtbot)
    runs, table = page.runs, page.findChild(QTableView, "runTable")
    model = table.model()
    qtbot.waitUntil(lambda: model.rowCount() == 2, timeout=LONG)

    def info(name):
        return next(run for run in runs.model.runs if run.name == name)

    def act(name, text):
        menu = runs.menu_for(info(name))
        next(a for a in menu.actions() if a.text() == text).trigger()

    first, second = sorted(run.name for run in runs.model.runs)
    assert model.index(0, PLACES["settings"]).data().split(" · ")[0] == "Adam 0.001"
    monkeypatch.setattr(QInputDialog, "getText", lambda *_a, **_k: ("Best of all", True))
    monkeypatch.setattr(QInputDialog, "getMultiLineText", lambda *_a, **_k: ("grey\nones", True))
    act(first, "Rename it…")
    qtbot.waitUntil(lambda: info(first).remark.title == "Best of all", timeout=LONG)
    act(first, "Notes…")
    qtbot.waitUntil(lambda: info(first).remark.notes == "grey\nones", timeout=LONG)
    act(first, "Star it")
    qtbot.waitUntil(lambda: info(first).remark.starred, timeout=LONG)
    qtbot.keyClicks(runs.filter, "best ADAM")
    assert model.rowCount() == 1
    assert model.index(0, 0).data() == "★ Best of all"
    runs.filter.setText("ones")
    assert model.rowCount() == 1
    runs.filter.setText("no such run")
    assert model.rowCount() == 0
    runs.filter.clear()
    box = runs.starred_box
    qtbot.mouseClick(box, Qt.MouseButton.LeftButton, pos=QPoint(8, box.height() // 2))
    assert model.rowCount() == 1
    box.setChecked(False)

    act(second, "Move it to the trash")
    qtbot.waitUntil(lambda: model.rowCount() == 1, timeout=LONG)
    runs.trash_box.setChecked(True)
    qtbot.waitUntil(lambda: [run.name for run in runs.model.runs] == [second], timeout=LONG)
    act(second, "Put it back")
    qtbot.waitUntil(lambda: model.rowCount() == 0, timeout=LONG)
    runs.trash_box.setChecked(False)
    qtbot.waitUntil(lambda: model.rowCount() == 2, timeout=LONG)

    document.undo_stack.setClean()
    act(first, "Open its network as a new project")
    qtbot.waitUntil(lambda: document.title == "Best of all.cnns", timeout=LONG)
    assert document.path is None
    assert document.training.epochs == 1


def test_choosing_a_run_shows_its_curves(window, page, button, qtbot, tmp_path):
    button("start", press=True)
    reach(window, State.FINISHED, qtbot)
    first = window.trainer.run
    expected = page.curves.history.get("loss", "training").y.tolist()
    document = window.document
    document.set_training(document.training.model_copy(update={"epochs": 1}))
    button("start", press=True)
    reach(window, State.FINISHED, qtbot)
    table = page.findChild(QTableView, "runTable")
    qtbot.waitUntil(
        lambda: (
            table.model().rowCount() == 2
            and {r.state for r in page.runs.model.runs} == {"finished"}
        ),
        timeout=LONG,
    )
    assert page.runs.selected().path == window.trainer.run
    row = next(r for r in range(2) if "2 / 2" in str(table.model().index(r, 2).data()))
    place = table.visualRect(table.model().index(row, 0)).center()
    with qtbot.waitSignal(page.runs.history_read, timeout=LONG):
        qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert page.curves.run_name == first.name
    assert page.curves.history.get("loss", "training").y.tolist() == pytest.approx(expected)
    assert len(page.curves.history.get("accuracy", "batch")) > 0

    # Its network and settings come back into the project, and undo takes them out again.
    info = page.runs.selected()
    document.set_training(document.training.model_copy(update={"batch_size": 7}))
    menu = page.runs.menu_for(info)
    next(a for a in menu.actions() if a.text() == "Use its network and settings").trigger()
    assert document.training.batch_size == 4
    document.undo_stack.undo()
    assert document.training.batch_size == 7

    # Beside the project, and beside each other: the same layers, trained otherwise.
    menu = page.runs.menu_for(info)
    next(a for a in menu.actions() if a.text().startswith("Compare its network")).trigger()
    qtbot.waitUntil(lambda: window.findChild(CompareDialog) is not None, timeout=LONG)
    dialog = window.findChild(CompareDialog)
    assert dialog.comparison.old.title == first.name
    assert dialog.comparison.new.memory.batch_size == 7
    dialog.close()
    qtbot.waitUntil(lambda: window.findChild(CompareDialog) is None)
    place = table.visualRect(table.model().index(1 - row, 0)).center()
    qtbot.mouseClick(
        table.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier, place
    )
    assert [run.path for run in page.runs.selected_runs()] == [first, window.trainer.run]
    assert page.curves.run_name == first.name
    menu = page.runs.menu_for(info)
    next(a for a in menu.actions() if a.text() == "Compare the two runs…").trigger()
    qtbot.waitUntil(lambda: window.findChild(RunComparison) is not None, timeout=LONG)
    both = window.findChild(RunComparison)
    assert both.found.new.path == window.trainer.run
    assert [setting.key for setting in both.found.differing] == ["training.epochs"]
    assert both.networks.comparison.differences == ()
    both.close()

    # The curves as files.
    for suffix in (".png", ".svg", ".csv"):
        path = tmp_path / f"curves{suffix}"
        with qtbot.waitSignal(page.curves.saved, timeout=LONG):
            page.curves.save(path)
        assert path.stat().st_size > 200
    with Image.open(tmp_path / "curves.png") as picture:
        assert picture.size == (1650, 675)
