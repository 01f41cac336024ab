"""Trained networks in use: loaded once for all pages, with what a person told of their files."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from cnnstudio.app.settings import Settings
from cnnstudio.keras_build.told import Open, Told

if TYPE_CHECKING:
    from cnnstudio.evaluation.predict import Classifier

KEPT = 2  # networks in memory
ANSWERS_KEPT = 50
KEY = "models/told"
# Time of change and size of a model file: whether it is the one that was asked about.
Stamp = tuple[int, int]


@dataclass(frozen=True)
class ModelFacts:
    """What a loaded network takes and answers.

    Attributes:
        left_open: what its file does not say; `told` is what counts there.
        asked: whether a person was asked and answered.
    """

    path: Path
    title: str
    classes: tuple[str, ...]
    image_size: tuple[int, int]
    channels: int
    left_open: tuple[Open, ...] = ()
    told: Told = field(default_factory=Told)
    asked: bool = False


class Models(QObject):
    """Loaded classifiers by file. `tell` is of the GUI thread, all that loads of the background."""

    # What counts for a file was told anew: Path.
    told_changed = Signal(object)

    def __init__(self, settings: Settings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._settings = settings
        self._loaded: dict[Path, tuple[tuple[Stamp, Told | None], Classifier]] = {}
        self._answers = _answers(settings.value(KEY, ""))

    def get(self, path: Path) -> Classifier:
        """The classifier of a run folder or model file, loaded again if file or answers changed.

        Raises `ModelError`.
        """
        from cnnstudio.evaluation.predict import Classifier
        from cnnstudio.keras_build.trained import TrainedModel

        state = self._state(path)
        known = self._loaded.pop(path, None)
        if known is None or known[0] != state:
            known = (state, Classifier(TrainedModel.load(path, state[1])))
        self._loaded[path] = known
        for old in list(self._loaded)[:-KEPT]:
            del self._loaded[old]
        return known[1]

    def loaded(self, path: Path) -> bool:
        return path in self._loaded

    def facts(self, path: Path) -> ModelFacts:
        """What the network at a path takes and answers; it is loaded for that. `ModelError`."""
        trained = self.get(path).trained
        told = self._state(path)[1]
        return ModelFacts(
            path,
            trained.title,
            tuple(trained.classes),
            trained.image_size,
            trained.channels,
            trained.left_open,
            told or Told(),
            told is not None,
        )

    def tell(self, path: Path, told: Told) -> None:
        """Let answers count for the file at `path` as it is now, and remember them."""
        try:
            stamp = _stamp(path)
        except OSError:
            return  # gone meanwhile: whoever uses it next is told
        self._answers.pop(str(path), None)
        answers = {**self._answers, str(path): (stamp, told)}
        # Replaced, not changed: the background thread may be reading the old ones.
        self._answers = dict(list(answers.items())[-ANSWERS_KEPT:])
        kept = {name: [*stamp, told.to_json()] for name, (stamp, told) in self._answers.items()}
        self._settings.set_value(KEY, json.dumps(kept))
        self.told_changed.emit(path)

    def _state(self, path: Path) -> tuple[Stamp, Told | None]:
        """The file as it is now, and what was told of it."""
        from cnnstudio.keras_build.trained import model_file

        stamp = _stamp(model_file(path))
        known = self._answers.get(str(path))
        return stamp, known[1] if known is not None and known[0] == stamp else None


def _stamp(file: Path) -> Stamp:
    status = file.stat()
    return status.st_mtime_ns, status.st_size


def _answers(written: Any) -> dict[str, tuple[Stamp, Told]]:
    """What `tell` wrote; what is damaged is left out, and asked again."""
    try:
        document = json.loads(str(written))
    except ValueError:
        return {}
    found: dict[str, tuple[Stamp, Told]] = {}
    for path, entry in document.items() if isinstance(document, dict) else ():
        if isinstance(entry, list) and len(entry) == 3:
            told = Told.from_json(entry[2])
            if told is not None:
                found[path] = ((entry[0], entry[1]), told)
    return found
