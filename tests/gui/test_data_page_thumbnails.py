"""Thumbnails: within their budget, the latest wish first, broken files with a reason."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtGui import QImage

from cnnstudio.app.tasks import TaskRunner
from cnnstudio.views.drop import path_from_text
from cnnstudio.views.picture_grid import BATCH, PictureGrid, PictureModel
from cnnstudio.views.pictures import Thumbnails, fitted, image_of

WAIT = 20_000


class Entry:
    def __init__(self, path: Path) -> None:
        self.path = path


@pytest.fixture
def tasks(qtbot):
    runner = TaskRunner("thumbnails")
    yield runner
    runner.shutdown()


@pytest.fixture
def files(tmp_path):
    paths = [tmp_path / f"{number:03}.png" for number in range(60)]
    for number, path in enumerate(paths):
        Image.new("RGB", (64, 32), (number, 0, 0)).save(path)
    return paths


def test_thumbnails_keep_proportions_and_their_budget(qtbot, tasks, files):
    budget = 10 * 32 * 16 * 4
    thumbnails = Thumbnails(tasks, box=32, budget=budget)
    for path in files:
        thumbnails.pixmap(path)
    qtbot.waitUntil(lambda: not tasks.busy, timeout=WAIT)
    assert len(thumbnails) == 10
    assert thumbnails.bytes <= budget
    kept = next(path for path in files if path in thumbnails._kept)
    pixmap = thumbnails.pixmap(kept)
    assert (pixmap.width(), pixmap.height()) == (32, 16)


def test_what_was_asked_for_last_comes_first(qtbot, tasks, files):
    thumbnails = Thumbnails(tasks, box=16)
    order = []
    thumbnails.loaded.connect(order.append)
    with thumbnails._lock:  # the threads wait until all wishes are there
        for path in files:
            thumbnails._wanted[path] = None
    thumbnails._start()
    qtbot.waitUntil(lambda: len(order) == len(files), timeout=WAIT)
    # Several threads decode, so neighbours may change places.
    assert set(order[:30]) <= set(files[-45:])


def test_a_broken_file_has_a_reason_and_is_not_tried_again(qtbot, tasks, tmp_path):
    broken = tmp_path / "broken.png"
    broken.write_text("text")
    thumbnails = Thumbnails(tasks)
    with qtbot.waitSignal(thumbnails.loaded, timeout=WAIT):
        assert thumbnails.pixmap(broken) is None
    assert thumbnails.reason(broken) == "not a picture (text inside)"
    qtbot.waitUntil(lambda: not tasks.busy, timeout=WAIT)
    assert thumbnails.pixmap(broken) is None
    assert not tasks.busy


def test_clear_forgets_wishes_and_pictures(qtbot, tasks, files):
    thumbnails = Thumbnails(tasks)
    for path in files:
        thumbnails.pixmap(path)
    thumbnails.clear()
    qtbot.waitUntil(lambda: not tasks.busy, timeout=WAIT)
    assert len(thumbnails) == 0
    assert thumbnails.bytes == 0
    with qtbot.waitSignal(thumbnails.loaded, timeout=WAIT):
        thumbnails.pixmap(files[0])


def test_a_grid_of_many_pictures_asks_for_the_visible_ones_only(qtbot, tasks, files):
    many = [Entry(Path(f"/nowhere/{number}.png")) for number in range(100_000)]
    thumbnails = Thumbnails(tasks)
    model = PictureModel(thumbnails)
    grid = PictureGrid(model)
    qtbot.addWidget(grid)
    grid.resize(800, 600)
    model.set_pictures(many)
    grid.show()
    qtbot.waitExposed(grid)
    qtbot.waitUntil(lambda: thumbnails.reason(many[0].path) is not None, timeout=WAIT)
    qtbot.waitUntil(lambda: not tasks.busy, timeout=WAIT)
    assert len(thumbnails._reasons) < 100
    assert grid.gridSize().width() * (grid.viewport().width() // grid.gridSize().width()) >= 700


@pytest.mark.parametrize(
    ("shape", "kind"),
    [
        ((3, 5), QImage.Format.Format_Grayscale8),
        ((3, 5, 1), QImage.Format.Format_Grayscale8),
        ((3, 5, 3), QImage.Format.Format_RGB888),
        ((3, 5, 4), QImage.Format.Format_RGBA8888),
    ],
)
def test_images_hold_the_pixels_of_their_arrays(shape, kind):
    pixels = np.random.default_rng(0).integers(0, 255, shape, dtype=np.uint8)
    image = image_of(pixels)
    assert image.format() == kind
    assert (image.width(), image.height()) == (5, 3)
    colour = image.pixelColor(4, 2)
    expected = np.atleast_1d(pixels[2, 4])
    assert colour.red() == expected[0]
    assert colour.blue() == expected[min(2, len(expected) - 1)]


def test_pictures_fit_into_their_frames(qtbot):
    from PySide6.QtCore import QRect, QSize

    assert fitted(QSize(200, 100), QRect(0, 0, 50, 50)) == QRect(0, 12, 50, 25)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ('"/a b/c"', Path("/a b/c")),
        ("  '/a'  ", Path("/a")),
        ("file:///a%20b", Path("/a b")),
        ("~/x", Path.home() / "x"),
        ("", None),
        ("two\nlines", None),
        ("a\0b", None),
    ],
)
def test_paths_as_people_type_them(text, path):
    assert path_from_text(text) == path


def test_many_tiles_are_placed_by_and_by(qtbot, tasks):
    pictures = [Entry(Path(f"/nowhere/{number}.png")) for number in range(BATCH + 2_000)]
    model = PictureModel(Thumbnails(tasks))
    grid = PictureGrid(model)
    qtbot.addWidget(grid)
    grid.resize(600, 400)
    grid.lay_out_at_once(False)
    model.set_pictures(pictures)
    grid.show()
    bar = grid.verticalScrollBar()
    rows = -(-len(pictures) // (grid.viewport().width() // grid.gridSize().width()))
    wanted = rows * grid.gridSize().height() - grid.viewport().height()
    qtbot.waitUntil(lambda: bar.maximum() >= wanted, timeout=WAIT)
    bar.setValue(bar.maximum())
    grid.lay_out_at_once(True)
    model.set_pictures(pictures[:-1])
    grid.doItemsLayout()
    assert bar.maximum() > 0
    grid.selectAll()
    assert grid.selected_count() == len(pictures) - 1
    assert grid.first_selected() == pictures[0].path
    assert grid.selected_paths()[-1] == pictures[-2].path
