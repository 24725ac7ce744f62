"""What the server can be asked, whatever the transport: each operation decides first, then answers plain data."""

from typing import Any

from aiinfra import __version__
from aiinfra.server.authority import Authority
from aiinfra.server.catalogue import Catalogue, Served
from aiinfra.server.config import Limits, ServerConfig, Verb
from aiinfra.server.ports import Port
from aiinfra.server.refusal import Kind, Refusal

SERVER_NAME = "aiinfra"


class Service:
    """The operations of the protocol, shared by REST and gRPC."""

    def __init__(self, config: ServerConfig, catalogue: Catalogue) -> None:
        self.limits: Limits = config.limits
        self.authority = Authority(config.allow)
        self.catalogue = catalogue
        self.ready = False
        """Whether everything that must be loaded is loaded, verified and warm."""
        self.draining = False

    def admit(self, identity: str, name: str, version: str) -> Served:
        """The model version that ``identity`` may infer with.

        Raises:
            Refusal: not allowed, not loaded, or the server is about to end.
        """
        self.authority.require(identity, name, Verb.INFER)
        if self.draining:
            raise Refusal(Kind.UNAVAILABLE, "the server is shutting down", retry_after=1, close=True)
        return self.catalogue.find(name, version)

    def server_metadata(self, identity: str) -> dict[str, Any]:
        """Name, version and the extensions that work."""
        self.authority.require(identity, "", Verb.READ)
        return {"name": SERVER_NAME, "version": __version__, "extensions": self.extensions()}

    def extensions(self) -> list[str]:
        """The protocol extensions that this server has, in this configuration."""
        return ["binary_tensor_data"]

    def model_metadata(self, identity: str, name: str, version: str) -> dict[str, Any]:
        """Inputs, outputs, versions and which runtime answers."""
        self.authority.require(identity, name, Verb.READ)
        served = self.catalogue.find(name, version)
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


def _port(port: Port) -> dict[str, Any]:
    return {"name": port.name, "datatype": port.datatype.name, "shape": port.protocol_shape}
