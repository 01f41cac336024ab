"""Where a training is and how it ended, in sentences."""

from __future__ import annotations

from collections.abc import Mapping

from cnnstudio.app.document import Document
from cnnstudio.app.trainer import State
from cnnstudio.data.report import listed
from cnnstudio.data.settings import DataSettings
from cnnstudio.training.events import Failed, Finished, Stopped
from cnnstudio.training.phases import fine_tuned, trained
from cnnstudio.views.design.wording import count_text, counted
from cnnstudio.views.train.progress import Progress, in_words

BALANCED = {
    "none": "",
    "class_weights": " Pictures of small classes count more.",
    "sampling": " Pictures of small classes come more often.",
}
End = Finished | Stopped | Failed


def state_words(state: State, progress: Progress, end: End | None) -> str:
    """The state as a short sentence; `end` is how a training ended, unless it never began."""
    where = f"epoch {progress.epoch:,} of {progress.epochs:,}"
    if progress.fine_tuning:
        where += " · fine-tuning"
    match state:
        case State.IDLE:
            return ""
        case State.PREPARING:
            return "Preparing pictures and network…"
        case State.RUNNING:
            return f"Training, {where}"
        case State.PAUSED:
            return f"Paused in {where}"
        case State.STOPPING:
            return "Stopping after this batch…"
        case State.FAILED:
            return "The training broke off"
        case State.FINISHED:
            return "Stopped before the first step" if end is None else headline(end)


def headline(end: End) -> str:
    """How it ended, in a few words."""
    if isinstance(end, Failed):
        return "The training broke off"
    epochs = f"{end.epochs_done:,} epoch" + ("" if end.epochs_done == 1 else "s")
    if isinstance(end, Stopped):
        return f"Stopped after {epochs} of {end.epochs:,}"
    for name, label in (("val_accuracy", "val accuracy"), ("accuracy", "accuracy")):
        if name in end.metrics:
            return f"Finished: {label} {end.metrics[name]:.3f} after {epochs}"
    return f"Finished after {epochs}"


def ending(end: End) -> tuple[str, str]:
    """What is to be said below the headline, and the role of its label."""
    if isinstance(end, Failed):
        return end.message, "error"
    said = []
    if isinstance(end, Stopped):
        if end.epochs_done:
            said.append("What was trained is kept.")
        else:
            said.append("Stopped within the first epoch: the network has hardly learned yet.")
    elif end.early:
        said.append("Early stopping ended it.")
    if end.best_epoch is not None:
        names = {"val_accuracy": "val accuracy", "val_loss": "val loss", "loss": "loss"}
        figures = [f"{names[n]} {end.metrics[n]:.3f}" for n in names if n in end.metrics][:2]
        said.append(f"The best epoch, {end.best_epoch:,}, is kept: {', '.join(figures)}.")
    if end.seconds >= 1:
        said.append(f"It took {in_words(end.seconds)}.")
    if end.skipped:
        said.append(f"{end.skipped:,} pictures were skipped.")
    return " ".join(said), "secondary"


def ready(document: Document, sizes: Mapping[str, int] | None = None) -> str:
    """What a press on Start would do; `sizes` are the pictures in each part, where known."""
    training, counts = document.training, document.counts
    epochs = f"{training.epochs:,} epoch" + ("" if training.epochs == 1 else "s")
    if training.fine_tune.enabled:
        epochs += f" and {training.fine_tune.epochs:,} of fine-tuning"
    how = f"{epochs} in batches of {training.batch_size:,}.{_phases(document)}"
    if counts is None:
        return f"Ready: {how}"
    if sizes is None:
        said = f"{sum((counts.splits.get('train') or counts.classes).values()):,} pictures"
    else:
        checked = sizes.get("val", 0)
        said = f"{sizes['train']:,} pictures to train on"
        said += f" and {checked:,} to check," if checked else ", none to check,"
    return f"Ready: {said} of {len(counts.classes):,} classes, {how}{_changed(document.data)}"


def _phases(document: Document) -> str:
    """What is trained, where that is not all of the network, as a sentence."""
    network, analysis = document.network, document.analysis
    now = trained(network, analysis)
    if now.all:
        return ""
    said = (
        f" Trained: {now.layers:,} of {counted(now.layers_in_all, 'layer')}, "
        f"{count_text(now.parameters)} of {count_text(now.parameters_in_all)} parameters"
    )
    tune = document.training.fine_tune
    if not tune.enabled:
        return f"{said}."
    later = trained(fine_tuned(network, tune), analysis)
    if tune.unfreeze_from:
        return f"{said}, then {later.layers:,} layers, {count_text(later.parameters)}."
    still = later.layers_in_all - later.layers
    return f"{said}, then all{' but frozen batch normalisation' if still else ''}."


def _changed(data: DataSettings) -> str:
    """What is done to the training pictures, as sentences that begin with a space."""
    used = [operation.words for _, operation in data.augmentation.used(data.channels)]
    said = f" Augmented: {listed(used, 4)}." if used else ""
    return said + BALANCED[data.balance]
