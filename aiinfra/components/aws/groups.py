"""The security groups of a cluster's network and what may pass between them. Pure.

Every rule names two groups. The exceptions stand apart: S3's prefix list, ranges that a declaration opens, and those of
machines that join from outside.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Passage:
    """What may pass from one group to another."""

    source: str
    target: str
    protocol: str
    """tcp, udp, or -1 for all."""
    ports: tuple[int, int] | None
    """First and last port; None: all, with protocol -1."""
    why: str

    @property
    def name(self) -> str:
        """Part of the names of its two rules."""
        port = "all" if self.ports is None else str(self.ports[0])
        return f"{self.source}-{self.target}-{port}{'-udp' if self.protocol == 'udp' else ''}"

    @property
    def rule(self) -> dict[str, Any]:
        """What both of its rules say, in the provider's words."""
        span = {} if self.ports is None else {"from_port": self.ports[0], "to_port": self.ports[1]}
        return {"ip_protocol": self.protocol, "description": self.why, **span}


_REFUSED: Final = re.compile(r"[^a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]")


def described(text: str) -> str:
    """``text`` as EC2 takes it for a rule: 255 characters of those that its API reference allows, no apostrophes."""
    return _REFUSED.sub("", text)[:255]


GROUPS: Final = {
    "nodes": "Machines and the pods on them",
    "control": "Control plane of the cluster",
    "endpoints": "Endpoints of AWS services",
}

RUNNER: Final = "runner"
"""Group of what runs projects from inside; it is there where that is."""

RUNNER_PASSAGES: Final = (
    Passage(RUNNER, "control", "tcp", (443, 443), "A runner inside calls the API"),
    Passage(RUNNER, "endpoints", "tcp", (443, 443), "A runner inside calls AWS services"),
)

QUEUE_PASSAGE: Final = Passage("control", "nodes", "tcp", (8082, 8082), "The API asks the queue what waits in it")

PASSAGES: Final = (
    Passage("nodes", "nodes", "-1", None, "Pods talk to pods; EFA needs everything open inside one group"),
    Passage("nodes", "control", "tcp", (443, 443), "Kubelets and pods call the API"),
    Passage("control", "nodes", "tcp", (9443, 9443), "The API calls admission webhooks"),
    Passage("control", "nodes", "tcp", (10250, 10251), "The API calls kubelets and the metrics server"),
    Passage("nodes", "endpoints", "tcp", (443, 443), "Machines and pods call AWS services"),
)


def named(*, runner: bool) -> dict[str, str]:
    """Noun of each group -> what it is for."""
    return {**GROUPS, **({RUNNER: "A runner inside"} if runner else {})}


def passages(*, queue: bool, runner: bool) -> tuple[Passage, ...]:
    """What may pass where a queue admits jobs, and where something runs projects from inside."""
    return (*PASSAGES, *((QUEUE_PASSAGE,) if queue else ()), *(RUNNER_PASSAGES if runner else ()))


@dataclass(frozen=True, slots=True)
class Opening:
    """A rule that names a range: what stands there has no group of this network."""

    group: str
    """Group of this network."""
    into: bool
    """Whether the range may reach the group; else the group may reach the range."""
    block: IPv4Network
    protocol: str
    port: int
    why: str

    @property
    def name(self) -> str:
        """Noun of the rule."""
        way = "from" if self.into else "to"
        udp = "-udp" if self.protocol == "udp" else ""
        return f"{way}-sites-{str(self.block).replace('.', '-').replace('/', '-')}-{self.port}{udp}"

    @property
    def rule(self) -> dict[str, Any]:
        """What the rule says, in the provider's words."""
        ports = {"ip_protocol": self.protocol, "from_port": self.port, "to_port": self.port}
        return {"cidr_ipv4": str(self.block), "description": self.why, **ports}


def from_sites(nodes: Sequence[IPv4Network], pods: Sequence[IPv4Network]) -> tuple[Opening, ...]:
    """What machines of sites that join the cluster need, and the pods on them (EKS user guide, "Prepare networking for
    hybrid nodes"): they call the API, the API calls their kubelets, and pods look names up at the cluster's servers."""
    found = [Opening("control", True, block, "tcp", 443, "Machines and pods of sites call the API") for block in nodes]
    found += [Opening("control", True, block, "tcp", 443, "Pods at sites call the API") for block in pods]
    found += [Opening("control", False, block, "tcp", 10250, "The API calls kubelets of sites") for block in nodes]
    found += [
        Opening("nodes", True, block, protocol, 53, "Pods at sites look names up")
        for block in (*nodes, *pods)
        for protocol in ("tcp", "udp")
    ]
    return tuple(found)
