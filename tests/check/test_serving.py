"""What a cluster that serves must have, said before anything is made."""

from pathlib import Path
from typing import Any

import pytest

from aiinfra.check import check
from aiinfra.errors import BadInput
from aiinfra.findings import Finding
from aiinfra.spec import yaml
from aiinfra.spec.environment import merge
from aiinfra.spec.reading import load
from tests.programs import ROOT

DATA = ROOT / "tests" / "data" / "declarations"
ABOUT_OTHER_THINGS = {"unlocked", "no-signer", "no-golden", "account-unchecked"}


def found(tmp_path: Path, patch: dict[str, Any]) -> list[Finding]:
    """What is said of the declaration with a cluster that serves, patched."""
    whole: Any = yaml.read((DATA / "serving.yaml").read_text(), "serving.yaml").data
    (tmp_path / "machines.pem").write_text((DATA / "machines.pem").read_text())
    changed = merge(whole, {key: value for key, value in patch.items() if key != "environments"})
    # Not merged: a null in an environment stays one.
    text = yaml.write({**changed, "environments": patch.get("environments", {})})
    (tmp_path / "deployment.yaml").write_text(text)
    return [one for one in check(load(tmp_path)) if one.id not in ABOUT_OTHER_THINGS]


def test_nothing_is_wrong_with_the_whole_one(tmp_path: Path) -> None:
    assert found(tmp_path, {}) == []


def cameras(**runtime: Any) -> dict[str, Any]:
    return {"sites": [{"class": "cameras", "runtime": runtime}]}


@pytest.mark.parametrize(
    ("patch", "code", "path", "told"),
    [
        (
            {"serving": {"machines": [{"instance": "c7i.2xlarge"}]}},
            "no-machine-for-site",
            "serving.machines",
            "add to serving.machines: {instance: g6.xlarge, count: 2}",
        ),
        (
            {"sites": [{"class": "cameras", "tier": {"accelerator": "a10g"}}]},
            "no-machine-for-site",
            "serving.machines",
            "{instance: g5.xlarge, count: 2}",
        ),
        (
            {"sites": [{"class": "cameras", "tier": {"accelerator": "rtx-4090"}}]},
            "no-machine-for-site",
            "sites[0].tier",
            "choose another tier",
        ),
        (
            {"sites": [{"class": "cameras", "tier": {"accelerator": "a10g"}}]},
            "machines-unused",
            "serving.machines[0]",
            "no site has servers that run on g6.xlarge: 2 are paid for nothing",
        ),
        (cameras(replicas=9), "too-few-machines", "serving.machines", "count: 9 of g6.xlarge or more"),
        (cameras(max_replicas=6), "too-few-machines-at-most", "serving.machines", "2 x g6.xlarge have 33% of the room"),
        ({"serving": {"machines": [{"instance": "g6.tiny"}]}}, "instance-unknown", "serving.machines[0].instance", ""),
        ({"serving": {"kubernetes": "1.12"}}, "cluster-version-unknown", "serving.kubernetes", ""),
        (cameras(namespace="shelf-audit"), "namespace-shared", "sites[1].runtime.namespace", "cameras and audit"),
        (cameras(issuer={"name": "plattform-ca"}), "issuer-unknown", "sites[0].runtime.issuer.name", "platform-ca"),
        (
            {"serving": {"issuer": None}},
            "no-cert-manager",
            "sites[0].runtime.issuer",
            "say serving.issuer: platform-ca",
        ),
        (cameras(engine={"kind": "kserve"}), "operator-brought", "sites[0].runtime", "needs KServe in the cluster"),
        (
            {"sites": [{"class": "depot", "hybrid": {"cluster": "another"}}]},
            "hybrid-differs",
            "sites[2].hybrid.cluster",
            "'shelf-vision-serving-cluster'",
        ),
        ({"network": {"transit_gateway": ""}}, "no-route", "network.egress[0]", "name network.transit_gateway"),
        ({"network": {"transit_gateway": ""}}, "no-route", "serving.hybrid.nodes", "10.60.0.0/24 is outside"),
        (
            {"environments": {"staging": {"serving": None}}},
            "serving-in-some-stacks",
            "environments.staging.serving",
            "stack staging has a site without serving",
        ),
        (
            {"sites": [{"class": name, "remove": True} for name in ("cameras", "audit", "depot")]},
            "serving-unused",
            "serving",
            "no site is on it",
        ),
        ({"cloud": {"guard": None}}, "no-guard", "cloud.guard", ""),
        (
            {"serving": {"api_access": {"runner": "in-vpc"}}},
            "no-state",
            "cloud.state",
            "serving.api_access.runner: vpn",
        ),
        ({"cloud": {"zones": ["use1-az3", "use1-az2"]}}, "zone-without-eks", "cloud.zones[0]", ""),
    ],
)
def test_names_what_is_wrong(tmp_path: Path, patch: dict[str, Any], code: str, path: str, told: str) -> None:
    said = [one for one in found(tmp_path, patch) if (one.id, one.path) == (code, path)]
    assert said, [(one.id, one.path) for one in found(tmp_path, patch)]
    assert told in f"{said[0].message}; {said[0].remedy}"


@pytest.mark.parametrize(
    ("patch", "told"),
    [
        ({"serving": {"cidr": "10.20.0.0/20"}}, "overlaps network.cidr 10.20.0.0/18"),
        ({"serving": {"cidr": None}}, "add 'serving.cidr'"),
        ({"serving": {"cidr": "10.40.0.0/26"}}, "between /16 and /22"),
        ({"serving": {"cidr": "100.65.0.0/18"}}, "a private IPv4 range"),
        ({"serving": {"hybrid": {"nodes": ["10.40.1.0/24"]}}}, "overlaps 10.40.0.0/18, which is the cluster's own"),
        ({"serving": {"hybrid": {"nodes": ["172.20.4.0/24"]}}}, "which the cluster's services may get"),
        ({"serving": {"hybrid": {"nodes": ["10.61.4.0/24"]}}}, "an address is of one place"),
        ({"serving": {"hybrid": {"nodes": ["192.0.2.0/24"]}}}, "is not private"),
        ({"serving": {"api_access": {"public_cidrs": ["203.0.113.0/24"]}}}, "private or public and not both"),
        ({"serving": {"machines": [{"instance": "g6.xlarge"}, {"instance": "g6.xlarge"}]}}, "is there twice"),
        ({"cloud": {"zones": ["use1-az1"]}, "training": None}, "two zones"),
        ({"cloud": None, "training": None}, "serving needs a cloud"),
    ],
)
def test_a_shape_that_cannot_be_is_refused(tmp_path: Path, patch: dict[str, Any], told: str) -> None:
    with pytest.raises(BadInput) as refused:
        found(tmp_path, patch)
    assert any(told in finding.message for finding in refused.value.findings)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (None, "authority-missing"),
        ("hello", "authority-invalid"),
        ("-----BEGIN EC PRIVATE KEY-----\nx\n-----END EC PRIVATE KEY-----\n", "authority-private"),
    ],
)
def test_the_machines_authority_is_a_certificate(tmp_path: Path, text: str | None, code: str) -> None:
    (tmp_path / "deployment.yaml").write_text((DATA / "serving.yaml").read_text())
    if text is not None:
        (tmp_path / "machines.pem").write_text(text)
    with pytest.raises(BadInput) as refused:
        load(tmp_path)
    assert refused.value.code == code
