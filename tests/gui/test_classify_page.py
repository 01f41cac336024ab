"""The Classify page with a real network and real files, broken ones among them."""

import csv
import io
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QColor, QDragEnterEvent, QDropEvent, QGuiApplication, QImage
from PySide6.QtWidgets import QApplication, QFrame, QPushButton, QTableView

from cnnstudio.app.document import Document
from cnnstudio.app.settings import Settings
from cnnstudio.app.tasks import TaskRunner
from cnnstudio.app.trainer import State, Trainer
from cnnstudio.evaluation.predict import Classifier, Prediction, Unreadable
from cnnstudio.graph.project import Project, save_project
from cnnstudio.keras_build.trained import CLASSES_FILE, MODEL_FILE, PROJECT_FILE, TrainedModel
from cnnstudio.views.classify.results import CONFIDENCE, PICTURE, results_csv
from cnnstudio.views.classify_page import ClassifyPage
from cnnstudio.views.context import Context

WAIT = 60_000


def save_model(keras, path: Path, classes: tuple[str, str, str]) -> Path:
    """A network that tells red, green and blue pictures apart, without training."""
    model = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            keras.layers.Rescaling(1 / 255),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(3, activation="softmax"),
        ]
    )
    model.layers[-1].set_weights([5 * np.eye(3, dtype=np.float32), np.zeros(3, np.float32)])
    path.parent.mkdir(parents=True, exist_ok=True)
    model.save(path)
    (path.parent / CLASSES_FILE).write_text("\n".join(classes) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def colour_model(keras, tmp_path_factory):
    return save_model(
        keras, tmp_path_factory.mktemp("m") / "colours.keras", ("red", "green", "blue")
    )


@pytest.fixture
def page(qtbot):
    document, settings = Document(), Settings()
    trainer, tasks, inference = Trainer(), TaskRunner("tasks"), TaskRunner("inference")
    context = Context(document, trainer, tasks, inference, settings)
    page = ClassifyPage(context)
    page.context = context
    page.resize(1280, 700)
    page.show()
    qtbot.waitExposed(page)
    qtbot.waitUntil(lambda: page.chooser.listed, timeout=WAIT)
    yield page
    page.stop()
    tasks.shutdown()
    inference.shutdown()
    trainer.shutdown()
    page.close()
    page.deleteLater()


@pytest.fixture
def ready(page, qtbot, colour_model):
    """The page with the network that knows colours."""
    page.chooser.open_file(colour_model)
    return page


def picture(path: Path, colour: str, side: int = 8) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (side, side), colour).save(path)
    return path


@pytest.fixture
def mixed(tmp_path):
    """Two good pictures, a text and half a picture."""
    folder = tmp_path / "mixed"
    picture(folder / "a red.png", "red")
    picture(folder / "b blue.png", "blue")
    (folder / "c text.jpg").write_text("a text, not a picture")
    whole = picture(folder / "d cut.png", "red", 64).read_bytes()
    (folder / "d cut.png").write_bytes(whole[: len(whole) // 2])
    return folder


def settled(page, qtbot, count: int) -> None:
    qtbot.waitUntil(
        lambda: not page.session.busy and len(page.results.results) == count, timeout=WAIT
    )


def answers(page) -> dict[str, str]:
    return {
        result.path.name: result.ranked[0][0] if isinstance(result, Prediction) else "!"
        for result in page.table.rows()
    }


def drop(target, data: QMimeData) -> bool:
    copy, left = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    none = Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(40, 40), copy, data, left, none)
    QApplication.sendEvent(target, enter)
    if not enter.isAccepted():
        return False
    QApplication.sendEvent(target, QDropEvent(QPointF(40, 40), copy, data, left, none))
    return True


def mime(*paths: Path) -> QMimeData:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return data


def test_without_a_network_the_page_says_how_to_get_one(page, qtbot):
    assert "Train a network first, or open a .keras file" in page.target._no_model.text.text()
    with qtbot.waitSignal(page.context.page_requested) as asked:
        button = page.findChild(QPushButton, "goToTrainButton")
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert asked.args == ["train"]
    assert page.findChild(QFrame, "classifyDrop").accessibleName()
    assert page.findChild(QTableView, "predictionTable").accessibleName()


def test_pictures_dropped_before_there_is_a_network_wait_for_it(page, qtbot, mixed, colour_model):
    page.classify([mixed / "a red.png"])
    assert "as soon as there is a network" in page.message.text
    page.chooser.open_file(colour_model)
    settled(page, qtbot, 1)
    assert answers(page) == {"a red.png": "red"}
    assert not page.message.isVisible()


def test_a_dropped_folder_is_classified_and_broken_files_say_why(ready, qtbot, mixed):
    assert not ready.target.compact
    assert drop(ready, mime(mixed))
    settled(ready, qtbot, 4)
    assert answers(ready) == {
        "a red.png": "red",
        "b blue.png": "blue",
        "c text.jpg": "!",
        "d cut.png": "!",
    }
    assert ready.target.compact
    assert ready.target.summary.text().startswith("4 pictures  ·  2 could not be read")
    reasons = [r.reason for r in ready.results.results if isinstance(r, Unreadable)]
    assert reasons[0] == "not a picture (text inside)"
    shown = ready.table.model()
    assert shown.index(2, CONFIDENCE).data() == "not a picture (text inside)"
    assert shown.index(0, CONFIDENCE).data().startswith("red ")


def test_the_window_answers_as_the_command_line_does(ready, qtbot, mixed, colour_model):
    ready.classify([mixed])
    settled(ready, qtbot, 4)
    expected = list(Classifier(TrainedModel.load(colour_model)).classify([mixed]))
    for ours, theirs in zip(ready.results.results, expected, strict=True):
        assert ours.path == theirs.path
        if isinstance(theirs, Prediction):
            assert [name for name, _ in ours.ranked] == [name for name, _ in theirs.ranked]
            assert np.allclose([p for _, p in ours.ranked], [p for _, p in theirs.ranked])


def test_the_chosen_row_is_shown_large_with_all_its_classes(ready, qtbot, mixed):
    ready.classify([mixed])
    settled(ready, qtbot, 4)
    assert ready.detail.answer.text().startswith("red  ")
    assert [name for name, _ in ready.detail.bars.ranked] == ["red", "green", "blue"]
    qtbot.waitUntil(lambda: ready.detail.canvas.shown, timeout=WAIT)
    ready.table.selectRow(2)
    assert ready.detail.answer.text() == "Could not be read"
    assert ready.detail.note.text() == "not a picture (text inside)"
    assert not ready.detail.canvas.shown


def test_sorting_by_confidence_and_back_to_the_order_of_arrival(ready, qtbot, tmp_path):
    picture(tmp_path / "p" / "1 pale.png", "#ff9090")
    picture(tmp_path / "p" / "2 pure.png", "#ff0000")
    picture(tmp_path / "p" / "3 grey.png", "#808080")
    ready.classify([tmp_path / "p"])
    settled(ready, qtbot, 3)
    ready.table.sortByColumn(CONFIDENCE, Qt.SortOrder.DescendingOrder)
    assert list(answers(ready)) == ["2 pure.png", "1 pale.png", "3 grey.png"]
    ready.table.sortByColumn(-1, Qt.SortOrder.AscendingOrder)
    assert list(answers(ready)) == ["1 pale.png", "2 pure.png", "3 grey.png"]


def test_a_pasted_picture_is_classified(ready, qtbot):
    image = QImage(20, 20, QImage.Format.Format_RGB32)
    image.fill(QColor("blue"))
    QGuiApplication.clipboard().setImage(image)
    ready.table.setFocus()
    ready.paste()
    settled(ready, qtbot, 1)
    assert list(answers(ready).values()) == ["blue"]


def test_pasted_paths_are_classified_and_nothing_says_so(ready, qtbot, mixed):
    QGuiApplication.clipboard().setText(f"{mixed / 'a red.png'}\n{mixed / 'b blue.png'}")
    ready.paste()
    settled(ready, qtbot, 2)
    QGuiApplication.clipboard().setText("no path")
    with qtbot.waitSignal(ready.context.notified) as told:
        ready.paste()
    assert "holds no picture" in told.args[0]


def test_stop_answers_at_once_and_keeps_what_is_there(ready, qtbot, tmp_path):
    for number in range(600):
        picture(tmp_path / "many" / f"{number:04}.png", "red")
    ready.classify([tmp_path / "many"])
    qtbot.waitUntil(lambda: len(ready.results.results) > 0, timeout=WAIT)
    assert ready.session.busy
    qtbot.mouseClick(ready.target.stop_button, Qt.MouseButton.LeftButton)
    assert not ready.session.busy
    there = len(ready.results.results)
    assert there < 600
    qtbot.waitUntil(lambda: not ready.context.inference.busy, timeout=WAIT)
    assert len(ready.results.results) == there
    assert f"{there:,} picture" in ready.target.summary.text()


def test_pictures_dropped_while_others_are_classified_join_them(ready, qtbot, mixed, tmp_path):
    for number in range(200):
        picture(tmp_path / "many" / f"{number:04}.png", "green")
    ready.classify([tmp_path / "many"])
    ready.classify([mixed])
    settled(ready, qtbot, 204)
    assert answers(ready)["b blue.png"] == "blue"


def test_the_same_picture_twice_has_one_row(ready, qtbot, mixed):
    ready.classify([mixed / "a red.png"])
    settled(ready, qtbot, 1)
    ready.classify([mixed / "a red.png", mixed / "b blue.png"])
    settled(ready, qtbot, 2)


def test_clear_goes_back_to_the_invitation(ready, qtbot, mixed):
    ready.classify([mixed])
    settled(ready, qtbot, 4)
    button = ready.findChild(QPushButton, "clearResultsButton")
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert not ready.results.results
    assert not ready.target.compact
    assert not ready.table.isVisible()


def test_export_writes_what_the_table_shows(ready, qtbot, mixed, tmp_path):
    ready.classify([mixed])
    settled(ready, qtbot, 4)
    ready.table.sortByColumn(PICTURE, Qt.SortOrder.DescendingOrder)
    ready.write_csv(tmp_path / "out.csv")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "out.csv").read_text())))
    assert rows[0]["path"].endswith("d cut.png")
    assert rows[0]["error"]
    reds = [row for row in rows if row["path"].endswith("a red.png")]
    assert [row["class"] for row in reds] == ["red", "green", "blue"]
    assert sum(float(row["probability"]) for row in reds) == pytest.approx(1, abs=1e-5)


def test_export_into_a_folder_that_is_not_there_says_so(ready, qtbot, mixed, tmp_path):
    ready.classify([mixed])
    settled(ready, qtbot, 4)
    with qtbot.waitSignal(ready.context.notified) as told:
        ready.write_csv(tmp_path / "nowhere" / "out.csv")
    assert told.args[1] == "error"
    assert "out.csv could not be written" in told.args[0]


def test_csv_escapes_names():
    text = results_csv([Prediction(Path('a,"b".png'), (("cat, big", 0.5),))])
    assert next(csv.DictReader(io.StringIO(text)))["class"] == "cat, big"


def test_a_model_file_that_changed_is_loaded_again(page, qtbot, keras, mixed, tmp_path):
    model = save_model(keras, tmp_path / "m" / "mine.keras", ("red", "green", "blue"))
    page.chooser.open_file(model)
    page.classify([mixed / "a red.png"])
    settled(page, qtbot, 1)
    assert answers(page) == {"a red.png": "red"}
    save_model(keras, model, ("rosso", "verde", "blu"))
    os.utime(model, ns=(1, 1))
    page.classify([mixed / "a red.png"])
    settled(page, qtbot, 1)
    qtbot.waitUntil(lambda: answers(page) == {"a red.png": "rosso"}, timeout=WAIT)


def test_another_network_classifies_everything_again(ready, qtbot, keras, mixed, tmp_path):
    ready.classify([mixed])
    settled(ready, qtbot, 4)
    other = save_model(keras, tmp_path / "m" / "other.keras", ("warm", "middle", "cold"))
    assert drop(ready, mime(other))
    qtbot.waitUntil(lambda: answers(ready).get("b blue.png") == "cold", timeout=WAIT)
    settled(ready, qtbot, 4)
    assert ready.chooser.facts.text() == "takes 8 × 8 × 3  ·  3 classes"


def test_a_damaged_model_says_so_and_offers_another(page, qtbot, mixed, tmp_path):
    broken = tmp_path / "broken.keras"
    broken.write_bytes(b"not a model")
    page.chooser.open_file(broken)
    page.classify([mixed])
    qtbot.waitUntil(page.message.isVisible, timeout=WAIT)
    assert str(broken) in page.message.text
    assert not page.session.busy
    assert not page.target.compact


def test_runs_are_listed_and_the_last_is_used(page, qtbot, colour_model, mixed):
    runs = page.context.runs_folder
    for name in ("20260101-100000 old", "20260102-100000 new"):
        run = runs / name
        run.mkdir(parents=True)
        save_project(Project(page.context.document.network), run / PROJECT_FILE)
        shutil.copy(colour_model, run / MODEL_FILE)
        shutil.copy(colour_model.parent / CLASSES_FILE, run / CLASSES_FILE)
    page.context.run_changed.emit(run)
    qtbot.waitUntil(lambda: page.chooser.list.count() == 2, timeout=WAIT)
    assert page.chooser.path == run
    assert "last run" in page.chooser.list.itemText(0)
    page.classify([mixed / "b blue.png"])
    settled(page, qtbot, 1)
    assert answers(page) == {"b blue.png": "blue"}
    page.chooser.list.setCurrentIndex(1)
    page.chooser.list.activated.emit(1)
    assert page.chooser.path == runs / "20260101-100000 old"
    settled(page, qtbot, 1)


def test_a_project_is_not_taken_for_a_picture(page, tmp_path):
    file = tmp_path / "a.cnns"
    file.write_text("{}")
    assert not drop(page, mime(file))


def test_a_missing_file_has_a_row_of_its_own(ready, qtbot, tmp_path, mixed):
    ready.classify([tmp_path / "gone.png", mixed / "a red.png"])
    settled(ready, qtbot, 2)
    assert answers(ready) == {"gone.png": "!", "a red.png": "red"}


def test_pictures_are_classified_while_a_training_runs(
    window, qtbot, colour_model, mixed, tmp_path
):
    for label in ("red", "blue"):
        for number in range(12):
            picture(tmp_path / "data" / label / f"{number}.png", label)
    window.pages["data"].open_folder(tmp_path / "data")
    qtbot.waitUntil(lambda: window.document.report is not None, timeout=WAIT)
    window.document.match_data()
    training = window.document.training.model_copy(update={"epochs": 5000, "batch_size": 4})
    window.document.set_training(training)
    window.context.train()
    qtbot.waitUntil(lambda: window.trainer.state is State.RUNNING, timeout=WAIT)
    window.show_page("classify")
    page = window.pages["classify"]
    page.chooser.open_file(colour_model)
    page.classify([mixed])
    settled(page, qtbot, 4)
    assert answers(page)["a red.png"] == "red"
    assert window.trainer.state is State.RUNNING
    # The run in progress can be chosen as soon as an epoch is finished.
    run = window.trainer.run
    qtbot.waitUntil((run / MODEL_FILE).is_file, timeout=WAIT)
    page.chooser.refresh()
    qtbot.waitUntil(lambda: "training now" in page.chooser.list.itemText(0), timeout=WAIT)
    page.chooser.list.setCurrentIndex(0)
    page.chooser.list.activated.emit(0)
    assert page.chooser.path == run
    qtbot.waitUntil(lambda: page.chooser.facts.text().endswith("2 classes"), timeout=WAIT)
    settled(page, qtbot, 4)
    assert window.trainer.state is State.RUNNING
    window.trainer.stop()
    qtbot.waitUntil(lambda: window.trainer.state is State.FINISHED, timeout=WAIT)
