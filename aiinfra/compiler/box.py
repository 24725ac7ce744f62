"""What a box's bundle says beside the declaration: its board's power mode, and which onnxruntime it needs. Pure."""

from typing import Any

from aiinfra.catalogue.find import find_accelerator
from aiinfra.spec.site import Site

CPU = "CPUExecutionProvider"


def facts(site: Site) -> dict[str, Any]:
    """What the templates of a box read.

    ``power_mode`` is empty where none is declared or the board has no modes that its own tool sets (only Jetson boards
    have one, ``nvpmodel``); ``accelerated`` where the server is told to use more than the CPU.
    """
    tier = find_accelerator(site.tier.accelerator)
    return {
        "power_mode": site.tier.power_mode if tier.name.startswith("jetson-") else "",
        "accelerated": needs_a_wheel(site),
        "providers": [name for name in tier.execution_providers if name != CPU],
        "architecture": tier.architecture,
        "judged": judged(site),
    }


def judged(site: Site) -> str:
    """The options of ``aiinfra release pull`` that say how a new version is judged, quoted for a unit file."""
    updates = site.runtime.updates
    if updates is None:
        return ""
    found = {"soak": updates.soak, "max-failed": updates.max_failed, "max-p99": updates.max_p99}
    words = [f' --{name} "{value}"' for name, value in found.items() if value is not None]
    return "".join(words).replace("%", "%%")


def needs_a_wheel(site: Site) -> bool:
    """Whether PyPI's onnxruntime for the board's architecture lacks the providers that the tier is served by."""
    tier = find_accelerator(site.tier.accelerator)
    return tier.architecture == "arm64" and any(name != CPU for name in tier.execution_providers)
