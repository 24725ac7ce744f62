"""Makes the SDK cheap enough for graphs of ten thousand resources, while a program is recorded.

Four of the SDK's functions take most of a run's time and memory that is not the program's own, and can do the same work
for less:

- ``transfer_properties`` makes four futures, a task and two registrations for each property of each resource, used or
  not. An output whose state is made when somebody asks for it does, and nothing needs to be told to wait for it: the
  call that resolves it is waited for.
- ``collapse_alias_to_urn`` works out each alias's URN, which nobody asks for where the engine takes alias specs.
- ``create_urn`` joins three strings through six tasks; for plain strings it can be done at once.
- ``_get_stack_trace`` reads the source text of every frame. File and line are enough.

Where an SDK of another version has other functions in their place, its own are left alone: slower, never wrong. That
the graph is the same with and without is a test.
"""

import asyncio
import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from functools import lru_cache
from pathlib import Path
from types import FrameType
from typing import Any, Final

import pulumi
from pulumi import Output, Resource, output
from pulumi.runtime import resource, rpc
from pulumi.runtime.proto import source_pb2

PARAMETERS: Final[Mapping[tuple[Any, str], tuple[str, ...]]] = {
    (rpc, "transfer_properties"): ("res", "props", "custom"),
    (pulumi.resource, "collapse_alias_to_urn"): ("alias", "defaultName", "defaultType", "defaultParent"),
    (resource, "create_urn"): ("name", "type_", "parent", "project", "stack"),
    (resource, "_get_stack_trace"): (),
}
"""Module and name of each function that is replaced -> its parameters in the SDKs this module knows."""


@contextmanager
def tuned() -> Iterator[bool]:
    """Use the cheaper functions within the block; gives whether this SDK takes them."""
    if not takes_tuning():
        yield False
        return
    before = {place: getattr(*place) for place in PARAMETERS}
    ours = (
        _transfer_properties,
        _later(before[pulumi.resource, "collapse_alias_to_urn"]),
        _joined(before[resource, "create_urn"]),
        _get_stack_trace,
    )
    try:
        for place, function in zip(PARAMETERS, ours, strict=True):
            setattr(*place, function)
        yield True
    finally:
        for place, function in before.items():
            setattr(*place, function)


def takes_tuning() -> bool:
    """Whether this SDK has the functions this module knows, with the parameters it knows."""
    data = getattr(output, "_OutputData", None)
    if not is_dataclass(data) or [field.name for field in fields(data)] != [
        "resources",
        "value",
        "is_known",
        "is_secret",
    ]:
        return False
    for (module, name), parameters in PARAMETERS.items():
        function = getattr(module, name, None)
        if not callable(function) or tuple(inspect.signature(function).parameters) != parameters:
            return False
    return True


_MAKE: Final = "_aiinfra_make"
_MADE: Final = "_aiinfra_made"
"""Attributes of an output, by names that none of its methods has."""


class _Lazy(Output[Any]):
    """An output whose state is made when it is first asked for."""

    @classmethod
    def of(cls, make: Callable[[], Any]) -> "_Lazy":
        """``make`` gives the future of the state."""
        made = object.__new__(cls)
        vars(made)[_MAKE] = make
        return made

    @property
    def _data(self) -> Any:  # pyrefly: ignore [bad-override] - an attribute of the base class
        state = vars(self)
        if _MADE not in state:
            state[_MADE] = state[_MAKE]()
        return state[_MADE]


def _future() -> asyncio.Future[Any]:
    return asyncio.get_running_loop().create_future()


def _known(*state: Any) -> asyncio.Future[Any]:
    """A future with its result: resources, value, whether it is known, whether it is secret."""
    future = _future()
    future.set_result(vars(output)["_OutputData"](*state))
    return future


def _transfer_properties(
    res: Resource,
    props: Mapping[str, Any],
    custom: bool,  # noqa: FBT001 - the SDK's signature
) -> dict[str, Callable[..., None]]:
    resolvers: dict[str, Callable[..., None]] = {}
    for name in props:
        if name == "urn" or (name == "id" and custom):
            continue
        value = _Lazy.of(_future)
        vars(res)[name] = value
        resolvers[name] = _resolver(res, value)
    return resolvers


def _resolver(res: Resource, lazy: _Lazy) -> Callable[..., None]:
    state = vars(lazy)

    def resolve(
        value: Any,
        is_known: bool,  # noqa: FBT001 - the SDK calls it so
        is_secret: bool,  # noqa: FBT001
        deps: set[Resource] | None,
        failed: Exception | None,
    ) -> None:
        def make() -> asyncio.Future[Any]:
            if failed is None:
                return _known({res, *deps} if deps else {res}, value, is_known, is_secret)
            future = _future()
            future.set_exception(failed)
            return future

        if _MADE not in state:
            state[_MAKE] = make
        elif failed is None:
            state[_MADE].set_result(make().result())
        else:
            state[_MADE].set_exception(failed)

    return resolve


def _later(collapse: Callable[..., Output[str]]) -> Callable[..., Output[str]]:
    """The alias's URN, worked out if it is asked for."""

    def collapse_alias_to_urn(*arguments: Any) -> Output[str]:
        return _Lazy.of(lambda: vars(collapse(*arguments))["_data"])

    return collapse_alias_to_urn


def _joined(create: Callable[..., Output[str]]) -> Callable[..., Output[str]]:
    """The SDK's own rule for a parent's URN that is known: its type chain, then the type and the name."""

    def create_urn(name: Any, type_: Any, parent: Any = None, project: Any = None, stack: Any = None) -> Output[str]:
        if not (isinstance(name, str) and isinstance(type_, str) and isinstance(parent, str)):
            return create(name, type_, parent, project, stack)
        joined = f"{parent[: parent.rfind('::')]}${type_}::{name}"
        return _Lazy.of(lambda: _known(set(), joined, True, False))

    return create_urn


def _get_stack_trace() -> source_pb2.StackTrace:
    """The frames above the constructor of the concrete class: the third ``__init__`` from the top."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - what the inspect module itself is built on
    constructors = 0
    while frame is not None:
        constructors += frame.f_code.co_name == "__init__"
        if constructors == 3:
            break
        frame = frame.f_back
    trace = source_pb2.StackTrace()
    frame = frame.f_back if frame is not None else None
    while frame is not None:
        uri = _uri(frame.f_code.co_filename)
        position = source_pb2.SourcePosition(uri=uri, line=frame.f_lineno) if uri else None
        trace.frames.append(source_pb2.StackFrame(pc=position))
        frame = frame.f_back
    return trace


@lru_cache(maxsize=4096)
def _uri(filename: str) -> str:
    try:
        return Path(filename).as_uri()
    except ValueError:  # a relative path, or code that came from no file
        return ""
