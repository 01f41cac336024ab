"""What is done with the training pictures on their way to the network, and only with them."""

from __future__ import annotations

from typing import Any

from cnnstudio.data.augmentation import augmenter
from cnnstudio.data.balance import balancing
from cnnstudio.training.prepare import Plan


def training_options(plan: Plan) -> dict[str, Any]:
    """Augmentation and balance as arguments of the `Feed` of the training pictures."""
    data, options = plan.data, dict[str, Any]()
    augment = augmenter(data.augmentation, seed=plan.training.seed, channels=data.channels)
    if augment is not None:
        options["augment"] = augment
    if data.balance != "none":
        shares = balancing([sample.label_index for sample in plan.dataset.train])
        options["weights" if data.balance == "class_weights" else "sampling"] = shares
    return options
