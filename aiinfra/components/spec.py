"""What a component is declared with, and the form it is recorded in. Needs no Pulumi.

A component registers its validated spec as its inputs, so that a review can read the declaration back out of any graph.
Recorded keys are camelCase, as in every Pulumi schema; a spec's own keys stay snake_case.
"""

import re
from collections.abc import Mapping
from enum import Enum
from ipaddress import IPv4Network, IPv6Network
from types import UnionType
from typing import Annotated, Any, Final, TypeVar, Union, get_args, get_origin

from pydantic import AfterValidator, BaseModel, Field
from pydantic_core import PydanticCustomError

from aiinfra.spec.base import Spec
from aiinfra.units import Quantity


class ComponentSpec(Spec):
    """Base of every component's spec."""

    overrides: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """Child's noun -> properties laid over what the component decided. Every key used stands first in a review."""


def _given(value: Any) -> Any:
    if isinstance(value, str) or callable(getattr(value, "apply", None)):
        return value
    raise PydanticCustomError("given", "{value} is not an id: give text, or an output", {"value": repr(value)})


GIVEN: Final = "given"
"""Marks fields that may hold an output; the generated types then say ``pulumi.Input``."""

Given = Annotated[Any, AfterValidator(_given), GIVEN]
"""An id or ARN of another resource: text, or the ``pulumi.Output`` of one that is not there yet. It is handed on to
children as it is, and never decides which of them there are."""

S = TypeVar("S", bound=BaseModel)


def to_inputs(spec: BaseModel) -> dict[str, Any]:
    """What is recorded: camelCase keys, plain JSON values, defaults left out."""
    fields = type(spec).model_fields
    return {
        camel(name): _plain(getattr(spec, name))
        for name in sorted(fields)
        if getattr(spec, name) != fields[name].get_default(call_default_factory=True)
    }


def from_inputs(kind: type[S], inputs: Mapping[str, Any]) -> S:
    """The spec that was recorded as ``inputs``.

    Raises:
        pydantic.ValidationError: not what this version records.
    """
    return kind.model_validate(_snake(kind, inputs))


def camel(name: str) -> str:
    """``powerMode`` from ``power_mode``."""
    return re.sub(r"_([a-z0-9])", lambda match: match[1].upper(), name)


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return to_inputs(value)
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (Quantity, IPv4Network, IPv6Network)):
        return str(value)
    return value


def _snake(annotation: Any, value: Any) -> Any:
    if get_origin(annotation) in (Union, UnionType):
        options = [option for option in get_args(annotation) if option is not type(None)]
        return _snake(options[0], value) if value is not None else None
    if isinstance(annotation, type) and issubclass(annotation, BaseModel) and isinstance(value, Mapping):
        names = {camel(name): (name, field.annotation) for name, field in annotation.model_fields.items()}
        known = {names[key][0]: _snake(names[key][1], item) for key, item in value.items() if key in names}
        return {**{key: item for key, item in value.items() if key not in names}, **known}
    if get_origin(annotation) is tuple and isinstance(value, list):
        return [_snake(get_args(annotation)[0], item) for item in value]
    if get_origin(annotation) is dict and isinstance(value, Mapping):
        return {key: _snake(get_args(annotation)[1], item) for key, item in value.items()}
    return value
