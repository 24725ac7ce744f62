"""Every recorded Kubernetes object, judged by what nobody here wrote; and the judges, shown to refuse."""

import copy
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from aiinfra.components.kubernetes.labels import POD_SECURITY_VERSION
from tests.judges.pod_security import restricted
from tests.judges.schemas import VERSIONS, custom_schemas, objects, problems
from tests.programs import ROOT, Program, programs

PROGRAMS = pytest.mark.parametrize("program", programs(), ids=lambda program: program.name)


OF_KSERVE = frozenset(
    ("labels", "annotations", "deploymentStrategy", "minReplicas", "maxReplicas", "scaleMetric", "scaleTarget", "model")
)
"""What a predictor has beside its pod's own fields."""


def pods(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The pod specs that objects hold, wherever a kind keeps them."""
    found = []
    for item in items:
        if item["kind"] == "Pod":
            found.append(item["spec"])
        spec = item.get("spec") or {}
        spec = (spec.get("jobTemplate") or {}).get("spec") or spec
        if "template" in spec and item["apiVersion"].startswith(("apps/", "batch/")):
            found.append(spec["template"]["spec"])
        if item["kind"] == "InferenceService":  # KServe joins it with the runtime that it names
            runtime = next(one for one in items if one["kind"] == "ServingRuntime")
            assert runtime["metadata"]["name"] == spec["predictor"]["model"]["runtime"]
            own = {key: value for key, value in spec["predictor"].items() if key not in OF_KSERVE}
            found.append({**own, "containers": runtime["spec"]["containers"]})
    return found


def some(kind: str) -> dict[str, Any]:
    """A recorded object of that kind, to be spoilt."""
    return copy.deepcopy(next(item for p in programs() for item in objects(p.graph()) if item["kind"] == kind))


@PROGRAMS
def test_every_object_is_what_its_schema_says(program: Program) -> None:
    assert [problem for item in objects(program.graph()) for problem in problems(item)] == []


@PROGRAMS
def test_every_pod_is_restricted_by_the_published_standard(program: Program) -> None:
    assert [restricted(pod) for pod in pods(objects(program.graph())) if restricted(pod)] == []


def test_what_is_judged_is_there() -> None:
    kinds = {item["kind"] for program in programs() for item in objects(program.graph())}
    assert {"Deployment", "NetworkPolicy", "Namespace", "PodDisruptionBudget"} <= kinds
    assert any(pods(objects(program.graph())) for program in programs())
    assert f"v{VERSIONS[0]}" == POD_SECURITY_VERSION


@pytest.mark.parametrize("place", [(), ("metadata",), ("spec",), ("spec", "template", "spec", "containers", 0)])
def test_an_unknown_field_is_refused_at_every_level(place: tuple[str | int, ...]) -> None:
    item = target = some("Deployment")
    for step in place:
        target = target[step]
    target["replicaz"] = 1
    found = problems(item)
    assert len(found) == len(VERSIONS)
    assert all("'replicaz' was unexpected" in problem for problem in found)


def test_a_kind_without_a_schema_is_refused() -> None:
    assert "Couldn't find schema" in problems({**some("Deployment"), "kind": "Deploymint"})[0]


CERTIFICATE: dict[str, Any] = {
    "apiVersion": "cert-manager.io/v1",
    "kind": "Certificate",
    "metadata": {"name": "x", "namespace": "y"},
    "spec": {"secretName": "s", "issuerRef": {"name": "i"}, "usages": ["server auth"]},
}


def test_a_custom_resource_is_judged_by_its_definition() -> None:
    assert problems(CERTIFICATE) == []
    for place, said in (
        ((), "'secretNaem' was unexpected"),
        (("metadata",), "'secretNaem' was unexpected"),
        (("spec",), "'secretNaem' was unexpected"),
        (("spec", "issuerRef"), "'secretNaem' was unexpected"),
    ):
        item = target = copy.deepcopy(CERTIFICATE)
        for step in place:
            target = target[step]
        target["secretNaem"] = "x"
        assert said in problems(item)[0]
    item = copy.deepcopy(CERTIFICATE)
    item["spec"]["usages"] = ["serving"]
    del item["spec"]["issuerRef"]
    assert len(problems(item)) == 2


def test_every_definition_has_its_row() -> None:
    from tests.judges.schemas import CRDS

    listed = [line.split(",")[0] for line in (CRDS / "INDEX.csv").read_text().splitlines()[1:]]
    assert listed == sorted(file.name for file in CRDS.glob("*.yaml"))
    assert len(custom_schemas()) >= len(listed)


def spoilt() -> dict[str, dict[str, Any]]:
    """Check that must speak -> a pod that breaks that rule alone."""
    good = pods([some("Deployment")])[0]

    def pod(**fields: Any) -> dict[str, Any]:
        return {**copy.deepcopy(good), **fields}

    def container(**fields: Any) -> dict[str, Any]:
        return pod(containers=[{**copy.deepcopy(good["containers"][0]), **fields}])

    def secured(**fields: Any) -> dict[str, Any]:
        return container(securityContext={**good["containers"][0]["securityContext"], **fields})

    def shared(**fields: Any) -> dict[str, Any]:
        return pod(securityContext={**good["securityContext"], **fields})

    return {
        "hostNamespaces": pod(hostNetwork=True),
        "restrictedVolumes": pod(volumes=[{"name": "x", "hostPath": {"path": "/"}}]),
        "sysctls": shared(sysctls=[{"name": "kernel.msgmax", "value": "1"}]),
        "runAsUser": shared(runAsUser=0),
        "seLinuxOptions": shared(seLinuxOptions={"type": "spc_t"}),
        "windowsHostProcess": shared(windowsOptions={"hostProcess": True}),
        "appArmorProfile": shared(appArmorProfile={"type": "Unconfined"}),
        "privileged": secured(privileged=True),
        "allowPrivilegeEscalation": secured(allowPrivilegeEscalation=None),
        "capabilities_restricted": secured(capabilities={"drop": ["ALL"], "add": ["SYS_ADMIN"]}),
        "procMount": secured(procMount="Unmasked"),
        "runAsNonRoot": secured(runAsNonRoot=False),
        "seccompProfile_restricted": secured(seccompProfile={"type": "Unconfined"}),
        "hostPorts": container(ports=[{"containerPort": 80, "hostPort": 80}]),
        "hostProbesAndHostLifecycle": container(livenessProbe={"httpGet": {"host": "10.0.0.1", "port": 80}}),
    }


@pytest.mark.parametrize("rule", sorted(spoilt()))
def test_each_rule_speaks_alone(rule: str) -> None:
    assert restricted(spoilt()[rule]) == [rule]


@pytest.mark.e2e
def test_the_servers_own_code_says_the_same(tmp_path: Path) -> None:
    """The published standard as this repository reads it, against the implementation that the API server runs."""
    go = shutil.which("go")
    if go is None:
        pytest.skip("needs go on PATH")
    judge = tmp_path / "podsecurity"
    subprocess.run([go, "build", "-o", judge, "."], cwd=ROOT / "tools" / "podsecurity", check=True, timeout=200)
    ours = [pod for program in programs() for pod in pods(objects(program.graph()))]
    wrong = [spoilt()[rule] for rule in sorted(spoilt())]
    answered = subprocess.run(
        [judge, POD_SECURITY_VERSION], input=json.dumps([*ours, *wrong]), capture_output=True, text=True, check=True
    )
    reasons = json.loads(answered.stdout)
    assert reasons[: len(ours)] == [[]] * len(ours)
    assert [len(found) for found in reasons[len(ours) :]] == [1] * len(wrong)
