"""Cross-validation: one training for each fold, and what they come to together."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from cnnstudio.data.settings import DataSettings
from cnnstudio.data.settings_model import settings_from_json
from cnnstudio.graph.project import Project


@dataclass(frozen=True)
class Spread:
    """A figure over the folds: its mean, and its standard deviation (of a sample, n - 1)."""

    values: tuple[float, ...]

    @property
    def mean(self) -> float:
        return statistics.fmean(self.values)

    @property
    def deviation(self) -> float:
        """0 for a single fold."""
        return statistics.stdev(self.values) if len(self.values) > 1 else 0.0


def fold_projects(project: Project, folds: int) -> Iterator[Project]:
    """The project once for each of `folds` equal parts, which validates in it.

    A split that was kept is left aside. Raises `SettingsError`.
    """
    for fold in range(1, folds + 1):
        split = {"by": "folds", "folds": folds, "fold": fold, "recorded": None}
        data = {**project.data, "split": {**project.data.get("split", {}), **split}}
        settings_from_json(DataSettings, data, "data")
        yield replace(project, data=data)


def spread_of(metrics: Sequence[Mapping[str, float]]) -> dict[str, Spread]:
    """The figures that every fold has, in the order of the first."""
    names = (
        [name for name in metrics[0] if all(name in each for each in metrics)] if metrics else []
    )
    return {name: Spread(tuple(each[name] for each in metrics)) for name in names}
