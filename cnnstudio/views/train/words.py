"""Where a training is and how it ended, in sentences."""

from __future__ import annotations

from cnnstudio.app.document import Document
from cnnstudio.app.trainer import State
from cnnstudio.data.report import listed
from cnnstudio.data.settings import DataSettings
from cnnstudio.training.events import Failed, Finished, Stopped
from cnnstudio.views.train.progress import Progress, in_words

BALANCED = {
    "none": "",
    "class_weights": " Pictures of small classes count more.",
    "sampling": " Pictures of small classes come more often.",
}
End = Finished | Stopped | Failed


def state_words(state: State, progress: Progress, end: End | None) -> str:
    """The state as a short sentence."""
    where = f"epoch {progress.epoch:,} of {progress.epochs:,}"
    match state:
        case State.IDLE:
            return ""
        case State.PREPARING:
            return "Preparing: loading TensorFlow, reading pictures…"
        case State.RUNNING:
            return f"Training, {where}"
        case State.PAUSED:
            return f"Paused in {where}"
        case State.STOPPING:
            return "Stopping after this batch…"
        case State.FAILED:
            return "The training broke off"
        case State.FINISHED:
            return headline(end)


def headline(end: End | None) -> str:
    """How it ended, in a few words."""
    if end is None or isinstance(end, Failed):
        return "Finished"
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


def ready(document: Document) -> str:
    """What a press on Start would do."""
    training, counts = document.training, document.counts
    epochs = f"{training.epochs:,} epoch" + ("" if training.epochs == 1 else "s")
    if counts is None:
        return f"Ready: {epochs} in batches of {training.batch_size:,}."
    pictures = sum((counts.splits.get("train") or counts.classes).values())
    return (
        f"Ready: {pictures:,} pictures of {len(counts.classes):,} classes, {epochs} in batches of "
        f"{training.batch_size:,}.{_changed(document.data)}"
    )


def _changed(data: DataSettings) -> str:
    """What is done to the training pictures, as sentences that begin with a space."""
    used = [operation.words for _, operation in data.augmentation.used(data.channels)]
    said = f" Augmented: {listed(used, 4)}." if used else ""
    return said + BALANCED[data.balance]
