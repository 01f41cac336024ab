"""Convolution and pooling one window at a time, on a picture and a kernel the person chooses."""

from __future__ import annotations

from functools import partial
from typing import Literal, cast

import numpy as np
from PySide6.QtCore import QLocale, Qt, QTimer, Signal
from PySide6.QtGui import QDoubleValidator, QKeyEvent
from PySide6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSlider,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from cnnstudio.lessons.pictures import PICTURES
from cnnstudio.lessons.windows import KERNELS, Pooling, Slide, convolve, pool
from cnnstudio.views import theme
from cnnstudio.views.learn.grid import CELL, GridView, number

PLAY_INTERVAL_MS = 350
OWN = "own numbers"


class KernelCell(QLineEdit):
    """One number of the kernel: typed, or changed by 1 with the up and down keys."""

    value_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        validator = QDoubleValidator(-99, 99, 4, self)
        validator.setLocale(QLocale.c())
        self.setValidator(validator)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setFixedSize(64, CELL - 2)
        self.textEdited.connect(self._typed)

    def value(self) -> float:
        """The number; 0 while what is typed is none yet."""
        try:
            return float(self.text())
        except ValueError:
            return 0.0

    def set_value(self, value: float) -> None:
        self.setText(f"{value:.4g}")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Up: 1.0, Qt.Key.Key_Down: -1.0}.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
            return
        self.set_value(self.value() + step)
        self.value_changed.emit()

    def _typed(self) -> None:
        self.value_changed.emit()


class WindowLesson(QWidget):
    """A picture, a window that slides over it, and the output that fills up step by step."""

    def __init__(
        self, kind: Literal["convolution", "pooling"], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.kind = kind
        self.setObjectName(f"{kind}Lesson")
        self._slide: Slide | None = None
        self._position = 0
        self._timer = QTimer(self)
        self._timer.setInterval(PLAY_INTERVAL_MS)
        self._timer.timeout.connect(self._tick)
        self._build()
        self._recompute()

    @property
    def slide(self) -> Slide | None:
        """The computation shown, None while the settings fit no window."""
        return self._slide

    @property
    def position(self) -> int:
        """Which step is shown, from 0."""
        return self._position

    def go_to(self, position: int) -> None:
        """Show one step."""
        if self._slide is None:
            return
        self._position = max(0, min(position, len(self._slide.steps) - 1))
        self._show()

    def play(self, on: bool) -> None:
        """Step on by itself, from the start when at the end."""
        if on and self._slide and self._position == len(self._slide.steps) - 1:
            self.go_to(0)
        if on:
            self._timer.start()
        else:
            self._timer.stop()
        self._play.setChecked(on)
        self._play.setText("Pause" if on else "Play")

    def hideEvent(self, event) -> None:
        self.play(False)
        super().hideEvent(event)

    def _tick(self) -> None:
        if self._slide is None or self._position >= len(self._slide.steps) - 1:
            self.play(False)
        else:
            self.go_to(self._position + 1)

    # -- settings to numbers ------------------------------------------------------------------

    def _recompute(self) -> None:
        picture = PICTURES[self._picture.currentText()]
        try:
            if self.kind == "convolution":
                self._slide = convolve(
                    picture,
                    self._kernel_values(),
                    stride=self._stride.value(),
                    padding=self._padding.value(),
                )
            else:
                self._slide = pool(
                    picture,
                    self._size.value(),
                    stride=self._stride.value(),
                    kind=cast(Pooling, self._pooling.currentText()),
                )
        except ValueError as error:
            self._slide = None
            self._sentence.setText(str(error))
            self.play(False)
            return
        self._slider.blockSignals(True)
        self._slider.setRange(0, len(self._slide.steps) - 1)
        self._slider.blockSignals(False)
        self._position = min(self._position, len(self._slide.steps) - 1)
        self._show()

    def _kernel_values(self) -> np.ndarray:
        return np.array([[cell.value() for cell in row] for row in self._cells])

    def _take_kernel(self, name: str) -> None:
        if name not in KERNELS:
            return
        for row, values in zip(self._cells, KERNELS[name], strict=True):
            for cell, value in zip(row, values, strict=True):
                cell.set_value(value)
        self._recompute()

    def _kernel_edited(self) -> None:
        values = self._kernel_values()
        name = next((n for n, k in KERNELS.items() if np.allclose(k, values, atol=0.005)), OWN)
        self._kernel.blockSignals(True)
        self._kernel.setCurrentText(name)
        self._kernel.blockSignals(False)
        self._recompute()

    # -- numbers to the eye -------------------------------------------------------------------

    def _show(self) -> None:
        slide = self._slide
        assert slide is not None
        step = slide.steps[self._position]
        self._input.show_values(
            slide.padded,
            window=(step.top, step.left, slide.size, slide.size),
            padding=slide.padding,
        )
        self._output.show_values(
            slide.output, window=(step.row, step.column, 1, 1), shown=self._position + 1
        )
        self._products.show_values(step.terms)
        self._slider.blockSignals(True)
        self._slider.setValue(self._position)
        self._slider.blockSignals(False)
        self._count.setText(f"step {self._position + 1} of {len(slide.steps)}")
        self._back.setEnabled(self._position > 0)
        self._next.setEnabled(self._position < len(slide.steps) - 1)
        self._sentence.setText(self._in_words())
        self._size_formula.setText(self._size_in_words())

    def _in_words(self) -> str:
        slide = self._slide
        assert slide is not None
        step = slide.steps[self._position]
        if self.kind == "pooling":
            listed = ", ".join(number(value) for value in step.window.ravel())
            word = "largest" if self._pooling.currentText() == "max" else "mean"
            return f"The {word} of {listed} is {number(step.value)}."
        kernel = self._kernel_values()
        terms = [
            f"{number(a)}·{_factor(b)}"
            for a, b in zip(step.window.ravel(), kernel.ravel(), strict=True)
            if a and b
        ]
        if not terms:
            return "Every product is 0, so the sum is 0."
        return f"{' + '.join(terms)} = {number(step.value)}"

    def _size_in_words(self) -> str:
        slide = self._slide
        assert slide is not None
        parts = []
        extent = slide.padded.shape[0] - 2 * slide.padding
        value = slide.output.shape[0]
        parts.append("(W − F + 2P) / S + 1")
        division = (extent - slide.size + 2 * slide.padding) / slide.stride + 1
        shown = f"= {value}" if division == value else f"= {division:.2f}, rounded down to {value}"
        parts.append(f"({extent} − {slide.size} + 2·{slide.padding}) / {slide.stride} + 1 {shown}")
        if any(slide.unused):
            rows, columns = slide.unused
            parts.append(
                f"Not used at the bottom and right: {rows} row{'s' * (rows != 1)} "
                f"and {columns} column{'s' * (columns != 1)}."
            )
        return "\n".join(parts)

    # -- layout -------------------------------------------------------------------------------

    def _build(self) -> None:
        outer = QVBoxLayout(self)
        outer.setContentsMargins(theme.S24, theme.S16, theme.S24, theme.S16)
        outer.setSpacing(theme.S16)
        outer.addLayout(self._settings_row())
        grids = QHBoxLayout()
        grids.setSpacing(theme.S24)
        self._input = GridView(f"{self.kind}Input", "picture with the window")
        self._products = GridView(f"{self.kind}Products", "what each value adds")
        self._output = GridView(f"{self.kind}Output", "output feature map")
        self._output.chosen.connect(self._jump)
        self._input.chosen.connect(self._jump_to_window)
        self._output.setToolTip("Click a value to see where it comes from")
        columns: list[tuple[str, QWidget, int]] = [("Picture", self._input, 9)]
        if self.kind == "convolution":
            columns.append(("times the kernel", self._kernel_editor(), 0))
            columns.append(("gives the products", self._products, 3))
            columns.append(("whose sum goes into the feature map", self._output, 8))
        else:
            columns.append(("the values in the window", self._products, 3))
            columns.append(("one of them goes into the feature map", self._output, 8))
        for title, view, share in columns:
            column = QVBoxLayout()
            column.setSpacing(theme.S8)
            column.addWidget(_heading(title))
            column.addWidget(view, 1)
            grids.addLayout(column, share)
        outer.addLayout(grids, 1)
        self._sentence = QLabel()
        self._sentence.setObjectName(f"{self.kind}Sentence")
        self._sentence.setWordWrap(True)
        self._sentence.setMinimumHeight(2 * theme.S24)
        self._sentence.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._sentence.setFont(theme.font(14, mono=True))
        self._sentence.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        outer.addWidget(self._sentence)
        outer.addLayout(self._step_row())
        self._size_formula = QLabel()
        self._size_formula.setObjectName(f"{self.kind}Formula")
        self._size_formula.setProperty("role", "mono")
        outer.addWidget(_heading("Output size"))
        outer.addWidget(self._size_formula)

    def _settings_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(theme.S16)
        self._picture = self._combo("Picture", list(PICTURES))
        self._picture.currentTextChanged.connect(self._recompute)
        row.addLayout(_labelled("Picture", self._picture))
        if self.kind == "convolution":
            self._kernel = self._combo("Kernel", [*KERNELS, OWN])
            self._kernel.setCurrentText("Sobel x")
            self._kernel.currentTextChanged.connect(self._take_kernel)
            row.addLayout(_labelled("Kernel", self._kernel))
            self._stride = self._spin("Stride", 1, 3, 1)
            self._padding = self._spin("Padding", 0, 2, 0)
            row.addLayout(_labelled("strides", self._stride))
            row.addLayout(_labelled("padding", self._padding))
        else:
            self._pooling = self._combo("Pooling", ["max", "average"])
            self._pooling.currentTextChanged.connect(self._recompute)
            self._size = self._spin("Window", 2, 3, 2)
            self._stride = self._spin("Stride", 1, 3, 2)
            row.addLayout(_labelled("Pooling", self._pooling))
            row.addLayout(_labelled("pool_size", self._size))
            row.addLayout(_labelled("strides", self._stride))
        row.addStretch(1)
        return row

    def _kernel_editor(self) -> QWidget:
        holder = QWidget()
        grid = QGridLayout(holder)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(theme.S4)
        grid.setRowStretch(3, 1)
        self._cells: list[list[KernelCell]] = []
        for row in range(3):
            cells = []
            for column in range(3):
                cell = KernelCell()
                cell.setObjectName(f"kernelCell{row}{column}")
                cell.setAccessibleName(f"kernel row {row + 1}, column {column + 1}")
                cell.set_value(KERNELS["Sobel x"][row, column])
                cell.value_changed.connect(self._kernel_edited)
                grid.addWidget(cell, row, column)
                cells.append(cell)
            self._cells.append(cells)
        return holder

    def _step_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(theme.S8)
        self._back = self._button("Back", "Back", partial(self._by, -1))
        self._next = self._button("Step", "Next", partial(self._by, 1))
        self._next.setProperty("role", "primary")
        self._play = self._button("Play", "Play", self.play)
        self._play.setCheckable(True)
        self._slider = QSlider(Qt.Orientation.Horizontal)
        self._slider.setObjectName(f"{self.kind}Steps")
        self._slider.setAccessibleName("step")
        self._slider.valueChanged.connect(self.go_to)
        self._count = QLabel()
        self._count.setProperty("role", "secondary")
        self._count.setMinimumWidth(100)
        for widget in (self._back, self._next, self._play):
            row.addWidget(widget)
        row.addWidget(self._slider, 1)
        row.addWidget(self._count)
        return row

    def _by(self, steps: int) -> None:
        self.play(False)
        self.go_to(self._position + steps)

    def _jump(self, row: int, column: int) -> None:
        assert self._slide is not None
        self.play(False)
        self.go_to(row * self._slide.output.shape[1] + column)

    def _jump_to_window(self, row: int, column: int) -> None:
        """The window whose top left corner is nearest above and left of a picture cell."""
        assert self._slide is not None
        rows, columns = self._slide.output.shape
        stride = self._slide.stride
        self._jump(min(row // stride, rows - 1), min(column // stride, columns - 1))

    def _combo(self, accessible: str, items: list[str]) -> QComboBox:
        combo = QComboBox()
        combo.setObjectName(f"{self.kind}{accessible.replace(' ', '')}")
        combo.setAccessibleName(accessible)
        combo.addItems(items)
        return combo

    def _spin(self, accessible: str, low: int, high: int, value: int) -> QSpinBox:
        spin = QSpinBox()
        spin.lineEdit().setTextMargins(6, 0, 0, 0)
        spin.setObjectName(f"{self.kind}{accessible}")
        spin.setAccessibleName(accessible)
        spin.setRange(low, high)
        spin.setValue(value)
        spin.setMinimumWidth(72)
        # The stylesheet's padding does not reach the text of a spin box.
        spin.lineEdit().setTextMargins(theme.S4, 0, 0, 0)
        spin.valueChanged.connect(self._recompute)
        return spin

    def _button(self, text: str, name: str, slot) -> QPushButton:
        button = QPushButton(text)
        button.setObjectName(f"{self.kind}{name}")
        button.setAccessibleName(f"{text}, {self.kind}")
        button.clicked.connect(slot if text == "Play" else lambda: slot())
        return button


def _factor(value: float) -> str:
    return f"({number(value)})" if value < 0 else number(value)


def _heading(text: str) -> QLabel:
    label = QLabel(text)
    label.setProperty("role", "heading")
    return label


def _labelled(text: str, widget: QWidget) -> QVBoxLayout:
    column = QVBoxLayout()
    column.setSpacing(theme.S4)
    column.addWidget(_heading(text))
    column.addWidget(widget)
    column.addStretch(1)
    return column
