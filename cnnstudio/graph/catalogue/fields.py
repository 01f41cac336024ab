"""Fields that many layer types share, and the names that Keras knows."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from cnnstudio.graph.spec import AS_KERAS, Field, Kind

# glu is missing: it halves the channels, which no other activation does. So is threshold, which
# has no default for what it needs.
ACTIVATIONS = (
    "linear", "relu", "relu6", "leaky_relu", "elu", "selu", "celu", "gelu", "silu", "mish",
    "sigmoid", "hard_sigmoid", "sparse_sigmoid", "hard_silu", "tanh", "hard_tanh", "tanh_shrink",
    "soft_shrink", "hard_shrink", "softplus", "softsign", "squareplus", "sparse_plus",
    "exponential", "softmax", "log_softmax", "log_sigmoid", "sparsemax",
)  # fmt: skip


def _number(name: str, default: float, help_: str, **more: Any) -> Field:
    return Field(name, Kind.FLOAT, default, help_, **more)


_NORMAL = (
    _number("mean", 0.0, "Middle of the numbers drawn."),
    _number("stddev", 0.05, "Spread of the numbers drawn.", minimum=0.0),
)
# What can be set of each initialiser; all but the last two draw at random.
INITIALIZER_OPTIONS: Mapping[str, tuple[Field, ...]] = MappingProxyType(
    {
        "glorot_uniform": (),
        "glorot_normal": (),
        "he_normal": (),
        "he_uniform": (),
        "lecun_normal": (),
        "lecun_uniform": (),
        "random_normal": _NORMAL,
        "random_uniform": (
            _number("minval", -0.05, "Smallest number drawn."),
            _number("maxval", 0.05, "Largest number drawn."),
        ),
        "truncated_normal": _NORMAL,
        "variance_scaling": (
            _number("scale", 1.0, "Factor for the variance.", minimum=0.0, exclusive_minimum=True),
            Field(
                "mode",
                Kind.CHOICE,
                "fan_in",
                "What the variance is divided by: the inputs, the outputs or their mean.",
                choices=("fan_in", "fan_out", "fan_avg"),
            ),
            Field(
                "distribution",
                Kind.CHOICE,
                "truncated_normal",
                "How the numbers are spread.",
                choices=("truncated_normal", "untruncated_normal", "uniform"),
            ),
        ),
        "orthogonal": (_number("gain", 1.0, "Factor for the matrix."),),
        "zeros": (),
        "ones": (),
        "constant": (_number("value", 0.0, "The number that all are.", keras_default=None),),
    }
)
INITIALIZERS = tuple(INITIALIZER_OPTIONS)
_NORM_AXIS = Field(
    "axis",
    Kind.WHOLES,
    (0,),
    "Axes of the weights that a norm is taken along; 0, 1, 2: each filter of a convolution.",
    minimum=-4,
    maximum=4,
)
CONSTRAINT_OPTIONS: Mapping[str, tuple[Field, ...]] = MappingProxyType(
    {
        "max_norm": (
            _number("max_value", 2.0, "Largest norm.", minimum=0.0),
            _NORM_AXIS,
        ),
        "non_neg": (),
        "unit_norm": (_NORM_AXIS,),
        "min_max_norm": (
            _number("min_value", 0.0, "Smallest norm.", minimum=0.0),
            _number("max_value", 1.0, "Largest norm.", minimum=0.0),
            _number(
                "rate",
                1.0,
                "How far a step goes towards the bounds; 1 goes all the way.",
                minimum=0.0,
                maximum=1.0,
            ),
            _NORM_AXIS,
        ),
    }
)
# Larger numbers are typing errors, and would overflow what a person can read.
LARGEST = 1_000_000


def activation(default: str = "linear", keras_default: Any = AS_KERAS) -> Field:
    """The function applied to the output."""
    return Field(
        "activation",
        Kind.CHOICE,
        default,
        "Function applied to each output value; linear leaves it as it is.",
        choices=ACTIVATIONS,
        keras_default=keras_default,
    )


def initializer(name: str, default: str, what: str) -> Field:
    """How weights start."""
    choices: tuple[str, ...] = INITIALIZERS
    if name not in MATRICES:
        # Orthogonal needs a matrix; biases, shifts and factors are vectors.
        choices = tuple(choice for choice in INITIALIZERS if choice != "orthogonal")
    return Field(
        name,
        Kind.OBJECT,
        default,
        f"How the {what} start before training.",
        choices=choices,
        advanced=True,
        options=INITIALIZER_OPTIONS,
    )


def constraint(name: str, what: str) -> Field:
    """What weights are held to after each step."""
    return Field(
        name,
        Kind.OBJECT,
        None,
        f"What the {what} are held to after each step of training.",
        choices=tuple(CONSTRAINT_OPTIONS),
        optional=True,
        none_means="no constraint",
        advanced=True,
        options=CONSTRAINT_OPTIONS,
    )


# Initialisers of weights with two axes or more.
MATRICES = ("kernel_initializer", "depthwise_initializer", "pointwise_initializer")


def regularizer(name: str, what: str) -> Field:
    """A penalty on large weights or outputs."""
    return Field(
        name,
        Kind.REGULARIZER,
        None,
        f"Penalty added to the loss for large {what}: L1 drives them to zero, L2 keeps them small.",
        optional=True,
        none_means="no penalty",
        advanced=True,
    )


TRAINABLE = Field(
    "trainable",
    Kind.BOOL,
    True,
    "Whether training changes the weights; no freezes them as they are.",
    advanced=True,
)
USE_BIAS = Field("use_bias", Kind.BOOL, True, "Add one learned number to each output channel.")
SEED = Field(
    "seed",
    Kind.INT,
    None,
    "Fixes what is drawn at random.",
    minimum=0,
    maximum=2**31 - 1,
    optional=True,
    none_means="from the training seed",
    advanced=True,
)


def weights(*kinds: tuple[str, str], bias: bool = True, outputs: bool = True) -> tuple[Field, ...]:
    """Initialiser and penalty for each kind of weights, such as `("kernel", "weights")`."""
    kinds = (*kinds, ("bias", "biases")) if bias else kinds
    return (
        *(
            initializer(
                f"{name}_initializer", "zeros" if name == "bias" else "glorot_uniform", what
            )
            for name, what in kinds
        ),
        *(regularizer(f"{name}_regularizer", what) for name, what in kinds),
        *(constraint(f"{name}_constraint", what) for name, what in kinds),
        *((regularizer("activity_regularizer", "outputs"),) if outputs else ()),
        TRAINABLE,
    )


def scale_and_shift() -> tuple[Field, ...]:
    """What the layers that normalise learn: gamma and beta."""
    return (
        Field("center", Kind.BOOL, True, "Learn a shift (beta) for each channel."),
        Field("scale", Kind.BOOL, True, "Learn a factor (gamma) for each channel."),
        initializer("beta_initializer", "zeros", "shifts"),
        initializer("gamma_initializer", "ones", "factors"),
        regularizer("beta_regularizer", "shifts"),
        regularizer("gamma_regularizer", "factors"),
        constraint("beta_constraint", "shifts"),
        constraint("gamma_constraint", "factors"),
        TRAINABLE,
    )


def padding(default: str = "valid") -> Field:
    """Zeros at the border or none."""
    return Field(
        "padding",
        Kind.CHOICE,
        default,
        "same adds zeros at the border so that stride 1 keeps the size; valid adds none.",
        choices=("valid", "same"),
        keras_default=AS_KERAS if default == "valid" else "valid",
    )


def pair(name: str, default: tuple[int, int] | None, help_: str, **more: Any) -> Field:
    """Height and width, from 1 on."""
    return Field(name, Kind.PAIR, default, help_, **{"minimum": 1, "maximum": LARGEST, **more})


def whole(name: str, default: int | None, help_: str, **more: Any) -> Field:
    """A whole number, from 1 on."""
    return Field(name, Kind.INT, default, help_, **{"minimum": 1, "maximum": LARGEST, **more})


def rate(help_: str, default: float = 0.5) -> Field:
    """A share below 1."""
    return Field(
        "rate",
        Kind.FLOAT,
        default,
        help_,
        minimum=0.0,
        maximum=1.0,
        exclusive_maximum=True,
        keras_default=None,
    )


def axis(help_: str, *, lowest: int = -4, advanced: bool = True) -> Field:
    """One axis, the batch being 0."""
    return Field("axis", Kind.INT, -1, help_, minimum=lowest, maximum=4, advanced=advanced)


def axes(help_: str) -> Field:
    """One axis or several, the batch being 0."""
    return Field("axis", Kind.WHOLES, (-1,), help_, minimum=-4, maximum=4, advanced=True)


def epsilon(default: float = 0.001) -> Field:
    """What keeps a division from failing."""
    return Field(
        "epsilon",
        Kind.FLOAT,
        default,
        "Added to the variance so that nothing is divided by zero.",
        minimum=0.0,
        exclusive_minimum=True,
        advanced=True,
    )
