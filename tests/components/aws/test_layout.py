"""Subnets never overlap, always fit, and stay where they are."""

from ipaddress import IPv4Network
from itertools import combinations
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiinfra.components.aws.layout import layout, place
from aiinfra.spec.deployment import PODS

zones = st.sets(st.integers(1, 8), min_size=1).map(lambda found: tuple(f"use1-az{n}" for n in found))
cidrs = st.tuples(st.integers(0, 255), st.integers(16, 22)).map(lambda t: IPv4Network(f"10.{t[0]}.0.0/{t[1]}"))
pods = st.integers(16, 20).map(lambda prefix: IPv4Network(f"100.64.0.0/{prefix}"))


@given(cidrs, pods, zones)
def test_nothing_overlaps_and_everything_fits(cidr: IPv4Network, pod_range: IPv4Network, ids: tuple[str, ...]) -> None:
    found = layout(cidr, pod_range, ids)
    assert sorted(one.zone for one in found) == sorted(ids)
    own = [network for one in found for network in (one.nodes, one.services)]
    assert all(network.subnet_of(cidr) and network.prefixlen <= 28 for network in own)
    assert all(one.pods.subnet_of(pod_range) and one.pods.prefixlen <= 28 for one in found)
    every = [*own, *(one.pods for one in found)]
    assert not any(a.overlaps(b) for a, b in combinations(every, 2))


@given(cidrs, pods, zones, st.integers(1, 8), st.randoms())
def test_a_zone_that_is_added_or_moved_in_the_list_moves_nobody(
    cidr: IPv4Network, pod_range: IPv4Network, ids: tuple[str, ...], new: int, random: Random
) -> None:
    more = list({*ids, f"use1-az{new}"})
    random.shuffle(more)
    before = {one.zone: one for one in layout(cidr, pod_range, ids)}
    after = {one.zone: one for one in layout(cidr, pod_range, tuple(more))}
    assert {zone: after[zone] for zone in before} == before


def test_one_layout_by_value() -> None:
    (one,) = layout(IPv4Network("10.20.0.0/16"), PODS, ("use1-az2",))
    assert (str(one.nodes), str(one.services), str(one.pods)) == ("10.20.32.0/20", "10.20.48.0/21", "100.64.32.0/19")


@pytest.mark.parametrize(
    ("cidr", "pod_range", "zone", "why"),
    [
        ("10.0.0.0/8", "100.64.0.0/16", "use1-az1", r"network 10\.0\.0\.0/8: give a range between /16 and /22"),
        ("10.0.0.0/24", "100.64.0.0/16", "use1-az1", "give a range between"),
        ("10.0.0.0/16", "100.64.0.0/24", "use1-az1", r"pods' range 100\.64\.0\.0/24"),
        ("10.0.0.0/16", "10.0.64.0/18", "use1-az1", "overlap"),
        ("10.0.0.0/16", "100.64.0.0/16", "us-east-1a", "'us-east-1a' is not the id of an availability zone"),
        ("10.0.0.0/16", "100.64.0.0/16", "use1-az9", "not the id"),
    ],
)
def test_what_cannot_be_laid_out_is_refused(cidr: str, pod_range: str, zone: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        layout(IPv4Network(cidr), IPv4Network(pod_range), (zone,))


def test_places() -> None:
    assert [place(f"apne1-az{n}") for n in range(1, 9)] == list(range(8))
