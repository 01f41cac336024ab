"""Where a training is and how it ended, in sentences."""

from __future__ import annotations

from cnnstudio.app.document import Document
from cnnstudio.app.trainer import State
from cnnstudio.training.events import Failed, Finished, Stopped
from cnnstudio.views.train.progress import Progress, in_words

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
            return "Stopped" if isinstance(end, Stopped) else "Finished"


def ending(end: End) -> tuple[str, str]:
    """How it ended, as a sentence, and the role of its label: secondary, success or error."""
    if isinstance(end, Failed):
        return end.message, "error"
    figures = [
        f"{label} {end.metrics[name]:.3f}"
        for name, label in (
            ("val_accuracy", "val accuracy"),
            ("val_loss", "val loss"),
            ("accuracy", "accuracy"),
            ("loss", "loss"),
        )
        if name in end.metrics
    ][:2]
    epochs = f"{end.epochs_done:,} epoch" + ("" if end.epochs_done == 1 else "s")
    if isinstance(end, Stopped):
        text = f"Stopped after {epochs} of {end.epochs:,}"
        kept = "; what was trained is kept." if end.epochs_done else ", before the first ended."
    else:
        text = f"Finished after {epochs}" + (", ended early" if end.early else "")
        kept = "."
    if figures and end.best_epoch is not None:
        text += f": {', '.join(figures)} (best, epoch {end.best_epoch:,})"
    text += kept
    if end.seconds >= 1:
        text += f" It took {in_words(end.seconds)}."
    if end.skipped:
        text += f" {end.skipped:,} pictures were skipped."
    return text, "success" if isinstance(end, Finished) else "secondary"


def ready(document: Document) -> str:
    """What a press on Start would do."""
    training, report = document.training, document.report
    epochs = f"{training.epochs:,} epoch" + ("" if training.epochs == 1 else "s")
    if report is None:
        return f"Ready: {epochs} in batches of {training.batch_size:,}."
    pictures = sum((report.splits.get("train") or report.classes).values())
    return (
        f"Ready: {pictures:,} pictures of {len(report.classes):,} classes, {epochs} in batches of "
        f"{training.batch_size:,}."
    )
