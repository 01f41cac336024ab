"""Going on with a run: what it stopped with, and whether it can go on under the settings now."""

from __future__ import annotations

from typing import Any

from cnnstudio.keras_build.trained import CLASSES_FILE
from cnnstudio.training import checkpoint
from cnnstudio.training.errors import TrainingError
from cnnstudio.training.folder import RunFolder
from cnnstudio.training.prepare import Plan
from cnnstudio.training.runs import ended


def left_off(folder: RunFolder, plan: Plan) -> tuple[checkpoint.State, checkpoint.Arrays]:
    """What the run stopped with; nothing yet, where it died before its first checkpoint.

    Raises `TrainingError` if it cannot go on under this plan.
    """
    if not (folder.checkpoint_folder / checkpoint.STATE_FILE).exists() and not ended(folder.path):
        return checkpoint.State(), {}
    state, arrays = checkpoint.load(folder.checkpoint_folder)
    epochs, optimizer = plan.training.epochs, plan.training.optimizer.name
    if state.epoch >= epochs and ended(folder.path):
        raise TrainingError(
            f"{folder.path} has done {state.epoch} of {epochs} epochs: to go on, ask for more "
            f"than {state.epoch} (training.epochs, or --epochs)."
        )
    if state.optimizer and state.optimizer != optimizer:
        raise TrainingError(
            f"{folder.path} was trained with {state.optimizer}, the settings say {optimizer}: "
            "continue with the same optimizer, or train anew."
        )
    try:
        classes = tuple((folder.path / CLASSES_FILE).read_text(encoding="utf-8").splitlines())
    except OSError:
        classes = plan.dataset.classes
    if classes != plan.dataset.classes:
        raise TrainingError(
            f"{folder.path} was trained on the classes {', '.join(classes)}, but the pictures now "
            f"have {', '.join(plan.dataset.classes)}: continue with the same folder, or train anew."
        )
    folder.kept_until(state)
    return state, arrays


def order_of(plan: Plan) -> dict[str, Any]:
    """What decides which pictures are in which step of which epoch."""
    # Named only where it matters, so that runs of earlier versions go on where they stopped.
    balance = {"balance": plan.data.balance} if plan.data.balance == "sampling" else {}
    return {
        "batch_size": plan.training.batch_size,
        "seed": plan.training.seed,
        "training_images": len(plan.dataset.train),
        "data_seed": plan.data.seed,
        "validation_split": plan.data.validation_split,
        **balance,
    }
