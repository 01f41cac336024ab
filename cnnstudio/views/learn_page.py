"""The Learn page: lessons on the left, the chosen one beside it, every number to follow."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from cnnstudio.views import theme
from cnnstudio.views.context import Context
from cnnstudio.views.learn.softmax_lesson import SoftmaxLesson
from cnnstudio.views.learn.window_lesson import WindowLesson

LESSONS = (
    (
        "Convolution",
        "A filter lies on the picture, each pair of numbers is multiplied, the products are added "
        "up: one value of the feature map. Then it moves on by its stride. Change the kernel's "
        "numbers and see which edges it finds.",
    ),
    (
        "Pooling",
        "A window keeps only its largest value, or the mean. The map shrinks, small shifts of the "
        "picture matter less, and nothing is learned: pooling has no parameters.",
    ),
    (
        "Softmax and loss",
        "The last layer gives a score for each class. Softmax turns scores into probabilities; the "
        "loss is large when the true class got a small one. Move the scores.",
    ),
)


class LearnPage(QWidget):
    """Chooses a lesson and shows it."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("learnPage")
        self.setAccessibleName("Learn")
        self._context = context
        self._list = QListWidget()
        self._list.setObjectName("lessonList")
        self._list.setAccessibleName("Lessons")
        for title, _ in LESSONS:
            item = QListWidgetItem(title, self._list)
            item.setSizeHint(QSize(0, theme.HIT + theme.S4))
        self._list.setFixedWidth(200)
        self._title, self._intro = QLabel(), QLabel()
        self._title.setProperty("role", "title")
        self._intro.setObjectName("lessonIntroduction")
        self._intro.setWordWrap(True)
        self._lessons = QStackedWidget()
        for lesson in (WindowLesson("convolution"), WindowLesson("pooling"), SoftmaxLesson()):
            area = QScrollArea()
            area.setFrameShape(QFrame.Shape.NoFrame)
            area.setWidgetResizable(True)
            area.setWidget(lesson)
            self._lessons.addWidget(area)
        text = QVBoxLayout()
        text.setContentsMargins(theme.S24, theme.S24, theme.S24, 0)
        text.setSpacing(theme.S8)
        text.addWidget(self._title)
        text.addWidget(self._intro)
        right = QVBoxLayout()
        right.setSpacing(0)
        right.addLayout(text)
        right.addWidget(self._lessons, 1)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._side())
        layout.addLayout(right, 1)
        self._list.currentRowChanged.connect(self.show_lesson)
        self._list.setCurrentRow(0)

    def show_lesson(self, index: int) -> None:
        """Show the lesson at `index` of the list."""
        self._title.setText(LESSONS[index][0])
        self._intro.setText(LESSONS[index][1])
        self._lessons.setCurrentIndex(index)
        if self._list.currentRow() != index:
            self._list.setCurrentRow(index)

    def _side(self) -> QFrame:
        side = QFrame()
        side.setProperty("role", "panel")
        heading = QLabel("Lessons")
        heading.setProperty("role", "heading")
        layout = QVBoxLayout(side)
        layout.setContentsMargins(theme.S12, theme.S16, theme.S12, theme.S12)
        layout.setSpacing(theme.S8)
        layout.addWidget(heading)
        layout.addWidget(self._list, 1)
        return side
