"""The Kubernetes plane, judged by checkov: what it finds, which checks ran, and that each notices what is off."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from aiinfra.images import UNLOCKED_HOST
from tests.judges.checkov_run import Verdict, of_manifests
from tests.judges.schemas import objects
from tests.programs import programs

pytestmark = pytest.mark.judges

ACCEPTED = {("CKV_K8S_35", "Deployment.weld-seam.weld-seam-bridge")}
"""The bridge takes an OPC UA password as text only, so it stands in an environment variable, by reference."""

Change = Callable[[dict[str, Any]], None]


def _security(key: str, value: Any) -> Change:
    def change(pod: dict[str, Any]) -> None:
        pod["containers"][0]["securityContext"][key] = value

    return change


def _without(key: str) -> Change:
    return lambda pod: pod["containers"][0].pop(key) and None


def _shared(key: str, value: Any) -> Change:
    return lambda pod: pod.update({key: value})


FLIPPED: dict[str, Change] = {
    "CKV_K8S_8": _without("livenessProbe"),
    "CKV_K8S_9": _without("readinessProbe"),
    "CKV_K8S_11": _without("resources"),
    "CKV_K8S_13": _without("resources"),
    "CKV_K8S_16": _security("privileged", True),
    "CKV_K8S_17": _shared("hostPID", True),
    "CKV_K8S_18": _shared("hostIPC", True),
    "CKV_K8S_19": _shared("hostNetwork", True),
    "CKV_K8S_20": _security("allowPrivilegeEscalation", True),
    "CKV_K8S_22": _security("readOnlyRootFilesystem", False),
    "CKV_K8S_23": lambda pod: pod["securityContext"].update({"runAsNonRoot": False, "runAsUser": 0}),
    "CKV_K8S_31": lambda pod: pod["securityContext"].pop("seccompProfile") and None,
    "CKV_K8S_37": _security("capabilities", {}),
    "CKV_K8S_38": _shared("automountServiceAccountToken", True),
    "CKV_K8S_43": lambda pod: pod["containers"][0].update({"image": "registry.example.com/x:1"}),
}
"""Check that must speak -> what is taken from a good pod."""


def locked(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """With every image locked: what is not is a finding of ours, and stops an ``up``."""
    text = json.dumps(items)
    names = {word.partition('"')[0] for word in text.split(f"{UNLOCKED_HOST}/")[1:]}
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(f'"{UNLOCKED_HOST}/{name}"', f'"registry.example.com/{name}@sha256:{"0" * 64}"')
    return json.loads(text)


def recorded() -> list[dict[str, Any]]:
    """Objects of every program that has Kubernetes in it."""
    return locked([item for program in programs() for item in objects(program.graph())])


def judged(folder: Path, items: list[dict[str, Any]]) -> Verdict:
    """``((check, resource) that failed, every check that ran)``."""
    file = folder / "all.yaml"
    file.write_text(yaml.safe_dump_all(items))
    return of_manifests(file)


def test_nothing_is_found_but_what_is_accepted(tmp_path: Path) -> None:
    failed, ran = judged(tmp_path, recorded())
    ours = {(check, resource) for check, resource in failed if ".training" not in resource}
    assert ours == ACCEPTED
    assert set(FLIPPED) <= ran
    assert len(ran) >= 50


def test_each_check_notices_what_is_off(tmp_path: Path) -> None:
    good = next(
        item for item in recorded() if item["kind"] == "Deployment" and "metrics" not in item["metadata"]["name"]
    )
    items = []
    for check, change in FLIPPED.items():
        item = copy.deepcopy(good)
        item["metadata"]["name"] = check.lower().replace("_", "-")
        change(item["spec"]["template"]["spec"])
        items.append(item)
    failed, _ = judged(tmp_path, items)
    missed = {
        check for check in FLIPPED if not any(c == check and check.lower().replace("_", "-") in r for c, r in failed)
    }
    assert missed == set()
