"""The Kubernetes objects of a graph as manifests, in an order a cluster can take them in.

Only what is known and not secret can be a manifest. The graph must come from a preview: a symbolic one holds stand-ins
that would read like real values.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from aiinfra.errors import BadInput
from aiinfra.findings import Finding, Severity
from aiinfra.graph import urn, values
from aiinfra.graph.node import ASSET, REF, SECRET, UNKNOWN, Graph, Mode, Node
from aiinfra.spec import yaml

ORDER: Final = (
    "Namespace",
    "CustomResourceDefinition",
    "PriorityClass",
    "StorageClass",
    "NetworkPolicy",
    "ResourceQuota",
    "LimitRange",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
    "PodDisruptionBudget",
    "ServiceAccount",
    "Secret",
    "ConfigMap",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "ClusterRole",
    "ClusterRoleBinding",
    "Role",
    "RoleBinding",
    "Service",
    "DaemonSet",
    "Pod",
    "ReplicaSet",
    "Deployment",
    "StatefulSet",
    "Job",
    "CronJob",
    "HorizontalPodAutoscaler",
    "IngressClass",
    "Ingress",
    "APIService",
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
)
"""What others need first: namespaces, definitions, limits, identities, data, then what runs. Kinds not named here,
custom resources above all, come last: their controllers are among what runs."""

_WHY: Final = {
    UNKNOWN: ("manifest-unknown", "is unknown until something else has been created", "write the value in the program"),
    SECRET: ("manifest-secret", "is a secret", "leave the object out with --omit-secrets, and bring it another way"),
    REF: ("manifest-unknown", "is a reference to a resource", "use the resource's name"),
    ASSET: ("manifest-unknown", "is a file", "read the file in the program"),
}


@dataclass(frozen=True, slots=True)
class Manifest:
    """One Kubernetes object."""

    data: dict[str, Any]
    cluster: str
    """Name of the Pulumi provider it is made with; empty for the default one."""
    urn: str

    @property
    def kind(self) -> str:
        """``Deployment``."""
        return str(self.data["kind"])

    @property
    def namespace(self) -> str:
        """Empty where the object has none."""
        return str(self.data["metadata"].get("namespace", ""))

    @property
    def name(self) -> str:
        """``metadata.name``."""
        return str(self.data["metadata"]["name"])

    @property
    def rank(self) -> int:
        """Its place in :data:`ORDER`."""
        return ORDER.index(self.kind) if self.kind in ORDER else len(ORDER)

    @property
    def sort_key(self) -> tuple[str, int, str, str, str, str]:
        """Cluster by cluster, in the order to apply."""
        return (self.cluster, self.rank, self.kind, self.namespace, self.name, str(self.data["apiVersion"]))

    @property
    def file(self) -> str:
        """``19-service-line-1-runtime.yaml``: a folder of them, applied in the order of names, is in order."""
        words = [self.kind.lower(), self.namespace, self.name]
        stem = "-".join(re.sub(r"[^A-Za-z0-9.-]", "_", word) for word in words if word)
        return f"{self.rank:02d}-{stem}.yaml"

    @property
    def text(self) -> str:
        """The object as YAML, ``apiVersion``, ``kind`` and ``metadata`` first."""
        first = {key: self.data[key] for key in ("apiVersion", "kind", "metadata")}
        return yaml.write({**first, **{key: self.data[key] for key in sorted(self.data.keys() - first.keys())}})


def manifests_of(graph: Graph, *, omit_secrets: bool = False) -> tuple[list[Manifest], list[Finding]]:
    """The graph's Kubernetes objects, sorted, and what could not be one of them.

    Objects that are only read are left out. Charts, patches and components of other processes cannot be manifests: each
    is a warning. With ``omit_secrets`` objects that hold a secret are left out, each with a warning.

    Raises:
        BadInput: ``manifests-need-preview`` for a symbolic graph; ``manifests-refused`` with a finding for every value
            that is unknown, secret or a file, and every object without a name.
    """
    if graph.mode is not Mode.PREVIEW:
        remedy = "collect the program in preview mode"
        message = "a symbolic graph holds stand-ins that would read like values in a manifest"
        raise BadInput("manifests-need-preview", message, remedy)
    found: list[Manifest] = []
    problems: list[Finding] = []
    notes: list[Finding] = []
    for node in graph:
        if node.package != "kubernetes" or node.read or not (node.custom or node.remote):
            continue
        why = _opaque(node)
        if why:
            notes.append(_finding("manifest-left-out", Severity.WARNING, f"{why}; it is not in the manifests", node))
            continue
        wrong = list(_problems(node))
        secret = [finding for finding in wrong if finding.id == "manifest-secret"]
        if omit_secrets and secret:
            message = f"{_said(node)} is left out: its {secret[0].path} is a secret"
            notes.append(_finding("manifest-left-out", Severity.WARNING, message, node))
        elif wrong:
            problems += wrong
        else:
            cluster = urn.name(node.provider) if node.provider else ""
            found.append(Manifest(values.plain(node.inputs), cluster, node.urn))
    if problems:
        many = f"{len(problems)} values" if len(problems) > 1 else "1 value"
        raise BadInput("manifests-refused", f"{many} cannot be written into a manifest", findings=problems)
    return sorted(found, key=lambda manifest: manifest.sort_key), notes


def stream(manifests: Iterable[Manifest]) -> str:
    """One YAML stream of several documents.

    Raises:
        BadInput: ``manifests-clusters`` where the objects are for more than one cluster.
    """
    listed = list(manifests)
    clusters = sorted({manifest.cluster or "(default)" for manifest in listed})
    if len(clusters) > 1:
        message = f"the objects are for {len(clusters)} clusters: {', '.join(clusters)}"
        raise BadInput("manifests-clusters", message, "write them to a folder, which gets one folder a cluster")
    return "".join(f"---\n{manifest.text}" for manifest in listed)


def files(manifests: Iterable[Manifest]) -> dict[str, str]:
    """File name -> text; with several clusters, in a folder named after each one's provider."""
    listed = list(manifests)
    several = len({manifest.cluster for manifest in listed}) > 1
    found: dict[str, str] = {}
    for manifest in listed:
        folder = f"{manifest.cluster or 'default'}/" if several else ""
        name = f"{folder}{manifest.file}"
        if name in found:  # the same kind in two API groups
            group = str(manifest.data["apiVersion"]).partition("/")[0]
            name = name.removesuffix(".yaml") + f".{group}.yaml"
        found[name] = manifest.text
    return found


def _opaque(node: Node) -> str:
    """Why a resource cannot be a manifest; empty where it can."""
    if node.remote:
        return f"{node.name} is built by another process"
    if node.type.endswith("Patch"):
        return f"{node.name} is a patch of an object that others own"
    if "apiVersion" not in node.inputs or "kind" not in node.inputs:
        return f"{node.name} ({node.type}) is no Kubernetes object"
    return ""


def _problems(node: Node) -> Iterable[Finding]:
    for path, marker in values.markers(node.inputs):
        code, what, fix = _WHY[marker]
        yield _finding(code, Severity.ERROR, f"of {_said(node)} {what}", node, path=path, remedy=fix)
    metadata = node.inputs.get("metadata")
    if isinstance(metadata, dict) and not values.marker_of(metadata) and "name" in metadata:
        return
    if metadata is None or not values.marker_of(metadata):
        message = f"of {_said(node)} is not set: Pulumi would make up a random name"
        yield _finding("manifest-unnamed", Severity.ERROR, message, node, path="metadata.name", remedy="give it a name")


def _said(node: Node) -> str:
    return f"{node.type.rpartition(':')[2]} {node.name}"


def _finding(code: str, severity: Severity, message: str, node: Node, *, path: str = "", remedy: str = "") -> Finding:
    return Finding(code, severity, message, path=path, urn=node.urn, remedy=remedy, source=node.source)
