"""An edge: one way that is open."""

from dataclasses import asdict, dataclass
from typing import Any, Final

CONNECTION: Final = ""
ACTION: Final = "action"


@dataclass(frozen=True, slots=True, order=True)
class Edge:
    """Connections that ``src`` may open to ``dst``.

    Ends are ``NAMESPACE/WORKLOAD``, ``NAMESPACE/*`` (any other pod there), ``*/*`` (any pod of a namespace that the
    graph does not hold), ``NAMESPACE/KEY=VALUE,...`` (pods that a policy names and the graph does not hold), or
    addresses as a CIDR range. On AWS they are ``VPC/GROUP`` (interfaces with these security groups), ``VPC/*`` (any
    other interface there), ``aws/SERVICE``, ``public/NAME`` (a service on the internet) and addresses.

    With ``kind`` ``action``, an action that ``src`` (``role/NAME``, ``service/NAME``, ``account/ID``, ``anyone``) may
    take on ``dst`` (a resource, as its policy names it). ``!`` before patterns: everything but them.
    """

    src: str
    dst: str
    port: str
    """``TCP 8443``, ``TCP 8000-8080``, ``UDP any``, or ``any`` for all ports of TCP, UDP and SCTP; or the action."""
    why: str
    """The reason as its policy states it, or which policy opens it; or that nothing limits either end."""
    urn: str
    """The policy that opens it; empty where no policy limits either end."""
    cluster: str = ""
    """Name of the cluster's provider, where the graph has one."""
    kind: str = CONNECTION
    """Empty for a connection."""

    def as_json(self) -> dict[str, Any]:
        """Plain data; what is empty is left out."""
        return {key: value for key, value in asdict(self).items() if value}
