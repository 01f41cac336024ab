"""Networks from wherever they are kept: a project, a run, a Keras model file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cnnstudio.analysis import Analysis, Memory, analyse, memory
from cnnstudio.analysis.compare import Side
from cnnstudio.data.settings_model import SettingsError, settings_from_json
from cnnstudio.graph.network import Network
from cnnstudio.graph.project import SUFFIX, load_project
from cnnstudio.training.settings import TrainingSettings


@dataclass(frozen=True)
class Opened:
    """A network, how it is called, and how it is, was or would be trained."""

    title: str
    network: Network
    training: TrainingSettings


def open_network(path: Path) -> Opened:
    """The network of a project file, a run folder or a Keras model file.

    A model file knows nothing of a training: it gets the settings a new project has. Raises
    `ProjectError`, `ModelError` or `SettingsError` naming the file.
    """
    # Without TensorFlow: only what is needed of a model file is read.
    from cnnstudio.keras_build.trained import MODEL_FILE, MODEL_SUFFIXES, PROJECT_FILE

    if path.suffix.lower() in {*MODEL_SUFFIXES, ".json"} and not path.is_dir():
        from cnnstudio.keras_build.reading import read_network

        of_run = path.name == MODEL_FILE and (path.parent / PROJECT_FILE).is_file()
        title = path.parent.name if of_run else path.name
        return Opened(title, read_network(path), TrainingSettings())
    file = path / PROJECT_FILE if path.is_dir() else path
    project = load_project(file)
    title = file.resolve().parent.name if file.name == PROJECT_FILE else file.stem
    if file.suffix != SUFFIX:
        title = file.name
    try:
        training = settings_from_json(TrainingSettings, project.training, "training")
    except SettingsError as error:
        raise SettingsError(f"{file}: {error}") from None
    return Opened(title, project.network, training)


def memory_of(analysis: Analysis, training: TrainingSettings) -> Memory:
    """What a network needs to classify and, with these settings, to train."""
    optimizer = training.optimizer
    return memory(analysis, training.batch_size, optimizer.slots_per_weight, optimizer.name)


def side_of(analysis: Analysis, training: TrainingSettings, title: str) -> Side:
    """A network as one side of a comparison."""
    return Side(title, analysis, memory_of(analysis, training))


def open_side(path: Path) -> Side:
    """`open_network` as one side of a comparison."""
    opened = open_network(path)
    analysis = analyse(opened.network, loss=opened.training.loss)
    return side_of(analysis, opened.training, opened.title)
