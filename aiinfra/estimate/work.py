"""The work of one inference, as the estimate sees it: operations, weights, layers, and how much of it is convolution.

Nothing here is typed by hand: it comes from a model's facts, from a language model's declared architecture, or, for the
published benchmarks, from their architectures (``benchmarks``).
"""

import math
from dataclasses import dataclass
from typing import Final

WIDTH: Final = {"fp32": 4.0, "fp16": 2.0, "bf16": 2.0, "fp8": 1.0, "int8": 1.0, "fp4": 0.5, "int4": 0.5}
"""Bytes of one element."""


@dataclass(frozen=True, slots=True)
class Work:
    """One inference of one item (batch 1)."""

    name: str
    operations: float
    """Operations, a multiply-accumulate being two; a lower bound where ``complete`` is false."""
    parameters: float
    """Numbers stored in the model."""
    weights: float
    """Bytes of those."""
    activations: float
    """Most bytes of results alive at once."""
    traffic: float
    """Bytes the operators read and write, nothing fused."""
    layers: int
    """Operators that do the heavy work: each is one kernel at least."""
    operators: int
    """All operators."""
    convolution: float
    """Part of the operations that is in convolutions, 0 to 1."""
    dtype: str
    """Element type the work is done in: fp32, fp16, bf16, fp8, int8, fp4."""
    complete: bool = True
    """Whether every operator could be counted."""

    @property
    def scale(self) -> float:
        """0 for a convolution net as small as ResNet-50 (8 billion operations), 1 for a detector of 400 billion."""
        return min(max(math.log(max(self.operations, 1) / 8.2e9) / math.log(402 / 8.2), 0.0), 1.0)
