"""The pinned table of operators agrees with the definitions that objects are judged by."""

import csv
from pathlib import Path

import pytest

from aiinfra.catalogue.find import find_instance
from aiinfra.catalogue.operators import operators, operators_for
from aiinfra.images import parts

INDEX = Path(__file__).parent.parent / "data" / "crds" / "INDEX.csv"


def test_each_definition_is_of_the_release_that_the_chart_installs() -> None:
    rows = csv.DictReader(INDEX.read_text(encoding="utf-8").splitlines())
    released = {row["group"]: row["release"].removeprefix("v") for row in rows}
    owned = {group: row.version for row in operators().values() for group in row.owns}
    assert set(owned) <= set(released)
    assert {group: released[group] for group in owned} == owned


def test_every_image_has_a_tag_and_a_name_of_its_own() -> None:
    images = [image for row in operators().values() for image in row.images]
    assert len({image.name for image in images}) == len(images)
    assert all(parts(image.upstream)[1] for image in images)
    assert {image.form for image in images} <= {"digest", "tag", "registry"}


@pytest.mark.parametrize(
    ("instance", "scale", "wanted"),
    [
        ("p5.48xlarge", False, ["jobset", "kueue", "trainer", "nvidia", "efa"]),
        ("g6.xlarge", False, ["jobset", "kueue", "trainer", "nvidia"]),
        ("g6e.12xlarge", True, ["jobset", "kueue", "trainer", "nvidia", "efa", "karpenter"]),
        ("trn1.32xlarge", False, ["jobset", "kueue", "trainer", "neuron", "efa"]),
    ],
)
def test_which_operators_a_machine_needs(instance: str, scale: bool, wanted: list[str]) -> None:
    assert [row.name for row in operators_for(find_instance(instance), scale_to_zero=scale)] == wanted


def test_where_metrics_are_kept_the_accelerators_tell_theirs() -> None:
    added = {
        name: {row.name for row in operators_for(find_instance(name), scale_to_zero=False, watched=True)}
        - {row.name for row in operators_for(find_instance(name), scale_to_zero=False)}
        for name in ("p5.48xlarge", "trn1.32xlarge")
    }
    assert added == {"p5.48xlarge": {"dcgm"}, "trn1.32xlarge": set()}
