"""Upgrades of a site's k3s in its window, by system-upgrade-controller. Pure.

k3s restarts and the containers of its pods do not, so a node is cordoned and not drained: at a site of one machine
there is nowhere to drain to.
"""

from typing import Any, Final

from aiinfra.components.kubernetes.specs import SiteSpec
from aiinfra.images import K3S_UPGRADE, reference

NAMESPACE: Final = "system-upgrade"
"""Namespace of the controller, as its own installation has it."""
_CONTROL: Final = "node-role.kubernetes.io/control-plane"
SERVERS: Final = "upgrade-servers"
AGENTS: Final = "upgrade-agents"


def unlocked(spec: SiteSpec) -> list[str]:
    """Names of images that upgrades need and nobody has locked."""
    needed = [K3S_UPGRADE] if spec.k3s is not None and spec.k3s.window is not None else []
    return [name for name in needed if name not in spec.images]


def plans(spec: SiteSpec) -> dict[str, dict[str, Any]]:
    """Child's noun -> plan; none where machines are upgraded by hand. Agents wait until the servers are done."""
    if spec.k3s is None or spec.k3s.window is None:
        return {}
    window = spec.k3s.window
    days = [day.value for day in window.days]
    when = {"days": days, "startTime": window.start, "endTime": window.end, "timeZone": window.timezone}
    image = {"image": reference(spec.images, K3S_UPGRADE)}
    shared = {
        "concurrency": 1,
        "version": spec.k3s.version,
        "serviceAccountName": "system-upgrade",
        "cordon": True,
        "tolerations": [{"key": _CONTROL, "operator": "Exists", "effect": "NoSchedule"}],
        "window": when,
    }
    servers = {"nodeSelector": _nodes("Exists"), "upgrade": image, **shared}
    wait = {**image, "args": ["prepare", f"{spec.class_name}-{SERVERS}"]}
    agents = {"nodeSelector": _nodes("DoesNotExist"), "prepare": wait, "upgrade": image, **shared}
    head = {"api_version": "upgrade.cattle.io/v1", "kind": "Plan"}
    return {SERVERS: {**head, "spec": servers}, AGENTS: {**head, "spec": agents}}


def _nodes(operator: str) -> dict[str, Any]:
    return {"matchExpressions": [{"key": _CONTROL, "operator": operator}]}
