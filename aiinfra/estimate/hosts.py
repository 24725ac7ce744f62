"""The box around an accelerator: what class of host it is, and what the whole node draws.

At the edge the host, not the accelerator, sets the watts: one 72 W card in a two-socket server was measured at 640 W.
Node watts = host watts + accelerators x power x share, fitted to published node measurements by class of host.
"""

from dataclasses import dataclass
from enum import StrEnum

from aiinfra.catalogue.accelerators import Accelerator
from aiinfra.catalogue.hosts import host_classes
from aiinfra.estimate.efficiency import coefficients


class Host(StrEnum):
    """Classes of host, smallest first."""

    SOC = "soc"
    """Accelerator and CPU on one module."""
    EDGE_BOX = "edge-box"
    """A short box with an embedded server CPU."""
    WORKSTATION = "workstation"
    """A desktop or tower."""
    SERVER = "server"
    """A rack server with cards in slots."""
    BASEBOARD = "baseboard"
    """A server around an accelerator baseboard (SXM, OAM)."""


@dataclass(frozen=True, slots=True)
class NodePower:
    """W of one node under load, with the factor of its range."""

    watts: float
    factor: float


def host_of(part: Accelerator, count: int, cpu: str = "") -> Host:
    """The host ``count`` of ``part`` usually sit in; ``cpu`` is the host CPU's name where it is known."""
    named = _named(cpu)
    if part.kind in ("soc", "cpu") or named is Host.SOC:
        return Host.SOC
    if not cpu and part.form == "edge" and part.architecture == "arm64":
        return Host.SOC
    if part.interconnect != "pcie" and count >= 4:
        return Host.BASEBOARD
    if named is not None:
        return named
    if not cpu and part.form == "workstation":
        return Host.WORKSTATION
    if not cpu and part.form == "edge":
        return Host.EDGE_BOX
    return Host.SERVER


def _named(cpu: str) -> Host | None:
    """The class that a CPU's name tells; None where it tells none."""
    name = cpu.lower()
    for found in host_classes().values():
        if any(word in name for word in found.cpus):
            return Host(found.name)
    return None


def node_power(watts: float, count: int, host: Host, *, capped: bool = False) -> NodePower:
    """Node watts for ``count`` parts of ``watts`` each.

    ``capped`` is for a run under a power limit nobody named: fitted on baseboards and on modules (there as a share of
    their default mode); elsewhere the host hides it. Classes of host with one published system take the spread of the
    host's own watts from servers (``host_factor``): the fewer the parts, the wider the range.
    """
    fitted = coefficients()["power"][host.value]
    share = fitted["share"] * (fitted.get("capped", 1.0) if capped else 1.0)
    own, parts = fitted["host"], share * watts * count
    factor = fitted["factor"]
    if "host_factor" in fitted:
        factor = max(factor, (own * fitted["host_factor"] + parts) / (own + parts))
    return NodePower(own + parts, factor)


def measured_node(watts: float, count: int, host: Host) -> NodePower:
    """Node watts around ``count`` parts that were measured to draw ``watts`` together.

    What is measured is drawn, not a limit that is hardly reached, so the parts count whole.
    """
    fitted = coefficients()["power"][host.value]
    around = max(fitted["share"], 1.0) * watts + fitted["host"]
    return NodePower(around, node_power(watts / count, count, host).factor)
