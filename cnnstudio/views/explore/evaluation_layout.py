"""Where the parts of the evaluation tab stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from cnnstudio.views import theme
from cnnstudio.views.widgets import Line, Secondary

if TYPE_CHECKING:
    from cnnstudio.views.explore.evaluation import EvaluationTab


def lay_out(tab: EvaluationTab, drawn: QStackedWidget, stack: QStackedWidget) -> None:
    """Put the parts in their places: `drawn` has what is drawn, `stack` all below the bar."""
    bar = QHBoxLayout()
    bar.setContentsMargins(theme.S16, theme.S8, theme.S16, theme.S8)
    bar.setSpacing(theme.S8)
    bar.addWidget(Secondary("Pictures", tab))
    bar.addWidget(tab.part_box)
    bar.addWidget(tab.start_button)
    bar.addWidget(tab.stop_button)
    bar.addSpacing(theme.S8)
    bar.addWidget(tab.progress)
    bar.addWidget(tab.words, 1)
    bar.addWidget(tab.as_shares)
    bar.addWidget(tab.view_box)
    bar.addWidget(tab.compare_button)
    bar.addWidget(tab.export_button)
    matrix = QWidget(tab)
    column = QVBoxLayout(matrix)
    column.setContentsMargins(theme.S8, theme.S8, theme.S8, theme.S8)
    column.addWidget(tab.matrix, 1)
    column.addWidget(tab.hover)
    drawn.addWidget(matrix)
    drawn.addWidget(tab.curves)
    drawn.addWidget(tab.comparison)
    tab.hover.setAlignment(Qt.AlignmentFlag.AlignCenter)
    tab.hover.setMinimumHeight(20)
    below = QFrame(tab)
    below.setProperty("role", "panel")
    pictures = QVBoxLayout(below)
    pictures.setContentsMargins(theme.S12, theme.S12, theme.S4, 0)
    line = QHBoxLayout()
    line.setContentsMargins(0, 0, theme.S8, 0)
    line.setSpacing(theme.S8)
    line.addWidget(tab.cell_title, 1)
    line.addWidget(tab.list_box)
    pictures.addLayout(line)
    pictures.addWidget(tab.grid, 1)
    right = QSplitter(Qt.Orientation.Vertical, tab)
    right.addWidget(tab.table)
    right.addWidget(below)
    right.setSizes([340, 340])
    right.setChildrenCollapsible(False)
    across = QSplitter(Qt.Orientation.Horizontal, tab)
    across.addWidget(drawn)
    across.addWidget(right)
    across.setStretchFactor(0, 1)
    across.setSizes([700, 680])
    across.setChildrenCollapsible(False)
    stack.addWidget(tab.empty)
    stack.addWidget(across)
    layout = QVBoxLayout(tab)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(0)
    layout.addLayout(bar)
    layout.addWidget(Line(parent=tab))
    layout.addWidget(stack, 1)
