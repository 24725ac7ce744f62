"""Makes the SDK cheap enough for graphs of ten thousand resources, while a program is recorded.

Two of the SDK's functions take a third of a run's time and half of its memory, and can do the same work for less:

- ``transfer_properties`` makes four futures, a task and two registrations for each property of each resource, used or
  not. One future is enough, and nothing needs to be told to wait for it: the call that resolves it is waited for.
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
from typing import Any

from pulumi import Output, Resource, output
from pulumi.runtime import resource, rpc
from pulumi.runtime.proto import source_pb2


@contextmanager
def tuned() -> Iterator[bool]:
    """Use the cheaper functions within the block; gives whether this SDK takes them."""
    if not takes_tuning():
        yield False
        return
    swaps: list[tuple[Any, str, Any]] = [
        (rpc, "transfer_properties", _transfer_properties),
        (resource, "_get_stack_trace", _get_stack_trace),
    ]
    before = [(module, name, getattr(module, name)) for module, name, _ in swaps]
    try:
        for module, name, function in swaps:
            setattr(module, name, function)
        yield True
    finally:
        for module, name, function in before:
            setattr(module, name, function)


def takes_tuning() -> bool:
    """Whether this SDK has the functions this module knows, with the parameters it knows."""
    data = getattr(output, "_OutputData", None)
    transfer = getattr(rpc, "transfer_properties", None)
    trace = getattr(resource, "_get_stack_trace", None)
    return (
        is_dataclass(data)
        and [field.name for field in fields(data)] == ["resources", "value", "is_known", "is_secret"]
        and callable(transfer)
        and list(inspect.signature(transfer).parameters) == ["res", "props", "custom"]
        and callable(trace)
        and not inspect.signature(trace).parameters
    )


def _transfer_properties(res: Resource, props: Mapping[str, Any], custom: bool) -> dict[str, Callable[..., None]]:  # noqa: FBT001 - the SDK's signature
    make = asyncio.get_running_loop().create_future
    resolvers: dict[str, Callable[..., None]] = {}
    for name in props:
        if name == "urn" or (name == "id" and custom):
            continue
        future = make()
        value = object.__new__(Output)
        vars(value)["_data"] = future
        vars(res)[name] = value
        resolvers[name] = _resolver(res, future)
    return resolvers


def _resolver(res: Resource, future: asyncio.Future[Any]) -> Callable[..., None]:
    data = vars(output)["_OutputData"]

    def resolve(
        value: Any,
        is_known: bool,  # noqa: FBT001 - the SDK calls it so
        is_secret: bool,  # noqa: FBT001
        deps: set[Resource] | None,
        failed: Exception | None,
    ) -> None:
        if failed is not None:
            future.set_exception(failed)
            return
        resources = {res, *deps} if deps else {res}
        future.set_result(data(resources=resources, value=value, is_known=is_known, is_secret=is_secret))

    return resolve


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
