"""What the figures of a training mean, while it goes on: each hint says why and what to try."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cnnstudio.data.report import listed

if TYPE_CHECKING:
    import keras
    import numpy as np

# Epochs that a figure has to point the same way before a hint says so.
PATIENCE = 3
# Pictures that units are tried on.
PROBED = 32


class Hints:
    """Fed with every epoch of a run; each kind of hint is given once."""

    def __init__(self, classes: Sequence[str]) -> None:
        self._classes = tuple(classes)
        self._epochs: list[dict[str, float]] = []
        self._told: set[str] = set()

    def epoch(
        self,
        figures: Mapping[str, float],
        rate: float,
        confusion: np.ndarray[Any, Any] | None,
        dead: Mapping[str, float],
    ) -> list[str]:
        """The hints that an epoch gives rise to.

        `confusion` counts pictures of classes (rows) by what they were taken for; `dead` has the
        share of a layer's units that answer to nothing.
        """
        self._epochs.append(dict(figures))
        found = {
            "rate too high": self._rate_too_high(rate),
            "rate too low": self._rate_too_low(rate),
            "overfitting": self._overfitting(),
            "underfitting": self._underfitting(),
            "never predicted": self._never_predicted(confusion),
            "dead": _dead_units(dead),
        }
        new = {kind: text for kind, text in found.items() if text and kind not in self._told}
        self._told |= set(new)
        return list(new.values())

    def _series(self, name: str) -> list[float]:
        return [epoch[name] for epoch in self._epochs if name in epoch]

    def _rate_too_high(self, rate: float) -> str:
        losses = self._series("loss")
        chance = math.log(max(len(self._classes), 2))
        rising = len(losses) > PATIENCE and all(
            a < b for a, b in zip(losses[-PATIENCE - 1 :], losses[-PATIENCE:], strict=False)
        )
        # Near the end of a good training the loss wavers too.
        rising = rising and losses[-1] > 0.5 * losses[0]
        far_off = len(losses) >= 2 and losses[-1] > 3 * max(chance, losses[0])
        if self._thrown_off(losses, chance):
            return (
                f"The loss of the first epoch was {losses[0]:,.4g} where guessing gives "
                f"{chance:.2g}, and the network still guesses: its first steps were too long. Try "
                f"a learning rate of {rate / 10:.2g}, or a warm-up."
            )
        if not (rising or far_off):
            return ""
        return (
            f"The loss grows on the pictures it learns from ({losses[-1]:.3g}): the steps are too "
            f"long. Try a learning rate of {rate / 10:.2g}, or a warm-up."
        )

    def _thrown_off(self, losses: list[float], chance: float) -> bool:
        """Whether the first steps ruined a network, as ReLUs that are dead since."""
        accuracies = self._series("accuracy")
        if len(losses) < 2 or len(accuracies) < 2:
            return False
        return losses[0] > 5 * chance and accuracies[-1] < 1.5 / max(len(self._classes), 2)

    def _rate_too_low(self, rate: float) -> str:
        losses = self._series("loss")
        if len(losses) < PATIENCE or not all(map(math.isfinite, losses)):
            return ""
        first, last = losses[0], losses[-1]
        steady = max(losses) - min(losses) < 0.01 * abs(first)
        if not steady or last < 0.1 or "rate too high" in self._told:
            return ""
        return (
            f"The loss has hardly moved in {len(losses)} epochs ({first:.4g} to {last:.4g}): the "
            f"steps may be too short. Try a learning rate of {rate * 10:.2g}."
        )

    def _overfitting(self) -> str:
        training, validation = self._series("loss"), self._series("val_loss")
        if len(validation) <= PATIENCE:
            return ""
        best = min(range(len(validation)), key=validation.__getitem__)
        since = len(validation) - 1 - best
        if since < PATIENCE or training[-1] >= training[best]:
            return ""
        if validation[-1] < 1.1 * validation[best]:
            return ""
        return (
            f"Overfitting: since epoch {best + 1} the loss falls on the pictures it learns from "
            f"and grows on the others ({validation[best]:.3g} to {validation[-1]:.3g}). Try more "
            "pictures, augmentation, dropout, weight decay or a smaller network; early stopping "
            "ends here."
        )

    def _underfitting(self) -> str:
        accuracies = self._series("accuracy")
        chance = 1 / max(len(self._classes), 1)
        if len(accuracies) < 2 * PATIENCE + 2 or not math.isfinite(self._series("loss")[-1]):
            return ""
        gained = accuracies[-1] - accuracies[-PATIENCE - 1]
        if accuracies[-1] > min(2 * chance, (1 + chance) / 2) or gained > 0.01:
            return ""
        return (
            f"Underfitting: after {len(accuracies)} epochs it knows {accuracies[-1]:.0%} of the "
            f"pictures it learns from; guessing gives {chance:.0%}. Try a larger network, less "
            "dropout or weight decay, another learning rate, and look whether the labels are right."
        )

    def _never_predicted(self, confusion: np.ndarray[Any, Any] | None) -> str:
        if confusion is None or len(self._epochs) < PATIENCE:
            return ""
        there, said = confusion.sum(axis=1) > 0, confusion.sum(axis=0) > 0
        never = [name for name, a, b in zip(self._classes, there, said, strict=True) if a and not b]
        if not never:
            return ""
        return (
            f"No validation picture is taken for {listed(never)}. Try class weights or "
            "sampling (data.balance), more pictures of it, and look whether it can be told apart."
        )


def _dead_units(dead: Mapping[str, float]) -> str:
    """A sentence on the layer with the largest share of dead units, if it is large."""
    layer = max(dead, key=lambda name: dead[name], default=None)
    if layer is None or dead[layer] < 0.4:
        return ""
    return (
        f"{dead[layer]:.0%} of the units of {layer} answer 0 to every picture tried: their ReLU is "
        "dead and learns no more. Try a lower learning rate, batch normalisation before it, or "
        "LeakyReLU."
    )


class Probe:
    """Tries a few pictures on the network's ReLUs."""

    def __init__(self, model: keras.Model) -> None:
        import keras

        self._names = [
            layer.name
            for layer in model.layers
            if isinstance(layer, keras.layers.ReLU)
            or getattr(getattr(layer, "activation", None), "__name__", "") == "relu"
        ]
        self._part = (
            keras.Model(model.inputs[0], [model.get_layer(n).output for n in self._names])
            if self._names
            else None
        )

    def dead(self, pixels: np.ndarray[Any, Any]) -> dict[str, float]:
        """The share of each layer's units, or channels, that are 0 for all of these pictures."""
        import numpy as np

        if self._part is None or not len(pixels):
            return {}
        outputs = self._part(np.asarray(pixels[:PROBED], np.float32), training=False)
        outputs = outputs if isinstance(outputs, list | tuple) else [outputs]
        shares = {}
        for name, output in zip(self._names, outputs, strict=True):
            values = np.asarray(output)
            most = values.max(axis=tuple(range(values.ndim - 1)))
            shares[name] = float(np.mean(most <= 0))
        return shares
