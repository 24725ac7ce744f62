"""The base of every component: a validated spec, children named after their parent, overrides applied last."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import pulumi
from pulumi.errors import InputPropertiesError, InputPropertyErrorDetails
from pulumi.runtime.proto.resource_pb2_grpc import ResourceMonitorStub
from pulumi.runtime.settings import get_monitor, is_dry_run
from pydantic import ValidationError

from aiinfra.components.spec import ComponentSpec, to_inputs
from aiinfra.errors import BadInput, did_you_mean
from aiinfra.spec.problems import findings_of

R = TypeVar("R", bound=pulumi.Resource)
S = TypeVar("S", bound=ComponentSpec)


class ArgsRefused(InputPropertiesError, pulumi.RunError):
    """A component's arguments do not hold. The engine prints it without a traceback, in any language."""

    def __str__(self) -> str:
        lines = [f"  {item['property_path']}: {item['reason']}" for item in self.errors or ()]
        return "\n".join([self.message, *lines])


def parse_args(kind: type[S], name: str, args: Mapping[str, Any] | S) -> S:
    """The component's spec from what the caller handed over: a spec, or the dict that the TypedDict describes.

    Raises:
        ArgsRefused: every problem, each at its property.
    """
    if isinstance(args, kind):
        return args
    try:
        return kind.model_validate(args)
    except ValidationError as error:
        details: list[InputPropertyErrorDetails] = [
            {"property_path": f.path, "reason": "; ".join(filter(None, (f.message, f.remedy)))}
            for f in findings_of(error, kind)
        ]
        raise ArgsRefused(f"{kind.__name__.removesuffix('Spec')} {name!r} cannot be made:", details) from None


def applying() -> bool:
    """Whether an engine is about to make things: not a preview, not a recording, not a test under mocks."""
    return not is_dry_run() and isinstance(get_monitor(), ResourceMonitorStub)


class Component(pulumi.ComponentResource):
    """Base of aiinfra's components. A subclass lists its children and ends with :meth:`done`."""

    def __init__(self, token: str, name: str, spec: ComponentSpec, opts: pulumi.ResourceOptions | None) -> None:
        super().__init__(token, name, to_inputs(spec), opts)
        self._overrides = spec.overrides
        self._nouns: list[str] = []

    def child(self, kind: Callable[..., R], noun: str, props: Mapping[str, Any], **options: Any) -> R:
        """One child, named ``PARENT-NOUN``. ``options`` are those of ``pulumi.ResourceOptions``, the parent aside."""
        self._nouns.append(noun)
        merged = lay_over(props, self._overrides.get(noun, {}))
        return kind(f"{self._name}-{noun}", **merged, opts=pulumi.ResourceOptions(parent=self, **options))

    def part(self, kind: Callable[..., R], noun: str, spec: ComponentSpec, **options: Any) -> R:
        """One child that is a component itself, named ``PARENT-NOUN``; an override of it names its own children."""
        self._nouns.append(noun)
        whole = spec.model_copy(update={"overrides": lay_over(spec.overrides, self._overrides.get(noun, {}))})
        return kind(f"{self._name}-{noun}", whole, opts=pulumi.ResourceOptions(parent=self, **options))

    def done(self, outputs: Mapping[str, Any]) -> None:
        """Close the component: refuse overrides of children it does not have, register the outputs.

        Raises:
            BadInput: ``override-unknown``, naming the children there are.
        """
        for noun in self._overrides:
            if noun not in self._nouns:
                raise BadInput(
                    "override-unknown",
                    f"{type(self).__name__} {self._name!r} has no child {noun!r}{did_you_mean(noun, self._nouns)}",
                    f"override one of {', '.join(self._nouns)}",
                )
        self.register_outputs(dict(outputs))


def lay_over(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """``base`` with ``over`` on top: objects merge key by key, everything else replaces."""
    result = dict(base)
    for key, value in over.items():
        before = result.get(key)
        both = isinstance(before, Mapping) and isinstance(value, Mapping)
        result[key] = lay_over(before, value) if both else value
    return result
