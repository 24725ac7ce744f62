"""The network: closed, and the ways out that are opened by name."""

from ipaddress import IPv4Network, IPv6Network

from pydantic import Field, IPvAnyNetwork, field_serializer, field_validator

from aiinfra.spec.base import Spec
from aiinfra.spec.existing import ExistingNetwork


class Egress(Spec):
    """One way out. Everything not named stays closed."""

    to: IPvAnyNetwork = Field(examples=["10.30.0.0/24"])
    """Addresses that may be reached, as a CIDR range."""
    port: int = Field(ge=1, le=65535)
    """TCP port."""
    why: str = Field(min_length=3)
    """The reason, shown first in every review."""

    @field_serializer("to")
    def _text(self, value: IPv4Network | IPv6Network) -> str:
        return str(value)


class Network(Spec):
    """Addresses of the cloud network, and the ways out of it and of the sites."""

    cidr: IPvAnyNetwork | None = Field(default=None, examples=["10.20.0.0/16"])
    """Addresses of the training network; required with ``training``, but where ``existing`` names its subnets."""
    existing: ExistingNetwork | None = None
    """The training network, where it is there already; none: one is made."""
    egress: tuple[Egress, ...] = ()
    """Ways out; none by default."""
    transit_gateway: str = Field(default="", pattern=r"^(tgw-[0-9a-f]+)?$", examples=["tgw-0123456789abcdef0"])
    """Transit gateway of yours that cloud networks reach ranges outside through: they are attached to it, with a route
    for each range that is named. Empty: no route leads out of them."""

    @field_validator("cidr")
    @classmethod
    def _private(cls, value: IPv4Network | IPv6Network | None) -> IPv4Network | IPv6Network | None:
        if value is not None and not value.is_private:
            raise ValueError(f"{value} is not private: use a range of 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16")
        return value

    @field_serializer("cidr")
    def _text(self, value: IPv4Network | IPv6Network | None) -> str | None:
        return None if value is None else str(value)
