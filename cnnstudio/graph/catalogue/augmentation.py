"""Random changes of the pictures while training; afterwards these layers do nothing."""

from __future__ import annotations

from cnnstudio.graph.catalogue.fields import SEED, whole
from cnnstudio.graph.spec import Category, Field, Kind, LayerSpec

_FILL = (
    Field(
        "fill_mode",
        Kind.CHOICE,
        "reflect",
        "What fills the border: the picture mirrored, once more, one value, or its edge drawn out.",
        choices=("reflect", "wrap", "constant", "nearest"),
        advanced=True,
    ),
    Field(
        "interpolation",
        Kind.CHOICE,
        "bilinear",
        "bilinear mixes neighbouring pixels, nearest takes one.",
        choices=("nearest", "bilinear"),
        advanced=True,
    ),
    SEED,
    Field("fill_value", Kind.FLOAT, 0.0, "The value for constant borders.", advanced=True),
)
_VALUES = Field(
    "value_range",
    Kind.RANGE,
    (0.0, 255.0),
    "Lowest and highest value of the pixels that come in: 0 and 1 behind a Rescaling.",
)


def _factor(
    help_: str,
    default: float | None,
    *,
    name: str = "factor",
    lowest: float = -1.0,
    highest: float | None = 1.0,
    **more: object,
) -> Field:
    """How far it goes: from the lowest to the highest share."""
    between = None if default is None else (max(-default, lowest), default)
    more = {"keras_default": None, **more}
    return Field(
        name,
        Kind.RANGE,
        between,
        help_,
        minimum=lowest,
        maximum=highest,
        **more,  # type: ignore[arg-type]
    )


def _slant(name: str, help_: str) -> Field:
    return _factor(help_, 0.1, name=name, lowest=0.0, keras_default=(0.0, 0.0))


def _random(
    type_: str, summary: str, *fields: Field, positional: int = 1, keys: int = 1
) -> LayerSpec:
    name = type_.removeprefix("Random").lower()
    return LayerSpec(
        type_,
        Category.AUGMENTATION,
        summary,
        fields,
        stem=f"random_{name}",
        keywords=("augment", "random", name),
        key_fields=tuple(field.name for field in fields[:keys]),
        positional=tuple(field.name for field in fields[:positional]),
        keeps_shape=type_ != "RandomCrop",
    )


SPECS = (
    _random(
        "RandomFlip",
        "Mirrors pictures at random while training.",
        Field(
            "mode",
            Kind.CHOICE,
            "horizontal_and_vertical",
            "Left and right, top and bottom, or both.",
            choices=("horizontal", "vertical", "horizontal_and_vertical"),
        ),
        SEED,
    ),
    _random(
        "RandomRotation",
        "Turns pictures by a random angle while training.",
        _factor("Share of a full turn: 0.1 goes up to 36 degrees either way.", 0.1),
        *_FILL,
    ),
    _random(
        "RandomZoom",
        "Enlarges or shrinks pictures at random while training.",
        _factor("Share of the height: above 0 zooms out, below 0 in.", 0.2, name="height_factor",
                exclusive_minimum=True),
        _factor(
            "Share of the width.",
            None,
            name="width_factor",
            exclusive_minimum=True,
            optional=True,
            none_means="same as height_factor",
        ),
        *_FILL,
    ),
    _random(
        "RandomTranslation",
        "Shifts pictures at random while training.",
        _factor("Share of the height that they move down or up.", 0.1, name="height_factor"),
        _factor("Share of the width that they move right or left.", 0.1, name="width_factor"),
        *_FILL,
        positional=2,
        keys=2,
    ),
    _random(
        "RandomShear",
        "Slants pictures at random while training.",
        _slant("x_factor", "How far rows slide sideways."),
        _slant("y_factor", "How far columns slide up and down."),
        _FILL[1],
        _FILL[0],
        _FILL[3],
        SEED,
        keys=2,
    ),
    _random(
        "RandomCrop",
        "Cuts a random piece out of each picture while training, its middle afterwards.",
        whole("height", 24, "Height of the piece.", keras_default=None),
        whole("width", 24, "Width of the piece.", keras_default=None),
        SEED,
        positional=2,
        keys=2,
    ),
    _random(
        "RandomContrast",
        "Changes the contrast of pictures at random while training.",
        _factor("How far the contrast goes up or down.", 0.2, lowest=0.0),
        _VALUES,
        SEED,
    ),
    _random(
        "RandomBrightness",
        "Makes pictures darker or brighter at random while training.",
        _factor("How far the brightness goes down or up.", 0.2),
        _VALUES,
        SEED,
    ),
    _random(
        "RandomHue",
        "Shifts the colours of pictures at random while training.",
        _factor("How far round the colour circle.", 0.1, lowest=0.0),
        _VALUES,
        SEED,
    ),
    _random(
        "RandomSaturation",
        "Makes colours paler or stronger at random while training.",
        _factor("0 to 0.5: paler, 0.5: as they are, 0.5 to 1: stronger.", 0.5, lowest=0.0),
        _VALUES,
        SEED,
    ),
)  # fmt: skip
