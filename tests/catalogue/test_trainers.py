"""Which instances train, and which are nearest to one that does not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiinfra.catalogue.find import find_accelerator
from aiinfra.catalogue.instances import instances
from aiinfra.catalogue.trainers import image, memory, nearest, refused, shown, trains

ALL = sorted(instances())


def test_what_trains() -> None:
    assert trains(instances()["p5.48xlarge"])
    assert image(instances()["g5g.xlarge"]) == "AL2023_ARM_64_NVIDIA"
    others = {"inf1.xlarge", "inf2.48xlarge", "g4ad.xlarge", "c7i.large", "p6-b300.48xlarge", "dl2q.24xlarge"}
    assert {name for name in others if trains(instances()[name])} == set()


@given(st.sampled_from(ALL))
def test_the_nearest_train_and_are_others_with_the_same_accelerator_first(name: str) -> None:
    instance = instances()[name]
    found = nearest(instance, lambda other: other.efa > 0)
    assert found
    assert all(trains(other) and other.efa and other.name != name for other in found)
    if instance.accelerator is not None:
        same = [other.accelerator == instance.accelerator for other in found]
        assert same == sorted(same, reverse=True)


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("g6.xlarge", ["g6.8xlarge", "gr6.8xlarge", "g6.16xlarge"]),
        ("inf2.24xlarge", ["trn1.32xlarge"]),
        ("p6-b300.48xlarge", ["p6-b200.48xlarge"]),
    ],
)
def test_the_nearest_with_efa(name: str, first: list[str]) -> None:
    assert [other.name for other in nearest(instances()[name], lambda other: other.efa > 0)][: len(first)] == first


@pytest.mark.parametrize("name", [name for name in ALL if not trains(instances()[name])])
def test_a_refusal_names_others(name: str) -> None:
    error = refused(instances()[name])
    assert error.code in ("instance-without-accelerator", "instance-not-supported")
    assert "the nearest first: " in error.remedy


def test_memory_of_all_accelerators() -> None:
    assert memory(instances()["c7i.large"]) is None
    assert memory(instances()["g6.12xlarge"]) == 4 * 22888 * 2**20
    assert memory(instances()["trn1.32xlarge"]) == 16 * (find_accelerator("trainium1").memory.value or 0) * 1e9


def test_a_long_list_is_cut() -> None:
    every = [instances()[name] for name in ALL[:7]]
    assert shown(every).endswith(" and 2 more")
    assert shown(every[:5]).count(",") == 4
