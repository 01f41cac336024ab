"""Network > Add pretrained backbone: chosen in a dialog, made in the background."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtWidgets import QLineEdit, QSpinBox, QWidget

from cnnstudio.app.imported_weights import ImportedWeights
from cnnstudio.graph.project import Project
from cnnstudio.keras_build.applications import BACKBONES
from cnnstudio.views.context import Context
from cnnstudio.views.dialogs import choose_file
from cnnstudio.views.files import Files
from cnnstudio.views.network_dialog import NetworkDialog, choice, row
from cnnstudio.views.widgets import Button, PrimaryButton, name_widget

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


class BackboneDialog(NetworkDialog):
    """Asks which backbone, makes it, and closes when that worked."""

    def __init__(self, context: Context, files: Files, parent: QWidget) -> None:
        title = "Add pretrained backbone"
        super().__init__(context, files, parent, word="backbone", title=title)
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
        self.add = PrimaryButton("Add", "addBackbone", self.start)
        self.lay_out(
            (
                ("Network", self.application),
                ("Input", row(self.height_, self.width_)),
                ("Weights", self.weights),
                ("", row(self.file, self.browse)),
                ("Freeze", self.freeze),
                ("", self.layer),
                ("Place", self.place),
            ),
            self.add,
        )
        self.resize(640, 520)
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
        waiting = "Asking Keras for the weights…" if wish.weights == "imagenet" else "Building…"
        self._make(
            f"{wish.name}: {waiting}",
            self._made,
            _make,
            wish,
            document.project,
            document.classes or 10,
            self._files.imported,
        )

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
        name = made.wish.name
        self._use(
            made.project,
            made.before,
            f"Add {name}",
            " ".join([f"{name} added.", *made.notes[:3]]),
            apart=name if made.wish.apart else None,
        )

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


def _size(object_name: str, accessible: str) -> QSpinBox:
    field = QSpinBox()
    name_widget(field, object_name, accessible)
    field.setRange(1, _LARGEST)
    field.setSuffix(" px")
    return field
