"""What the server can be asked, whatever the transport: each operation decides first, then answers plain data."""

from time import perf_counter_ns
from typing import TYPE_CHECKING, Any

from aiinfra import __version__
from aiinfra.errors import AiinfraError
from aiinfra.server.audit import AuditLog
from aiinfra.server.authority import Authority
from aiinfra.server.catalogue import Catalogue, Served
from aiinfra.server.config import Limits, ServerConfig, Verb
from aiinfra.server.lifecycle import READY, Lifecycle
from aiinfra.server.ports import Port
from aiinfra.server.rates import Rates
from aiinfra.server.refusal import Kind, Refusal, bad
from aiinfra.server.statistics_report import report

if TYPE_CHECKING:
    from aiinfra.server.traces import Traces  # the OpenTelemetry SDK

SERVER_NAME = "aiinfra"


class Service:
    """The operations of the protocol, shared by REST and gRPC."""

    def __init__(self, config: ServerConfig, catalogue: Catalogue, lifecycle: Lifecycle) -> None:
        self._lifecycle = lifecycle
        self.limits: Limits = config.limits
        self.authority = Authority(config.allow)
        self.rates = Rates(config.limits)
        self.catalogue = catalogue
        self.refused: dict[tuple[str, str], int] = {}
        """Refusals by transport and kind."""
        self.audit: AuditLog | None = None
        self.traces: Traces | None = None
        self.ready = False
        """Whether everything that must be loaded is loaded, verified and warm."""
        self.draining = False

    def apply(self, config: ServerConfig) -> None:
        """Take over the grants and rates of a new configuration."""
        self.authority = Authority(config.allow)
        self.rates = Rates(config.limits)

    @property
    def is_ready(self) -> bool:
        """What a readiness probe is told."""
        return self.ready and not self.draining

    def gate(self, identity: str, name: str) -> None:
        """Before an inference request is read: may ``identity`` infer with this model, and not too often?

        Raises:
            Refusal: not allowed, or more often than its rate.
        """
        self.authority.require(identity, name, Verb.INFER)
        self.rates.take(identity)
        if self.audit is not None:
            self.audit.require()

    def count_refusal(self, transport: str, kind: Kind) -> None:
        """Count a refusal for the metrics."""
        key = (transport, kind.name.lower())
        self.refused[key] = self.refused.get(key, 0) + 1

    def record(
        self,
        event: str,
        transport: str,
        identity: str,
        *,
        model: str = "",
        served: Served | None = None,
        refusal: Refusal | None = None,
        arrived: int = 0,
        traceparent: bytes | None = None,
    ) -> None:
        """Tell the audit log, where there is one: who, what, which model and digest, the decision, how long. And the
        traces, where there are any, of an inference request.
        """
        if self.traces is not None and event == "infer":
            attributes = {
                "aiinfra.transport": transport,
                "aiinfra.model": served.name if served is not None else model,
                "aiinfra.outcome": "answered" if refusal is None else refusal.kind.name.lower(),
            }
            if served is not None:
                attributes |= {"aiinfra.version": served.version, "aiinfra.digest": served.digest}
            self.traces.add("infer", traceparent, attributes, began=arrived, ok=refusal is None)
        if self.audit is None:
            return
        denied = refusal is not None and refusal.kind in (Kind.FORBIDDEN, Kind.UNAUTHENTICATED)
        write = self.audit.count if refusal is not None and refusal.kind is Kind.TOO_MANY else self.audit.record
        write(
            {
                "event": event,
                "transport": transport,
                "identity": identity,
                "model": served.name if served is not None else model,
                "version": served.version if served is not None else "",
                "digest": served.digest if served is not None else "",
                "decision": "deny" if denied else "allow",
                "outcome": "answered" if refusal is None else refusal.kind.name.lower(),
                "latency_us": (perf_counter_ns() - arrived) // 1000 if arrived else 0,
            }
        )

    @property
    def recording(self) -> bool:
        """Whether anybody wants to hear of answered requests."""
        return self.audit is not None or self.traces is not None

    def admit(self, name: str, version: str) -> Served:
        """The model version that a request which passed :meth:`gate` runs on.

        Raises:
            Refusal: not loaded, or the server is about to end.
        """
        if self.draining:
            raise Refusal(Kind.UNAVAILABLE, "the server is shutting down", retry_after=1, close=True)
        return self._find(name, version)

    def _find(self, name: str, version: str) -> Served:
        """The version asked for; while the first models are loading, "not yet" rather than "not here"."""
        try:
            return self.catalogue.find(name, version)
        except Refusal:
            if self.ready:
                raise
            raise Refusal(Kind.UNAVAILABLE, "the server is still loading its models", retry_after=1) from None

    def server_metadata(self, identity: str) -> dict[str, Any]:
        """Name, version and the extensions that work."""
        self.authority.require(identity, "", Verb.READ)
        return {"name": SERVER_NAME, "version": __version__, "extensions": self.extensions()}

    def extensions(self) -> list[str]:
        """The protocol extensions that this server has, in this configuration."""
        extensions = ["binary_tensor_data", "model_repository", "parameters", "statistics"]
        if not self.authority.anyone_may(Verb.MANAGE):
            extensions.remove("model_repository")
        return extensions

    def model_metadata(self, identity: str, name: str, version: str) -> dict[str, Any]:
        """Inputs, outputs, versions and which runtime answers."""
        self.authority.require(identity, name, Verb.READ)
        served = self._find(name, version)
        return {
            "name": served.name,
            "versions": self.catalogue.versions(name),
            "platform": "onnxruntime_onnx",
            "inputs": [_port(port) for port in served.session.inputs],
            "outputs": [_port(port) for port in served.session.outputs],
            "properties": {
                "version": served.version,
                "digest": served.digest,
                "runtime": served.session.runtime,
                "execution_providers": ",".join(served.session.providers),
                "lane": "loop" if served.pace.on_loop else "threads",
                "batching": served.pace.why,
            },
        }

    def model_ready(self, identity: str, name: str, version: str) -> bool:
        """Whether that version answers."""
        self.authority.require(identity, name, Verb.READ)
        try:
            self.catalogue.find(name, version)
        except Refusal:
            return False
        return not self.draining

    def statistics(self, identity: str, name: str, version: str) -> dict[str, Any]:
        """Counters of one version, of a model's default version, or of everything that ``identity`` may read."""
        self.authority.require(identity, name, Verb.READ)
        if name:
            return {"model_stats": [report(self._find(name, version))]}
        visible = [served for served in self.catalogue.all() if self.authority.allows(identity, served.name, Verb.READ)]
        return {"model_stats": [report(served) for served in visible]}

    async def index(self, identity: str, *, ready: bool) -> list[dict[str, str]]:
        """Every version in the repository that ``identity`` may read; ``ready`` leaves out those not served."""
        self.authority.require(identity, "", Verb.READ)
        return [
            entry
            for entry in await self._lifecycle.index()
            if self.authority.allows(identity, entry["name"], Verb.READ) and (not ready or entry["state"] == READY)
        ]

    async def load(self, identity: str, name: str, parameters: dict[str, Any]) -> None:
        """Load the version to serve of a model."""
        self.authority.require(identity, name, Verb.MANAGE)
        if parameters:
            raise bad("load takes no parameters here: what is served comes from the repository alone")
        try:
            await self._lifecycle.load(name)
        except AiinfraError as error:
            raise _management(error, name) from None

    async def unload(self, identity: str, name: str, parameters: dict[str, Any]) -> None:
        """Stop serving a model."""
        self.authority.require(identity, name, Verb.MANAGE)
        if not parameters.keys() <= {"unload_dependents"} or parameters.get("unload_dependents"):
            raise bad("unload takes no parameters here: models do not depend on each other")
        try:
            await self._lifecycle.unload(name)
        except AiinfraError as error:
            raise _management(error, name) from None


def _management(error: AiinfraError, name: str) -> Refusal:
    """An operator's error as a caller may see it: the code, not the paths."""
    if error.code == "model-absent":
        return Refusal(Kind.NOT_FOUND, f"there is no model {name[:128]!r}")
    return Refusal(
        Kind.UNPROCESSABLE, f"model {name[:128]!r} cannot be served: {error.code}; the server's log says why"
    )


def _port(port: Port) -> dict[str, Any]:
    return {"name": port.name, "datatype": port.datatype.name, "shape": port.protocol_shape}
