"""Network > Add pretrained backbone: chosen in a dialog, made in the background."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QProgressBar,
    QSizePolicy,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from cnnstudio.app.imported_weights import ImportedWeights
from cnnstudio.app.tasks import Task
from cnnstudio.graph.project import SUFFIX, Project
from cnnstudio.keras_build.applications import BACKBONES
from cnnstudio.views.context import Context
from cnnstudio.views.dialogs import choose_file
from cnnstudio.views.files import Files
from cnnstudio.views.theme import S8, S12, S16
from cnnstudio.views.widgets import Button, PrimaryButton, Secondary, Title, name_widget

_LARGEST = 1024
_USUAL = "MobileNetV2"
_FILTER = "Keras weights (*.h5 *.hdf5 *.keras)"
IMAGENET, FILE, NONE = range(3)
ALL, UP_TO, NOTHING = range(3)
HERE, APART = range(2)


@dataclass(frozen=True)
class Wish:
    """What a person chose: as `cnnstudio.keras_build.backbone.backbone_network` takes it."""

    name: str
    shape: tuple[int, int, int]
    weights: str | Path
    freeze: str
    apart: bool


@dataclass(frozen=True)
class Made:
    """A project on a backbone, and what it was before with its weights where undo finds them."""

    wish: Wish
    project: Project
    before: Project
    notes: tuple[str, ...]


class BackboneDialog(QDialog):
    """Asks which backbone, makes it, and closes when that worked."""

    def __init__(self, context: Context, files: Files, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("backboneDialog")
        self.setWindowTitle("Add pretrained backbone")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._context = context
        self._files = files
        self._task: Task | None = None
        self.application = choice("backboneName", "Network of keras.applications", *BACKBONES)
        self.height_, self.width_ = (
            _size(f"backbone{which}", f"{which} of the input in pixels")
            for which in ("Height", "Width")
        )
        self.weights = choice(
            "backboneWeights", "Weights", "ImageNet, downloaded by Keras once", "From a file",
            "None: start anew",
        )  # fmt: skip
        self.file = QLineEdit()
        name_widget(self.file, "backboneFile", "Weights file")
        self.browse = Button("Choose…", "chooseBackboneFile", self._browse)
        self.freeze = choice("backboneFreeze", "Freeze", "All layers", "Up to a layer", "No layer")
        self.layer = QLineEdit()
        name_widget(self.layer, "backboneLayer", "Last frozen layer")
        self.layer.setPlaceholderText("the last frozen layer, such as block_3_expand")
        self.place = choice(
            "backbonePlace", "Place", "Between Input and head of this network", "In a new project"
        )
        self.message = Secondary()
        name_widget(self.message, "backboneMessage", "What happens")
        self.message.setWordWrap(True)
        self.message.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.progress = QProgressBar()
        name_widget(self.progress, "backboneProgress", "Progress")
        self.progress.setRange(0, 0)
        self.progress.setTextVisible(False)
        self.add = PrimaryButton("Add", "addBackbone", self.start)
        self._lay_out()
        for box in (self.weights, self.freeze):
            box.currentIndexChanged.connect(self._refresh)
        self.application.currentTextChanged.connect(self._show_size)
        self.application.setCurrentText(_USUAL)
        self._refresh()

    def start(self) -> None:
        """Make the backbone; the dialog stays open until that worked."""
        wish, document = self._wish(), self._context.document
        if wish is None:
            return
        self._busy(True)
        waiting = "Asking Keras for the weights…" if wish.weights == "imagenet" else "Building…"
        self.message.setText(f"{wish.name}: {waiting}")
        self._task = self._context.inference.run(
            _make,
            wish,
            document.project,
            document.classes or 10,
            self._files.imported,
            on_done=self._made,
            on_failed=self._failed,
        )

    def done(self, result: int) -> None:
        if self._task is not None:
            self._task.cancel()
            self._task = None
        super().done(result)

    def closeEvent(self, event: QCloseEvent) -> None:
        self.done(QDialog.DialogCode.Rejected)
        super().closeEvent(event)

    def _wish(self) -> Wish | None:
        weights: str | Path = "imagenet" if self.weights.currentIndex() == IMAGENET else "none"
        if self.weights.currentIndex() == FILE:
            if not self.file.text().strip():
                self.message.setText("Choose the file with the weights first.")
                return None
            weights = Path(self.file.text().strip()).expanduser()
        freeze = "all" if self.freeze.currentIndex() == ALL else "none"
        if self.freeze.currentIndex() == UP_TO:
            freeze = self.layer.text().strip()
            if not freeze:
                self.message.setText("Name the last frozen layer first.")
                return None
        return Wish(
            self.application.currentText(),
            (self.height_.value(), self.width_.value(), 3),
            weights,
            freeze,
            self.place.currentIndex() == APART,
        )

    def _made(self, made: Made) -> None:
        self._task = None
        document = self._context.document
        if made.wish.apart:
            name = made.wish.name + SUFFIX

            def begin() -> None:
                document.restore(made.project, None, name)
                self._tell(made)

            self._files.when_settled(begin)
        elif document.network is not made.before.network:
            self._failed("The network was changed meanwhile: add the backbone again.")
            return
        else:
            document.apply_project(f"Add {made.wish.name}", made.project, made.before)
            self._tell(made)
        self.accept()

    def _tell(self, made: Made) -> None:
        self._context.show_page("design")
        words = [f"{made.wish.name} added.", *made.notes[:3]]
        self._context.notify(" ".join(words), "success")

    def _failed(self, message: str) -> None:
        self._task = None
        self._busy(False)
        self.message.setText(message)

    def _busy(self, busy: bool) -> None:
        self.progress.setVisible(busy)
        self.add.setEnabled(not busy)
        self.form.setEnabled(not busy)

    def _browse(self) -> None:
        choose_file(self, "Choose weights", _FILTER, lambda path: self.file.setText(str(path)))

    def _show_size(self, name: str) -> None:
        """The size of the data's pictures where there are some, else that of the training."""
        application, data = BACKBONES[name], self._context.document.data
        sizes = data.image_size if data.folder is not None else (application.size,) * 2
        for field, size in zip((self.height_, self.width_), sizes, strict=True):
            field.setMinimum(application.smallest)
            field.setValue(size)

    def _refresh(self) -> None:
        file = self.weights.currentIndex() == FILE
        self.file.setEnabled(file)
        self.browse.setEnabled(file)
        self.layer.setEnabled(self.freeze.currentIndex() == UP_TO)

    def _lay_out(self) -> None:
        self.form = QWidget()
        # A long message takes the room below, none of the form's.
        self.form.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        form = QFormLayout(self.form)
        form.setContentsMargins(0, 0, 0, 0)
        form.setSpacing(S8)
        form.addRow("Network", self.application)
        form.addRow("Input", row(self.height_, self.width_))
        form.addRow("Weights", self.weights)
        form.addRow("", row(self.file, self.browse))
        form.addRow("Freeze", self.freeze)
        form.addRow("", self.layer)
        form.addRow("Place", self.place)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(Button("Cancel", "cancelBackbone", self.reject))
        buttons.addWidget(self.add)
        self.add.setDefault(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(S16, S16, S16, S16)
        layout.setSpacing(S12)
        layout.addWidget(Title("Add pretrained backbone"))
        layout.addWidget(self.form)
        layout.addWidget(self.message)
        layout.addWidget(self.progress)
        layout.addStretch(1)
        layout.addLayout(buttons)
        self.progress.hide()
        self.resize(640, 520)


def ask_for_backbone(context: Context, files: Files, window: QWidget) -> None:
    """Open the dialog."""
    BackboneDialog(context, files, window).open()


def _make(wish: Wish, before: Project, classes: int, imported: ImportedWeights) -> Made:
    """The project with the backbone; its weights wait in the cache until it is saved."""
    from cnnstudio.keras_build.backbone import backbone_network
    from cnnstudio.keras_build.heads import backbone_project, put_backbone
    from cnnstudio.keras_build.importing import Import
    from cnnstudio.keras_build.weights import KEY, read_weights, weights_file

    backbone = backbone_network(wish.name, wish.shape, wish.weights, wish.freeze)
    if wish.apart:
        found = backbone_project(backbone, classes)
        return Made(wish, found.save_weights(imported.new_file()), before, found.notes)
    network, there = put_backbone(before.network, backbone, classes)
    weights, old = dict(there.weights), weights_file(before)
    if old is not None:
        # Those of the head stay.
        head = set(network.layers).difference(there.layers)
        weights |= {name: each for name, each in read_weights(old).items() if name in head}
        before = imported.copy_for_undo(before)
    extra = {key: value for key, value in before.extra.items() if key != KEY}
    height, width, _ = wish.shape
    data = {**before.data, "image_size": [height, width], "color_mode": "rgb"}
    project = Project(network, data, before.training, extra)
    saved = Import(project, weights).save_weights(imported.new_file())
    return Made(wish, saved, before, there.notes)


def choice(object_name: str, accessible: str, *texts: str) -> QComboBox:
    """A box to choose one of some texts."""
    box = QComboBox()
    name_widget(box, object_name, accessible)
    box.addItems(list(texts))
    return box


def _size(object_name: str, accessible: str) -> QSpinBox:
    field = QSpinBox()
    name_widget(field, object_name, accessible)
    field.setRange(1, _LARGEST)
    field.setSuffix(" px")
    return field


def row(*widgets: QWidget) -> QWidget:
    """Widgets side by side in a form."""
    row = QWidget()
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(S8)
    for widget in widgets:
        layout.addWidget(widget)
    return row
