"""Going on with a run: what it stopped with, and whether it can go on under the settings now."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cnnstudio.data.settings_model import settings_from_json
from cnnstudio.keras_build.trained import CHECKPOINT_FOLDER
from cnnstudio.training import checkpoint
from cnnstudio.training.errors import TrainingError
from cnnstudio.training.folder import RunFolder
from cnnstudio.training.prepare import Plan
from cnnstudio.training.run_files import RunFiles
from cnnstudio.training.settings import TrainingSettings


def left_off(folder: RunFolder, plan: Plan) -> tuple[checkpoint.State, checkpoint.Arrays]:
    """What the run stopped with; nothing yet, where it died before its first checkpoint.

    Raises `TrainingError` if it cannot go on under this plan.
    """
    files = RunFiles(folder.path)
    if not files.has_checkpoint and not files.kept:
        return checkpoint.State(), {}
    state, arrays = checkpoint.load(folder.checkpoint_folder)
    tune, optimizer = plan.training.fine_tune, plan.training.optimizer.name
    if state.border is not None and not tune.enabled:
        raise TrainingError(
            f"{folder.path} was fine-tuned since epoch {state.border + 1}: continue with "
            "training.fine_tune.enabled, or train anew."
        )
    epochs = plan.training.epochs_in_all(state.border)
    if state.epoch >= epochs and files.kept:
        key = "training.epochs" if state.border is None else "training.fine_tune.epochs"
        raise TrainingError(
            f"{folder.path} has done {state.epoch} of {epochs} epochs: to go on, ask for more "
            f"than {state.epoch} ({key}, or --epochs)."
        )
    if state.optimizer and state.optimizer != optimizer:
        raise TrainingError(
            f"{folder.path} was trained with {state.optimizer}, the settings say {optimizer}: "
            "continue with the same optimizer, or train anew."
        )
    # Where the list of classes is damaged, what the run logged.
    classes = files.classes or plan.dataset.classes
    if classes != plan.dataset.classes:
        raise TrainingError(
            f"{folder.path} was trained on the classes {', '.join(classes)}, but the pictures now "
            f"have {', '.join(plan.dataset.classes)}: continue with the same folder, or train anew."
        )
    folder.kept_until(state)
    return state, arrays


def with_epochs(training: Mapping[str, Any], run: Path, epochs: int) -> dict[str, Any]:
    """The training part of a run's project, for so many epochs in all. Raises `SettingsError`."""
    settings = settings_from_json(TrainingSettings, training, "training")
    return lasting(settings, run, epochs).model_dump(mode="json")


def lasting(settings: TrainingSettings, run: Path, epochs: int) -> TrainingSettings:
    """The settings of a run for so many epochs in all: more or fewer of the phase it is in."""
    try:
        border = checkpoint.read_state(run / CHECKPOINT_FOLDER)[0].border
    except TrainingError:
        border = None
    return settings.lasting(epochs, border)


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
