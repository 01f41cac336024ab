"""Whether two forms of a network are the same: its layers, and its answers to random pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from cnnstudio.keras_build.uses import outputs_of

if TYPE_CHECKING:
    import keras
    import numpy as np

# Outputs of the same network, computed twice, differ by rounding at most.
TOLERANCE = 1e-5
# Rows and columns of a picture for a network that takes any.
_ANY = 64


class DiffersError(Exception):
    """What was written is not what was meant."""


def same_layers(written: keras.Model, wanted: keras.Model) -> None:
    """Compare names, types, shapes and parameters. Raises `DiffersError`."""

    def described(model: Any) -> list[tuple[Any, ...]]:
        return [
            (layer.name, type(layer).__name__, str(output.shape), layer.count_params())
            for output in outputs_of(model).values()
            for layer in [output._keras_history.operation]
        ]

    if sorted(described(written)) != sorted(described(wanted)):
        raise DiffersError("read back, the file gives another network")


def random_pictures(model: keras.Model, *, batch: int = 1) -> list[np.ndarray]:
    """Float32 pixels from 0 to 255 for every input of a model, `(batch, height, width, …)`."""
    import numpy as np

    draw = np.random.default_rng(0)
    return [
        draw.uniform(0, 255, [batch, *(size or _ANY for size in tensor.shape[1:])]).astype(
            np.float32
        )
        for tensor in model.inputs
    ]


def answers(model: Any, pictures: Sequence[np.ndarray]) -> list[np.ndarray]:
    """The outputs of a model, not in training, in its order."""
    import keras
    import numpy as np

    given: Any = pictures[0] if len(pictures) == 1 else list(pictures)
    if not isinstance(model, keras.Sequential):
        # A model may have been made with its inputs in a list or a dictionary.
        given = keras.tree.pack_sequence_as(model.input, list(pictures))
    return [np.asarray(part) for part in keras.tree.flatten(model(given, training=False))]


def same_answers(
    written: Callable[[Sequence[np.ndarray]], Sequence[np.ndarray]],
    wanted: keras.Model,
    *,
    pictures: Sequence[np.ndarray] | None = None,
    tolerance: float = TOLERANCE,
) -> None:
    """Compare what `written` answers to random pictures with the answers of `wanted`.

    `tolerance` is relative to the largest output. Raises `DiffersError`.
    """
    import numpy as np

    pictures = random_pictures(wanted) if pictures is None else pictures
    for one, other in zip(written(pictures), answers(wanted, pictures), strict=True):
        largest = float(np.abs(other[np.isfinite(other)]).max(initial=0.0))
        if one.shape != other.shape or not np.allclose(
            one, other, rtol=tolerance, atol=tolerance * largest, equal_nan=True
        ):
            raise DiffersError("read back, the file gives other answers")
