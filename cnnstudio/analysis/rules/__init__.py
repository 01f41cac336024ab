"""The arithmetic of each layer type, in plain Python and in one place: what Keras would build.

A rule takes the settings and the input shapes (without the batch) and returns an `Outcome`, or
raises `Refused` where Keras refuses. Equality with Keras is tested over the whole catalogue.
"""

from __future__ import annotations

from cnnstudio.analysis.rules.base import Outcome, Refused, Rule
from cnnstudio.analysis.rules.merge import broadcast
from cnnstudio.analysis.rules.table import RULES
from cnnstudio.analysis.rules.windows import effective, extent, left_over, same_padding

__all__ = [
    "RULES",
    "Outcome",
    "Refused",
    "Rule",
    "broadcast",
    "effective",
    "extent",
    "left_over",
    "same_padding",
]
