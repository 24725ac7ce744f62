"""What a resource's outputs read like where no cloud has answered: stand-ins, or unknown.

In the symbolic graph a string reads ``NAME.PROPERTY`` (``cluster.certificateAuthority.data``), a list has one element,
a number is 1, a boolean False, a map empty, and a nested object has all its fields, so that every ``apply`` runs. What
the program gave is given back.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from aiinfra.graph import wire
from aiinfra.graph.shapes import Kind, Shape, outputs_of

if TYPE_CHECKING:
    from google.protobuf.struct_pb2 import Struct, Value

DEEPEST: Final = 3
"""Levels of nested objects that a stand-in is made for; some provider types hold themselves."""

_SCALARS: Final = frozenset({Kind.TEXT, Kind.INTEGER, Kind.NUMBER, Kind.BOOLEAN})


def complete(answer: "Struct", token: str, name: str) -> None:
    """Fill in ``answer``, which holds a resource's inputs, until it holds all its outputs."""
    for key, shape in outputs_of(token).items():
        if key in ("id", "urn"):
            continue
        path = f"{name}.{key}"
        if key not in answer.fields or not fits(answer.fields[key], shape):
            _put(answer, key, stand_in(shape, path))
        else:
            _fill(answer.fields[key], shape, path, stand_in)


def settle(answer: "Struct", token: str) -> None:
    """Leave in ``answer``, which holds a resource's inputs, what a first preview knows of its outputs.

    A property that is not in the answer is unknown. So is a scalar that a given object lacks: the provider may set it,
    as EKS does the security group in ``vpc_config``. Kubernetes gives objects back as they are given, but makes up a
    name where there is none.
    """
    shapes = outputs_of(token)
    kubernetes = token.startswith("kubernetes:")
    drop_unreadable(answer, token)
    for key in [key for key in answer.fields if key in shapes and not kubernetes]:
        _fill(answer.fields[key], shapes[key], key, _unknown)
    if kubernetes and "metadata" in answer.fields and answer.fields["metadata"].HasField("struct_value"):
        metadata = answer.fields["metadata"].struct_value
        if "name" not in metadata.fields and wire.SIGNATURE not in metadata.fields:
            metadata["name"] = wire.UNKNOWN_VALUE


def drop_unreadable(answer: "Struct", token: str) -> None:
    """Take out of ``answer`` what the SDK would refuse to read back: an object where the output is text, say."""
    shapes = outputs_of(token)
    for key in [key for key in answer.fields if key in shapes and not fits(answer.fields[key], shapes[key])]:
        del answer.fields[key]


def _unknown(_shape: Shape, _path: str) -> str:
    return wire.UNKNOWN_VALUE


def stand_in(shape: Shape, path: str, depth: int = 0) -> Any:
    """A value of this shape; None where none can be made up."""
    if shape.choice is not None:
        return shape.choice
    match shape.kind:
        case Kind.TEXT | Kind.ANY:
            return path
        case Kind.INTEGER | Kind.NUMBER:
            return 1
        case Kind.BOOLEAN:
            return False
        case Kind.MAP:
            return dict[str, Any]()
        case Kind.LIST:
            item = stand_in(shape.item, f"{path}[0]", depth) if shape.item else None
            return [item] if item is not None else list[Any]()
        case Kind.OBJECT if depth < DEEPEST:
            made = {key: stand_in(field, f"{path}.{key}", depth + 1) for key, field in shape.fields.items()}
            return {key: value for key, value in made.items() if value is not None}
        case _:
            return None


def fits(value: "Value", shape: Shape) -> bool:
    """Whether the SDK can read ``value`` back as this shape; unknown values and secrets are looked into."""
    kind = value.WhichOneof("kind")
    if kind == "string_value" and value.string_value == wire.UNKNOWN_VALUE:
        return True
    if kind == "struct_value":
        return _struct_fits(value, shape)
    if kind == "list_value":
        if shape.kind is Kind.LIST and shape.item is not None:
            item = shape.item
            return all(fits(element, item) for element in value.list_value.values)
        return shape.kind in (Kind.ANY, Kind.OPAQUE)
    return True


def _struct_fits(value: "Value", shape: Shape) -> bool:
    fields = value.struct_value.fields
    if wire.SIGNATURE in fields:
        if fields[wire.SIGNATURE].string_value == wire.SECRET_SIGNATURE:
            return fits(fields["value"], shape)
        return True
    if shape.kind is Kind.OBJECT:
        known: Mapping[str, Shape] = shape.fields
        return all(fits(fields[key], known[key]) for key in fields if key in known)
    if shape.kind is Kind.MAP and shape.item is not None:
        item = shape.item
        return all(fits(element, item) for element in fields.values())
    return shape.kind in (Kind.ANY, Kind.OPAQUE)


def _fill(value: "Value", shape: Shape, path: str, make: Callable[[Shape, str], Any]) -> None:
    """Add the scalars that a given object lacks."""
    kind = value.WhichOneof("kind")
    if kind == "list_value" and shape.kind is Kind.LIST and shape.item is not None:
        for index, element in enumerate(value.list_value.values):
            _fill(element, shape.item, f"{path}[{index}]", make)
        return
    if kind != "struct_value" or shape.kind is not Kind.OBJECT:
        return
    struct = value.struct_value
    if wire.SIGNATURE in struct.fields:
        return
    for key, field in shape.fields.items():
        if key in struct.fields:
            _fill(struct.fields[key], field, f"{path}.{key}", make)
        elif field.kind in _SCALARS:
            _put(struct, key, make(field, f"{path}.{key}"))


def _put(struct: "Struct", key: str, value: Any) -> None:
    if value is None:
        struct.fields.pop(key, None)
    else:
        struct[key] = value
