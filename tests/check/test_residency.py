"""Data rests where it may, and its copies do, too."""

from pathlib import Path

import pytest

from aiinfra.check.checks import check
from aiinfra.spec import yaml
from aiinfra.spec.reading import load
from tests.programs import ROOT


def told(tmp_path: Path, replica: str | None, **objective: object) -> list[str]:
    data = load(ROOT / "tests" / "data" / "declarations" / "production.yaml").whole.plain()
    del data["storage"]["replica"]
    data["storage"].update({"replica": replica} if replica else {})
    data["objective"].update(objective)
    (tmp_path / "deployment.yaml").write_text(yaml.write(data))
    found = [finding for finding in check(load(tmp_path)) if finding.path == "storage.replica"]
    return [f"{finding.severity.value} {finding.id}: {finding.message}; {finding.remedy}" for finding in found]


HERE = "use us-east-2 or us-west-1 or us-west-2"


@pytest.mark.parametrize(
    ("replica", "wanted"),
    [
        ("us-west-2", []),
        ("us-east-1", [f"error residency: us-east-1 is the region of what is copied; {HERE}"]),
        ("eu-west-1", [f"error residency: eu-west-1 is in IE; data may rest in US; {HERE}"]),
        (
            "us-gov-west-1",
            [f"error residency: us-gov-west-1 is in partition aws-us-gov, which shares nothing with aws; {HERE}"],
        ),
    ],
)
def test_copies_stay_inside(tmp_path: Path, replica: str, wanted: list[str]) -> None:
    assert told(tmp_path, replica) == wanted


def test_a_region_that_is_none_is_told(tmp_path: Path) -> None:
    (line,) = told(tmp_path, "us-wst-2")
    assert "error region-unknown" in line
    assert "did you mean 'us-west-2'" in line


def test_where_availability_asks_for_more_than_one_region_gives(tmp_path: Path) -> None:
    (line,) = told(tmp_path, None)
    assert line == (
        "warning one-region: availability 99.99 % is asked, S3 in one region is designed for 99.99 %, and releases, "
        f"datasets and records are in us-east-1 alone; {HERE}"
    )
    assert told(tmp_path, None, availability="99.9 %") == []
    (anywhere,) = told(tmp_path, None, residency=[])
    assert anywhere.endswith("use us-east-2 or us-west-1 or us-west-2 or af-south-1")


def test_a_country_with_one_region_has_nowhere_to_copy_to(tmp_path: Path) -> None:
    data = load(ROOT / "tests" / "data" / "declarations" / "small.yaml").whole.plain()
    data |= {"objective": {"availability": "99.99 %", "residency": ["IE"]}}
    (tmp_path / "deployment.yaml").write_text(yaml.write(data))
    (found,) = [finding for finding in check(load(tmp_path)) if finding.id == "one-region"]
    assert found.remedy.startswith("no other region of AWS is in these countries")
