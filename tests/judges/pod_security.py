"""Pod Security ``restricted``, written from the published standard and from nothing of ours.

https://kubernetes.io/docs/concepts/security/pod-security-standards/ as of Kubernetes 1.35. The tests in the engine lane
hold these rules to the implementation that the API server itself runs.
"""

from collections.abc import Iterator, Mapping
from typing import Any

VOLUMES = frozenset(
    (
        "configMap",
        "csi",
        "downwardAPI",
        "emptyDir",
        "ephemeral",
        "image",
        "persistentVolumeClaim",
        "projected",
        "secret",
    )
)
SYSCTLS = frozenset(
    (
        "kernel.shm_rmid_forced",
        "net.ipv4.ip_local_port_range",
        "net.ipv4.ip_local_reserved_ports",
        "net.ipv4.ip_unprivileged_port_start",
        "net.ipv4.ping_group_range",
        "net.ipv4.tcp_fin_timeout",
        "net.ipv4.tcp_keepalive_intvl",
        "net.ipv4.tcp_keepalive_probes",
        "net.ipv4.tcp_keepalive_time",
        "net.ipv4.tcp_rmem",
        "net.ipv4.tcp_syncookies",
        "net.ipv4.tcp_wmem",
    )
)
SELINUX = frozenset(("", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"))
SECCOMP = ("RuntimeDefault", "Localhost")


def restricted(pod: Mapping[str, Any]) -> list[str]:
    """Rules that a pod's ``spec`` breaks, by the API server's names of its checks, sorted."""
    return sorted(set(_broken(pod)))


def _containers(pod: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [c for key in ("initContainers", "containers", "ephemeralContainers") for c in pod.get(key) or ()]


def _broken(pod: Mapping[str, Any]) -> Iterator[str]:
    context = pod.get("securityContext") or {}
    if any(pod.get(key) for key in ("hostNetwork", "hostPID", "hostIPC")):
        yield "hostNamespaces"
    if any(not VOLUMES & volume.keys() for volume in pod.get("volumes") or ()):
        yield "restrictedVolumes"
    if any(sysctl["name"] not in SYSCTLS for sysctl in context.get("sysctls") or ()):
        yield "sysctls"
    if context.get("runAsUser") == 0:
        yield "runAsUser"
    yield from _shared(context)
    for container in _containers(pod):
        yield from _container(container, context)


def _shared(context: Mapping[str, Any]) -> Iterator[str]:
    """What may stand at the pod and at each container."""
    selinux = context.get("seLinuxOptions") or {}
    if selinux.get("type", "") not in SELINUX or selinux.get("user") or selinux.get("role"):
        yield "seLinuxOptions"
    if (context.get("windowsOptions") or {}).get("hostProcess"):
        yield "windowsHostProcess"
    if (context.get("appArmorProfile") or {}).get("type", "RuntimeDefault") == "Unconfined":
        yield "appArmorProfile"


def _container(container: Mapping[str, Any], pod: Mapping[str, Any]) -> Iterator[str]:
    context = container.get("securityContext") or {}
    capabilities = context.get("capabilities") or {}
    yield from _shared(context)
    if context.get("privileged"):
        yield "privileged"
    if context.get("allowPrivilegeEscalation") is not False:
        yield "allowPrivilegeEscalation"
    if "ALL" not in (capabilities.get("drop") or ()) or set(capabilities.get("add") or ()) - {"NET_BIND_SERVICE"}:
        yield "capabilities_restricted"
    if context.get("procMount", "Default") != "Default":
        yield "procMount"
    if context.get("runAsNonRoot", pod.get("runAsNonRoot")) is not True:
        yield "runAsNonRoot"
    if context.get("runAsUser") == 0:
        yield "runAsUser"
    if (context.get("seccompProfile") or pod.get("seccompProfile") or {}).get("type") not in SECCOMP:
        yield "seccompProfile_restricted"
    if any(port.get("hostPort") for port in container.get("ports") or ()):
        yield "hostPorts"
    if any(_host(handler) for handler in _handlers(container)):
        yield "hostProbesAndHostLifecycle"


def _handlers(container: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for key in ("livenessProbe", "readinessProbe", "startupProbe"):
        yield container.get(key) or {}
    for key in ("postStart", "preStop"):
        yield (container.get("lifecycle") or {}).get(key) or {}


def _host(handler: Mapping[str, Any]) -> bool:
    return any((handler.get(kind) or {}).get("host") for kind in ("httpGet", "tcpSocket"))
