"""Everything that can be known about a network without running it.

`analyse` gives shapes, parameters, cost and problems after every edit; `explain` the formulas with
the numbers put in.
"""

from cnnstudio.analysis.explain import explain
from cnnstudio.analysis.info import (
    Analysis,
    Explanation,
    LayerInfo,
    Pair,
    Problem,
    Remedy,
    Severity,
    Shape,
)
from cnnstudio.analysis.live import analyse
from cnnstudio.analysis.totals import Memory, memory, summary_json, training_bytes

__all__ = [
    "Analysis",
    "Explanation",
    "LayerInfo",
    "Memory",
    "Pair",
    "Problem",
    "Remedy",
    "Severity",
    "Shape",
    "analyse",
    "explain",
    "memory",
    "summary_json",
    "training_bytes",
]
