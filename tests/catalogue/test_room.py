"""How many servers a machine takes, and which machine suits a site."""

import pytest

from aiinfra.catalogue.find import find_accelerator, find_instance
from aiinfra.catalogue.room import holds, machines_for, servers_on, suits
from aiinfra.spec.site import Site

UPDATES = {
    "source": "registry.example.com/models/m:shop",
    "egress": [{"to": "10.8.0.9/32", "port": 443, "why": "releases"}],
}


def site(accelerator: str = "l4", count: int = 1, **runtime: object) -> Site:
    tier = {"accelerator": accelerator, "count": count}
    return Site.model_validate({"class": "shop", "tier": tier, "runtime": {"on": "eks", **runtime}})


@pytest.mark.parametrize(
    ("instance", "declared", "servers"),
    [
        ("g6.xlarge", site(), 1),
        ("g6.12xlarge", site(), 4),  # an accelerator each
        ("g6.12xlarge", site(count=2), 2),
        ("g6.xlarge", site(count=2), 0),
        ("g6.xlarge", site(cores=4), 0),  # one of its four is the machine's own
        ("g6.xlarge", site(memory="16 GiB"), 0),
        ("g5.xlarge", site(), 0),  # another accelerator of the same resource
        ("c7i.xlarge", site("cpu-x86-64", cores=1), 3),
        ("c7i.xlarge", site("cpu-x86-64", cores=1, memory="3 GiB"), 2),
        ("c7g.xlarge", site("cpu-x86-64"), 0),  # another architecture
        ("c7i.xlarge", site("cpu-x86-64", updates=UPDATES), 2),  # a trial beside each
    ],
)
def test_room_is_what_is_left_of_cores_memory_and_accelerators(instance: str, declared: Site, servers: int) -> None:
    assert servers_on(find_instance(instance), declared) == servers


def test_a_part_of_an_accelerator_is_not_one() -> None:
    assert not holds(find_instance("g6f.4xlarge"), find_accelerator("l4"), 1, None)
    assert holds(find_instance("g6.4xlarge"), find_accelerator("l4"), 1, None)


def test_the_cheapest_way_is_found_on_two_machines_at_least() -> None:
    assert machines_for(site(), "us-east-1", 1) == ("g6.xlarge", 2)
    assert machines_for(site(), "us-east-1", 3) == ("g6.xlarge", 3)
    assert machines_for(site("rtx-4090"), "us-east-1", 1) is None


def test_those_that_nobody_knows_suit_nobody() -> None:
    assert suits(("g6.tiny", "g6.xlarge", "c7i.xlarge"), site()) == ("g6.xlarge",)
