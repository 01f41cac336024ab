"""What a rule takes and finds.

Multiply-adds are counted for one picture by this convention: a multiplication, an addition, or both
at once count one. A convolution or Dense layer has one for each weight and position (biases are
not counted), scaling and normalising one for each value, averaging one for each value in a window
(full windows, at the border too), Add, Subtract, Multiply and Average one for each value and input
after the first, UpSampling2D one for each value that an output value is mixed from. Attention has
those of its four projections, and of comparing and adding up every pair of positions. Comparisons,
copies, activation functions and random changes (max pooling, ReLU, softmax, padding, Concatenate,
Dropout) count nothing.

Output extent for each axis: `floor((W − F + P) / S) + 1` with `F` the extent of the filter, dilated
to `d·(F − 1) + 1`; with `same` padding `ceil(W / S)`. Parameters of a convolution:
`(F_h·F_w·C/groups + 1)·K` (Dumoulin and Visin, "A guide to convolution arithmetic", 2016).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from cnnstudio.analysis.info import Finding, Pair, Shape

Settings = Mapping[str, Any]


class Outcome(NamedTuple):
    """What a rule finds.

    Attributes:
        shape: of the output, without the batch.
        trainable, fixed: weights that training changes, and that it does not.
        multiply_adds: by the convention above.
        reach: rows and columns of the input that one output value takes in.
        step: rows and columns of the input from one output value to the next.
        whole: one output value takes in all rows and columns, or it no longer has any.
        unused: rows at the bottom and columns at the right that no window reaches.
        border: rows at the bottom and columns at the right of the output that are padding.
        findings: what is probably not meant.
        grow: how many output rows and columns there are for one of the input.
    """

    shape: Shape
    trainable: int = 0
    fixed: int = 0
    multiply_adds: int = 0
    reach: Pair = (1, 1)
    step: Pair = (1, 1)
    whole: bool = False
    unused: Pair = (0, 0)
    border: Pair = (0, 0)
    findings: tuple[Finding, ...] = ()
    grow: Pair = (1, 1)


class Refused(Exception):  # noqa: N818 - an outcome of a rule, not a failure of the program
    """Keras would refuse the layer."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.message)
        self.finding = finding


Rule = Callable[[Settings, tuple[Shape, ...]], Outcome]
