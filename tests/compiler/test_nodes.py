"""The files of a site's machines: known keys, the same every time, nothing secret, nothing from outside the site."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from aiinfra.compiler import nodes
from aiinfra.compiler.projects import Kind, projects
from aiinfra.compiler.rendering import render
from aiinfra.spec.nodes import K3s, Window
from aiinfra.spec.reading import load
from tests.goldens import check_golden
from tests.judges.schemas import problems

DATA = Path(__file__).parent.parent / "data"
CABINET = DATA / "declarations" / "cabinet.yaml"


def cell() -> dict[str, str]:
    files = render(load(CABINET))
    return {name.partition("/")[2]: text for name, text in files.items() if name.startswith("nodes-cell/")}


def known(name: str) -> set[str]:
    return set((DATA / "k3s" / f"{name}.txt").read_text().split())


def test_golden_files(update_golden: bool) -> None:
    for name, text in cell().items():
        check_golden(f"nodes/cell/{name}", text, update=update_golden)
    paint = render(load(CABINET))["nodes-paint/nodeConfig.yaml"]
    check_golden("nodes/paint/nodeConfig.yaml", paint, update=update_golden)


def test_bundles_stand_beside_their_projects() -> None:
    found = [(project.kind, project.folder) for project in projects(load(CABINET))]
    assert found == [
        (Kind.PULL, "site-cell"),
        (Kind.NODES, "nodes-cell"),
        (Kind.SITE, "site-paint"),
        (Kind.NODES, "nodes-paint"),
    ]
    assert "site-cell/sync.yaml" in render(load(CABINET))
    assert "sync.yaml" not in cell()


@pytest.mark.parametrize("role", ["server", "agent"])
def test_every_key_is_one_that_k3s_takes(role: str) -> None:
    written = yaml.safe_load(cell()["config.yaml" if role == "server" else "agent.yaml"])
    assert set(written) <= known(role)
    assert known("agent") - {"disable-apiserver-lb"} <= known("server")
    assert "secrets-encryption" not in known("agent")


def test_every_file_that_is_named_is_written() -> None:
    files = cell()
    config = yaml.safe_load(files["config.yaml"])
    text = [config["resolv-conf"], *(item.partition("=")[2] for item in config["kube-apiserver-arg"])]
    named = {Path(item).name for item in text if item.startswith("/etc/rancher/k3s/")}
    assert named == {"resolv.conf", "admission.yaml", "audit.yaml"}
    assert named <= set(files)


def test_the_cis_guides_settings_are_there() -> None:
    """docs.k3s.io, "CIS Hardening Guide", v1.29 and newer."""
    config = yaml.safe_load(cell()["config.yaml"])
    assert config["protect-kernel-defaults"] is config["secrets-encryption"] is True
    api = dict(item.split("=", 1) for item in config["kube-apiserver-arg"])
    assert set(api["enable-admission-plugins"].split(",")) == {"NodeRestriction", "EventRateLimit"}
    assert (api["audit-log-maxage"], api["audit-log-maxbackup"], api["audit-log-maxsize"]) == ("30", "10", "100")
    assert api["service-account-extend-token-expiration"] == "false"
    assert "streaming-connection-idle-timeout=5m" in config["kubelet-arg"]
    sysctls = dict(line.split("=") for line in cell()["90-kubelet.conf"].splitlines() if not line.startswith("#"))
    assert sysctls == {
        "kernel.panic": "10",
        "kernel.panic_on_oops": "1",
        "vm.overcommit_memory": "1",
        "vm.panic_on_oom": "0",
    }


def test_no_image_comes_from_elsewhere_than_the_mirror() -> None:
    assert yaml.safe_load(cell()["registries.yaml"])["mirrors"] == {
        "*": {"endpoint": ["https://registry.plant.example:5000"]}
    }
    for name in ("config.yaml", "agent.yaml"):
        assert yaml.safe_load(cell()[name])["disable-default-registry-endpoint"] is True


def test_secrets_are_never_in_the_audit_log() -> None:
    """What names no level of its own is kept without its text; the rules that keep text name no secrets."""
    rules = nodes.audit()["rules"]
    assert rules[-1] == {"level": "Metadata"}
    texts = [rule for rule in rules if rule["level"] not in ("None", "Metadata")]
    assert all(entry["group"] != "" for rule in texts for entry in rule["resources"])


def test_a_hybrid_node_is_what_its_definition_says() -> None:
    item: dict[str, Any] = yaml.safe_load(render(load(CABINET))["nodes-paint/nodeConfig.yaml"])
    assert problems({**item, "metadata": {"name": "x", "namespace": "y"}}) == []
    item["spec"]["hybrid"]["iamRolesAnywere"] = {}
    assert "was unexpected" in problems({**item, "metadata": {"name": "x", "namespace": "y"}})[0]


def test_nothing_is_written_where_machines_are_there_already() -> None:
    assert not [name for name in render(load(DATA / "declarations" / "whole.yaml")) if name.startswith("nodes-")]


@pytest.mark.parametrize(
    ("k3s", "said"),
    [
        ({"version": "v1.34.9+k3s1"}, "cannot mount a release"),
        ({"version": "1.35.0"}, "pattern"),
        ({"version": "v1.35.0+k3s1", "dns": ["ns.example"]}, "IPv4 or IPv6"),
        ({"version": "v1.35.0+k3s1", "mirror": "https://registry"}, "pattern"),
    ],
)
def test_bad_machines(k3s: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        K3s.model_validate(k3s)


@pytest.mark.parametrize(
    ("window", "said"),
    [
        ({"days": ["funday"], "start": "02:00", "end": "03:00"}, "'monday'"),
        ({"days": ["sunday"], "start": "2:00", "end": "03:00"}, "pattern"),
        ({"days": ["sunday"], "start": "02:00", "end": "02:00"}, "give it some time"),
        ({"days": ["sunday", "sunday"], "start": "02:00", "end": "03:00"}, "twice"),
        ({"days": ["sunday"], "start": "02:00", "end": "03:00", "timezone": "CET+1"}, "pattern"),
    ],
)
def test_bad_windows(window: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Window.model_validate(window)
