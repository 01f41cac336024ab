"""What the Explore page asks of a trained network, in the background thread for inference. No Qt.

The engines are `cnnstudio.evaluation`, the same that the command line uses.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from cnnstudio.app.models import ModelFacts, Models
from cnnstudio.data.settings import DataSettings
from cnnstudio.errors import StudioError
from cnnstudio.views.explore.levels import Levels, make_levels

if TYPE_CHECKING:
    from cnnstudio.data.scan import FolderReport
    from cnnstudio.evaluation.comparing import Comparison
    from cnnstudio.evaluation.evaluate import Evaluation
    from cnnstudio.evaluation.feature_maps import FeatureMapper
    from cnnstudio.evaluation.filters import Weights
    from cnnstudio.evaluation.predict import Classifier
    from cnnstudio.evaluation.receptive_fields import Fields
    from cnnstudio.graph.network import Network
    from cnnstudio.graph.preparation import Preparation
    from cnnstudio.keras_build.spread import Histogram

Part = Literal["test", "val", "train"]
PARTS: dict[Part, str] = {
    "test": "test pictures",
    "val": "validation pictures",
    "train": "training pictures",
}


class ExploreError(StudioError):
    """Something that cannot be explored or measured, with the way out."""


@dataclass(frozen=True)
class LayerRow:
    """A layer of a loaded network whose output can be shown."""

    name: str
    type: str
    shape: tuple[int | None, ...]

    def words(self) -> str:
        return " × ".join("any" if part is None else str(part) for part in self.shape)


@dataclass(frozen=True)
class Facts:
    """What a loaded network takes and answers, and its layers in order."""

    model: ModelFacts
    layers: tuple[LayerRow, ...]


@dataclass(frozen=True, eq=False)
class Sees:
    """What the places of a layer see of a picture: None of `fields` where it cannot be told."""

    layer: str
    fields: Fields | None
    preparation: Preparation


@dataclass(frozen=True, eq=False)
class Seen:
    """What one layer makes of a picture with which weights, and what the network takes it for."""

    layer: str
    levels: Levels
    ranked: tuple[tuple[str, float], ...]
    names: tuple[str, ...]
    sees: Sees
    weights: Weights
    answers: Histogram


@dataclass(frozen=True, eq=False)
class Owns:
    """What a layer has without any picture."""

    layer: str
    weights: Weights


class Explorer:
    """Loaded networks with their feature mappers; used by the background thread alone."""

    def __init__(self, models: Models) -> None:
        self._models = models
        self._mapper: tuple[Classifier, FeatureMapper] | None = None
        # A network that trains now, built for its shape alone.
        self._twin: tuple[Network, Any] | None = None
        self._weights: tuple[tuple[Any, str], Weights] | None = None
        self._seen: tuple[tuple[Any, str, Preparation], Sees] | None = None

    def facts(self, path: Path) -> Facts:
        """Load a run or model file. Raises `ModelError`."""
        facts = self._models.facts(path)
        return Facts(facts, tuple(_layers(self._models.get(path).trained.model)))

    def classifier(self, path: Path) -> Classifier:
        """The network at a path, loaded. Raises `ModelError`."""
        return self._models.get(path)

    def look(self, path: Path, picture: Path | None, layer: str, shared: bool) -> Seen | Owns:
        """Feature maps of a picture file, and its classes; without one the layer's own weights.

        Raises `StudioError`.
        """
        from cnnstudio.data.pictures import load_picture
        from cnnstudio.keras_build.spread import histogram

        classifier = self._models.get(path)
        trained = classifier.trained
        if picture is None:
            return Owns(layer, self._weights_of(trained.model, layer))
        pixels = load_picture(picture, trained.preparation)
        maps = self._mapper_of(classifier).maps(layer, pixels)
        if maps.ndim > 3:
            raise ExploreError(
                f"{layer} answers with {maps.ndim} dimensions, which cannot be drawn as maps: "
                "choose another layer."
            )
        ranked = classifier.classify_array(pixels, top=5)
        last = maps.ndim == 1 and maps.shape[0] == len(trained.classes)
        names = tuple(trained.classes) if last and layer == _last_name(trained.model) else ()
        sees = self._sees(trained.model, layer, trained.preparation)
        weights = self._weights_of(trained.model, layer)
        levels = make_levels(maps, shared=shared)
        return Seen(layer, levels, ranked, names, sees, weights, histogram(maps))

    def _weights_of(self, model: Any, layer: str) -> Weights:
        from cnnstudio.evaluation.filters import weights_of_layer

        if self._weights is None or self._weights[0] != (model, layer):
            self._weights = ((model, layer), weights_of_layer(model, layer))
        return self._weights[1]

    def live_sees(self, network: Network, layer: str, preparation: Preparation) -> Sees:
        """What the places of a layer see in a network that trains now, whatever its weights."""
        if self._twin is None or self._twin[0] is not network:
            from cnnstudio.keras_build.build import build_model

            self._twin = (network, build_model(network))
        return self._sees(self._twin[1], layer, preparation)

    def _sees(self, model: Any, layer: str, preparation: Preparation) -> Sees:
        from cnnstudio.evaluation.receptive_fields import receptive_fields

        key = (model, layer, preparation)
        if self._seen is None or self._seen[0] != key:
            fields = receptive_fields(model, layer, preparation.image_size)
            self._seen = (key, Sees(layer, fields, preparation))
        return self._seen[1]

    def measure(
        self,
        path: Path,
        part: Part | Path,
        data: DataSettings,
        report: FolderReport | None,
        task: Any,
    ) -> Evaluation:
        """Measure a run or model on a part of its data, or on a folder.

        A run's own data settings count, so that its validation pictures are those it did not
        train on; for a model file `data` does. `task` gets `(done, pictures)` as progress and
        says when to stop. Raises `StudioError` or `Cancelled`.
        """
        from cnnstudio.evaluation.evaluate import evaluate, evaluate_samples

        trained = self._models.get(path).trained

        def progress(done: int, pictures: int) -> None:
            task.progress((done, pictures))

        if isinstance(part, Path):
            return evaluate(trained, part, progress=progress, cancelled=task.cancelled)
        samples, where = samples_of(path, part, data, report, task.cancelled)
        return evaluate_samples(
            trained,
            samples,
            where=where,
            split=part,
            progress=progress,
            cancelled=task.cancelled,
        )

    def compare(self, other: Path, found: Evaluation, *, task: Any) -> Comparison:
        """Measure the network at `other` on the pictures of an evaluation and compare the two.

        Progress and errors as in `measure`; a run is refused whose classes are others.
        """
        from cnnstudio.evaluation.comparing import compared
        from cnnstudio.evaluation.evaluate import evaluate_samples

        second = evaluate_samples(
            self._models.get(other).trained,
            [(record.path, record.truth) for record in found.records],
            where="What was evaluated",
            split=found.split,
            progress=lambda done, pictures: task.progress((done, pictures)),
            cancelled=task.cancelled,
        )
        return compared(found, second)

    def _mapper_of(self, classifier: Classifier) -> FeatureMapper:
        from cnnstudio.evaluation.feature_maps import FeatureMapper

        if self._mapper is None or self._mapper[0] is not classifier:
            self._mapper = (classifier, FeatureMapper(classifier.trained.model))
        return self._mapper[1]


def samples_of(
    path: Path,
    part: Part,
    data: DataSettings,
    report: FolderReport | None,
    cancelled: Callable[[], bool],
) -> tuple[list[tuple[Path, str | None]], str]:
    """Pictures with their classes of a part of a network's data, and where they are from in words.

    Raises `StudioError` or `Cancelled`.
    """
    from cnnstudio.data.dataset import make_dataset
    from cnnstudio.data.scan import scan_folder
    from cnnstudio.evaluation.held_out import run_data

    settings = run_data(path) or data
    if settings.folder is None:
        raise ExploreError(
            f"{path.name} does not say which pictures it was trained on: choose a folder instead."
        )
    if report is None or not report.answers(settings.folder, settings.layout):
        report = scan_folder(settings.folder, settings.layout, cancelled=cancelled)
    dataset = make_dataset(report, settings)
    chosen = dataset.parts[part]
    if not chosen:
        others = [PARTS[p] for p in PARTS if p != part and dataset.parts[p]]
        raise ExploreError(
            f"{settings.folder} has no {PARTS[part]}: choose its {' or its '.join(others)}, or "
            "another folder."
        )
    return [(sample.path, dataset.classes[sample.label_index]) for sample in chosen], (
        f"The {PARTS[part]} of {settings.folder}"
    )


def _layers(model: Any) -> list[LayerRow]:
    from cnnstudio.keras_build.uses import outputs_of

    rows = []
    for name, output in outputs_of(model).items():
        if isinstance(output, list):
            # With several outputs there is no one to show.
            continue
        shape, type_ = tuple(output.shape)[1:], type(output._keras_history.operation).__name__
        if type_ != "InputLayer" and len(shape) in (1, 2, 3):
            rows.append(LayerRow(name, type_, shape))
    return rows


def _last_name(model: Any) -> str:
    return model.outputs[0]._keras_history.operation.name


def shares(matrix: np.ndarray) -> np.ndarray:
    """Each row of a confusion matrix divided by its sum; rows without pictures stay 0."""
    sums = matrix.sum(axis=1, keepdims=True)
    return np.divide(matrix, sums, out=np.zeros(matrix.shape), where=sums > 0)
