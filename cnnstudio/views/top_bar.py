"""The bar at the top: pages, the project, the device, and Train."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QLabel, QWidget

from cnnstudio.app.trainer import State
from cnnstudio.views import icons
from cnnstudio.views.context import Context, PageName
from cnnstudio.views.theme import S4, S8, S12
from cnnstudio.views.widgets import Button, ElidedLabel, PrimaryButton, name_widget

STARTING = "starting TensorFlow…"


class TopBar(QFrame):
    """Page buttons (one is chosen), project and device in words, and the Train button."""

    page_chosen = Signal(str)

    def __init__(
        self, context: Context, pages: Mapping[PageName, str], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._context = context
        self.setProperty("role", "bar")
        name_widget(self, "topBar", "Pages")
        brand = QLabel("CNN Studio")
        brand.setProperty("role", "brand")
        self._group = QButtonGroup(self)
        self._group.setExclusive(True)
        self._tabs: dict[PageName, Button] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(S12, S8, S12, S8)
        row.setSpacing(S4)
        row.addWidget(brand)
        row.addSpacing(S12)
        for number, (name, label) in enumerate(pages.items(), 1):
            tab = Button(label, f"{name}Tab")
            tab.setProperty("role", "tab")
            tab.setCheckable(True)
            tab.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            tab.setAccessibleName(f"{label} page")
            tab.setToolTip(f"{label} (Ctrl+{number})")
            tab.clicked.connect(lambda _checked=False, name=name: self.page_chosen.emit(name))
            self._group.addButton(tab)
            self._tabs[name] = tab
            row.addWidget(tab)
        self._project = ElidedLabel()
        self._project.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._project.setProperty("role", "secondary")
        self._project.setObjectName("projectTitle")
        self._device = QLabel()
        self._device.setProperty("role", "secondary")
        name_widget(self._device, "deviceLabel", "What training runs on")
        self.train = PrimaryButton("Train", "trainButton", self._pressed, icon="play")
        row.addWidget(self._project, 1)
        row.addSpacing(S12)
        row.addWidget(self._device)
        row.addSpacing(S12)
        row.addWidget(self.train)
        context.document.project_changed.connect(self._show_project)
        context.trainer.device_changed.connect(self._show_device)
        context.trainer.state_changed.connect(self._show_state)
        self._show_project()
        self._show_device(context.trainer.device)
        self._show_state(context.trainer.state)

    def show_page(self, name: PageName) -> None:
        """Mark the page that is shown."""
        self._tabs[name].setChecked(True)

    def has_focus(self) -> bool:
        """Whether the keyboard is on one of the pages' buttons."""
        return any(tab.hasFocus() for tab in self._tabs.values())

    def _pressed(self) -> None:
        if self._context.trainer.state.active:
            self._context.show_page("train")
        else:
            self._context.train()

    def _show_project(self) -> None:
        document = self._context.document
        state = "unsaved" if document.dirty or document.path is None else "saved"
        self._project.setText(f"{document.title} · {state}")

    def _show_device(self, device: str) -> None:
        self._device.setText(device.replace(", ", " · ") or STARTING)

    def _show_state(self, state: State) -> None:
        words = {
            State.PREPARING: ("Preparing…", "play"),
            State.RUNNING: ("Training…", "play"),
            State.PAUSED: ("Paused", "pause"),
            State.STOPPING: ("Stopping…", "stop"),
        }
        text, icon = words.get(state, ("Train", "play"))
        self.train.setText(text)
        self.train.setAccessibleName("Train" if text == "Train" else f"{text} Show the Train page")
        self.train.setToolTip("Train this network (Ctrl+R)" if text == "Train" else "Train page")
        icons.set_icon(self.train, icon, "on_accent")
