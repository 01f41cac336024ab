"""The little field on the canvas that asks for a block's name."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from cnnstudio.graph.blocks import LONGEST_NAME
from cnnstudio.views.design.floating import FloatingField
from cnnstudio.views.theme import S4, S8
from cnnstudio.views.widgets import name_widget


class AskName(FloatingField):
    """`ask` opens it with a proposal."""

    def __init__(self, canvas: QWidget) -> None:
        super().__init__(canvas, "blockNamePanel", "Name of the block")
        self._made: Callable[[str], bool] | None = None
        self.label = QLabel("Block")
        self.label.setProperty("role", "secondary")
        self.field.setMaxLength(LONGEST_NAME)
        name_widget(self.field, "blockNameField", "Name of the block, Enter to make it")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(S8, S4 + 2, S4 + 2, S4 + 2)
        layout.setSpacing(S8)
        layout.addWidget(self.label)
        layout.addWidget(self.field, 1)

    def ask(self, at: QPoint, text: str, made: Callable[[str], bool]) -> None:
        """Open at a point of the canvas; stay open until `made` is content with the name."""
        self._made = made
        self.open_at(at, text)
        self.field.selectAll()

    def answer(self) -> None:
        if self._made is not None and self._made(self.field.text()):
            self.dismiss()
