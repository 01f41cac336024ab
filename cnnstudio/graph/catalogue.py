"""The catalogue: every layer type, declared once.

To add a layer, add one `LayerSpec` here and one shape rule in `cnnstudio.analysis.rules`; palette,
inspector, help, source export and the parity tests against Keras read both.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from cnnstudio.graph.spec import Arity, Category, Field, Kind, LayerSpec

# glu is missing: it halves the channels, which no other activation does.
ACTIVATIONS = (
    "linear", "relu", "relu6", "leaky_relu", "elu", "selu", "celu", "gelu", "silu", "mish",
    "sigmoid", "hard_sigmoid", "hard_silu", "tanh", "hard_tanh", "tanh_shrink", "soft_shrink",
    "hard_shrink", "softplus", "softsign", "squareplus", "sparse_plus", "exponential",
    "softmax", "log_softmax", "log_sigmoid", "sparsemax",
)  # fmt: skip
INITIALIZERS = (
    "glorot_uniform", "glorot_normal", "he_normal", "he_uniform", "lecun_normal",
    "lecun_uniform", "random_normal", "random_uniform", "truncated_normal",
    "variance_scaling", "orthogonal", "zeros", "ones",
)  # fmt: skip
# Larger numbers are typing errors, and would overflow what a person can read.
LARGEST = 1_000_000


def _activation(default: str = "linear") -> Field:
    return Field(
        "activation",
        Kind.CHOICE,
        default,
        "Function applied to each output value; linear leaves it as it is.",
        choices=ACTIVATIONS,
    )


def _initializer(name: str, default: str, what: str) -> Field:
    choices: tuple[str, ...] = INITIALIZERS
    if name != "kernel_initializer":
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


def _regularizer(name: str, what: str) -> Field:
    return Field(
        name,
        Kind.REGULARIZER,
        None,
        f"Penalty added to the loss for large {what}: L1 drives them to zero, L2 keeps them small.",
        optional=True,
        none_means="no penalty",
        advanced=True,
    )


_PADDING = Field(
    "padding",
    Kind.CHOICE,
    "valid",
    "same adds zeros at the border so that stride 1 keeps the size; valid adds none.",
    choices=("valid", "same"),
)
_USE_BIAS = Field("use_bias", Kind.BOOL, True, "Add one learned number to each output channel.")
_WEIGHTS = (
    _initializer("kernel_initializer", "glorot_uniform", "weights"),
    _initializer("bias_initializer", "zeros", "biases"),
    _regularizer("kernel_regularizer", "weights"),
    _regularizer("bias_regularizer", "biases"),
)


def _pair(name: str, default: tuple[int, int] | None, help_: str, **more: object) -> Field:
    return Field(name, Kind.PAIR, default, help_, minimum=1, maximum=LARGEST, **more)  # type: ignore[arg-type]


def _pooling(type_: str, summary: str, stem: str, keywords: tuple[str, ...]) -> LayerSpec:
    return LayerSpec(
        type_,
        Category.POOLING,
        summary,
        (
            _pair("pool_size", (2, 2), "Height and width of the window."),
            _pair(
                "strides",
                None,
                "Step of the window, down and across.",
                optional=True,
                none_means="same as pool_size",
            ),
            _PADDING,
        ),
        stem=stem,
        keywords=keywords,
        key_fields=("pool_size", "strides", "padding"),
    )


_SPECS = (
    LayerSpec(
        "Input",
        Category.INPUT,
        "Where pictures enter: their height, width and channels.",
        (
            Field(
                "shape",
                Kind.SHAPE,
                (32, 32, 3),
                "Height, width and channels of a picture; 1 channel is grey, 3 are RGB.",
                minimum=1,
                maximum=LARGEST,
            ),
        ),
        Arity.NONE,
        "input",
        ("picture", "image", "inputlayer", "start"),
        ("shape",),
    ),
    LayerSpec(
        "Rescaling",
        Category.INPUT,
        "Multiplies every value by scale and adds offset; 1/255 brings pixels to between 0 and 1.",
        (
            Field("scale", Kind.FLOAT, 1 / 255, "Factor for every value; 1/255 for pixels."),
            Field("offset", Kind.FLOAT, 0.0, "Added after scaling; 1/127.5 with -1: -1 to 1."),
        ),
        stem="rescaling",
        keywords=("scale", "normalise", "normalize", "pixels", "255"),
        key_fields=("scale", "offset"),
    ),
    LayerSpec(
        "Conv2D",
        Category.CONVOLUTION,
        "Slides small filters over the picture and adds up what they match.",
        (
            Field(
                "filters",
                Kind.INT,
                32,
                "How many filters: the channels of the output.",
                minimum=1,
                maximum=LARGEST,
            ),
            _pair("kernel_size", (3, 3), "Height and width of each filter."),
            _pair("strides", (1, 1), "Step of the filter, down and across."),
            Field(
                "padding",
                Kind.CHOICE,
                "same",
                _PADDING.help,
                choices=("valid", "same"),
            ),
            _pair(
                "dilation_rate",
                (1, 1),
                "Gap between the filter's values; 2 skips every second pixel.",
                advanced=True,
            ),
            Field(
                "groups",
                Kind.INT,
                1,
                "Splits the channels into groups that are filtered apart.",
                minimum=1,
                maximum=LARGEST,
                advanced=True,
            ),
            _activation(),
            _USE_BIAS,
            *_WEIGHTS,
        ),
        stem="conv2d",
        keywords=("convolution", "filter", "kernel", "feature map", "1x1"),
        key_fields=("filters", "kernel_size", "strides", "padding", "activation"),
    ),
    _pooling(
        "MaxPooling2D",
        "Keeps the largest value in each window: smaller maps, the strongest matches stay.",
        "max_pooling",
        ("maxpool", "pool", "downsample", "subsample"),
    ),
    _pooling(
        "AveragePooling2D",
        "Averages each window: smaller, smoother maps.",
        "average_pooling",
        ("avgpool", "mean", "pool", "downsample", "subsample"),
    ),
    LayerSpec(
        "GlobalAveragePooling2D",
        Category.POOLING,
        "Averages each feature map to one number: a volume becomes a vector.",
        (
            Field(
                "keepdims",
                Kind.BOOL,
                False,
                "Keep height and width as 1 × 1 instead of dropping them.",
                advanced=True,
            ),
        ),
        stem="global_average_pooling",
        keywords=("gap", "mean", "pool", "global"),
    ),
    LayerSpec(
        "Flatten",
        Category.DENSE,
        "Lays all values of a volume in one long row, ready for a Dense layer.",
        stem="flatten",
        keywords=("reshape", "vector"),
    ),
    LayerSpec(
        "Dense",
        Category.DENSE,
        "Joins every input to every unit with a weight of its own.",
        (
            Field(
                "units",
                Kind.INT,
                10,
                "How many outputs; the last layer needs one for each class.",
                minimum=1,
                maximum=LARGEST,
            ),
            _activation(),
            _USE_BIAS,
            *_WEIGHTS,
        ),
        stem="dense",
        keywords=("fully connected", "linear", "fc", "perceptron", "classifier"),
        key_fields=("units", "activation"),
    ),
    LayerSpec(
        "Dropout",
        Category.REGULARISATION,
        "Sets a random share of values to zero while training, so that none is relied on alone.",
        (
            Field(
                "rate",
                Kind.FLOAT,
                0.5,
                "Share of values dropped in training; 0.1 to 0.5 is usual.",
                minimum=0.0,
                maximum=1.0,
                exclusive_maximum=True,
            ),
            Field(
                "seed",
                Kind.INT,
                None,
                "Fixes which values are dropped.",
                minimum=0,
                maximum=2**31 - 1,
                optional=True,
                none_means="from the training seed",
                advanced=True,
            ),
        ),
        stem="dropout",
        keywords=("regularise", "overfitting"),
        key_fields=("rate",),
    ),
    LayerSpec(
        "BatchNormalization",
        Category.NORMALISATION,
        "Brings each channel to mean 0 and variance 1 over the batch, then scales and shifts it.",
        (
            Field(
                "momentum",
                Kind.FLOAT,
                0.99,
                "How slowly the averages used after training follow the batches.",
                minimum=0.0,
                maximum=1.0,
            ),
            Field(
                "epsilon",
                Kind.FLOAT,
                0.001,
                "Added to the variance so that nothing is divided by zero.",
                minimum=0.0,
                exclusive_minimum=True,
            ),
            Field("center", Kind.BOOL, True, "Learn a shift (beta) for each channel."),
            Field("scale", Kind.BOOL, True, "Learn a factor (gamma) for each channel."),
            _initializer("beta_initializer", "zeros", "shifts"),
            _initializer("gamma_initializer", "ones", "factors"),
        ),
        stem="batch_normalization",
        keywords=("bn", "batchnorm", "normalise", "normalize"),
        key_fields=(),
    ),
    LayerSpec(
        "Activation",
        Category.ACTIVATION,
        "Applies a function to every value.",
        (_activation("relu"),),
        stem="activation",
        keywords=("nonlinearity", *ACTIVATIONS),
        key_fields=("activation",),
    ),
    LayerSpec(
        "ReLU",
        Category.ACTIVATION,
        "Keeps positive values and sets negative ones to zero.",
        (
            Field(
                "max_value",
                Kind.FLOAT,
                None,
                "Largest output; 6 gives ReLU6.",
                minimum=0.0,
                optional=True,
                none_means="no limit",
            ),
            Field(
                "negative_slope",
                Kind.FLOAT,
                0.0,
                "Slope below the threshold; above 0 it leaks.",
                minimum=0.0,
            ),
            Field(
                "threshold",
                Kind.FLOAT,
                0.0,
                "Values below it are cut off.",
                minimum=0.0,
            ),
        ),
        stem="relu",
        keywords=("rectified", "nonlinearity", "leaky"),
        key_fields=("max_value", "negative_slope"),
    ),
    LayerSpec(
        "Softmax",
        Category.ACTIVATION,
        "Turns scores into probabilities that add up to 1.",
        stem="softmax",
        keywords=("probability", "classifier", "scores"),
    ),
    LayerSpec(
        "ZeroPadding2D",
        Category.CONVOLUTION,
        "Adds rows and columns of zeros around the picture.",
        (
            Field(
                "padding",
                Kind.SIDES,
                ((1, 1), (1, 1)),
                "Rows added at top and bottom, columns at left and right.",
                minimum=0,
                maximum=LARGEST,
            ),
        ),
        stem="zero_padding",
        keywords=("pad", "border"),
        key_fields=("padding",),
    ),
    LayerSpec(
        "Add",
        Category.MERGE,
        "Adds its inputs value by value: a residual connection.",
        arity=Arity.MANY,
        stem="add",
        keywords=("residual", "skip", "sum", "resnet"),
    ),
    LayerSpec(
        "Concatenate",
        Category.MERGE,
        "Stacks its inputs one behind the other along an axis, by default the channels.",
        (
            Field(
                "axis",
                Kind.INT,
                -1,
                "Axis to stack along, the batch being 0; -1 is the last, the channels.",
                minimum=-3,
                maximum=3,
                advanced=True,
            ),
        ),
        Arity.MANY,
        "concatenate",
        ("concat", "join", "inception", "densenet", "branch"),
        ("axis",),
    ),
)

CATALOGUE: Mapping[str, LayerSpec] = MappingProxyType({spec.type: spec for spec in _SPECS})


def spec_of(type_: str) -> LayerSpec:
    """The declaration of a layer type; KeyError if the catalogue has none."""
    return CATALOGUE[type_]
