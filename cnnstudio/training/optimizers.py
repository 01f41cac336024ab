"""The optimizer that a project chooses, with its arguments.

`OPTIMIZERS` of `cnnstudio.keras_build.optimizers` is the one declaration: settings, form, checks,
the estimate of memory, exported source and the tests against Keras's own signatures come from it.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field, model_validator

from cnnstudio.keras_build.optimizers import COMMON, OPTIMIZERS, OptimizerName, OptimizerSpec
from cnnstudio.training.strict import StrictSettings

_COMMON_SLOTS = ("use_ema", "gradient_accumulation_steps")
_CLIPPING = ("clipnorm", "clipvalue", "global_clipnorm")


def _share(description: str, *, least: float = 0.0) -> Any:
    return Field(default=None, ge=least, lt=1, description=description)


class OptimizerSettings(StrictSettings):
    """The optimizer and its arguments, under Keras's names; None is Keras's own default.

    Arguments that the chosen optimizer does not take keep their value and are not used.
    """

    name: OptimizerName = Field(
        default="Adam",
        description="The rule that turns gradients into steps. Adam works without much tuning; "
        "SGD with momentum often ends a little better.",
    )
    learning_rate: float = Field(
        default=1e-3,
        gt=0,
        le=100,
        description="Length of each step. Too large and the loss jumps or becomes not-a-number; "
        "too small and nothing happens. 0.001 suits Adam, 0.01 SGD.",
    )
    momentum: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="Share of the last step that is kept in the next; 0.9 is usual with SGD.",
    )
    nesterov: bool | None = Field(
        default=None, description="Look ahead: take the gradient where the momentum leads."
    )
    rho: float | None = _share("How slowly the average of squared gradients follows.")
    centered: bool | None = Field(
        default=None, description="Divide by the gradients' spread, not by their mean square."
    )
    beta_1: float | None = _share("How slowly the average of gradients follows.")
    beta_2: float | None = _share("How slowly the average of squared gradients follows.")
    epsilon: float | None = Field(
        default=None, gt=0, le=1, description="Keeps a division from being by zero."
    )
    amsgrad: bool | None = Field(
        default=None,
        description="Divide by the largest average of squared gradients so far: steps never grow.",
    )
    initial_accumulator_value: float | None = Field(
        default=None, ge=0, description="Where the sums of squared gradients start."
    )
    beta_2_decay: float | None = Field(
        default=None,
        le=0,
        description="How the average of squares slows down: a power of the step.",
    )
    epsilon_1: float | None = Field(
        default=None, gt=0, le=1, description="Keeps squared gradients above zero."
    )
    epsilon_2: float | None = Field(
        default=None, gt=0, le=1, description="Smallest size of weights that a step counts with."
    )
    clip_threshold: float | None = Field(
        default=None, gt=0, description="Largest mean step before all are scaled down."
    )
    relative_step: bool | None = Field(
        default=None, description="Take smaller steps as training goes on, in proportion to time."
    )
    learning_rate_power: float | None = Field(
        default=None, le=0, description="How fast steps shrink; 0 keeps them as they are."
    )
    l1_regularization_strength: float | None = Field(
        default=None, ge=0, description="How strongly small weights are drawn to zero."
    )
    l2_regularization_strength: float | None = Field(
        default=None, ge=0, description="How strongly large weights are drawn back."
    )
    l2_shrinkage_regularization_strength: float | None = Field(
        default=None, ge=0, description="As l2, but on the loss only: steady weights do not shrink."
    )
    beta: float | None = Field(
        default=None, ge=0, description="Added to each step's divisor; steadies the first steps."
    )
    ns_steps: int | None = Field(
        default=None, ge=1, le=50, description="Newton-Schulz steps that make a step orthogonal."
    )
    rms_rate: float | None = Field(
        default=None, gt=0, description="Size that each orthogonal step is scaled to."
    )
    muon_a: float | None = Field(
        default=None, description="First coefficient of the Newton-Schulz polynomial."
    )
    muon_b: float | None = Field(
        default=None, description="Second coefficient of the Newton-Schulz polynomial."
    )
    muon_c: float | None = Field(
        default=None, description="Third coefficient of the Newton-Schulz polynomial."
    )
    adam_lr_ratio: float | None = Field(
        default=None, gt=0, description="Adam's learning rate as a multiple of Muon's."
    )
    adam_beta_1: float | None = _share("Adam's average of gradients.")
    adam_beta_2: float | None = _share("Adam's average of squared gradients.")
    adam_weight_decay: float | None = Field(
        default=None, ge=0, le=1, description="Weight decay of the weights that Adam trains."
    )
    weight_decay: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="Share of each weight taken away at every step, times the learning rate; "
        "keeps weights small. Empty is Keras's own: 0.004 for AdamW and Muon, none for the others.",
    )
    clipnorm: float | None = Field(
        default=None,
        gt=0,
        description="Scale each weight tensor's gradient down to this length at most.",
    )
    clipvalue: float | None = Field(
        default=None, gt=0, description="Cut every gradient at this size, up and down."
    )
    global_clipnorm: float | None = Field(
        default=None,
        gt=0,
        description="Scale all gradients together down to this length at most; 1 is usual where "
        "the loss jumps.",
    )
    use_ema: bool = Field(
        default=False,
        description="Keep a moving average of the weights, and use it for validation and as the "
        "result: smoother, often a little better.",
    )
    ema_momentum: float | None = _share(
        "How slowly the average of weights follows: 0.99 averages about 100 steps."
    )
    ema_overwrite_frequency: int | None = Field(
        default=None,
        ge=1,
        description="Put the average in place of the weights every so many steps; empty is never.",
    )
    gradient_accumulation_steps: int | None = Field(
        default=None,
        ge=2,
        le=10_000,
        description="Batches whose gradients are averaged into one step: as a batch so many times "
        "larger, without its memory.",
    )

    @model_validator(mode="after")
    def _one_clipping(self) -> OptimizerSettings:
        given = [name for name in _CLIPPING if getattr(self, name) is not None]
        if len(given) > 1:
            raise ValueError(
                f"{' and '.join(given)} cannot be used together: empty all but one of them"
            )
        return self

    @property
    def spec(self) -> OptimizerSpec:
        """What the chosen optimizer takes and keeps."""
        return OPTIMIZERS[self.name]

    @property
    def taken(self) -> tuple[str, ...]:
        """The arguments of the chosen optimizer, in the order the window shows them."""
        return ("learning_rate", *self.spec.arguments, "weight_decay", *COMMON)

    def default(self, argument: str) -> Any:
        """Keras's own value of an argument of the chosen optimizer."""
        if argument == "weight_decay":
            return self.spec.weight_decay
        return self.spec.arguments.get(argument, COMMON.get(argument))

    def used(self, argument: str) -> Any:
        """The value that an argument has: the one given, or Keras's own."""
        given = getattr(self, argument)
        return self.default(argument) if given is None else given

    def arguments(self) -> dict[str, Any]:
        """What `keras.optimizers.<name>` is called with: what is not left to Keras."""
        given = {name: getattr(self, name) for name in self.taken}
        return {name: value for name, value in given.items() if value is not None}

    @property
    def slots_per_weight(self) -> int:
        """Numbers that the optimizer keeps for each trainable weight, besides its gradient."""
        slots = (*self.spec.slots, *_COMMON_SLOTS)
        return sum(1 for argument in slots if not argument or self.used(argument))
