"""The engine's side of a program: takes every registration, records it, and has it answered."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from google.protobuf.empty_pb2 import Empty
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import resource_pb2

from aiinfra.errors import AiinfraError
from aiinfra.findings import Severity
from aiinfra.graph import urn, wire
from aiinfra.graph.answers import Answers
from aiinfra.graph.callbacks import INSTEAD
from aiinfra.graph.existing import Existing
from aiinfra.graph.functions import answer
from aiinfra.graph.node import Graph, Mode, Node
from aiinfra.graph.notes import Notes
from aiinfra.graph.places import Places, frames_in

Invoke = Callable[[str, Mapping[str, Any]], Mapping[str, Any] | None]
"""Answers a provider function: token and arguments -> result; None where it cannot."""
References = Callable[[str], Graph | None]
"""Answers a stack reference (``ORGANIZATION/PROJECT/STACK``); None where the upstream is missing."""

FEATURES: Final = (
    resource_pb2.RESOURCE_MONITOR_FEATURE_SECRETS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_REFERENCES,
    resource_pb2.RESOURCE_MONITOR_FEATURE_ALIAS_SPECS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_REPLACEMENT_TRIGGER,
    resource_pb2.RESOURCE_MONITOR_FEATURE_DELETED_WITH,
    resource_pb2.RESOURCE_MONITOR_FEATURE_REPLACE_WITH,
    resource_pb2.RESOURCE_MONITOR_FEATURE_TRANSFORMS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_INVOKE_TRANSFORMS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_PARAMETERIZATION,
    resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_HOOKS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_ERROR_HOOKS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_STATE_MIGRATIONS,
)
"""What the SDK asks the engine about before it sends it. Output values are left out, so that the inputs of remote
components arrive as plain values."""


class Monitor:
    """Records one run. Methods in capitals are the resource monitor's RPCs, called by the SDK.

    ``error`` is the first refusal: what the SDK raises afterwards may be something that followed from it.
    """

    def __init__(
        self,
        *,
        project: str,
        stack: str,
        mode: Mode,
        decoder: wire.Decoder,
        places: Places,
        notes: Notes,
        invoke: Invoke | None = None,
        references: References | None = None,
        stand_ins: bool = False,
        config: Mapping[str, str] | None = None,
        existing: Mapping[str, Existing] | None = None,
    ) -> None:
        self.nodes: dict[str, Node] = {}
        self.outputs: dict[str, dict[str, Any]] = {}
        self.invokes: set[str] = set()
        self.error: AiinfraError | None = None
        self._project = project
        self._stack = stack
        self._decoder = decoder
        self._places = places
        self._notes = notes
        self._answers = Answers(mode, existing)
        self._invoke = invoke
        self._references = references
        self._stand_ins = stand_ins
        self._config = config or {}

    def RegisterResource(self, request: resource_pb2.RegisterResourceRequest) -> resource_pb2.RegisterResourceResponse:  # noqa: N802 - an RPC
        """Record a resource."""
        own, source = self._place(request)
        self.nodes[own] = self._node(request, own, source)
        if request.transforms:
            message = "a transform runs in the engine: what it would change is not in the graph"
            self._notes.add("transform-not-run", Severity.WARNING, message, urn=own, source=source, remedy=INSTEAD)
        if request.remote:
            message = f"{request.type} is built by another process: its children are not in the graph"
            self._notes.add("remote-component", Severity.WARNING, message, urn=own, source=source)
        return resource_pb2.RegisterResourceResponse(
            urn=own, id=self._answers.id_of(request, own), object=self._answers.of_registration(request, own)
        )

    def ReadResource(self, request: resource_pb2.ReadResourceRequest) -> resource_pb2.ReadResourceResponse:  # noqa: N802 - an RPC
        """Record a read; a stack reference is answered from the upstream's graph."""
        own, source = self._place(request)
        known = "" if request.id == wire.UNKNOWN_VALUE else request.id
        self.nodes[own] = Node(
            urn=own,
            type=request.type,
            name=request.name,
            inputs=self._decoder.mapping(request.properties),
            parent=request.parent,
            read=True,
            id=known,
            provider=urn.of_reference(request.provider),
            dependencies=tuple(sorted(set(request.dependencies))),
            additional_secret_outputs=tuple(sorted(request.additionalSecretOutputs)),
            version=request.version,
            source=source,
        )
        upstream = self._references(known) if self._references is not None and known else None
        plain = request.type != urn.STACK_REFERENCE_TYPE
        if plain or (upstream is None and self._answers.knows(own)):
            return resource_pb2.ReadResourceResponse(urn=own, id=known, properties=self._answers.of_read(request, own))
        if upstream is None:
            message = f"the stack {known or '(unknown)'} was not given: its outputs are unknown"
            remedy = "collect it first, and give collect(..., references={'PROJECT/STACK': GRAPH})"
            self._notes.add("upstream-missing", Severity.WARNING, message, urn=own, source=source, remedy=remedy)
            return resource_pb2.ReadResourceResponse(urn=own, id=known, unknown=True)
        return resource_pb2.ReadResourceResponse(urn=own, id=known, properties=self._answers.of_stack(known, upstream))

    def RegisterResourceOutputs(self, request: resource_pb2.RegisterResourceOutputsRequest) -> Empty:  # noqa: N802 - an RPC
        """Keep what a component, or the stack, says of itself."""
        self.outputs[request.urn] = self._decoder.mapping(request.outputs)
        return Empty()

    def Invoke(self, request: resource_pb2.ResourceInvokeRequest) -> resource_pb2.ResourceInvokeResponse:  # noqa: N802 - an RPC
        """Record a provider function, and answer it through the function given for that."""
        arguments = self._decoder.mapping(request.args)
        if request.tok == "pulumi:pulumi:getResource":
            wanted = str(arguments["urn"])
            return _invoked(self._answers.of_resource(self.nodes.get(wanted), wanted))
        self.invokes.add(request.tok)
        result = self._invoke(request.tok, arguments) if self._invoke is not None else None
        if result is None and self._stand_ins:
            result = self._made_up(request, arguments)
        if result is None:
            message = f"the program calls the provider function {request.tok}, which only a cloud can answer"
            remedy = (
                "write the value in the program or its configuration (region, account and zones are plain values), "
                "or answer it with collect(..., invoke=FUNCTION)"
            )
            raise self._refused(AiinfraError("invoke-unanswered", message, remedy))
        struct = Struct()
        struct.update(wire.encode(dict(result), request.tok))
        return _invoked(struct)

    def _made_up(
        self, request: resource_pb2.ResourceInvokeRequest, arguments: Mapping[str, Any]
    ) -> Mapping[str, Any] | None:
        """A stand-in for a provider function's answer, and a finding that says so."""
        made = answer(request.tok, arguments, self._settings(request))
        if made is not None and made.note:
            source = self._places.first(frames_in(request.stackTrace))
            message = f"the provider function {request.tok} is answered with {made.note}"
            remedy = "the engine's preview knows the real answer; collect(..., invoke=FUNCTION) gives one"
            self._notes.add("invoke-stand-in", Severity.NOTE, message, path=request.tok, source=source, remedy=remedy)
        return made.result if made is not None else None

    def _settings(self, request: resource_pb2.ResourceInvokeRequest) -> Mapping[str, Any]:
        """Those of the function's provider on top of the stack's configuration of its package."""
        start = f"{request.tok.partition(':')[0]}:"
        settings = {key.removeprefix(start): text for key, text in self._config.items() if key.startswith(start)}
        provider = self.nodes.get(urn.of_reference(request.provider))
        return {**settings, **provider.inputs} if provider is not None else settings

    def Call(self, request: resource_pb2.ResourceCallRequest) -> resource_pb2.ResourceInvokeResponse:  # noqa: N802 - an RPC
        """Refused: a method of a resource runs in its provider."""
        message = f"the program calls the provider method {request.tok}, which runs in another process"
        remedy = "compute the value in the program, or take it as configuration"
        raise self._refused(AiinfraError("call-refused", message, remedy))

    def ExistsResource(self, request: resource_pb2.ExistsResourceRequest) -> resource_pb2.ExistsResourceResponse:  # noqa: N802, ARG002 - an RPC
        """Only a cloud knows."""
        return resource_pb2.ExistsResourceResponse(exists=False, unknown=True)

    def RegisterPackage(self, request: resource_pb2.RegisterPackageRequest) -> resource_pb2.RegisterPackageResponse:  # noqa: N802 - an RPC
        """A parameterised provider; its name and version are reference enough."""
        return resource_pb2.RegisterPackageResponse(ref=f"{request.name}@{request.version}")

    def GetDeploymentInfo(self, request: Empty) -> resource_pb2.DeploymentInfo:  # noqa: N802, ARG002 - an RPC
        """What this monitor takes."""
        return resource_pb2.DeploymentInfo(supportedFeatures=FEATURES)

    def SignalAndWaitForShutdown(self, request: Empty) -> Empty:  # noqa: N802, ARG002 - an RPC
        """Nothing is left to wait for."""
        return Empty()

    def _refused(self, error: AiinfraError) -> AiinfraError:
        self.error = self.error or error
        return error

    def _place(
        self, request: resource_pb2.RegisterResourceRequest | resource_pb2.ReadResourceRequest
    ) -> tuple[str, str]:
        """The URN and the line of a new resource.

        Raises:
            AiinfraError: ``duplicate-urn``.
        """
        own = urn.make(self._stack, self._project, request.parent, request.type, request.name)
        made_by_sdk = request.type == urn.STACK_TYPE
        source = "" if made_by_sdk else self._places.first(frames_in(request.stackTrace))
        if own in self.nodes:
            first = self.nodes[own].source or "an earlier line"
            message = f"two resources are {own}: one made at {first}, one at {source or 'a later line'}"
            remedy = "give one of them another name, or another parent"
            raise self._refused(AiinfraError("duplicate-urn", message, remedy))
        return own, source

    def _node(self, request: resource_pb2.RegisterResourceRequest, own: str, source: str) -> Node:
        depends = request.propertyDependencies
        return Node(
            urn=own,
            type=request.type,
            name=request.name,
            inputs=self._decoder.mapping(request.object),
            parent=request.parent,
            custom=request.custom,
            remote=request.remote,
            id=request.importId,
            provider=urn.of_reference(request.provider),
            providers={package: urn.of_reference(request.providers[package]) for package in sorted(request.providers)},
            dependencies=tuple(sorted(set(request.dependencies))),
            property_dependencies={
                key: tuple(sorted(set(depends[key].urns))) for key in sorted(depends) if depends[key].urns
            },
            aliases=tuple(dict.fromkeys(self._alias(alias, request) for alias in request.aliases)),
            protect=request.protect,
            retain_on_delete=request.retainOnDelete,
            delete_before_replace=request.deleteBeforeReplace,
            ignore_changes=tuple(sorted(request.ignoreChanges)),
            replace_on_changes=tuple(sorted(request.replaceOnChanges)),
            additional_secret_outputs=tuple(sorted(request.additionalSecretOutputs)),
            options=self._options(request),
            version=request.version,
            source=source,
        )

    def _alias(self, alias: Any, request: resource_pb2.RegisterResourceRequest) -> str:
        """The URN that an alias names; what it leaves out is as the resource has it now."""
        if alias.WhichOneof("alias") == "urn":
            return str(alias.urn)
        spec = alias.spec
        return urn.make(
            spec.stack or self._stack,
            spec.project or self._project,
            "" if spec.noParent else spec.parentUrn or request.parent,
            spec.type or request.type,
            spec.name or request.name,
        )

    def _options(self, request: resource_pb2.RegisterResourceRequest) -> dict[str, Any]:
        found: dict[str, Any] = {
            "customTimeouts": {field.name: text for field, text in request.customTimeouts.ListFields() if text},
            "deletedWith": request.deletedWith,
            "envVarMappings": dict(sorted(request.envVarMappings.items())),
            "hideDiffs": sorted(request.hideDiffs),
            "hooks": {field.name: sorted(names) for field, names in request.hooks.ListFields()},
            "pluginDownloadURL": request.pluginDownloadURL,
            "replaceWith": sorted(request.replace_with),
            "stateMigrations": len(request.state_migrations),
            "transforms": len(request.transforms),
        }
        if request.HasField("replacement_trigger"):
            found["replacementTrigger"] = self._decoder.value(request.replacement_trigger)
        return {key: value for key, value in found.items() if value}


def _invoked(answer: Struct) -> resource_pb2.ResourceInvokeResponse:
    response = resource_pb2.ResourceInvokeResponse()
    getattr(response, "return").CopyFrom(answer)
    return response
