"""What an empty canvas says: what belongs there, and how to begin."""

from __future__ import annotations

from functools import partial

import shiboken6
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from cnnstudio.graph.presets import FAMILIES, Preset
from cnnstudio.views.design.editing import Editing
from cnnstudio.views.design.overview import preset_button
from cnnstudio.views.theme import S8, S16
from cnnstudio.views.widgets import Button, Secondary, Title, set_property


class EmptyCanvas(QWidget):
    """Lies in the middle of the canvas while it holds no layer; drops go through to the canvas."""

    def __init__(self, editing: Editing, viewport: QWidget) -> None:
        super().__init__(viewport)
        self._viewport = viewport
        self.setObjectName("emptyCanvas")
        title = Title("Your network goes here")
        text = Secondary(
            "Drag layers from the list at the left, or type the name of one right here. "
            "Links run from the port below a layer to the one above the next."
        )
        for label in (title, text):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        start = Secondary("Or start from a network that is ready to train:")
        start.setAlignment(Qt.AlignmentFlag.AlignCenter)
        grid = QGridLayout()
        grid.setSpacing(S8)
        first, *small = next(iter(FAMILIES.values()))
        primary = _preset_button(editing, first)
        set_property(primary, "role", "primary")
        grid.addWidget(primary, 0, 0, 1, 2)
        others: list[Button] = [_preset_button(editing, preset) for preset in small]
        others.append(preset_button("All networks", editing, "emptyStart"))
        for number, button in enumerate(others):
            grid.addWidget(button, 1 + number // 2, number % 2)
        layout = QVBoxLayout(self)
        layout.setSpacing(S8)
        layout.addWidget(title)
        layout.addWidget(text)
        layout.addSpacing(S16)
        layout.addWidget(start)
        layout.addLayout(grid)
        self.setFixedWidth(380)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        viewport.installEventFilter(self)
        self.centre()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.Resize:
            self.centre()
        return super().eventFilter(watched, event)

    def centre(self) -> None:
        """Back to the middle; scrolling takes along what lies on a viewport."""
        # The view scrolls once more while Qt takes it apart.
        if not (shiboken6.isValid(self) and shiboken6.isValid(self._viewport)):
            return
        self.setFixedHeight(self.heightForWidth(self.width()))
        area = self._viewport.rect()
        self.move((area.width() - self.width()) // 2, max(0, (area.height() - self.height()) // 2))


def _preset_button(editing: Editing, preset: Preset) -> Button:
    button = Button(
        preset.title, f"emptyFirst_{preset.name}", partial(editing.start_from, preset.name)
    )
    button.setToolTip(preset.description)
    return button
