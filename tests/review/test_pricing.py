"""The bill of every project that a declaration compiles to."""

import shutil
from datetime import date
from pathlib import Path

import pytest

from aiinfra.estimate.read import read_declared
from aiinfra.review.pricing import stops_whole, whole
from aiinfra.spec.reading import load

DECLARED = Path(__file__).parent.parent / "data/declarations/whole.yaml"
EXAMPLE = Path(__file__).parent.parent.parent / "examples/factory"


def test_the_projects_of_a_declaration_are_on_one_bill() -> None:
    declared = read_declared(DECLARED, "production", None)
    heard: list[str] = []
    found = whole(declared.estimate(date(2026, 11, 21)), declared, heard.append)
    assert heard == ["registry", "training", "platform"]
    assert found.cloud is not None
    assert found.cloud.regions == ("us-east-1",)
    priced = {item.name: item.cost.value for item in found.cloud.items if item.cost.known}
    assert priced["line-vibration-training-cluster-cluster"] == 73
    assert priced["line-vibration-training-accelerators-nodes"] == pytest.approx(2 * 55.04 * 730, rel=0.01)
    assert priced["line-vibration-training-storage-datasets-bucket"] == pytest.approx(2048 * 0.023)
    assert found.priced < found.billable
    assert not found.cost.known  # the price of a box at a site is not known


def test_where_no_cloud_bills_anything_nothing_is_recorded() -> None:
    declared = read_declared(EXAMPLE, "production", None)
    heard: list[str] = []
    alone = declared.estimate(date(2026, 11, 21))
    assert whole(alone, declared, heard.append) == alone
    assert heard == []


@pytest.mark.parametrize(
    ("caps", "codes"),
    [
        ("{power: 25 W, cost: 2 USD/month, scope: deployment}", {"cap-broken"}),
        ("{power: 25 W, cost: 500 USD/month, scope: site}", set()),
    ],
)
def test_a_cap_on_the_whole_counts_the_registry(tmp_path: Path, caps: str, codes: set[str]) -> None:
    folder = tmp_path / "hospital"
    shutil.copytree(EXAMPLE.parent / "hospital", folder)
    file = folder / "deployment.yaml"
    lines = file.read_text(encoding="utf-8").splitlines()
    file.write_text(
        "\n".join(f"caps: {caps}" if line.startswith("caps:") else line for line in lines), encoding="utf-8"
    )
    found = stops_whole(load(folder), "2026-11-21")
    assert {finding.id for finding in found} == codes
