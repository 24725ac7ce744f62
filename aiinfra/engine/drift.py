"""Drift: what somebody changes by hand between two runs of the engine, and what a thing has that can be changed so."""

from typing import Final

from google.protobuf.struct_pb2 import Struct

from aiinfra.catalogue.replacement import behaviour
from aiinfra.engine.cloud import Thing
from aiinfra.errors import BadInput
from aiinfra.graph import path as paths
from aiinfra.graph import values
from aiinfra.graph.shapes import outputs_of

MARK: Final = "changed-by-hand"
"""The tag or annotation that appears, or the text that a property becomes."""


def place_of(thing: Thing) -> tuple[str, ...]:
    """The path of the property that another hand changes: a tag or an annotation where the type has them, else the
    first text, by name, that can be changed in place.

    Raises:
        BadInput: ``drift-impossible`` where there is none.
    """
    if "metadata" in thing.inputs and thing.type.startswith("kubernetes:"):
        return ("metadata", "annotations", MARK)
    if "tags" in thing.inputs or "tags" in outputs_of(thing.type):
        if values.marker_of(thing.inputs.get("tags", {})):
            raise _impossible(thing)
        return ("tags", MARK)
    known = behaviour(thing.type)
    replacing = {str(paths.parse(rule.path)[0]) for rule in known.rules} if known is not None else set()
    for key, value in sorted(thing.inputs.items()):
        if isinstance(value, str) and key not in replacing:
            return (key,)
    raise _impossible(thing)


def put(properties: Struct, place: tuple[str, ...]) -> None:
    """Set the property at ``place`` to :data:`MARK`."""
    for key in place[:-1]:
        properties = properties.fields[key].struct_value
    properties.fields[place[-1]].string_value = MARK


def _impossible(thing: Thing) -> BadInput:
    message = f"{thing.label} ({thing.type}) has nothing that can be changed in place"
    return BadInput("drift-impossible", message, "name a resource with tags, annotations or a text of its own")
