"""The admission policy, evaluated by a CEL implementation that is not ours."""

import copy
from pathlib import Path
from typing import Any

import celpy
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from aiinfra.components.kubernetes import admission, runtime_objects
from aiinfra.components.kubernetes.specs import InferenceRuntimeSpec, TrustedNamespaceSpec
from aiinfra.release.verify import fingerprint

TAGS = {"owner": "a", "cost_center": "b", "data_class": "internal"}
PEM = (
    ec.derive_private_key(7, ec.SECP256R1())
    .public_key()
    .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    .decode()
)
DIGEST = "@sha256:" + "0" * 64
NAMESPACE = TrustedNamespaceSpec.model_validate({"namespace": "line", "tags": TAGS, "signer": PEM})
RUNTIME = InferenceRuntimeSpec.model_validate(
    {
        "namespace": "line",
        "model_name": "weld",
        "model": {"file": "weld.onnx"},
        "tier": {"accelerator": "cpu-x86-64"},
        "runtime": {"on": "k3s"},
        "tags": TAGS,
        "images": {"aiinfra-server": f"r.example/server{DIGEST}", "weld-release": f"r.example/weld{DIGEST}"},
        "signer": PEM,
    }
)


def ours() -> dict[str, Any]:
    """The pod that the Deployment makes, with what the server fills in."""
    template = copy.deepcopy(runtime_objects.deployment(RUNTIME)["template"])
    return {"apiVersion": "v1", "kind": "Pod", **template}


def plain() -> dict[str, Any]:
    """A pod as a tutorial writes it."""
    spec = {"serviceAccountName": "default", "containers": [{"name": "web", "image": "nginx:1.29"}]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": spec}


def evaluate(expression: str, names: dict[str, Any]) -> Any:
    environment = celpy.Environment()
    return environment.program(environment.compile(expression)).evaluate(names)


def refused(spec: TrustedNamespaceSpec, pod: dict[str, Any]) -> list[str]:
    """Names of the rules that refuse a pod, as the API server would come to them: variables first."""
    policy = admission.policy(spec)
    names: dict[str, Any] = {"object": celpy.json_to_cel(pod)}
    variables = {item["name"]: evaluate(item["expression"], names) for item in policy["variables"]}
    names["variables"] = celpy.celtypes.MapType({celpy.celtypes.StringType(k): v for k, v in variables.items()})
    return [
        item["message"].partition(":")[0] for item in policy["validations"] if not evaluate(item["expression"], names)
    ]


def changed(**spec: Any) -> dict[str, Any]:
    pod = ours()
    pod["spec"] |= spec
    return pod


def test_a_plain_pod_is_refused_by_name() -> None:
    assert refused(NAMESPACE, plain()) == ["image-by-digest", "read-only-root", "no-token-by-default"]


def test_our_pod_is_admitted() -> None:
    assert refused(NAMESPACE, ours()) == []


WRITABLE = {"name": "x", "image": f"r.example/x{DIGEST}"}
SEALED = {**WRITABLE, "securityContext": {"readOnlyRootFilesystem": True}}


@pytest.mark.parametrize(
    ("pod", "rule"),
    [
        (changed(initContainers=[{**SEALED, "image": "x:1"}]), ["image-by-digest"]),
        (changed(initContainers=[{**SEALED, "image": f"x{DIGEST}0"}]), ["image-by-digest"]),
        (changed(ephemeralContainers=[WRITABLE]), ["read-only-root"]),
        (changed(ephemeralContainers=[{**SEALED, "securityContext": {}}]), ["read-only-root"]),
        (changed(initContainers=[SEALED]), []),
        (changed(volumes=[{"name": "m", "image": {"reference": "r.example/weld:1"}}]), ["release-by-digest"]),
        (changed(volumes=[{"name": "m", "emptyDir": {}}]), []),
        (changed(automountServiceAccountToken=True, serviceAccountName="default"), ["no-token-by-default"]),
        (changed(automountServiceAccountToken=True), []),
        ({**ours(), "metadata": {}}, ["signed-release"]),
        ({**ours(), "metadata": {"annotations": {admission.SIGNED_BY: "sha256:0"}}}, ["signed-release"]),
    ],
)
def test_each_rule(pod: dict[str, Any], rule: list[str]) -> None:
    assert refused(NAMESPACE, pod) == rule


def test_without_a_key_no_release_is_mounted() -> None:
    closed = NAMESPACE.model_copy(update={"signer": ""})
    assert refused(closed, ours()) == ["signed-release"]
    assert refused(closed, changed(volumes=[])) == []


def test_an_unlocked_image_is_refused() -> None:
    unlocked = RUNTIME.model_copy(update={"images": {}})
    pod = {"metadata": {}, **copy.deepcopy(runtime_objects.deployment(unlocked)["template"])}
    assert refused(NAMESPACE, pod) == ["image-by-digest", "release-by-digest"]


def test_the_key_is_named_as_releases_name_it(tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_text(PEM)
    assert admission.fingerprint(PEM) == f"sha256:{fingerprint(tmp_path / 'key.pem')}"


def test_the_policy_is_in_force_in_its_namespace_alone() -> None:
    binding = admission.binding(NAMESPACE)
    assert binding["policyName"] == admission.cluster_metadata(NAMESPACE)["name"] == "line.pods.aiinfra.dev"
    assert binding["matchResources"]["namespaceSelector"] == {"matchLabels": {"kubernetes.io/metadata.name": "line"}}
    assert binding["validationActions"] == ["Deny", "Audit"]
