"""Every program's Kubernetes objects on a real control plane: taken, ready, rolled, removed; and what it refuses."""

import copy
import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml as upstream_yaml

from aiinfra.catalogue.immutable import immutable
from tests.e2e.cluster import Cluster, Object, absent, running, until
from tests.e2e.conftest import Table
from tests.e2e.filled import NAMES, clusters, digest, filled
from tests.judges.schemas import CRDS

pytestmark = pytest.mark.skipif(bool(absent()), reason="a Kubernetes control plane: make tools builds one")

STANDARD = ("default", "kube-system")
PHASES = ("apply", "ready", "roll", "remove")
WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet")


def next_build(item: Object) -> Object:
    """The object with every image by another digest, as after a release."""
    text = re.sub(r"@sha256:[0-9a-f]{64}", lambda found: f"@{digest(found[0])}", json.dumps(item))
    made: Object = json.loads(text)
    return made


def pod_spec(workload: Object) -> Object:
    found: Object = workload["spec"]["template"]["spec"]
    return found


def surroundings(objects: list[Object]) -> list[Object]:
    """What the place brings: nodes as the workloads ask for them, with their devices; runtime classes; disks of the
    default class; and the namespaces of operators, where something is put beside them.

    Two plain nodes of each architecture; and for each workload that needs devices one node, with as many as all its
    replicas hold: no spare one.
    """
    made = {item["metadata"]["name"] for item in objects if item["kind"] == "Namespace"} | {None, *STANDARD}
    used = {item["metadata"].get("namespace") for item in objects}
    found = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in sorted(used - made)]
    for item in objects:
        if item["kind"] == "PersistentVolumeClaim" and "storageClassName" not in item["spec"]:
            found += disk(item)
        if item["kind"] not in WORKLOADS:
            continue
        for claim in own_claims(item):
            found += disk(claim)
        spec = pod_spec(item)
        devices: dict[str, str] = {}
        for container in spec["containers"]:
            for name, value in container["resources"]["requests"].items():
                if "/" in name:
                    devices[name] = str(int(devices.get(name, "0")) + int(value) * item["spec"].get("replicas", 1))
        names = [f"{item['metadata']['name']}-{number}" for number in range(1 if devices else 2)]
        found += [node(name, {**spec.get("nodeSelector", {}), **required(spec)}, devices) for name in names]
        if "runtimeClassName" in spec:
            handler = spec["runtimeClassName"]
            meta = {"name": handler}
            found.append({"apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass", "metadata": meta, "handler": handler})
    return list({(item["kind"], item["metadata"]["name"]): item for item in found}.values())


def required(spec: Object) -> dict[str, str]:
    """A label for each that the pod's nodes must have one of some values of: the first."""
    terms = spec.get("affinity", {}).get("nodeAffinity", {}).get("requiredDuringSchedulingIgnoredDuringExecution", {})
    asked = [each for term in terms.get("nodeSelectorTerms", []) for each in term["matchExpressions"]]
    return {each["key"]: each["values"][0] for each in asked}


def own_claims(workload: Object) -> list[Object]:
    """The claims that a StatefulSet makes, one for each pod."""
    meta, spec = workload["metadata"], workload["spec"]
    return [
        {
            "metadata": {
                "name": f"{template['metadata']['name']}-{meta['name']}-{number}",
                "namespace": meta["namespace"],
            },
            "spec": template["spec"],
        }
        for template in spec.get("volumeClaimTemplates", [])
        for number in range(spec.get("replicas", 1))
    ]


def disk(claim: Object) -> list[Object]:
    """A disk that fits a claim, and its class; the default one is as k3s has it."""
    name = claim["spec"].get("storageClassName", "local-path")
    default = {"storageclass.kubernetes.io/is-default-class": "true"}
    spec = {
        "accessModes": claim["spec"]["accessModes"],
        "capacity": {"storage": claim["spec"]["resources"]["requests"]["storage"]},
        "hostPath": {"path": "/var/lib/disk"},
        "storageClassName": name,
    }
    meta = claim["metadata"]
    return [
        {
            "apiVersion": "storage.k8s.io/v1",
            "kind": "StorageClass",
            "metadata": {"name": name, "annotations": default},
            "provisioner": "kubernetes.io/no-provisioner",
            "volumeBindingMode": "WaitForFirstConsumer",
        },
        {
            "apiVersion": "v1",
            "kind": "PersistentVolume",
            "metadata": {"name": f"{meta['namespace']}-{meta['name']}"},
            "spec": spec,
        },
    ]


def node(name: str, labels: dict[str, str], devices: dict[str, str]) -> Object:
    size = {"cpu": "8", "memory": "32Gi", "pods": "110", **devices}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "labels": {
                "kubernetes.io/hostname": name,
                "topology.kubernetes.io/zone": f"zone-{name[-1]}",
                **labels,
            },
        },
        "spec": {"taints": [{"key": device, "effect": "NoSchedule"} for device in devices]},
        "status": {"capacity": size, "allocatable": size},
    }


def ready(cluster: Cluster, workload: Object) -> bool:
    """Whether all of it runs what is asked for, and nothing else is left."""
    meta = workload["metadata"]
    now = json.loads(cluster.kubectl("get", workload["kind"], meta["name"], "-n", meta["namespace"], "-o", "json"))
    status, wanted = now["status"], now["spec"].get("replicas", 1)
    counts = [status.get(key, 0) for key in ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")]
    if status.get("observedGeneration") != now["metadata"]["generation"] or counts != [wanted] * 4:
        return False
    chosen = ",".join(f"{key}={value}" for key, value in workload["spec"]["selector"]["matchLabels"].items())
    pods = cluster.items("pods", "-n", meta["namespace"], "-l", chosen)
    images = [[container["image"] for container in pod["spec"]["containers"]] for pod in pods]
    return images == [[container["image"] for container in pod_spec(workload)["containers"]]] * wanted


def wait_ready(cluster: Cluster, objects: list[Object]) -> None:
    """Until every workload among them is; where one is not, with what the cluster says of it."""
    for workload in (item for item in objects if item["kind"] in WORKLOADS):
        try:
            until(f"{workload['metadata']['name']} ready", lambda w=workload: ready(cluster, w))
        except AssertionError as error:
            told = cluster.kubectl("get", "events,pods", "-A", "-o", "wide", code=None)
            raise AssertionError(f"{error}\n{told}") from None


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """A control plane with every definition of a custom resource that the repository holds."""
    with running() as found:
        definitions = [
            upstream_yaml.load(file.read_text(encoding="utf-8"), upstream_yaml.CSafeLoader)
            for file in sorted(CRDS.glob("*.yaml"))
        ]
        found.apply(definitions)
        names = [f"crd/{item['metadata']['name']}" for item in definitions]
        found.kubectl("wait", "--for=condition=Established", "--timeout=120s", *names)
        served = {
            f"apiservice.apiregistration.k8s.io/{version['name']}.{item['spec']['group']}"
            for item in definitions
            for version in item["spec"]["versions"]
        }
        until(
            "every definition served", lambda: served <= set(found.kubectl("get", "apiservices", "-o", "name").split())
        )
        yield found


@pytest.mark.parametrize("name", NAMES)
def test_every_object_lives_and_dies_on_a_real_server(
    name: str, cluster: Cluster, tmp_path: Path, table: Table
) -> None:
    """Strictly validated and taken; workloads run and roll; a second apply changes nothing; nothing is left."""
    for program in filled(name, tmp_path):
        times: dict[str, float] = dict.fromkeys(PHASES, 0.0)
        for objects in clusters(program).values():
            place = surroundings(objects)
            cluster.place(place)
            try:
                live_and_die(cluster, objects, times)
            finally:
                cluster.delete(objects)
                cluster.delete(place)
        if clusters(program):
            table(f"{program.name} (cluster)", ", ".join(f"{name} {seconds:.1f}" for name, seconds in times.items()))


@contextmanager
def timed(times: dict[str, float], name: str) -> Iterator[None]:
    began = time.monotonic()
    yield
    times[name] += time.monotonic() - began


def live_and_die(cluster: Cluster, objects: list[Object], times: dict[str, float]) -> None:
    """One cluster's objects, from first to last."""
    before = cluster.everything()
    with timed(times, "apply"):
        assert len(cluster.apply(objects).splitlines()) == len(objects)
    with timed(times, "ready"):
        wait_ready(cluster, objects)
    assert cluster.differences(objects) == ""
    cluster.apply(objects)
    assert cluster.differences(objects) == ""
    after = [next_build(item) for item in objects]
    with timed(times, "roll"):
        cluster.apply(after)
        wait_ready(cluster, after)
    with timed(times, "remove"):
        cluster.delete(after)
        until("nothing left", lambda: cluster.everything() <= before)
    assert cluster.everything() == before


class Yard:
    """A namespace as a program makes it, and a pod of its own that it admits."""

    def __init__(self, cluster: Cluster, objects: list[Object]) -> None:
        self.cluster = cluster
        self.objects = objects
        (deployment,) = (item for item in objects if item["kind"] == "Deployment")
        template = deployment["spec"]["template"]
        self.deployment = deployment
        self.namespace = deployment["metadata"]["namespace"]
        self.good: Object = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {**template["metadata"], "name": "one", "namespace": self.namespace},
            "spec": template["spec"],
        }

    def spoilt(self, **fields: Any) -> Object:
        """The good pod with fields of its spec replaced."""
        pod = copy.deepcopy(self.good)
        pod["spec"].update(fields)
        return pod

    def container(self, **fields: Any) -> list[Object]:
        """Its one container, with fields replaced."""
        return [{**copy.deepcopy(self.good["spec"]["containers"][0]), **fields}]

    def secured(self, **fields: Any) -> Object:
        context = self.good["spec"]["containers"][0]["securityContext"]
        return self.spoilt(containers=self.container(securityContext={**context, **fields}))

    def refused(self, item: Object) -> str:
        """What the server says as it refuses it."""
        return self.cluster.apply([item], code=1)


@pytest.fixture(scope="module")
def yard(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Yard]:
    """The site with accelerators and a release key, without its Deployment."""
    (site,) = (
        program
        for program in filled("declarations/whole", tmp_path_factory.mktemp("whole"))
        if program.name.endswith("/site-press-line")
    )
    objects = next(iter(clusters(site).values()))
    place = [item for item in surroundings(objects) if item["kind"] == "RuntimeClass"]
    there = [*place, *(item for item in objects if item["kind"] != "Deployment")]
    cluster.apply(there)
    found = Yard(cluster, objects)
    until("the policy in force", lambda: "image-by-digest" in cluster.apply([unlocked_pod(found)], DRY, code=None))
    yield found
    cluster.delete(there)


DRY = "--dry-run=server"


def unlocked_pod(yard: Yard) -> Object:
    return yard.spoilt(containers=yard.container(image="registry.example/aiinfra-server:1.4"))


def test_a_pod_of_its_own_is_admitted(yard: Yard) -> None:
    assert "serverside-applied" in yard.cluster.apply([yard.good], DRY)


def test_each_rule_of_the_policy_refuses_by_name(yard: Yard) -> None:
    """What Pod Security lets through, and the namespace's own policy does not."""
    release = [
        {**volume, "image": {"reference": "registry.example/release:1"}} if "image" in volume else volume
        for volume in yard.good["spec"]["volumes"]
    ]
    other = copy.deepcopy(yard.good)
    other["metadata"]["annotations"] = {"aiinfra.dev/signed-by": f"sha256:{0:064}"}
    account = yard.spoilt(automountServiceAccountToken=None, serviceAccountName=None)
    cases = {
        "image-by-digest": unlocked_pod(yard),
        "read-only-root": yard.secured(readOnlyRootFilesystem=False),
        "release-by-digest": yard.spoilt(volumes=release),
        "signed-release": other,
        "no-token-by-default": account,
    }
    for rule, pod in cases.items():
        said = yard.refused(pod)
        assert f"ValidatingAdmissionPolicy '{yard.namespace}.pods.aiinfra.dev'" in said, said
        assert f"denied request: {rule}: " in said, said


def test_pod_security_refuses_by_name(yard: Yard) -> None:
    cases = {
        "privileged": yard.secured(privileged=True, allowPrivilegeEscalation=True),
        "allowPrivilegeEscalation != false": yard.secured(allowPrivilegeEscalation=True),
        "unrestricted capabilities": yard.secured(capabilities={"add": ["NET_ADMIN"]}),
        "host namespaces": yard.spoilt(hostNetwork=True),
        "restricted volume types": yard.spoilt(
            volumes=[*yard.good["spec"]["volumes"], {"name": "root", "hostPath": {"path": "/"}}]
        ),
        "runAsUser=0": yard.spoilt(securityContext={**yard.good["spec"]["securityContext"], "runAsUser": 0}),
        "seccompProfile": yard.secured(seccompProfile={"type": "Unconfined"}),
    }
    for words, pod in cases.items():
        said = yard.refused(pod)
        assert 'violates PodSecurity "restricted:v1.35"' in said, said
        assert words in said, said


def test_the_quota_refuses_by_name(yard: Yard) -> None:
    big = yard.container()
    for kind in ("limits", "requests"):
        big[0]["resources"] = {**big[0]["resources"], kind: {**big[0]["resources"][kind], "cpu": "500"}}
    assert "exceeded quota: quota" in yard.refused(yard.spoilt(containers=big))
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "open", "namespace": yard.namespace},
        "spec": {"type": "NodePort", "ports": [{"port": 80}], "selector": {"a": "b"}},
    }
    assert "exceeded quota: quota, requested: services.nodeports=1" in yard.refused(service)


def test_a_workload_of_refused_pods_is_taken_and_its_events_name_the_rule(yard: Yard) -> None:
    """The policy is judged on pods, so whatever makes them meets it."""
    bad = copy.deepcopy(yard.deployment)
    bad["metadata"]["name"] = "unlocked"
    bad["spec"]["template"]["spec"]["containers"] = unlocked_pod(yard)["spec"]["containers"]
    yard.cluster.apply([bad])
    try:

        def told() -> bool:
            events = yard.cluster.items("events", "-n", yard.namespace)
            return any("image-by-digest" in event["message"] for event in events)

        until("an event that names the rule", told)
    finally:
        yard.cluster.delete([bad])


def test_debug_containers_meet_the_policy(yard: Yard) -> None:
    yard.cluster.apply([yard.good])
    try:
        extra = {"name": "debug", "image": "registry.example/shell:1", "targetContainerName": "server"}
        extra["securityContext"] = yard.good["spec"]["containers"][0]["securityContext"]
        patch = json.dumps({"spec": {"ephemeralContainers": [extra]}})
        words = ("patch", "pod", "one", "-n", yard.namespace, "--subresource=ephemeralcontainers", "-p", patch)
        assert "denied request: image-by-digest" in yard.cluster.kubectl(*words, code=1)
    finally:
        yard.cluster.delete([yard.good])


def test_other_namespaces_are_not_touched(yard: Yard) -> None:
    pod = unlocked_pod(yard)
    pod["metadata"]["namespace"] = "default"
    pod["spec"]["serviceAccountName"] = "default"
    assert "serverside-applied" in yard.cluster.apply([pod], DRY)


@pytest.mark.parametrize("place", [(), ("spec",), ("spec", "template", "spec"), ("metadata",)])
def test_an_unknown_field_is_refused(yard: Yard, place: tuple[str, ...]) -> None:
    item = target = copy.deepcopy(yard.deployment)
    for step in place:
        target = target[step]
    target["replicaz"] = 1
    said = yard.refused(item)
    assert ".".join((*place, "replicaz")) in said
    assert "field not declared in schema" in said or "unknown field" in said, said


def test_a_custom_resource_is_held_to_its_definition(yard: Yard) -> None:
    certificate: Object = {
        "apiVersion": "cert-manager.io/v1",
        "kind": "Certificate",
        "metadata": {"name": "x", "namespace": yard.namespace},
        "spec": {"secretName": "s", "issuerRef": {"name": "i"}, "usages": ["server auth"]},
    }
    assert "serverside-applied" in yard.cluster.apply([certificate], DRY)
    certificate["spec"]["usages"] = ["serving"]
    assert 'Unsupported value: "serving"' in yard.refused(certificate)
    certificate["spec"] = {"secretNaem": "s", "issuerRef": {"name": "i"}}
    assert "secretNaem" in yard.refused(certificate)


def other(value: Any) -> Any:
    """Another value of the same kind; a text stays one that a name may be."""
    if isinstance(value, dict):
        return {key: other(item) for key, item in value.items()}
    if isinstance(value, list):
        return [other(item) for item in value]
    if isinstance(value, bool):
        return not value
    return value + 1 if isinstance(value, int) else CHOICES.get(value, f"{value}x")


CHOICES = {
    "Delete": "Retain",
    "WaitForFirstConsumer": "Immediate",
    "Never": "PreemptLowerPriority",
    "Filesystem": "Block",
}


def test_fields_that_are_set_once_are_refused(cluster: Cluster, tmp_path: Path) -> None:
    """``immutable.toml`` against the server, with the objects that our programs make."""
    asked = set()
    for name in ("declarations/whole", "declarations/elastic"):
        for program in filled(name, tmp_path / name.rpartition("/")[2]):
            for objects in clusters(program).values():
                wanted = [item for item in objects if immutable().get(token(item))]
                if not wanted:
                    continue
                place = surroundings(objects)
                cluster.place(place)
                cluster.apply(objects)
                asked |= {ask(cluster, item, path) for item in wanted for path in immutable()[token(item)]} - {""}
                cluster.delete(objects)
                cluster.delete(place)
    assert asked == {f"{type_}: {path}" for type_, paths in immutable().items() for path in paths}


def token(item: Object) -> str:
    group = item["apiVersion"] if "/" in item["apiVersion"] else f"core/{item['apiVersion']}"
    return f"kubernetes:{group}:{item['kind']}"


def ask(cluster: Cluster, item: Object, path: str) -> str:
    """Change one field; what was asked, or nothing where the object does not have it."""
    changed = target = copy.deepcopy(item)
    steps = path.split(".")
    for step in steps[:-1]:
        target = target.get(step, {})
    if steps[-1] not in target:
        return ""
    target[steps[-1]] = other(target[steps[-1]])
    said = cluster.apply([changed], DRY, code=1)
    assert re.search("immutable|may not be changed", said), said
    return f"{token(item)}: {path}"
