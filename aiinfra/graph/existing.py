"""What is there already: ids and outputs of a stack's resources, given to a program instead of stand-ins."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from aiinfra.graph import wire

if TYPE_CHECKING:
    from google.protobuf.struct_pb2 import Struct


@dataclass(frozen=True, slots=True)
class Existing:
    """One resource that is there. ``outputs`` are held as a graph holds values; secrets have no value."""

    id: str
    outputs: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        return {"id": self.id, "outputs": dict(self.outputs)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The inverse of :meth:`as_json`."""
        return cls(data["id"], data["outputs"])

    def complete(self, answer: "Struct", name: str) -> None:
        """Fill in ``answer``, which holds what the program gave, with what is there; what was given stays."""
        _fill(answer, self.outputs, name)


def _fill(struct: "Struct", known: Mapping[str, Any], path: str) -> None:
    for key, value in known.items():
        own = wire.unescape(key)
        if own not in struct.fields:
            struct[own] = wire.encode(value, f"{path}.{own}")
            continue
        given = struct.fields[own]
        if isinstance(value, Mapping) and given.HasField("struct_value"):
            if wire.SIGNATURE not in given.struct_value.fields:
                _fill(given.struct_value, value, f"{path}.{own}")
        elif isinstance(value, list) and given.HasField("list_value"):
            for place, (item, there) in enumerate(zip(given.list_value.values, value, strict=False)):
                if isinstance(there, Mapping) and item.HasField("struct_value"):
                    _fill(item.struct_value, there, f"{path}.{own}[{place}]")
