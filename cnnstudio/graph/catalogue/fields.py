"""Fields that many layer types share, and the names that Keras knows."""

from __future__ import annotations

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
INITIALIZERS = (
    "glorot_uniform", "glorot_normal", "he_normal", "he_uniform", "lecun_normal",
    "lecun_uniform", "random_normal", "random_uniform", "truncated_normal",
    "variance_scaling", "orthogonal", "zeros", "ones",
)  # fmt: skip
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
        Kind.CHOICE,
        default,
        f"How the {what} start before training.",
        choices=choices,
        advanced=True,
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
