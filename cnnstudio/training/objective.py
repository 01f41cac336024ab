"""The loss that fits the last layer, and the accuracy that goes with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cnnstudio.analysis.losses import (
    LOSSES,
    SHARING,
    chosen_loss,
    one_for_two,
    score_function,
    takes_logits,
)
from cnnstudio.graph.network import Network
from cnnstudio.training.errors import TrainingError
from cnnstudio.training.settings import LossName


@dataclass(frozen=True)
class Objective:
    """What training makes small.

    Attributes:
        name: Keras's name of the loss.
        from_logits: whether the network gives raw scores, so that the loss applies the softmax
            (or sigmoid) itself.
        one_hot: whether labels are rows of 0 and 1, not class numbers.
        single: whether one output tells two classes apart.
        mixed: whether labels may lie between 0 and 1, as MixUp and CutMix make them.
        more: further arguments of the Keras loss.
    """

    name: str
    from_logits: bool
    one_hot: bool
    single: bool
    mixed: bool = False
    more: Mapping[str, float] = field(default_factory=dict)

    def loss(self) -> Any:
        """The Keras loss object."""
        import keras

        losses: dict[str, Any] = {
            "sparse_categorical_crossentropy": keras.losses.SparseCategoricalCrossentropy,
            "categorical_crossentropy": keras.losses.CategoricalCrossentropy,
            "binary_crossentropy": keras.losses.BinaryCrossentropy,
            "categorical_focal_crossentropy": keras.losses.CategoricalFocalCrossentropy,
            "binary_focal_crossentropy": keras.losses.BinaryFocalCrossentropy,
        }
        if self.name in losses:
            return losses[self.name](from_logits=self.from_logits, **self.more)
        return keras.losses.MeanSquaredError()

    def accuracy(self) -> Any:
        """The Keras metric, named `accuracy`; of mixed labels the greater share counts."""
        import keras

        if self.single:
            threshold = 0.0 if self.from_logits else 0.5
            metric = keras.metrics.BinaryAccuracy(name="accuracy", threshold=threshold)
            return _by_majority(metric) if self.mixed else metric
        if self.one_hot:
            return keras.metrics.CategoricalAccuracy(name="accuracy")
        return keras.metrics.SparseCategoricalAccuracy(name="accuracy")


def choose_objective(
    network: Network,
    units: int,
    classes: int,
    setting: LossName = "auto",
    *,
    mixed: bool = False,
    label_smoothing: float = 0.0,
    focal: Mapping[str, float] | None = None,
) -> Objective:
    """The loss for a network with one output of `units` scores and pictures of `classes` classes.

    With `auto`: one unit for two classes takes binary cross-entropy; several sigmoid units too,
    each a yes or no of its own; everything else categorical cross-entropy, on class numbers or,
    where labels are `mixed`, on rows of shares.
    `label_smoothing` needs such rows too. `focal` has the arguments of the focal losses.
    Scores that are no probabilities (no softmax, no sigmoid) are logits.

    Raises `TrainingError` naming the layer when the loss or the units do not fit.
    """
    last = network.sinks[0]
    function = score_function(network, last)
    single = one_for_two(units, classes)
    if units != classes and not single:
        raise TrainingError(
            f"{last} gives {units} {'score' if units == 1 else 'scores'}, but the pictures have "
            f"{classes} classes: give the last Dense layer {classes} units."
        )
    if single and function in SHARING:
        raise TrainingError(
            f"{last} takes the {function} of one score, which is 1 whatever the picture: give it "
            "2 units, or a sigmoid."
        )
    name = chosen_loss(setting, function, single=single, mixed=mixed or label_smoothing > 0)
    if single and LOSSES.get(name) == "classes":
        raise TrainingError(
            f"The loss {setting} needs a score for each class, but {last} gives one: choose "
            "auto or binary_crossentropy, or give the last Dense layer 2 units."
        )
    if mixed and name == "sparse_categorical_crossentropy":
        raise TrainingError(
            "The loss sparse_categorical_crossentropy takes one class for each picture, but MixUp "
            "and CutMix give pictures shares of two: choose auto or categorical_crossentropy, or "
            "switch them off on the Data page (data.augmentation)."
        )
    if label_smoothing and name in {"sparse_categorical_crossentropy", "mean_squared_error"}:
        raise TrainingError(
            f"The loss {name} does not take label smoothing: choose auto or "
            "categorical_crossentropy, or set training.label_smoothing to 0."
        )
    more = {"label_smoothing": label_smoothing} if label_smoothing else {}
    if "focal" in name:
        more.update(focal or {})
    return Objective(
        name=name,
        from_logits=takes_logits(name, function),
        one_hot=not single and name != "sparse_categorical_crossentropy",
        single=single,
        mixed=mixed,
        more=more,
    )


def _by_majority(metric: Any) -> Any:
    """A metric of yes and no that takes a mixed label for what it has the greater share of.

    Saved with a model it is the plain metric, which is the same for labels that are not mixed.
    """
    update = metric.update_state

    def update_state(y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        import keras

        return update(keras.ops.round(keras.ops.cast(y_true, "float32")), y_pred, sample_weight)

    metric.update_state = update_state
    return metric
