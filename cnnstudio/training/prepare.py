"""From a project and a folder of pictures to a checked plan, before anything is trained."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from cnnstudio.analysis import Analysis, Problem, analyse
from cnnstudio.data.dataset import Dataset, make_dataset
from cnnstudio.data.report import listed
from cnnstudio.data.scan import scan_folder
from cnnstudio.data.settings import DataSettings
from cnnstudio.data.settings_model import settings_from_json
from cnnstudio.graph.network import Network
from cnnstudio.graph.project import Project
from cnnstudio.training.errors import TrainingError
from cnnstudio.training.objective import Objective, choose_objective
from cnnstudio.training.phases import fine_tuned, trained
from cnnstudio.training.settings import TrainingSettings

if TYPE_CHECKING:
    from cnnstudio.data.scan import FolderReport


@dataclass(frozen=True)
class Plan:
    """All that training needs, checked.

    `project` carries the settings as they are used; `hints` are sentences for the person.
    """

    project: Project
    data: DataSettings
    training: TrainingSettings
    dataset: Dataset
    objective: Objective
    hints: tuple[str, ...]

    @property
    def validates(self) -> bool:
        """Whether there are pictures for validation."""
        return bool(self.dataset.val)


def prepare(
    project: Project,
    *,
    data_folder: Path | None = None,
    report: FolderReport | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Plan:
    """Check a project against its pictures.

    The network's Input decides the size and colours that pictures are decoded to, whatever the
    data settings say: a model must be given what it was drawn for.

    Raises `StudioError`: settings that do not exist, pictures that cannot be used, a network that
    cannot be trained, each with the way out; `Cancelled` when stopped while the folder is read.
    """
    training = settings_from_json(TrainingSettings, project.training, "training")
    data = settings_from_json(DataSettings, project.data, "data")
    analysis = analyse(project.network)
    _require_sound(analysis)
    data = _as_the_input(project, data)
    folder = data_folder or (Path(data.folder) if data.folder else None)
    if folder is None:
        raise TrainingError(
            "The project names no folder of pictures: open one on the Data page, or give "
            "--data FOLDER."
        )
    if report is None or not report.answers(folder, data.layout):
        report = scan_folder(folder, data.layout, cancelled=cancelled)
    data = data.model_copy(update={"folder": str(folder.absolute())})
    dataset = make_dataset(report, data)
    classes = len(dataset.classes)
    if classes < 2:
        raise TrainingError(
            f"{folder} has pictures of {classes} class: training needs at least two, each in a "
            "folder of its own."
        )
    if not dataset.train:
        raise TrainingError(
            f"{folder} has no pictures to train on: lower the validation share, or add pictures."
        )
    analysis = analyse(project.network, analysis, classes=classes, loss=training.loss)
    _require_sound(analysis)
    shape = analysis.layers[project.network.sinks[0]].output_shape
    if shape is None or len(shape) != 1:
        raise TrainingError(
            f"{project.network.sinks[0]} gives a volume, not one score for each class: end with a "
            "Flatten or GlobalAveragePooling2D and a Dense layer."
        )
    objective = choose_objective(
        project.network,
        shape[0],
        classes,
        training.loss,
        mixed=data.augmentation.mixes_labels,
        label_smoothing=training.label_smoothing,
        focal={"gamma": training.focal_gamma, "alpha": training.focal_alpha},
    )
    _check_class_weights(training, dataset.classes)
    hints = _hints(analysis, dataset, data) + _hints_on_phases(project.network, training)
    used = replace(
        project, data=data.model_dump(mode="json"), training=training.model_dump(mode="json")
    )
    return Plan(used, data, training, dataset, objective, hints)


def _check_class_weights(training: TrainingSettings, classes: tuple[str, ...]) -> None:
    unknown = sorted(set(training.class_weights) - set(classes))
    if unknown:
        raise TrainingError(
            f"training.class_weights names {', '.join(unknown)}, but the classes are "
            f"{', '.join(classes)}: correct the name, or take it out."
        )


def _require_sound(analysis: Analysis) -> None:
    if analysis.errors:
        raise TrainingError(_sentence(analysis.errors[0]))


def _sentence(problem: Problem) -> str:
    """A problem with the layer it is about and the ways out."""
    text = problem.message
    if problem.layer is not None and problem.layer not in text:
        text = f"{problem.layer}: {text}"
    if problem.remedies:
        text += f" {' Or: '.join(f'{remedy.label}.' for remedy in problem.remedies)}"
    return text


def _as_the_input(project: Project, data: DataSettings) -> DataSettings:
    sources = project.network.sources
    if len(sources) != 1:
        raise TrainingError(
            f"The network has {len(sources)} Input layers ({', '.join(sources)}): folders of "
            "pictures feed one. Remove the others."
        )
    height, width, channels = project.network[sources[0]]["shape"]
    if channels not in {1, 3}:
        raise TrainingError(
            f"{sources[0]} takes {channels} channels, but pictures have 1 (grey) or 3 (RGB): set "
            "its shape to one of these."
        )
    mode = "rgb" if channels == 3 else "grayscale"
    return data.model_copy(update={"image_size": (height, width), "color_mode": mode})


def _hints_on_phases(network: Network, training: TrainingSettings) -> tuple[str, ...]:
    """What to say of the second phase. Raises `TrainingError` where there can be none."""
    if not training.fine_tune.enabled:
        return ()
    if trained(fine_tuned(network, training.fine_tune)) != trained(network):
        return ()
    return (
        "Fine-tuning trains the same layers as the first phase: freeze those that know something "
        "already on the Design page, so that the head is trained alone first.",
    )


def _hints(analysis: Analysis, dataset: Dataset, data: DataSettings) -> tuple[str, ...]:
    hints = [_sentence(problem) for problem in analysis.problems if problem.severity == "warning"]
    hints += dataset.warnings
    if not dataset.val and data.validation_split > 0:
        hints.append(
            "There are too few pictures to keep any for validation, so nothing tells whether the "
            "network does well on pictures it has not seen."
        )
    unused = [
        operation.title
        for _, operation in data.augmentation.used()
        if operation.colours_only and data.channels == 1
    ]
    if unused:
        hints.append(f"{listed(unused)}: without effect, as grey pictures have no colours.")
    return tuple(hints)
