"""Each rule names what is wrong, where, and the fix."""

from pathlib import Path

import pytest

from aiinfra.catalogue.find import find_instance
from aiinfra.catalogue.operators import operators_for
from aiinfra.check import check
from aiinfra.images import parse_lock
from aiinfra.spec import yaml
from aiinfra.spec.declaration import Declaration
from aiinfra.spec.deployment import Deployment
from aiinfra.spec.reading import load

DATA = Path(__file__).parent.parent / "data" / "declarations"


CLOUD = {"region": "us-east-1", "account": "111122223333", "zones": ["use1-az1", "use1-az2"]}
TRAINING = {"nodes": 2, "administrators": ["arn:aws:iam::111122223333:role/platform"]}


def changed(tmp_path: Path, **changes: object) -> Declaration:
    data = load(DATA / "whole.yaml").whole.plain()
    data.update({"environments": {}} if "sites" in changes else {})
    data.update(changes)
    (tmp_path / "sites.csv").write_text((DATA / "sites.csv").read_text())
    (tmp_path / "deployment.yaml").write_text(yaml.write(Deployment.model_validate(data).plain()))
    return load(tmp_path)


def locked(name: str, place: str = "x") -> str:
    return f"{name}: {{reference: 'registry.example.com/{place}@sha256:{'a' * 64}'}}\n"


def site(**tier: str) -> list[dict[str, object]]:
    return [{"class": "press-line", "tier": tier, "runtime": {"on": "k3s"}}]


def said(declaration: Declaration) -> dict[str, str]:
    return {finding.id: f"{finding.path}: {finding.message}" for finding in check(declaration)}


def test_what_the_whole_declaration_still_needs(tmp_path: Path) -> None:
    assert said(changed(tmp_path)) == {
        "unlocked": "images.lock: image 'trainer-controller' is not in images.lock",
        "no-signer": "model.signer: no release key is named, so sites would refuse every release",
        "no-golden": "model.golden: no golden inputs are named: a release can only be compared with itself",
        "no-update-route": "sites[0].delivery: press-line: Pulumi reaches a site only while its link is up and open "
        "from outside",
        "account-unchecked": "cloud: whether account 111122223333 has these zones, machines and quotas was not checked",
    }


@pytest.mark.parametrize(
    ("changes", "code", "message"),
    [
        (
            {"sites": site(accelerator="jetson-orin-nano-sup")},
            "tier-unknown",
            (
                "sites[0].tier.accelerator: the catalogue has no accelerator 'jetson-orin-nano-sup'; "
                "did you mean 'jetson-orin-nano-super'?"
            ),
        ),
        (
            {"sites": site(accelerator="jetson-orin-nano-super", power_mode="16W")},
            "power-mode-unknown",
            "sites[0].tier.power_mode: jetson-orin-nano-super has no power mode '16W'; did you mean '15W'?",
        ),
        (
            {"objective": {"residency": ["DE"]}},
            "residency",
            "cloud.region: us-east-1 is in US; data may rest in DE",
        ),
        (
            {"cloud": {"region": "us-east-9", "account": "111122223333", "zones": ["use1-az1", "use1-az2"]}},
            "region-unknown",
            "cloud.region: the catalogue has no region 'us-east-9'; did you mean 'us-east-2'?",
        ),
        (
            {"cloud": {"region": "us-east-1", "account": "111122223333", "zones": ["use1-az1", "use1-az3"]}},
            "zone-without-eks",
            "cloud.zones[1]: EKS puts no control plane into use1-az3",
        ),
        (
            {"training": {**TRAINING, "instance": "p5.48xlagre"}},
            "instance-unknown",
            "training.instance: the catalogue has no instance 'p5.48xlagre'; did you mean 'p5.48xlarge'?",
        ),
        (
            {"training": {**TRAINING, "instance": "p5.48xlarge", "kubernetes": "1.99"}},
            "cluster-version-unknown",
            "training.kubernetes: the catalogue does not say what goes with Kubernetes 1.99",
        ),
        (
            {"cloud": CLOUD},
            "no-state",
            (
                "cloud.state: a runner inside keeps state in a bucket, and none is named: it is not made, "
                "and nothing reaches the API"
            ),
        ),
        (
            {"cloud": CLOUD},
            "no-guard",
            "cloud.guard: nothing says that the account has a trail, threat detection and a recorder",
        ),
        (
            {"training": {**TRAINING, "instance": "c7g.large"}},
            "instance-without-accelerator",
            "training.instance: c7g.large has no accelerator",
        ),
        (
            {"training": {**TRAINING, "instance": "g6.xlarge"}},
            "instance-without-efa",
            ("training.instance: 2 x g6.xlarge: it has no EFA card, so its accelerators would wait for the network"),
        ),
        (
            {"model": {"file": "m.onnx"}},
            "model-not-pinned",
            "model: digest, inputs, outputs are not declared",
        ),
    ],
)
def test_names_what_is_wrong(tmp_path: Path, changes: dict[str, object], code: str, message: str) -> None:
    assert said(changed(tmp_path, **changes))[code] == message


def test_the_file_must_be_the_declared_one(tmp_path: Path) -> None:
    declaration = changed(tmp_path)
    declaration.model_file.write_bytes(b"another")
    assert "is sha256:" in said(declaration)["model-differs"]


def test_a_locked_image_is_not_reported(tmp_path: Path) -> None:
    rows = operators_for(find_instance("p5.48xlarge"), scale_to_zero=False)
    names = (
        "aiinfra-server",
        "platform-runner",
        "line-vibration-release",
        "line-vibration-trainer",
        *(n for row in rows for n in row.locks),
    )
    (tmp_path / "images.lock").write_text("".join(locked(name) for name in names))
    assert "unlocked" not in said(changed(tmp_path))


def test_a_chart_of_another_version_is_not_taken(tmp_path: Path) -> None:
    (tmp_path / "images.lock").write_text(
        locked("chart-kueue", "charts/kueue:0.9.1") + locked("chart-efa", "efa:v0.5.30")
    )
    assert said(changed(tmp_path))["operator-version"] == (
        "images.lock: chart-kueue is locked at 0.9.1; the values and definitions here are those of 0.19.2"
    )


def test_a_lock_without_digest_is_refused() -> None:
    with pytest.raises(Exception, match=r"images\.lock: aiinfra-server\.reference: ") as caught:
        parse_lock({"aiinfra-server": {"reference": "registry.example.com/x:latest"}})
    assert getattr(caught.value, "code", "") == "images-lock-invalid"
