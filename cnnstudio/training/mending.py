"""Before a run goes on: damaged files are put out of its way, and what that means is said."""

from __future__ import annotations

import os

from cnnstudio.keras_build.trained import CHECKPOINT_FOLDER, METRICS_FILE, MODEL_FILE
from cnnstudio.training.checkpoint import STATE_FILE, State
from cnnstudio.training.errors import writing
from cnnstudio.training.folder import RunFolder
from cnnstudio.training.run_files import RunFiles, epochs_of

ASIDE = "metrics.damaged.csv"


def mend(folder: RunFolder, state: State) -> list[str]:
    """A sentence for each damaged file of a run that goes on; `state` is its checkpoint's.

    Raises `TrainingError` where a file cannot be put aside.
    """
    said = []
    for damage in RunFiles(folder.path, locked=False).damages:
        path, what = damage.path, f"{damage.path} {damage.what}"
        if path.name == MODEL_FILE:
            path.unlink(missing_ok=True)
            # The best so far is gone with it.
            state.best = state.phase_best = state.best_epoch = None
            state.best_metrics = {}
            said.append(f"{what}: it is written again, with the best of the epochs to come.")
        elif path.name == METRICS_FILE and epochs_of(path)[1]:
            with writing(path):
                os.replace(path, path.with_name(ASIDE))
            said.append(f"{what}: it is kept as {ASIDE}, and its table begins anew.")
        elif path.name == STATE_FILE:
            said.append(f"{what}, and nothing else says how far it was: training begins anew.")
        elif path.parent.name != CHECKPOINT_FOLDER:
            said.append(f"{what}. The run goes on without it.")
    return said
