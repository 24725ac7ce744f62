"""Sensors whose readings become requests: what is read where, and where answers go."""

from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network
from typing import Final, Self
from urllib.parse import urlsplit

from pydantic import Field, IPvAnyNetwork, field_serializer, model_validator

from aiinfra.spec.base import Name, Spec
from aiinfra.spec.secret import SecretRef, SecretStore


class StreamKind(StrEnum):
    """How a sensor speaks."""

    MQTT = "mqtt"
    """Messages of a broker."""
    OPC_UA = "opc-ua"
    """Values of a controller's nodes."""
    CAMERA = "camera"
    """Pictures of a camera (RTSP), which a gateway of the site's own decodes."""


_SCHEMES: Final = {
    StreamKind.MQTT: {"mqtts": 8883, "mqtt": 1883},
    StreamKind.OPC_UA: {"opc.tcp": 4840},
    StreamKind.CAMERA: {"rtsps": 322, "rtsp": 554},
}
OPEN: Final = frozenset(("mqtt", "rtsp"))
"""Schemes that say everything in the clear."""


class Answers(Spec):
    """Where what the model said of a reading is published."""

    broker: str = Field(pattern=r"^mqtts?://[A-Za-z0-9.-]+(:\d+)?$", examples=["mqtts://broker.line:8883"])
    """MQTT broker."""
    at: IPvAnyNetwork
    """Its address, as a range."""
    topic: str = Field(min_length=1, examples=["line-3/condition"])
    """Topic."""

    @field_serializer("at")
    def _text(self, value: IPv4Network | IPv6Network) -> str:
        return str(value)


class Stream(Spec):
    """One stream of readings."""

    name: Name
    """Its name."""
    kind: StreamKind
    """How the sensor speaks."""
    address: str = Field(pattern=r"^[a-z.]+://[A-Za-z0-9.-]+(:\d+)?(/.*)?$", examples=["mqtts://broker.line:8883"])
    """Broker, controller or camera."""
    at: IPvAnyNetwork = Field(examples=["10.8.1.20/32"])
    """Its address, as a range: the bridge may leave for it, and for nothing else."""
    read: tuple[str, ...] = ()
    """What is read: MQTT topics, or OPC UA node ids (``ns=2;s=Spindle.Vibration``). Not for cameras."""
    into: str = ""
    """Input of the model that a reading fills; empty: its only input."""
    each: int = Field(default=1, ge=1, le=1_000_000)
    """Readings that make one request: 1 where a message is the whole row, else one number each."""
    answers: Answers | None = None
    """Where answers go; none: nowhere, and only the server's own log has them."""
    credentials: SecretRef | None = None
    """Kubernetes Secret with ``tls.crt``, ``tls.key``, ``ca.crt`` (MQTT), or ``username``, ``password`` (OPC UA,
    cameras); none: the bridge's own certificate."""
    gateway: Name | None = None
    """Cameras: the workload in the model's namespace that decodes pictures and asks the model."""

    @property
    def port(self) -> int:
        """TCP port of the address."""
        return urlsplit(self.address).port or _SCHEMES[self.kind][urlsplit(self.address).scheme]

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        scheme = urlsplit(self.address).scheme
        if scheme not in _SCHEMES[self.kind]:
            allowed = " or ".join(f"{name}://" for name in _SCHEMES[self.kind])
            raise ValueError(f"{self.address}: an address of kind {self.kind.value} begins with {allowed}")
        if self.credentials is not None and self.credentials.store is not SecretStore.KUBERNETES:
            raise ValueError("a stream's credentials are mounted: keep them in the store 'kubernetes'")
        if self.kind is StreamKind.CAMERA:
            if self.gateway is None or self.read or self.answers:
                raise ValueError("a camera needs a gateway, which reads and answers: name it, and no read or answers")
        elif self.gateway is not None or not self.read:
            raise ValueError("name what is read, and no gateway: the bridge reads it")
        return self

    @field_serializer("at")
    def _text(self, value: IPv4Network | IPv6Network) -> str:
        return str(value)
