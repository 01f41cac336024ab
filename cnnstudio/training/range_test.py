"""The learning-rate range test: a short training whose rate grows, to find one that suits.

After Smith, "Cyclical learning rates for training neural networks" (arXiv 1506.01186): the rate
grows by the same factor with every batch; where the smoothed loss falls fastest is a rate that
learns well. Nothing is written, and the project's weights are not changed.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cnnstudio.data.feed import Feed
from cnnstudio.errors import Cancelled
from cnnstudio.graph.project import Project
from cnnstudio.keras_build.backend import load_keras
from cnnstudio.keras_build.weights import start_from_weights
from cnnstudio.training.compiling import compiled, set_up_devices
from cnnstudio.training.errors import explain
from cnnstudio.training.feeding import make_feed
from cnnstudio.training.prepare import Plan, prepare

if TYPE_CHECKING:
    from cnnstudio.data.scan import FolderReport

LOWEST, HIGHEST = 1e-6, 10.0
STEPS = 100
# Weight of the past in the smoothed loss.
SMOOTHING = 0.9
# The test ends where the smoothed loss is so many times the lowest.
RUN_AWAY = 3.0
# No suggestion from fewer points.
FEWEST = 12


@dataclass(frozen=True)
class Point:
    """One batch: its rate, its loss, and the loss smoothed over the batches so far."""

    rate: float
    loss: float
    smooth: float


@dataclass(frozen=True)
class RangeTest:
    """The points in order, and the rate they suggest; None where the loss never fell."""

    points: tuple[Point, ...]
    suggestion: float | None


def find_rate(
    project: Project,
    *,
    data_folder: Path | None = None,
    report: FolderReport | None = None,
    cache_folder: Path | None = None,
    on_point: Callable[[Point], None] = lambda _point: None,
    stopping: Callable[[], bool] = lambda: False,
) -> RangeTest:
    """Train with a growing rate, from the weights the project starts with.

    `stopping` is asked before every batch; what was measured until then is used. Raises
    `StudioError`, and `Cancelled` when stopped while the folder is read.
    """
    keras = load_keras()
    plan = prepare(project, data_folder=data_folder, report=report, cancelled=stopping)
    settings = plan.training
    try:
        keras.utils.set_random_seed(settings.seed)
        set_up_devices(settings)
        with make_feed(plan, training=True, cache_folder=cache_folder) as feed:
            points = _measure(plan, feed, on_point, stopping)
    except Cancelled:
        raise
    except Exception as error:
        raise explain(
            error, batch_size=settings.batch_size, image_size=plan.data.image_size, kept=""
        ) from error
    return RangeTest(tuple(points), suggest(points))


def _measure(
    plan: Plan, feed: Feed, on_point: Callable[[Point], None], stopping: Callable[[], bool]
) -> list[Point]:
    model, _ = compiled(plan)
    start_from_weights(model, plan.project)
    points: list[Point] = []
    moment = weight = 0.0
    for step, batch in enumerate(feed.dataset().take(STEPS)):
        if stopping():
            break
        rate = LOWEST * (HIGHEST / LOWEST) ** (step / (STEPS - 1))
        model.optimizer.learning_rate = rate
        model.reset_metrics()
        loss = float(model.train_on_batch(*batch, return_dict=True)["loss"])
        if not math.isfinite(loss):
            break
        moment = SMOOTHING * moment + (1 - SMOOTHING) * loss
        weight = SMOOTHING * weight + (1 - SMOOTHING)
        point = Point(rate, loss, moment / weight)
        points.append(point)
        on_point(point)
        if step > FEWEST and point.smooth > RUN_AWAY * min(p.smooth for p in points):
            break
    return points


def suggest(points: list[Point]) -> float | None:
    """The rate where the smoothed loss falls fastest over the logarithm of the rate.

    Rounded to two digits. None where there are too few points or the loss never fell.
    """
    if len(points) < FEWEST:
        return None
    lowest = min(range(len(points)), key=lambda n: points[n].smooth)
    fall, best = 0.0, None
    # Differences over five points; the rates are evenly apart on a log scale.
    for number in range(2, min(lowest + 1, len(points) - 2)):
        slope = points[number + 2].smooth - points[number - 2].smooth
        if slope < fall:
            fall, best = slope, points[number].rate
    return None if best is None else float(f"{best:.1e}")
