"""The work of a model: operations, memory traffic and peak memory for a batch, per kind of operator.

Everything here follows from the file and the shapes it was given. What cannot be told is None,
and listed with its reason.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from onnx import ModelProto, NodeProto
from pydantic import BaseModel, ConfigDict, Field

from aiinfra.model.call import Call, Uncounted
from aiinfra.model.dtypes import OF_ONNX, onnx_name, stored_bytes
from aiinfra.model.operators import count, kind_of
from aiinfra.model.shapes import Shapes, infer
from aiinfra.model.typed import Typed


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class OperatorWork(_Data):
    """All operators of one kind and element type."""

    op: str
    """Operator type, with its domain in front where that is not the default one: ``com.microsoft.FusedMatMul``."""
    dtype: str
    """Element type of its first known operand, in the protocol's names where it has one; empty: unknown."""
    count: int = Field(ge=1)
    """How many there are."""
    macs: int | None
    """Multiply-accumulates of all of them; None where one cannot be counted."""
    flops: int | None
    """Operations of all of them, two for each multiply-accumulate; None where one cannot be counted."""
    bytes: int | None
    """Bytes they read and write (operands and results, each once, nothing fused); None where a shape is unknown."""
    unknown: str = ""
    """Why ``macs`` or ``bytes`` is None."""


class Work(_Data):
    """The work of one run of the model."""

    batch: int = Field(ge=1)
    """Rows: what an open first dimension of an input was set to."""
    inputs: dict[str, tuple[int, ...]]
    """Shapes the figures hold for; an input whose shape stayed open is absent."""
    macs: int | None
    """Multiply-accumulates; None where any operator cannot be counted (``counted_macs`` is then a lower bound)."""
    flops: int | None
    """Operations, two for each multiply-accumulate; None likewise."""
    counted_macs: int
    """Multiply-accumulates of the operators that can be counted."""
    counted_flops: int
    """Operations of the operators that can be counted."""
    bytes: int | None
    """Bytes all operators read and write, nothing fused; None where a shape is unknown."""
    peak_activation_bytes: int | None
    """Most bytes of inputs, results and outputs alive at once, run in file order, nothing reused in place."""
    profile: tuple[OperatorWork, ...]
    """By kind of operator, the most operations first, then by name."""

    @property
    def unknown(self) -> tuple[OperatorWork, ...]:
        """The kinds of operator with something that cannot be told."""
        return tuple(item for item in self.profile if item.unknown)


def measure(model: ModelProto, batch: int = 1, shapes: Mapping[str, Sequence[int]] | None = None) -> Work:
    """The work of ``model`` for ``batch`` rows.

    ``shapes`` gives whole shapes of inputs by name, for models with more open dimensions than the batch.

    Raises:
        BadInput: ``model-shape`` where ``shapes`` does not fit the model.
    """
    inferred = infer(model, batch, shapes or {})
    groups: dict[tuple[str, str], _Group] = defaultdict(_Group)
    total_bytes: int | None = 0
    for node in inferred.graph.node:
        group = groups[kind_of(node), _dtype(node, inferred.of)]
        moved = group.add(node, inferred)
        total_bytes = None if total_bytes is None or moved is None else total_bytes + moved
    profile = [group.described(op, dtype) for (op, dtype), group in groups.items()]
    profile.sort(key=lambda item: (-(item.flops or 0), item.op, item.dtype))
    complete = all(group.complete for group in groups.values())
    macs = sum(group.macs for group in groups.values())
    flops = sum(group.flops for group in groups.values())
    return Work(
        batch=batch,
        inputs={name: shape for name, shape in inferred.inputs.items() if shape is not None},
        macs=macs if complete else None,
        flops=flops if complete else None,
        counted_macs=macs,
        counted_flops=flops,
        bytes=total_bytes,
        peak_activation_bytes=_peak(inferred),
        profile=tuple(profile),
    )


@dataclass
class _Group:
    count: int = 0
    macs: int = 0
    flops: int = 0
    bytes: int | None = 0
    complete: bool = True
    reasons: set[str] = field(default_factory=set)

    def add(self, node: NodeProto, inferred: Shapes) -> int | None:
        """Add one operator; the bytes it moves, or None."""
        self.count += 1
        try:
            work = count(Call(node, inferred.of))
            self.macs += work.macs
            self.flops += work.flops
        except Uncounted as reason:
            self.complete = False
            self.reasons.add(inferred.failure or str(reason))
        moved = _traffic(node, inferred)
        if moved is None:
            self.reasons.add(inferred.failure or "the shape of an operand is not known before the model runs")
        self.bytes = None if self.bytes is None or moved is None else self.bytes + moved
        return moved

    def described(self, op: str, dtype: str) -> OperatorWork:
        return OperatorWork(
            op=op,
            dtype=dtype,
            count=self.count,
            macs=self.macs if self.complete else None,
            flops=self.flops if self.complete else None,
            bytes=self.bytes,
            unknown="; ".join(sorted(self.reasons)),
        )


def _dtype(node: NodeProto, known: Mapping[str, Typed]) -> str:
    for name in (*node.input, *node.output):
        if name in known:
            elem_type = known[name].elem_type
            return OF_ONNX[elem_type].value if elem_type in OF_ONNX else onnx_name(elem_type)
    return ""


def _traffic(node: NodeProto, inferred: Shapes) -> int | None:
    total = 0
    for name in (*node.input, *_used(node, inferred)):
        if name:
            size = _size(name, inferred.of)
            if size is None:
                return None
            total += size
    return total


def _used(node: NodeProto, inferred: Shapes) -> list[str]:
    """The results that something reads: an unread optional one (Dropout's mask) is never made."""
    return [name for name in node.output if name in inferred.read]


def _size(name: str, known: Mapping[str, Typed]) -> int | None:
    typed = known.get(name)
    return None if typed is None else stored_bytes(typed.elem_type, typed.elements)


def _peak(inferred: Shapes) -> int | None:
    """Run in file order: a result lives until its last reader has run; inputs and outputs live throughout."""
    known, graph = inferred.of, inferred.graph
    if any(attribute.HasField("g") or attribute.graphs for node in graph.node for attribute in node.attribute):
        return None  # what a nested graph holds is not known, and it reads outer tensors by name
    constants = {name for name, typed in known.items() if typed.constant}
    kept = {*inferred.inputs, *(value.name for value in graph.output)}
    last = {name: index for index, node in enumerate(graph.node) for name in node.input}
    alive: dict[str, int] = {}
    for name in inferred.inputs:
        size = _size(name, known)
        if size is None:
            return None
        alive[name] = size
    total = peak = sum(alive.values())
    for index, node in enumerate(graph.node):
        for name in _used(node, inferred):
            if name in constants:
                continue
            size = _size(name, known)
            if size is None:
                return None
            alive[name] = size
            total += size
        peak = max(peak, total)
        for name in {*node.input, *node.output}:
            if name in alive and name not in kept and last.get(name, index) == index:
                total -= alive.pop(name)
    return peak
