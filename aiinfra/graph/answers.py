"""What the monitor answers: outputs of resources, of reads, of upstream stacks."""

from collections.abc import Mapping
from typing import Any

from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import resource_pb2

from aiinfra.graph import standins, urn, wire
from aiinfra.graph.existing import Existing
from aiinfra.graph.node import SECRET, Graph, Mode, Node


class Answers:
    """Outputs as a first preview gives them (what was given is known, the rest is not), or stand-ins for them all.

    Of a resource in ``existing``, by URN, both are what is there.
    """

    def __init__(self, mode: Mode, existing: Mapping[str, Existing] | None = None) -> None:
        self._symbolic = mode is Mode.SYMBOLIC
        self._existing = existing or {}

    def id_of(self, request: resource_pb2.RegisterResourceRequest, own: str) -> str:
        """``NAME_id``; empty in preview, where only a provider has one. An adopted resource keeps the id it has."""
        if request.importId:
            return request.importId
        if request.custom and own in self._existing:
            return self._existing[own].id
        known = self._symbolic or request.type.startswith(urn.PROVIDER_PREFIX)
        return f"{request.name}_id" if request.custom and known else ""

    def of_registration(self, request: resource_pb2.RegisterResourceRequest, own: str) -> Struct:
        """A resource's outputs. Components of this process and providers have none but their inputs."""
        if request.type.startswith(urn.PROVIDER_PREFIX) or not (request.custom or request.remote):
            return request.object
        there = self._existing.get(own)
        return self._outputs(request.object, request.type, request.name, request.additionalSecretOutputs, there)

    def of_read(self, request: resource_pb2.ReadResourceRequest, own: str) -> Struct:
        """The outputs of a resource that is there already; in preview only what the program itself says of it."""
        there, secrets = self._existing.get(own), request.additionalSecretOutputs
        return self._outputs(request.properties, request.type, request.name, secrets, there)

    def knows(self, own: str) -> bool:
        """Whether it was given what is there."""
        return own in self._existing

    def of_stack(self, reference: str, upstream: Graph) -> Struct:
        """An upstream's outputs; its secrets were dropped when it was recorded, so stand-ins take their place."""
        answer = Struct()
        answer["name"] = reference
        answer["outputs"] = wire.encode(dict(upstream.outputs), upstream.project)
        answer["secretOutputNames"] = sorted(name for name, value in upstream.outputs.items() if _has_secret(value))
        return answer

    def of_resource(self, node: Node | None, wanted: str) -> Struct:
        """The state of a registered resource, which the SDK asks for when it reads a reference back."""
        state = Struct()
        if node is not None:
            state.update(wire.encode(dict(node.inputs), node.name))
            if self._symbolic:
                standins.complete(state, node.type, node.name)
        answer = Struct()
        answer["urn"] = wanted
        answer["id"] = f"{urn.name(wanted)}_id" if self._symbolic else ""
        answer["state"] = state
        return answer

    def _outputs(self, given: Struct, token: str, name: str, secrets: Any, there: Existing | None = None) -> Struct:
        answer = Struct()
        answer.CopyFrom(given)
        if there is not None:
            there.complete(answer, name)
            standins.drop_unreadable(answer, token)
        elif self._symbolic:
            standins.complete(answer, token, name)
        else:
            standins.settle(answer, token)
        for key in secrets:
            if key in answer.fields:
                _mark(answer, key)
            elif not self._symbolic:
                answer[key] = wire.secret(wire.UNKNOWN_VALUE)
        return answer


def _mark(answer: Struct, key: str) -> None:
    """Make a property secret, unless it is already."""
    value = answer.fields[key]
    if value.HasField("struct_value") and wire.SIGNATURE in value.struct_value.fields:
        return
    wrapped = Struct()
    wrapped[wire.SIGNATURE] = wire.SECRET_SIGNATURE
    wrapped.fields["value"].CopyFrom(value)
    value.struct_value.CopyFrom(wrapped)


def _has_secret(value: Any) -> bool:
    if isinstance(value, Mapping):
        return SECRET in value or any(_has_secret(item) for item in value.values())
    return isinstance(value, list) and any(_has_secret(item) for item in value)
