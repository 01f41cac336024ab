"""Small pictures to calculate on, values from 0 (black) to 9 (white) so that they read well."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

_DRAWINGS = {
    "cross": ("000000000", "000090000", "000090000", "000090000", "099999990",
              "000090000", "000090000", "000090000", "000000000"),
    "square": ("000000000", "000000000", "009999900", "009000900", "009000900",
               "009000900", "009999900", "000000000", "000000000"),
    "seven": ("000000000", "009999900", "000000900", "000009000", "000009000",
              "000090000", "000090000", "000900000", "000000000"),
    "diagonal": ("900000000", "190000000", "019000000", "001900000", "000190000",
                 "000019000", "000001900", "000000190", "000000019"),
    "ramp": ("012345678",) * 9,
}  # fmt: skip

PICTURES: Mapping[str, NDArray[np.float64]] = {
    **{
        name: np.array([[float(digit) for digit in row] for row in rows])
        for name, rows in _DRAWINGS.items()
    },
    # The lecture's own grid: with a 3 × 3 window and stride 2 the windows start at 1, 3, 11 and 13.
    "numbers 1 to 25": np.arange(1.0, 26.0).reshape(5, 5),
}
