"""What the provider SDKs say of their own types: which class a token names, which properties it has, of which kind.

The SDKs are generated from their providers' schemas, and the Python classes keep the names and types of every property,
nested ones too. That is enough to tell a misspelt key and to make a stand-in for a value that only a cloud could give.
"""

import keyword
import re
import sys
import types
import typing
from collections import abc
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum
from functools import cache
from importlib import import_module
from inspect import isclass
from typing import Any, Final

import pulumi
from pulumi import _types

from aiinfra.graph.isolation import sdk_warnings_ignored


class Kind(StrEnum):
    """What a property holds."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    LIST = "list"
    MAP = "map"
    """Keys are the user's own."""
    OBJECT = "object"
    """Keys are the type's."""
    ANY = "any"
    OPAQUE = "opaque"
    """Assets, and what this module cannot read."""


@dataclass(frozen=True, slots=True)
class Shape:
    """The kind of a property; what a list or map holds; the class of an object; the first choice of an enumeration."""

    kind: Kind
    item: "Shape | None" = None
    type: Any = None
    choice: Any = None

    @property
    def fields(self) -> Mapping[str, "Shape"]:
        """Property name on the wire -> shape; empty for all but objects."""
        return fields_of(self.type) if self.kind is Kind.OBJECT else {}


_ANY = Shape(Kind.ANY)
_SCALARS: dict[Any, Shape] = {
    str: Shape(Kind.TEXT),
    int: Shape(Kind.INTEGER),
    float: Shape(Kind.NUMBER),
    bool: Shape(Kind.BOOLEAN),
    Any: _ANY,
}


class _Classes:
    """Token -> class, for all resource classes imported so far."""

    def __init__(self) -> None:
        self._known: dict[str, type] = {}
        self._counts = (0, 0)
        self._tried: set[str] = set()

    def of(self, token: str) -> type | None:
        found = self._imported(token)
        if found is None and token not in self._tried:
            self._tried.add(token)
            _import_module_of(token)
            found = self._imported(token)
        return found

    def _imported(self, token: str) -> type | None:
        counts = (len(pulumi.CustomResource.__subclasses__()), len(pulumi.ComponentResource.__subclasses__()))
        if counts != self._counts:
            self._known = {
                cls.__dict__["pulumi_type"]: cls
                for cls in _subclasses(pulumi.Resource)
                if isinstance(cls.__dict__.get("pulumi_type"), str)
            }
            self._counts = counts
        return self._known.get(token)


_CLASSES = _Classes()


def _subclasses(cls: type) -> Iterator[type]:
    for sub in cls.__subclasses__():
        yield sub
        yield from _subclasses(sub)


def _import_module_of(token: str) -> None:
    """Import the SDK module that a token's class would be in, if it is installed.

    ``aws:ec2/vpc:Vpc`` is in ``pulumi_aws.ec2``, ``kubernetes:rbac.authorization.k8s.io/v1:Role`` in
    ``pulumi_kubernetes.rbac.v1``. The modules are lazy: asking for the class is what loads them.
    """
    match = _TOKEN.fullmatch(token)
    if match is None:
        return
    package, group, version, name = match.group("package", "group", "version", "name")
    parts = [f"pulumi_{package.replace('-', '_')}", f"{group}_" if keyword.iskeyword(group) else group]
    if version:
        parts.append(version)
    with sdk_warnings_ignored():
        try:
            getattr(import_module(".".join(parts)), name, None)
        except ModuleNotFoundError:
            return


_TOKEN: Final = re.compile(
    r"(?P<package>[a-z][a-z0-9-]*):(?P<group>[A-Za-z0-9_]+)[^/:]*(?:/(?:(?P<version>v[0-9]\w*)|\w+))?:(?P<name>\w+)"
)


def class_of(token: str) -> type | None:
    """The class with this type token; its module is imported where need be. None for tokens made at run time."""
    return _CLASSES.of(token)


def inputs_of(token: str) -> Mapping[str, Shape] | None:
    """The properties the class of ``token`` takes; None where the SDK says nothing."""
    cls = class_of(token)
    if cls is None:
        return None
    module = sys.modules.get(cls.__module__)
    for suffix in ("InitArgs", "Args"):
        args = getattr(module, f"{cls.__name__}{suffix}", None)
        if isclass(args) and _types.is_input_type(args):
            return fields_of(args)
    return None


def outputs_of(token: str) -> Mapping[str, Shape]:
    """The properties the class of ``token`` gives; empty where the SDK says nothing."""
    cls = class_of(token)
    return fields_of(cls) if cls is not None else {}


def result_of(token: str) -> Mapping[str, Shape] | None:
    """What a provider function gives: ``aws:ec2/getAmi:getAmi`` is ``pulumi_aws.ec2.GetAmiResult``.

    None where the SDK says nothing.
    """
    match = _FUNCTION.fullmatch(token)
    if match is None:
        return None
    package, group, name = match.group("package", "group", "name")
    parts = [f"pulumi_{package.replace('-', '_')}"]
    parts += [] if group == "index" else [f"{group}_" if keyword.iskeyword(group) else group]
    with sdk_warnings_ignored():
        try:
            cls = getattr(import_module(".".join(parts)), f"{name[0].upper()}{name[1:]}Result", None)
        except ModuleNotFoundError:
            return None
    return fields_of(cls) if isclass(cls) and _types.is_output_type(cls) else None


_FUNCTION: Final = re.compile(r"(?P<package>[a-z][a-z0-9-]*):(?P<group>[A-Za-z0-9_]+)(?:/\w+)?:(?P<name>\w+)")


@cache
def fields_of(cls: type) -> Mapping[str, Shape]:
    """Wire name -> shape, of an input type, an output type or a resource class."""
    if _types.is_input_type(cls):
        found = _types.input_type_types(cls)
    elif _types.is_output_type(cls):
        found = _types.output_type_types(cls)
    else:
        found = _types.resource_types(cls)
    return {name: shape_of(found[name]) for name in sorted(found)}


@cache
def python_names(cls: type) -> Mapping[str, str]:
    """Python name -> wire name of an input type's properties."""
    return _types.input_type_py_to_pulumi_names(cls)


def shape_of(annotation: Any) -> Shape:
    """The shape of a type annotation; the SDK's ``Input``, ``Output`` and ``Optional`` around it are looked through."""
    try:
        return _shape(annotation)
    except TypeError:  # an annotation that cannot be hashed
        return _ANY


@cache
def _shape(annotation: Any) -> Shape:
    if annotation in _SCALARS:
        return _SCALARS[annotation]
    origin = typing.get_origin(annotation)
    arguments = typing.get_args(annotation)
    if origin in (typing.Union, types.UnionType):
        return _union([argument for argument in arguments if not _plumbing(argument)])
    if origin is pulumi.Output:
        return _shape(arguments[0])
    if origin is typing.Literal:
        return Shape(_SCALARS.get(type(arguments[0]), _ANY).kind, choice=arguments[0])
    if origin in (list, abc.Sequence):
        return Shape(Kind.LIST, item=shape_of(arguments[0]) if arguments else _ANY)
    if origin in (dict, abc.Mapping):
        return Shape(Kind.MAP, item=shape_of(arguments[1]) if len(arguments) == 2 else _ANY)
    if annotation is list:
        return Shape(Kind.LIST, item=_ANY)
    if annotation is dict:
        return Shape(Kind.MAP, item=_ANY)
    if not isclass(annotation):
        return _ANY
    if _types.is_input_type(annotation) or _types.is_output_type(annotation):
        return Shape(Kind.OBJECT, type=annotation)
    if issubclass(annotation, Enum):
        first = next(iter(annotation)).value
        return Shape(_SCALARS.get(type(first), _ANY).kind, choice=first)
    return Shape(Kind.OPAQUE)


def _plumbing(annotation: Any) -> bool:
    """Whether a member of a union only says how a value may arrive: absent, awaited, an output, a TypedDict."""
    origin = typing.get_origin(annotation)
    return (
        annotation is type(None)
        or annotation is pulumi.Output
        or origin is pulumi.Output
        or origin in (abc.Awaitable, abc.Coroutine)
        or isinstance(annotation, typing.ForwardRef)
        or typing.is_typeddict(annotation)
    )


def _union(members: list[Any]) -> Shape:
    shapes = list(dict.fromkeys(shape_of(member) for member in members))
    if len(shapes) == 1:
        return shapes[0]
    kinds = {shape.kind for shape in shapes}
    if kinds == {Kind.TEXT}:
        return Shape(Kind.TEXT)  # a string or one of an enumeration
    return _ANY
