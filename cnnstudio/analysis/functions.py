"""The activation functions of the catalogue as formulas, with Keras's constants."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

FUNCTIONS: Mapping[str, str] = MappingProxyType(
    {
        "linear": "x",
        "relu": "max(0, x)",
        "relu6": "min(max(0, x), 6)",
        "leaky_relu": "x if x > 0, else 0.2 · x",
        "elu": "x if x > 0, else eˣ − 1",
        "selu": "1.0507 · (x if x > 0, else 1.6733 · (eˣ − 1))",
        "celu": "max(0, x) + min(0, eˣ − 1)",
        "gelu": "x · Φ(x), Φ the normal distribution",
        "silu": "x / (1 + e⁻ˣ)",
        "mish": "x · tanh(ln(1 + eˣ))",
        "sigmoid": "1 / (1 + e⁻ˣ)",
        "sparse_sigmoid": "0 if x ≤ −1, (x + 1) / 2 up to 1, then 1",
        "hard_sigmoid": "x / 6 + 0.5, at least 0 and at most 1",
        "hard_silu": "x · (x / 6 + 0.5, at least 0 and at most 1)",
        "tanh": "(eˣ − e⁻ˣ) / (eˣ + e⁻ˣ)",
        "hard_tanh": "x, at least −1 and at most 1",
        "tanh_shrink": "x − tanh(x)",
        "soft_shrink": "x − 0.5 if x > 0.5, x + 0.5 if x < −0.5, else 0",
        "hard_shrink": "x if |x| > 0.5, else 0",
        "softplus": "ln(1 + eˣ)",
        "softsign": "x / (1 + |x|)",
        "squareplus": "(x + √(x² + 4)) / 2",
        "sparse_plus": "0 if x ≤ −1, (x + 1)² / 4 up to 1, then x",
        "exponential": "eˣ",
        "softmax": "eˣ / Σ eˣ",
        "log_softmax": "x − ln Σ eˣ",
        "log_sigmoid": "−ln(1 + e⁻ˣ)",
        "sparsemax": "max(0, x − τ), with τ so that all add up to 1",
    }
)
