"""Moving averages of the weights, as Keras's optimizers keep them, put in place and taken out."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import keras


class Averages:
    """The averages of a compiled model's weights; does nothing where none are kept.

    They stand in for validation and for what is saved as the result. The training goes on with
    the weights themselves.
    """

    def __init__(self, model: keras.Model) -> None:
        # Mixed precision wraps the optimizer in another.
        self._optimizer: Any = getattr(model.optimizer, "inner_optimizer", model.optimizer)
        self.kept = bool(self._optimizer.use_ema)
        self.shown = False
        if self.kept:
            # Keras would put the averages in at the end of every `fit`, in the middle of a run too.
            model.optimizer.finalize_variable_values = lambda _variables: None

    def show(self) -> None:
        """Put the averages in place of the weights, which take theirs."""
        if self.kept and not self.shown:
            self._swap()
            self.shown = True

    def hide(self) -> None:
        """Put the weights back."""
        if self.shown:
            self._swap()
            self.shown = False

    @contextlib.contextmanager
    def in_place(self) -> Iterator[None]:
        """With the averages in place; afterwards as before."""
        before = self.shown
        self.show()
        try:
            yield
        finally:
            if not before:
                self.hide()

    def _swap(self) -> None:
        from cnnstudio.training.checkpoint import copy_of

        optimizer = self._optimizer
        for weight, average in zip(
            optimizer._trainable_variables, optimizer._model_variables_moving_average, strict=True
        ):
            kept = copy_of(weight)
            weight.assign(average)
            average.assign(kept)
