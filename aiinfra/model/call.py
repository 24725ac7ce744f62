"""One operator of a model with what is known of its operands, and the count of its work."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from onnx import NodeProto
from onnx.helper import get_attribute_value

from aiinfra.model.typed import Shape, Typed


class Uncounted(Exception):
    """The work of an operator cannot be told from the file; the text says why."""


@dataclass(frozen=True, slots=True)
class Count:
    """Work of one run of one operator."""

    macs: int = 0
    """Multiply-accumulates."""
    other: int = 0
    """Operations beside them."""

    @property
    def flops(self) -> int:
        """All operations, a multiply-accumulate being two."""
        return 2 * self.macs + self.other


@dataclass(frozen=True)
class Call:
    """One operator with what is known of its operands; an absent optional operand is None."""

    node: NodeProto
    known: Mapping[str, Typed]

    @cached_property
    def attributes(self) -> dict[str, Any]:
        """The operator's attributes by name."""
        return {a.name: get_attribute_value(a) for a in self.node.attribute if not a.ref_attr_name}

    def has(self, index: int) -> bool:
        """Whether the optional input at ``index`` is given."""
        return index < len(self.node.input) and bool(self.node.input[index])

    def input(self, index: int) -> Shape:
        """The shape of an input.

        Raises:
            Uncounted: the input is absent or its shape is not known.
        """
        return self._shape(self.node.input, index)

    def output(self, index: int = 0) -> Shape:
        """The shape of an output, under the same rule as :meth:`input`."""
        return self._shape(self.node.output, index)

    def _shape(self, names: Sequence[str], index: int) -> Shape:
        if index >= len(names) or not names[index]:
            raise Uncounted("an operand is missing")
        if names[index] not in self.known:
            raise Uncounted("the shape of an operand is not known before the model runs")
        return self.known[names[index]].shape
