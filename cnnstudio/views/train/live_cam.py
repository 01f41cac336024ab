"""Grad-CAM of the watched picture in the network that trains, for `Trainer.watch`. No Qt."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cnnstudio.graph.preparation import Preparation
from cnnstudio.views.explore.heat import overlay

if TYPE_CHECKING:
    import keras

    from cnnstudio.evaluation.attribution import Attributor
    from cnnstudio.evaluation.predict import Classifier


@dataclass(frozen=True, eq=False)
class CamSeen:
    """What mattered in a picture: RGBA colours over it, and what the network takes it for.

    Attributes:
        shares: the probability of each class.
        class_index: the class that `colours` speak for.
        layer: the layer whose maps are weighed.
        note: what the person should know, or "".
    """

    colours: NDArray[np.uint8]
    shares: NDArray[np.float32]
    class_index: int
    layer: str
    note: str


class LiveCam:
    """Looks for one class, by number, or for the likeliest; called in the training thread.

    What it needs of the model is kept for as long as the same model trains. Any layer may be asked
    for: where Grad-CAM has no meaning for it, the last convolution is taken.
    """

    def __init__(self, classes: tuple[str, ...], class_index: int | None = None) -> None:
        self.classes = classes
        self.class_index = class_index
        self._kept: tuple[keras.Model, Classifier, Attributor] | None = None

    def __call__(self, model: keras.Model, layer: str, picture: NDArray[Any]) -> CamSeen:
        """Raises `StudioError` where Grad-CAM has no meaning for the network."""
        classifier, attributor = self._tools(model)
        shares = classifier.probabilities(picture[None])[0]
        index = int(shares.argmax()) if self.class_index is None else self.class_index
        known = layer in attributor.cam_layers
        found = attributor.grad_cam(picture, index, layer if known else None)
        assert found.layer is not None
        return CamSeen(overlay(found.heat), shares, index, found.layer, found.note)

    def _tools(self, model: keras.Model) -> tuple[Classifier, Attributor]:
        from cnnstudio.evaluation.attribution import Attributor
        from cnnstudio.evaluation.predict import Classifier
        from cnnstudio.keras_build.trained import TrainedModel

        kept = self._kept
        if kept is None or kept[0] is not model:
            preparation = Preparation.of(tuple(model.inputs[0].shape[1:]), {})
            trained = TrainedModel(
                model, list(self.classes), preparation, Path(), "the network that trains"
            )
            classifier = Classifier(trained)
            kept = self._kept = (model, classifier, Attributor(classifier))
        return kept[1], kept[2]
