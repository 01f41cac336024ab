"""Layers that change the form of what they get."""

from __future__ import annotations

from math import prod

from cnnstudio.analysis import findings, shape_findings
from cnnstudio.analysis.info import Finding, Shape
from cnnstudio.analysis.rules.base import Outcome, Refused, Settings

# Input values along an axis that an output value is mixed from.
MIXED = {"nearest": 1, "bilinear": 2, "bicubic": 4, "lanczos3": 6, "lanczos5": 10}


def flatten(_settings: Settings, shapes: tuple[Shape, ...]) -> Outcome:
    """All values in one row."""
    return Outcome((prod(shapes[0]),), whole=True)


def reshape(settings: Settings, shapes: tuple[Shape, ...]) -> Outcome:
    """The same values in another shape."""
    shape, target = shapes[0], settings["target_shape"]
    if target.count(-1) > 1 or 0 in target:
        raise Refused(shape_findings.impossible_shape(target))
    known = prod(part for part in target if part != -1)
    values = prod(shape)
    if values % known or (-1 not in target and values != known):
        raise Refused(shape_findings.unequal_values(shape, target))
    return Outcome(tuple(values // known if part == -1 else part for part in target), whole=True)


def permute(settings: Settings, shapes: tuple[Shape, ...]) -> Outcome:
    """The axes in another order."""
    shape, dims = shapes[0], settings["dims"]
    if sorted(dims) != list(range(1, len(shape) + 1)):
        raise Refused(shape_findings.impossible_order(dims, shape))
    moved = dims != tuple(range(1, len(shape) + 1))
    return Outcome(tuple(shape[axis - 1] for axis in dims), whole=moved)


def zero_padding(settings: Settings, shapes: tuple[Shape, ...]) -> Outcome:
    """More rows and columns."""
    shape = shapes[0]
    if len(shape) != 3:
        raise Refused(findings.needs_volume("ZeroPadding2D", shape))
    (top, bottom), (left, right) = settings["padding"]
    output = (shape[0] + top + bottom, shape[1] + left + right, shape[2])
    return Outcome(output, border=(bottom, right))


def cropping(settings: Settings, shapes: tuple[Shape, ...]) -> Outcome:
    """Fewer rows and columns."""
    shape = shapes[0]
    if len(shape) != 3:
        raise Refused(findings.needs_volume("Cropping2D", shape))
    (top, bottom), (left, right) = settings["cropping"]
    output = (shape[0] - top - bottom, shape[1] - left - right, shape[2])
    if output[0] < 1 or output[1] < 1:
        raise Refused(shape_findings.crops_all(shape, settings["cropping"]))
    return Outcome(output)


def up_sampling(settings: Settings, shapes: tuple[Shape, ...]) -> Outcome:
    """More rows and columns, filled in between those there are."""
    shape, size = shapes[0], settings["size"]
    if len(shape) != 3:
        raise Refused(findings.needs_volume("UpSampling2D", shape))
    mixed = MIXED[settings["interpolation"]]
    output = (shape[0] * size[0], shape[1] * size[1], shape[2])
    cost = 0 if mixed == 1 else prod(output) * mixed * mixed
    return Outcome(output, multiply_adds=cost, reach=(mixed, mixed), grow=size)


def random_crop(settings: Settings, shapes: tuple[Shape, ...]) -> Outcome:
    """A piece of the picture."""
    shape = shapes[0]
    if len(shape) != 3:
        raise Refused(findings.needs_volume("RandomCrop", shape))
    height, width = settings["height"], settings["width"]
    found: tuple[Finding, ...] = ()
    if height > shape[0] or width > shape[1]:
        found = (shape_findings.crop_enlarges(shape, (height, width)),)
    return Outcome((height, width, shape[2]), findings=found)
