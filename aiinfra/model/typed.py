"""What is known of one tensor inside a model."""

import math
from dataclasses import dataclass

Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Typed:
    """What is known of one tensor: its ONNX element type, and its shape where every dimension is known."""

    elem_type: int
    shape: Shape
    constant: bool = False

    @property
    def elements(self) -> int:
        """How many numbers it holds."""
        return math.prod(self.shape)
