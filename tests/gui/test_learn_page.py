import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QComboBox, QLabel, QLineEdit, QListWidget, QPushButton, QSlider

from cnnstudio.lessons.windows import KERNELS
from cnnstudio.views.learn.grid import GridView
from cnnstudio.views.learn.window_lesson import WindowLesson
from cnnstudio.views.learn_page import LESSONS, LearnPage


@pytest.fixture
def page(qtbot):
    page = LearnPage(None)
    qtbot.addWidget(page)
    page.resize(1200, 700)
    page.show()
    return page


def test_each_lesson_opens_from_the_list(page, qtbot):
    lessons = page.findChild(QListWidget, "lessonList")
    for row, name in enumerate(("convolutionLesson", "poolingLesson", "softmaxLesson")):
        center = lessons.visualItemRect(lessons.item(row)).center()
        qtbot.mouseClick(lessons.viewport(), Qt.MouseButton.LeftButton, pos=center)
        assert page.findChild(object, name).isVisible()
        assert page.findChild(QLabel, "lessonIntroduction").text() == LESSONS[row][1]


def test_stepping_follows_the_buttons(page, qtbot):
    lesson = page.findChild(WindowLesson, "convolutionLesson")
    qtbot.mouseClick(lesson.findChild(QPushButton, "convolutionNext"), Qt.MouseButton.LeftButton)
    qtbot.mouseClick(lesson.findChild(QPushButton, "convolutionNext"), Qt.MouseButton.LeftButton)
    assert lesson.position == 2
    qtbot.mouseClick(lesson.findChild(QPushButton, "convolutionBack"), Qt.MouseButton.LeftButton)
    assert lesson.position == 1
    assert not lesson.findChild(QPushButton, "convolutionBack").visibleRegion().isEmpty()


def test_a_click_on_an_output_value_shows_where_it_comes_from(page, qtbot):
    lesson = page.findChild(WindowLesson, "convolutionLesson")
    output = lesson.findChild(GridView, "convolutionOutput")
    qtbot.mouseClick(output, Qt.MouseButton.LeftButton, pos=output.cell_center(2, 3).toPoint())
    step = lesson.slide.steps[lesson.position]
    assert (step.row, step.column) == (2, 3)


def test_a_changed_kernel_number_changes_the_output(page, qtbot):
    lesson = page.findChild(WindowLesson, "convolutionLesson")
    before = lesson.slide.output
    cell = lesson.findChild(QLineEdit, "kernelCell11")
    cell.setFocus()
    cell.selectAll()
    qtbot.keyClicks(cell, "5")
    qtbot.keyClick(cell, Qt.Key.Key_Return)
    assert lesson.findChild(QComboBox, "convolutionKernel").currentText() == "own numbers"
    changed = KERNELS["Sobel x"].copy()
    changed[1, 1] = 5
    picture = lesson.slide.padded
    assert lesson.slide.output[0, 0] == pytest.approx((picture[:3, :3] * changed).sum())
    assert not np.array_equal(before, lesson.slide.output)


def test_playing_runs_to_the_end_and_stops(page, qtbot):
    lesson = page.findChild(WindowLesson, "convolutionLesson")
    lesson.go_to(len(lesson.slide.steps) - 2)
    play = lesson.findChild(QPushButton, "convolutionPlay")
    qtbot.mouseClick(play, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not play.isChecked())
    assert lesson.position == len(lesson.slide.steps) - 1


def test_softmax_follows_the_scores(page, qtbot):
    page.show_lesson(2)
    lesson = page.findChild(object, "softmaxLesson")
    before = lesson.result.loss(lesson.true_class)
    slider = page.findChild(QSlider, "softmaxScore0")
    slider.setFocus()
    qtbot.keyClick(slider, Qt.Key.Key_End)
    assert lesson.result.loss(lesson.true_class) < before
    assert "The network is right" in page.findChild(QLabel, "softmaxLoss").text()
    second = page.findChild(object, "softmaxTrue1")
    qtbot.mouseClick(second, Qt.MouseButton.LeftButton, pos=QPoint(8, second.height() // 2))
    assert lesson.true_class == 1
    assert "but it is a dog" in page.findChild(QLabel, "softmaxLoss").text()
