"""What docs/first-apply.md says of money is what the catalogue says."""

import re
from pathlib import Path

from aiinfra.catalogue.catalogue import shipped
from aiinfra.catalogue.find import find_instance
from aiinfra.components.aws.endpoints import ALWAYS, services
from aiinfra.estimate.money import control_plane

DOCS = Path(__file__).parent.parent / "docs"
PAGE = (DOCS / "first-apply.md").read_text(encoding="utf-8")


def a_day(name: str, count: int = 1) -> str:
    return f"{(find_instance(name).price('us-east-1').value or 0) * 24 * count:.2f}"


def test_each_machine_costs_what_the_catalogue_says() -> None:
    rows = re.findall(r"^\| (\d+) x ([a-z0-9.-]+) [^|]*\| ([0-9.]+) \|", PAGE, re.MULTILINE)
    assert len(rows) == 3
    assert [cost for _, _, cost in rows] == [a_day(name, int(count)) for count, name, _ in rows]
    assert f"`g6.xlarge`, {a_day('g6.xlarge')} a day" in PAGE


def test_the_control_plane_costs_what_the_catalogue_says() -> None:
    month = control_plane(shipped(), "us-east-1").value or 0
    assert f"| EKS control plane, standard support | {month / 730 * 24:.2f} |" in PAGE


def test_as_many_endpoints_as_there_are() -> None:
    more = {len(services(scale_to_zero=scale, runner=not scale)) - len(ALWAYS) for scale in (True, False)}
    assert (len(ALWAYS), more) == (6, {2})
    assert "interface endpoints: 6, +2 for a runner, +2 where machines come and go" in PAGE


def test_links_and_words_lead_somewhere() -> None:
    for file in DOCS.rglob("*.md"):
        for target in re.findall(r"\]\((?!http)([^)#]+)\)", file.read_text(encoding="utf-8")):
            assert (file.parent / target).exists(), f"{file}: {target}"
