"""The Split tab: shares, counts, folds, groups, a kept split, and all folds trained in turn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt

from cnnstudio.app.document import Document
from cnnstudio.app.settings import Settings
from cnnstudio.app.tasks import TaskRunner
from cnnstudio.app.trainer import Trainer
from cnnstudio.data.settings_model import with_setting
from cnnstudio.graph.presets import PRESETS
from cnnstudio.training.runs import list_runs
from cnnstudio.views.context import Context
from cnnstudio.views.data import work
from cnnstudio.views.data_page import DataPage

WAIT = 20_000


@pytest.fixture
def page(qtbot, tmp_path):
    """The Data page with 20 dark and 10 light pictures of five patients."""
    for label, ground, count in (("dark", 30, 20), ("light", 220, 10)):
        (tmp_path / "set" / label).mkdir(parents=True)
        for number in range(count):
            noise = np.random.default_rng(number).normal(0, 20, (8, 8, 3))
            pixels = np.clip(ground + noise, 0, 255).astype(np.uint8)
            path = tmp_path / "set" / label / f"p{number % 5}_{number:02}.png"
            Image.fromarray(pixels).save(path)
    document, settings = Document(), Settings()
    trainer, tasks, inference = Trainer(), TaskRunner("tasks"), TaskRunner("inference")
    settings.runs_folder = tmp_path / "runs"
    page = DataPage(Context(document, trainer, tasks, inference, settings))
    page.context, page.document, page.trainer = page._context, document, trainer
    page.resize(1440, 860)
    page.show()
    qtbot.waitExposed(page)
    page.open_folder(tmp_path / "set")
    qtbot.waitUntil(lambda: document.report is not None, timeout=WAIT)
    page.settings.tabs.setCurrentIndex(1)
    counted(page, qtbot)
    yield page
    for runner in (tasks, inference, trainer):
        runner.shutdown()
    page.close()
    page.deleteLater()


def counted(page, qtbot) -> list[list[str]]:
    """The rows of the table of numbers, when what is under way is done."""
    qtbot.waitUntil(lambda: not page.context.tasks.busy, timeout=WAIT)
    model = page.settings.division.table.model()
    return [
        [model.index(row, column).data() for column in range(model.columnCount())]
        for row in range(model.rowCount())
    ]


def test_the_simple_view_and_more(page, qtbot):
    panel = page.settings.division
    assert counted(page, qtbot) == [["dark", "16", "4"], ["light", "8", "2"]]
    assert panel.slider.isVisible()
    assert not panel.way.isVisible()
    qtbot.mouseClick(panel.more, Qt.MouseButton.LeftButton)
    assert panel.way.isVisible()
    assert panel.test_share.isVisible()
    assert not panel.pattern.isVisible()
    panel.test_share.setValue(10)
    assert counted(page, qtbot) == [["dark", "14", "4", "2"], ["light", "7", "2", "1"]]
    assert page.settings.split.text == "21 to train · 6 to validate · 3 to test at the end"
    assert page.document.undo_stack.undoText() == "Change test share"
    page.document.undo_stack.undo()
    assert panel.test_share.value() == 0


def choose(combo, key: str) -> None:
    combo.setCurrentIndex(combo.findData(key))
    combo.activated.emit(combo.currentIndex())


def test_counts_and_folds(page, qtbot):
    panel = page.settings.division
    choose(panel.way, "count")
    panel.count.setValue(3)
    panel.test_count.setValue(1)
    assert counted(page, qtbot) == [["dark", "16", "3", "1"], ["light", "6", "3", "1"]]
    assert not panel.slider.isVisible()
    choose(panel.way, "folds")
    panel.folds.setValue(4)
    panel.fold.setValue(4)
    assert page.document.data.split.fold == 4
    rows = counted(page, qtbot)
    assert [row[2] for row in rows] in (["5", "2"], ["5", "3"])
    panel.folds.setValue(3)
    assert panel.fold.maximum() == 3
    assert panel.train_folds.text() == "Train all 3 folds"


def test_groups_stay_together_and_patterns_are_checked(page, qtbot):
    panel = page.settings.division
    choose(panel.together, "folder")
    counted(page, qtbot)
    assert "no picture lies in a sub-folder" in panel.warnings.text()
    choose(panel.together, "pattern")
    panel.pattern.setText("p*")
    assert panel.pattern.property("state") == "error"
    assert page.document.data.split.group_pattern is None
    panel.pattern.setText("{group}_*")
    assert counted(page, qtbot) == [["dark", "16", "4"], ["light", "8", "2"]]
    assert panel.groups.text() == "5 groups found"
    assert not panel.warnings.text()
    # The names of another folder are written otherwise.
    other = work.of_other_folder(page.document.data, page.document.report)
    assert (other.split.group_by, other.split.group_pattern) == ("none", None)


def test_a_class_without_pictures_in_a_part_is_told(page, qtbot):
    names = {f"light/p{n % 5}_{n:02}.png": "dark" for n in range(1, 10)}
    data = page.document.data.model_copy(update={"relabelled": names})
    page.document.set_data(data)
    rows = counted(page, qtbot)
    assert rows[1] == ["light", "1", "0"]
    assert "Validation has no pictures of light." in page.settings.division.warnings.text()


def test_a_kept_split_stays_until_it_is_forgotten(page, qtbot):
    panel = page.settings.division
    qtbot.mouseClick(panel.more, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(panel.keep, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.document.data.split.recorded is not None, timeout=WAIT)
    assert page.document.undo_stack.undoText() == "Keep the split"
    assert len(page.document.data.split.recorded["val"]) == 6
    assert not panel.slider.isEnabled()
    assert "kept as it is" in panel.reason.text()
    before = counted(page, qtbot)
    page.document.set_data(with_setting(page.document.data, "seed", 9))
    assert counted(page, qtbot) == before
    qtbot.mouseClick(panel.forget, Qt.MouseButton.LeftButton)
    assert page.document.data.split.recorded is None
    assert panel.slider.isEnabled()
    page.document.undo_stack.undo()
    assert page.document.data.split.recorded is not None


def test_all_folds_are_trained_in_turn(page, qtbot, tmp_path):
    document, panel = page.document, page.settings.division
    choose(panel.way, "folds")
    panel.folds.setValue(2)
    document.apply("mlp", PRESETS["mlp"].build((8, 8, 3), 2))
    document.set_training(with_setting(document.training, "epochs", 1))
    told = []
    page.context.notified.connect(lambda text, *_: told.append(text))
    qtbot.mouseClick(panel.train_folds, Qt.MouseButton.LeftButton)
    assert "Fold 1 of 2 is being trained." in panel.progress.text()
    assert not panel.train_folds.isEnabled()
    qtbot.waitUntil(lambda: bool(told), timeout=120_000)
    assert told[0].startswith("All 2 folds: validation accuracy ")
    assert "±" in panel.progress.text()
    qtbot.waitUntil(lambda: panel.train_folds.isEnabled(), timeout=WAIT)
    runs = list_runs(tmp_path / "runs")
    assert sorted(run.path.name[-11:] for run in runs) == ["fold-1-of-2", "fold-2-of-2"]
    validated = [
        line.split(",")[0]
        for run in runs
        for line in (Path(run.path) / "split.csv").read_text().splitlines()
        if line.endswith(",val")
    ]
    assert len(validated) == len(set(validated)) == 30


def test_stop_ends_the_other_folds_too(page, qtbot, tmp_path):
    document, panel = page.document, page.settings.division
    choose(panel.way, "folds")
    document.apply("mlp", PRESETS["mlp"].build((8, 8, 3), 2))
    document.set_training(with_setting(document.training, "epochs", 500))
    qtbot.mouseClick(panel.train_folds, Qt.MouseButton.LeftButton)
    page.trainer.stop()
    qtbot.waitUntil(lambda: not page.trainer.state.active, timeout=60_000)
    qtbot.waitUntil(lambda: not page.splitting.folds.active, timeout=WAIT)
    assert panel.train_folds.isEnabled()
    assert len(list_runs(tmp_path / "runs")) <= 1
