"""A provider for every package, without a cloud: answers over Pulumi's provider protocol as the symbolic graph does.

It knows of no API. What a program asks for is made as asked; outputs that a cloud would compute are stand-ins
(``NAME.PROPERTY``); which changes force replacement is the catalogue's data.
"""

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Final

import grpc
from google.protobuf.empty_pb2 import Empty
from google.protobuf.message import Message
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import plugin_pb2, provider_pb2

from aiinfra.engine.cloud import Cloud, ProviderError
from aiinfra.engine.drift import put
from aiinfra.engine.faults import Faults
from aiinfra.engine.providers import Package, answer_of, load_class
from aiinfra.engine.verdict import judge, kind_of
from aiinfra.graph import standins, urn, wire
from aiinfra.graph.change import compare
from aiinfra.graph.force import Sides
from aiinfra.graph.node import Node
from aiinfra.graph.refused import refused
from aiinfra.graph.shapes import outputs_of

SERVICE: Final = "pulumirpc.ResourceProvider"
VARIABLE: Final = "PULUMI_DEBUG_PROVIDERS"
"""Tells the engine which packages' providers run already, and where (pulumi ``sdk/go/common/util/env``)."""
THREADS: Final = 64
Handler = Callable[[Any, grpc.ServicerContext], Message]


@contextmanager
def serve(packages: Iterable[Package], cloud: Cloud, faults: Faults) -> Iterator[str]:
    """Stand in for ``packages`` within the block; the value is what :data:`VARIABLE` is to be set to."""
    servers: list[grpc.Server] = []
    addresses: list[str] = []
    decoder = wire.Decoder(secrets.token_bytes(16))
    try:
        for package in packages:
            each = grpc.server(ThreadPoolExecutor(THREADS, thread_name_prefix=f"stand-in {package.name}"))
            each.add_generic_rpc_handlers((StandIn(package, cloud, faults, decoder).handlers(),))
            addresses.append(f"{package.name}:{each.add_insecure_port('127.0.0.1:0')}")
            each.start()
            servers.append(each)
        yield ",".join(addresses)
    finally:
        for each in servers:
            each.stop(grace=None).wait()


class StandIn:
    """One package's provider. ``decoder`` must have a key, so that a changed secret is seen to have changed."""

    def __init__(self, package: Package, cloud: Cloud, faults: Faults, decoder: wire.Decoder) -> None:
        self._package = package
        self._cloud = cloud
        self._faults = faults
        self._decoder = decoder
        self._configured: dict[str, Node] = {}

    def handlers(self) -> grpc.GenericRpcHandler:
        """The RPCs; one that is missing here is answered as unimplemented."""
        pb = provider_pb2
        table: Mapping[str, tuple[Handler, Any]] = {
            "GetPluginInfo": (lambda _r, _c: plugin_pb2.PluginInfo(version=self._package.version), Empty),
            "Handshake": (self._handshake, pb.ProviderHandshakeRequest),
            "Attach": (_nothing, plugin_pb2.PluginAttach),
            "Cancel": (_nothing, Empty),
            "GetSchema": (lambda _r, _c: pb.GetSchemaResponse(schema="{}"), pb.GetSchemaRequest),
            "CheckConfig": (_echo, pb.CheckRequest),
            "DiffConfig": (self._diff, pb.DiffRequest),
            "Configure": (self._configure, pb.ConfigureRequest),
            "Check": (_echo, pb.CheckRequest),
            "Diff": (self._diff, pb.DiffRequest),
            "Create": (self._create, pb.CreateRequest),
            "Read": (self._read, pb.ReadRequest),
            "Update": (self._update, pb.UpdateRequest),
            "Delete": (self._delete, pb.DeleteRequest),
            "Invoke": (self._invoke, pb.InvokeRequest),
        }
        return grpc.method_handlers_generic_handler(
            SERVICE,
            {
                name: grpc.unary_unary_rpc_method_handler(
                    _answering(handler),
                    request_deserializer=request.FromString,
                    response_serializer=_bytes,
                )
                for name, (handler, request) in table.items()
            },
        )

    def _handshake(self, _request: Message, _context: grpc.ServicerContext) -> Message:
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True, accept_resources=True)

    def _configure(self, request: provider_pb2.ConfigureRequest, context: grpc.ServicerContext) -> Message:
        """Each provider resource of a program has a connection of its own."""
        own = request.urn
        if own:
            inputs = self._decoder.mapping(request.args)
            node = Node(urn=own, type=request.type, name=urn.name(own), inputs=inputs)
            self._configured[context.peer()] = node
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True, acceptResources=True)

    def _diff(self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext) -> Message:
        provider = self._configured.get(context.peer())
        if self._adopts(request):
            return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE, hasDetailedDiff=True)
        before = self._node(request.urn, request.old_inputs, provider)
        after = self._node(request.urn, request.news, provider)
        verdict = judge(Sides(before, after, provider))
        pb = provider_pb2
        kinds = pb.PropertyDiff.Kind
        detailed = {
            change.path: pb.PropertyDiff(
                kind=kinds.Value(kind_of(change, replaces=change.path in verdict.replacing)), inputDiff=True
            )
            for change in verdict.changes
        }
        return pb.DiffResponse(
            changes=pb.DiffResponse.DIFF_SOME if verdict.changes else pb.DiffResponse.DIFF_NONE,
            diffs=verdict.keys,
            replaces=verdict.replacing_keys,
            deleteBeforeReplace=verdict.deletes_first,
            detailedDiff=detailed,
            hasDetailedDiff=True,
        )

    def _create(self, request: provider_pb2.CreateRequest, context: grpc.ServicerContext) -> Message:
        node = self._node(request.urn, request.properties, self._configured.get(context.peer()))
        if request.preview:
            return provider_pb2.CreateResponse(properties=_planned(request.properties, node))
        with self._cloud.call("create", node.urn):
            self._faults.meet("create", node.urn, node.type)
            thing = self._cloud.create(node)
        return provider_pb2.CreateResponse(id=thing.id, properties=_outputs(request.properties, node, thing.label))

    def _update(self, request: provider_pb2.UpdateRequest, context: grpc.ServicerContext) -> Message:
        node = self._node(request.urn, request.news, self._configured.get(context.peer()))
        label = node.name
        if not request.preview:
            with self._cloud.call("update", node.urn, request.id):
                self._faults.meet("update", node.urn, node.type)
                self._refuse(request.id, node)
                label = self._cloud.update(request.id, node).label
        elif request.id in self._cloud.things:
            label = self._cloud.things[request.id].label
        return provider_pb2.UpdateResponse(properties=_outputs(request.news, node, label))

    def _delete(self, request: provider_pb2.DeleteRequest, _context: grpc.ServicerContext) -> Message:
        with self._cloud.call("delete", request.urn, request.id):
            self._faults.meet("delete", request.urn, _type_of(request.urn))
            self._cloud.delete(request.id)
        return Empty()

    def _read(self, request: provider_pb2.ReadRequest, context: grpc.ServicerContext) -> Message:
        """What was made is as it was left; what never was is taken to be there already."""
        if self._cloud.gone(request.id):
            return provider_pb2.ReadResponse()
        node = self._node(request.urn, request.properties, self._configured.get(context.peer()))
        label = self._cloud.things[request.id].label if request.id in self._cloud.things else node.name
        outputs, inputs = _outputs(request.properties, node, label), request.inputs
        if request.id in self._cloud.altered:
            for properties in (outputs, inputs):
                put(properties, self._cloud.altered[request.id])
        return provider_pb2.ReadResponse(id=request.id, properties=outputs, inputs=inputs)

    def _invoke(self, request: provider_pb2.InvokeRequest, context: grpc.ServicerContext) -> Message:
        """A provider function, answered as a review answers it; one that nobody knows, with what it was asked."""
        arguments = self._decoder.mapping(request.args)
        provider = self._configured.get(context.peer())
        made = answer_of(request.tok, arguments, provider.inputs if provider else {})
        response = provider_pb2.InvokeResponse()
        getattr(response, "return").update(wire.encode(dict(made), request.tok))
        return response

    def _refuse(self, id_: str, node: Node) -> None:
        """As an API server does with fields that are set once."""
        before = self._cloud.things.get(id_)
        found = refused(node.type, compare(before.inputs, node.inputs)) if before is not None else []
        if found:
            raise ProviderError(f"Invalid: {node.type} {node.name}: {', '.join(found)}: field is immutable")

    def _adopts(self, request: provider_pb2.DiffRequest) -> bool:
        """Whether this is the first look at something that was there before: it is taken to be as the program says."""
        seen = request.id in self._cloud.things or self._cloud.gone(request.id)
        return bool(request.id) and not seen and not request.old_inputs.fields

    def _node(self, own: str, properties: Struct, provider: Node | None) -> Node:
        return Node(
            urn=own,
            type=_type_of(own),
            name=urn.name(own),
            inputs=self._decoder.mapping(properties),
            provider=provider.urn if provider else "",
        )


def _type_of(own: str) -> str:
    return urn.qualified_type(own).rpartition("$")[2]


def _outputs(given: Struct, node: Node, label: str) -> Struct:
    """What is there once it is made: what was given, and stand-ins for the rest."""
    load_class(node.type)
    answer = Struct()
    answer.CopyFrom(given)
    standins.complete(answer, node.type, label)
    return answer


def _planned(given: Struct, node: Node) -> Struct:
    """What is known before it is made: what was given. The rest is unknown, and said to be."""
    load_class(node.type)
    answer = Struct()
    answer.CopyFrom(given)
    for key in outputs_of(node.type):
        if key not in answer.fields and key not in ("id", "urn"):
            answer[key] = wire.UNKNOWN_VALUE
    return answer


def _echo(request: provider_pb2.CheckRequest, _context: grpc.ServicerContext) -> Message:
    return provider_pb2.CheckResponse(inputs=request.news)


def _bytes(message: Message) -> bytes:
    return message.SerializeToString()


def _nothing(_request: Message, _context: grpc.ServicerContext) -> Message:
    return Empty()


def _answering(handler: Handler) -> Any:
    """``handler``, whose refusals reach the engine as a provider's do."""

    def answer(request: Any, context: grpc.ServicerContext) -> Message:
        try:
            return handler(request, context)
        except ProviderError as error:
            context.abort(grpc.StatusCode.UNKNOWN, str(error))
            raise

    return answer
