"""What a cluster that serves has inside: what its machines and its sites need, and no more."""

from typing import Any

from aiinfra.components.kubernetes import serving_objects as objects
from aiinfra.components.kubernetes.serving_specs import ServingPlatformSpec
from tests.programs import programs

GIVEN: dict[str, Any] = {
    "account": "111122223333",
    "region": "us-east-1",
    "serving": "shop-serving",
    "cluster": "shop-serving-cluster",
    "tags": {"owner": "shop", "cost_center": "1", "data_class": "internal"},
}


def spec(**more: Any) -> ServingPlatformSpec:
    return ServingPlatformSpec.model_validate({**GIVEN, **more})


def names(found: ServingPlatformSpec) -> list[str]:
    return [row.name for row in objects.wanted(found)]


def test_plugins_follow_the_machines_and_cert_manager_the_issuer() -> None:
    assert names(spec()) == []
    assert names(spec(instances=("c7i.xlarge",), issuer="ca")) == ["cert-manager"]
    assert names(spec(instances=("g6.xlarge", "g5.xlarge", "inf2.xlarge"))) == ["nvidia", "neuron"]


def test_gpus_have_their_runtime_class_and_others_have_none() -> None:
    assert objects.runtime_class(spec(instances=("g6.xlarge",))) == {"handler": "nvidia"}
    assert objects.runtime_class(spec(instances=("inf2.xlarge", "c7i.xlarge"))) is None


def test_only_the_inferentia_machines_are_named_to_their_plugin() -> None:
    found = spec(instances=("g6.xlarge", "inf2.xlarge"))
    (row,) = [row for row in objects.wanted(found) if row.name == "neuron"]
    assert objects.release(row, found)["values"]["neuronInstances"] == ["inf2.xlarge"]


def test_every_image_of_cert_manager_is_by_digest_and_on_the_clusters_own_machines() -> None:
    locked = {
        "chart-cert-manager": f"registry.example/charts/cert-manager:1.21.1@sha256:{'a' * 64}",
        **{
            f"cert-manager-{part}": f"registry.example/cert-manager-{part}:v1.21.1@sha256:{'b' * 64}"
            for part in ("controller", "webhook", "cainjector")
        },
    }
    found = spec(issuer="ca", images=locked)
    assert set(objects.locked_names(found)) == set(locked)
    (row,) = objects.wanted(found)
    release = objects.release(row, found)
    assert (release["chart"], release["version"]) == ("oci://registry.example/charts/cert-manager", "1.21.1")
    values = release["values"]
    for part, settings in (
        ("controller", values),
        ("webhook", values["webhook"]),
        ("cainjector", values["cainjector"]),
    ):
        assert settings["image"]["repository"] == f"registry.example/cert-manager-{part}"
        assert settings["image"]["digest"] == f"sha256:{'b' * 64}"
        assert settings["nodeSelector"]["aiinfra.dev/nodes"] == "system"
    assert values["crds"] == {"enabled": True, "keep": True}


def test_the_authority_signs_with_a_key_that_stays_and_sites_ask_it() -> None:
    found = objects.root_certificate("ca", "shop-serving-cluster")["spec"]
    assert found["isCA"] is True
    assert found["privateKey"]["rotationPolicy"] == "Never"
    assert objects.issuer_of("ca")["spec"]["ca"]["secretName"] == found["secretName"]
    assert len(objects.root_certificate("ca", "x" * 100)["spec"]["commonName"]) <= 64
    platform = next(one for one in programs() if one.name == "declarations/serving/serving-platform").graph()
    (certificate,) = [node for node in platform if node.type.endswith(":Certificate")]
    assert certificate.protect
    sites = [one.graph() for one in programs() if one.name.startswith("declarations/serving/site-")]
    asked = {
        node.inputs["spec"]["issuerRef"]["name"]
        for site in sites
        for node in site
        if node.type.endswith(":Certificate")
    }
    made = {node.inputs["metadata"]["name"] for node in platform if node.type.endswith(":ClusterIssuer")}
    assert asked < made
