"""What can be done after a training ended: the buttons beside the words on it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from cnnstudio.training.events import Failed, Finished, Stopped
from cnnstudio.training.settings import TrainingSettings
from cnnstudio.views.context import Context
from cnnstudio.views.train.controls import WayOut

Change = Callable[[TrainingSettings], TrainingSettings]


class Page(Protocol):
    """What the Train page can do with a run."""

    def continue_run(
        self, run: Path, epochs: int | None = None, change: Change | None = None
    ) -> None: ...
    def ask_longer(self, run: Path) -> None: ...
    def show_messages(self) -> None: ...


def ways_on(end: Finished | Stopped | Failed, page: Page, context: Context) -> tuple[WayOut, ...]:
    """The ways on from an end, the likeliest first."""
    run = end.run
    if isinstance(end, Failed):
        return _after_failure(end, page, context)
    ways: list[WayOut] = []
    if isinstance(end, Stopped) and run is not None:
        ways.append(("Continue", lambda: page.continue_run(run)))
    elif run is not None:
        ways.append(("Train longer", lambda: page.ask_longer(run)))
    if end.best_epoch is not None:
        ways.append(("Classify pictures", lambda: context.show_page("classify")))
        ways.append(("Explore", lambda: context.show_page("explore")))
    return tuple(ways)


def _after_failure(end: Failed, page: Page, context: Context) -> tuple[WayOut, ...]:
    run, document = end.run, context.document
    messages: WayOut = ("Show the messages", page.show_messages)
    named = {"numbers": ("a tenth of the rate", slower), "memory": ("half the batch", smaller)}
    words, change = named.get(end.cause, ("", None))
    if run is None or not end.resumable:
        if change is None or change(document.training) == document.training:
            return (messages,)
        # There is nothing to go on from: the project is changed, and undo takes that back.
        return (
            (
                f"Take {words}",
                lambda: document.set_training(change(document.training), f"Take {words}"),
            ),
            messages,
        )
    if change is None:
        return (("Continue", lambda: page.continue_run(run)), messages)
    return ((f"Continue with {words}", lambda: page.continue_run(run, change=change)), messages)


def slower(training: TrainingSettings) -> TrainingSettings:
    """The same with a tenth of the learning rate, in both phases."""
    optimizer, tune = training.optimizer, training.fine_tune
    optimizer = optimizer.model_copy(update={"learning_rate": _tenth(optimizer.learning_rate)})
    if tune.learning_rate is not None:
        tune = tune.model_copy(update={"learning_rate": _tenth(tune.learning_rate)})
    return training.model_copy(update={"optimizer": optimizer, "fine_tune": tune})


def _tenth(rate: float) -> float:
    return float(f"{rate / 10:.3g}")


def smaller(training: TrainingSettings) -> TrainingSettings:
    """The same with half the pictures in a batch."""
    return training.model_copy(update={"batch_size": max(1, training.batch_size // 2)})
