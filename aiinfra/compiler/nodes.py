"""The files of a site's machines: k3s, hardened as the CIS benchmark asks, or an EKS hybrid node. Pure.

Keys are k3s' own (docs.k3s.io, "k3s server", "CIS Hardening Guide") and Kubernetes' configuration objects.
"""

from typing import Any, Final

from aiinfra.components.kubernetes.labels import POD_SECURITY_VERSION
from aiinfra.components.kubernetes.upgrades import NAMESPACE as UPGRADES
from aiinfra.spec import yaml
from aiinfra.spec.nodes import Hybrid, K3s, Role
from aiinfra.spec.site import Site

_ETC: Final = "/etc/rancher/k3s"
_CIPHERS: Final = (
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,"
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,"
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305,TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305"
)
NODE: Final = "@NODE@"
SITE: Final = "@SITE@"
"""Filled in on the machine: they differ from one to the next."""


def files(site: Site) -> dict[str, str]:
    """File name -> text; empty where the site's machines are there already."""
    if site.k3s is not None:
        return _k3s(site, site.k3s)
    return {"nodeConfig.yaml": yaml.write(hybrid(site, site.hybrid))} if site.hybrid is not None else {}


def _k3s(site: Site, k3s: K3s) -> dict[str, str]:
    agents = any(group.role is Role.AGENT for group in site.nodes)
    found = {
        "config.yaml": yaml.write({**server(k3s), **everywhere(site, k3s, Role.SERVER)}),
        "agent.yaml": yaml.write(everywhere(site, k3s, Role.AGENT)) if agents else "",
        "admission.yaml": yaml.write(admission()),
        "audit.yaml": yaml.write(audit()),
        "registries.yaml": yaml.write(registries(k3s)) if k3s.mirror else "",
        "90-kubelet.conf": SYSCTLS,
        "chrony.conf": chrony(k3s),
        "resolv.conf": resolv(k3s),
    }
    return {name: text for name, text in found.items() if text}


def server(k3s: K3s) -> dict[str, Any]:
    """What a server has beside what every machine has."""
    logs = "/var/lib/rancher/k3s/server/logs"
    return {
        "write-kubeconfig-mode": "0600",
        "secrets-encryption": True,
        "secrets-encryption-provider": "secretbox",
        "disable": ["traefik", "servicelb"],
        "default-local-storage-path": k3s.volumes,
        "kube-apiserver-arg": [
            "enable-admission-plugins=NodeRestriction,EventRateLimit",
            f"admission-control-config-file={_ETC}/admission.yaml",
            f"audit-policy-file={_ETC}/audit.yaml",
            f"audit-log-path={logs}/audit.log",
            "audit-log-maxage=30",
            "audit-log-maxbackup=10",
            "audit-log-maxsize=100",
            "service-account-extend-token-expiration=false",
        ],
        "kube-controller-manager-arg": ["terminated-pod-gc-threshold=100"],
    }


def everywhere(site: Site, k3s: K3s, role: Role) -> dict[str, Any]:
    """What every machine of the role has. The accelerator is a label where all of them have the same."""
    parts = {group.accelerator for group in site.nodes if group.role is role} or {site.tier.accelerator}
    accelerator = [f"aiinfra.dev/accelerator={parts.pop()}"] if len(parts) == 1 else []
    return {
        "protect-kernel-defaults": True,
        "node-label": [f"aiinfra.dev/class={site.class_name}", *accelerator],
        **({"disable-default-registry-endpoint": True} if k3s.mirror else {}),
        **({"resolv-conf": f"{_ETC}/resolv.conf"} if k3s.dns else {}),
        "kubelet-arg": [
            "streaming-connection-idle-timeout=5m",
            f"tls-cipher-suites={_CIPHERS}",
            "container-log-max-files=3",
            "container-log-max-size=10Mi",
        ],
    }


def registries(k3s: K3s) -> dict[str, Any]:
    """Every image from the site's mirror, by TLS, under the authority that stands beside this file."""
    tls = {"ca_file": f"{_ETC}/registry-ca.pem"}
    return {"mirrors": {"*": {"endpoint": [f"https://{k3s.mirror}"]}}, "configs": {k3s.mirror: {"tls": tls}}}


def admission() -> dict[str, Any]:
    """Namespaces that say nothing are ``restricted``; events cannot fill the disk."""
    level = {
        key: value
        for mode in ("enforce", "audit", "warn")
        for key, value in ((mode, "restricted"), (f"{mode}-version", POD_SECURITY_VERSION))
    }
    security = {
        "apiVersion": "pod-security.admission.config.k8s.io/v1",
        "kind": "PodSecurityConfiguration",
        "defaults": level,
        "exemptions": {"namespaces": ["kube-system", UPGRADES]},
    }
    events = {
        "apiVersion": "eventratelimit.admission.k8s.io/v1alpha1",
        "kind": "Configuration",
        "limits": [
            {"type": "Server", "qps": 500, "burst": 1000},
            {"type": "Namespace", "qps": 50, "burst": 100, "cacheSize": 100},
        ],
    }
    return {
        "apiVersion": "apiserver.config.k8s.io/v1",
        "kind": "AdmissionConfiguration",
        "plugins": [
            {"name": "PodSecurity", "configuration": security},
            {"name": "EventRateLimit", "configuration": events},
        ],
    }


def audit() -> dict[str, Any]:
    """Who did what, never what a secret says; what rules who may do what, with its text; no heartbeat."""
    changes = {"verbs": ["create", "update", "patch", "delete", "deletecollection"]}
    groups = ("rbac.authorization.k8s.io", "admissionregistration.k8s.io", "networking.k8s.io")
    quiet = [{"group": "coordination.k8s.io", "resources": ["leases"]}, {"group": "", "resources": ["events"]}]
    return {
        "apiVersion": "audit.k8s.io/v1",
        "kind": "Policy",
        "omitStages": ["RequestReceived"],
        "rules": [
            {"level": "None", "nonResourceURLs": ["/healthz*", "/livez*", "/readyz*", "/version"]},
            {"level": "None", "resources": quiet},
            {"level": "Request", **changes, "resources": [{"group": group} for group in groups]},
            {"level": "Metadata"},
        ],
    }


SYSCTLS: Final = """\
# What k3s' protect-kernel-defaults asks for.
kernel.panic=10
kernel.panic_on_oops=1
vm.overcommit_memory=1
vm.panic_on_oom=0
"""


def chrony(k3s: K3s) -> str:
    """Time of the site's own servers; machines that lose them keep one time among themselves."""
    if not k3s.time:
        return ""
    servers = [f"server {host.partition(':')[0]} iburst" for host in k3s.time]
    return "\n".join([*servers, "makestep 1 3", "rtcsync", "local stratum 10 orphan", ""])


def resolv(k3s: K3s) -> str:
    """Name servers of the site's own; a dead one costs a second."""
    if not k3s.dns:
        return ""
    return "\n".join([*(f"nameserver {address}" for address in k3s.dns), "options timeout:1 attempts:2", ""])


def hybrid(site: Site, said: Hybrid) -> dict[str, Any]:
    """What ``nodeadm init`` reads. A site is a zone of its own: where a whole zone is away, nothing is evicted."""
    labels = f"topology.kubernetes.io/zone={SITE},aiinfra.dev/class={site.class_name}"
    anywhere = {
        "nodeName": NODE,
        "trustAnchorArn": said.trust_anchor,
        "profileArn": said.profile,
        "roleArn": said.role,
        "certificatePath": "/etc/iam/pki/server.pem",
        "privateKeyPath": "/etc/iam/pki/server.key",
    }
    return {
        "apiVersion": "node.eks.aws/v1alpha1",
        "kind": "NodeConfig",
        "spec": {
            "cluster": {"name": said.cluster, "region": said.region},
            "hybrid": {"iamRolesAnywhere": anywhere},
            "kubelet": {
                "flags": [
                    f"--node-labels={labels}",
                    "--protect-kernel-defaults=true",
                    "--streaming-connection-idle-timeout=5m",
                ]
            },
        },
    }
