"""Fields of the settings panels, all of one height."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QFrame,
    QLabel,
    QScrollArea,
    QSlider,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from cnnstudio.views import theme
from cnnstudio.views.widgets import name_widget


def field_label(text: str) -> QLabel:
    """The word before a field, as high as the field."""
    label = QLabel(text)
    label.setMinimumHeight(30)  # so that both stand in one line
    return label


def spin_box(name: str, accessible: str, least: int, most: int) -> QSpinBox:
    """A whole number, sent when it is typed whole."""
    spin = QSpinBox()
    name_widget(spin, name, accessible)
    spin.setRange(least, most)
    spin.setKeyboardTracking(False)
    spin.setMinimumWidth(72)
    # The stylesheet's padding does not reach the text inside.
    spin.lineEdit().setTextMargins(theme.S8, 0, 0, 0)
    return spin


def choice(name: str, accessible: str, titles: Mapping[str, str]) -> QComboBox:
    """One of several values, each with a title."""
    combo = QComboBox()
    name_widget(combo, name, accessible)
    for value, title in titles.items():
        combo.addItem(title, value)
    return combo


def form() -> QFormLayout:
    """An empty form: words on the left, fields that fill the rest."""
    layout = QFormLayout()
    layout.setHorizontalSpacing(theme.S12)
    layout.setVerticalSpacing(theme.S8)
    layout.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
    return layout


def put(control: QSpinBox | QSlider, value: int) -> None:
    """Show `value` without sending anything."""
    with QSignalBlocker(control):
        control.setValue(value)


class ScrolledColumn(QScrollArea):
    """A column of settings that scrolls where the window is low; add to `column`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        inside = QWidget()
        self.column = QVBoxLayout(inside)
        self.column.setContentsMargins(theme.S16, theme.S16, theme.S16, theme.S16)
        self.column.setSpacing(theme.S8)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidget(inside)
