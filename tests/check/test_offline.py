"""What a site lacks to go on alone is said before anything is compiled."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from aiinfra.check.checks import check
from aiinfra.findings import Finding
from aiinfra.spec.reading import load

OF_SITES = {
    *("accelerator-not-at-site", "caller-unknown", "outage-outlives-certificates", "offline-control-plane"),
    *("no-update-route", "no-upgrade-window", "tier-unknown"),
}
K3S = {"version": "v1.35.2+k3s1"}
WINDOW = {"days": ["sunday"], "start": "02:00", "end": "04:00"}


def found(folder: Path, on: str = "k3s", runtime: dict[str, Any] | None = None, **site: Any) -> list[Finding]:
    tier = site.pop("tier", {"accelerator": "l4"})
    plain = {
        "name": "line",
        "tags": {"owner": "a", "cost_center": "b", "data_class": "internal"},
        "model": {"file": "m.onnx", "digest": "sha256:" + "0" * 64},
        "sites": [{"class": "cell", "tier": tier, "runtime": {"on": on, **(runtime or {})}, **site}],
    }
    (folder / "deployment.yaml").write_text(yaml.safe_dump(plain))
    return [finding for finding in check(load(folder)) if finding.id in OF_SITES]


DELIVERY = {"artifact": "oci://registry.example.com/fleet/cell"}


@pytest.mark.parametrize(
    ("site", "ids"),
    [
        ({}, []),
        ({"nodes": [{"accelerator": "l4"}]}, []),
        ({"nodes": [{"accelerator": "l40"}, {"accelerator": "t4"}]}, ["accelerator-not-at-site"]),
        ({"nodes": [{"accelerator": "l4"}], "tier": {"accelerator": "l4", "count": 2}}, ["accelerator-not-at-site"]),
        ({"nodes": [{"accelerator": "l4"}, {"accelerator": "l5"}]}, ["tier-unknown"]),
        ({"workloads": ["plc"], "runtime": {"callers": ["line/plc"]}}, []),
        ({"workloads": ["shop/till"], "runtime": {"callers": ["shop/tille"]}}, ["caller-unknown"]),
        (
            {
                "workloads": ["shop/till"],
                "runtime": {"issuer": {"name": "ca"}, "scraper": "monitoring/prometheus", "callers": ["till"]},
            },
            ["caller-unknown", "caller-unknown"],
        ),
        ({"offline": "72 h"}, ["no-update-route"]),
        ({"offline": "72 h", "delivery": DELIVERY}, []),
        ({"offline": "364 d", "delivery": DELIVERY}, ["outage-outlives-certificates"]),
        (
            {
                "offline": "30 d",
                "delivery": DELIVERY,
                "runtime": {"issuer": {"name": "ca", "longest": "31 d"}},
            },
            ["outage-outlives-certificates"],
        ),
        (
            {"offline": "30 d", "delivery": DELIVERY, "runtime": {"issuer": {"name": "ca", "longest": "32 d"}}},
            [],
        ),
        ({"on": "hybrid", "offline": "1 h"}, ["offline-control-plane"]),
        ({"on": "eks", "offline": "1 h"}, ["offline-control-plane"]),
        ({"on": "box", "offline": "900 d"}, []),
        ({"k3s": K3S}, ["no-upgrade-window"]),
        ({"k3s": {**K3S, "window": WINDOW}}, []),
    ],
)
def test_findings(tmp_path: Path, site: dict[str, Any], ids: list[str]) -> None:
    told = found(tmp_path, **site)
    assert [finding.id for finding in told] == ids
    assert all(finding.remedy and finding.path for finding in told)


def test_a_name_nearby_is_proposed(tmp_path: Path) -> None:
    (told,) = found(tmp_path, workloads=["shop/till"], runtime={"callers": ["shop/tille"]})
    assert "did you mean 'shop/till'?" in told.message
    assert told.path == "sites[0].runtime.callers[0]"
