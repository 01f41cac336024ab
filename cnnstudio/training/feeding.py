"""Pictures on their way to the network, and what is done with those of the training alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from cnnstudio.data.augmentation import augmenter
from cnnstudio.data.balance import balancing
from cnnstudio.data.feed import Feed
from cnnstudio.training.prepare import Plan


def make_feed(plan: Plan, *, training: bool, cache_folder: Path | None) -> Feed:
    """The pictures that a plan trains on, or those it validates on."""
    return Feed(
        plan.dataset.train if training else plan.dataset.val,
        plan.data,
        batch_size=plan.training.batch_size,
        shuffle=training,
        seed=plan.training.seed,
        classes=len(plan.dataset.classes),
        one_hot=plan.objective.one_hot,
        cache_folder=cache_folder,
        **(training_options(plan) if training else {}),
    )


def training_options(plan: Plan) -> dict[str, Any]:
    """Augmentation, balance and class weights as arguments of the training pictures' `Feed`."""
    data, options = plan.data, dict[str, Any]()
    augment = augmenter(data.augmentation, seed=plan.training.seed, channels=data.channels)
    if augment is not None:
        options["augment"] = augment
    labels = [sample.label_index for sample in plan.dataset.train]
    if data.balance != "none":
        options["weights" if data.balance == "class_weights" else "sampling"] = balancing(labels)
    by_hand = plan.training.class_weights
    if by_hand:
        each = [by_hand.get(name, 1.0) for name in plan.dataset.classes]
        options["weights"] = options.get("weights", 1.0) * np.array([each[n] for n in labels])
    return options
