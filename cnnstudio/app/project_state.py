"""All of a project that undo restores, out of a project file and into one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cnnstudio.data.settings import DataSettings
from cnnstudio.data.settings_model import settings_from_json
from cnnstudio.graph.network import Network
from cnnstudio.graph.project import Project
from cnnstudio.search.settings import PART, SearchSettings
from cnnstudio.training.settings import TrainingSettings


@dataclass(frozen=True)
class ProjectState:
    """All of the project that undo restores."""

    network: Network
    data: DataSettings = field(default_factory=DataSettings)
    training: TrainingSettings = field(default_factory=TrainingSettings)
    # Other parts of the project file, such as where the weights are.
    extra: Mapping[str, Any] = field(default_factory=dict)
    search: SearchSettings = field(default_factory=SearchSettings)

    @property
    def parts(self) -> Mapping[str, Any]:
        """The other parts with the search, where one was set up."""
        if self.search == SearchSettings():
            return self.extra
        return {**self.extra, PART: self.search.model_dump(mode="json", exclude_defaults=True)}


def state_of(project: Project, path: Path | None) -> ProjectState:
    """The state in a project file. Raises `SettingsError` naming the file and the key."""
    where = f"{path}: " if path else ""
    data = settings_from_json(DataSettings, project.data, f"{where}data")
    training = settings_from_json(TrainingSettings, project.training, f"{where}training")
    search = settings_from_json(SearchSettings, project.extra.get(PART, {}), f"{where}{PART}")
    return ProjectState(project.network, data, training, without_search(project.extra), search)


def without_search(extra: Mapping[str, Any]) -> Mapping[str, Any]:
    """The other parts of a project file, without the search."""
    return {key: value for key, value in extra.items() if key != PART}
