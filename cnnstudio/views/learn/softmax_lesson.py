"""Softmax: move the scores, watch the probabilities, the loss and its gradient."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QGridLayout,
    QLabel,
    QRadioButton,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from cnnstudio.lessons.softmax import Softmax, softmax
from cnnstudio.views import theme
from cnnstudio.views.learn.grid import number

CLASSES = ("cat", "dog", "bird", "fish")
START = (2.0, 1.0, 0.1, -1.0)
# A slider has whole steps: tenths of a score.
TENTHS = 10


class Bar(QWidget):
    """A share of 1 as a bar."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.share = 0.0
        self.setMinimumSize(QSize(160, 20))

    def set_share(self, share: float) -> None:
        self.share = share
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        look = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        ground = QRectF(0, self.height() / 2 - 5, self.width(), 10)
        painter.setBrush(look.color("raised"))
        painter.drawRoundedRect(ground, 5, 5)
        ground.setWidth(max(ground.width() * self.share, 2))
        painter.setBrush(look.color("accent"))
        painter.drawRoundedRect(ground, min(5, ground.width() / 2), 5)


class SoftmaxLesson(QWidget):
    """Four scores to move; everything behind them follows at once."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("softmaxLesson")
        outer = QVBoxLayout(self)
        outer.setContentsMargins(theme.S24, theme.S16, theme.S24, theme.S16)
        outer.setSpacing(theme.S16)
        outer.addLayout(self._table())
        self._words = QLabel()
        self._words.setObjectName("softmaxSentence")
        self._words.setWordWrap(True)
        self._words.setFont(theme.font(14, mono=True))
        outer.addWidget(self._words)
        self._loss = QLabel()
        self._loss.setObjectName("softmaxLoss")
        self._loss.setWordWrap(True)
        outer.addWidget(self._loss)
        outer.addStretch(1)
        self._show()

    @property
    def result(self) -> Softmax:
        """Scores, exponentials and probabilities as shown."""
        return softmax([slider.value() / TENTHS for slider in self._sliders])

    @property
    def true_class(self) -> int:
        """Index of the class that counts as true."""
        return self._true.checkedId()

    def _table(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(theme.S16)
        grid.setVerticalSpacing(theme.S12)
        headings = ("true class", "score z", "", "exp(z − largest)", "probability", "", "gradient")
        for column, text in enumerate(headings):
            label = QLabel(text)
            label.setProperty("role", "heading")
            if column in (3, 6):
                label.setAlignment(Qt.AlignmentFlag.AlignRight)
            grid.addWidget(label, 0, column)
        self._true = QButtonGroup(self)
        self._true.idToggled.connect(self._show)
        self._sliders: list[QSlider] = []
        self._figures: list[tuple[QLabel, QLabel, QLabel, Bar, QLabel]] = []
        for index, (name, start) in enumerate(zip(CLASSES, START, strict=True)):
            row = index + 1
            radio = QRadioButton(name)
            radio.setObjectName(f"softmaxTrue{index}")
            radio.setAccessibleName(f"{name} is the true class")
            self._true.addButton(radio, index)
            slider = QSlider(Qt.Orientation.Horizontal)
            slider.setObjectName(f"softmaxScore{index}")
            slider.setAccessibleName(f"score of {name}")
            slider.setRange(-5 * TENTHS, 5 * TENTHS)
            slider.setValue(int(start * TENTHS))
            slider.setMinimumWidth(160)
            slider.valueChanged.connect(partial(self._moved, index))
            self._sliders.append(slider)
            score, power, probability, gradient = (QLabel() for _ in range(4))
            for label in (score, power, probability, gradient):
                label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                label.setMinimumWidth(56)
            bar = Bar()
            widgets = (radio, slider, score, power, bar, probability, gradient)
            for column, widget in enumerate(widgets):
                grid.addWidget(widget, row, column)
            self._figures.append((score, power, probability, bar, gradient))
        self._true.button(0).setChecked(True)
        grid.setColumnStretch(1, 2)
        grid.setColumnStretch(4, 3)
        return grid

    def _moved(self, _index: int, _value: int) -> None:
        self._show()

    def _show(self, *_toggled: object) -> None:
        if len(self._figures) < len(CLASSES) or not hasattr(self, "_loss"):
            return
        result, true = self.result, self.true_class
        gradient = result.gradient(true)
        for index, (score, power, probability, bar, slope) in enumerate(self._figures):
            score.setText(f"{result.scores[index]:.1f}".replace("-", "−"))
            power.setText(f"{result.exponentials[index]:.3f}")
            probability.setText(f"{result.probabilities[index]:.1%}")
            bar.set_share(float(result.probabilities[index]))
            slope.setText(f"{gradient[index]:+.3f}".replace("-", "−"))
        total = result.exponentials.sum()
        self._words.setText(
            f"probability of {CLASSES[true]} = {result.exponentials[true]:.3f} / {total:.3f} "
            f"= {result.probabilities[true]:.3f}      "
            f"loss = −ln {result.probabilities[true]:.3f} = {number(result.loss(true))}"
        )
        confident = int(result.probabilities.argmax())
        if confident == true:
            text = (
                f"The network is right. The surer it is of {CLASSES[true]}, the nearer the loss "
                "comes to 0 and the smaller the gradient: little is left to learn here."
            )
        else:
            text = (
                f"The network says {CLASSES[confident]}, but it is a {CLASSES[true]}. The surer it "
                "is of the wrong class, the larger the loss, and the gradient pushes that score "
                f"down and the score of {CLASSES[true]} up."
            )
        self._loss.setText(text)
