"""The catalogue: every layer type, declared once.

To add a layer, add one `LayerSpec` to a family's file here and one shape rule in
`cnnstudio.analysis.rules`; palette, inspector, help, source export and the parity tests against
Keras read both.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from cnnstudio.graph.catalogue import (
    activation,
    attention,
    augmentation,
    convolution,
    dense,
    inputs,
    merge,
    normalisation,
    pooling,
    regularisation,
    shape,
)
from cnnstudio.graph.catalogue.fields import ACTIVATIONS, INITIALIZERS, LARGEST
from cnnstudio.graph.spec import LayerSpec

__all__ = ["ACTIVATIONS", "CATALOGUE", "INITIALIZERS", "LARGEST", "spec_of"]

_FAMILIES = (
    inputs,
    convolution,
    pooling,
    normalisation,
    activation,
    regularisation,
    dense,
    attention,
    merge,
    shape,
    augmentation,
)
CATALOGUE: Mapping[str, LayerSpec] = MappingProxyType(
    {spec.type: spec for family in _FAMILIES for spec in family.SPECS}
)


def spec_of(type_: str) -> LayerSpec:
    """The declaration of a layer type; KeyError if the catalogue has none."""
    return CATALOGUE[type_]
