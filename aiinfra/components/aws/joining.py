"""What is made in a network that is there already. Pure."""

from typing import Final

from aiinfra.components.aws import groups as ours
from aiinfra.components.aws.groups import Passage
from aiinfra.components.aws.layout import place
from aiinfra.components.aws.network_specs import JoinedNetworkSpec

THEIRS: Final = "existing-endpoints"
"""Noun of the security group of endpoints that are there already."""


def lacking(spec: JoinedNetworkSpec) -> tuple[str, ...]:
    """Services whose endpoints are made: those that are needed and not there."""
    return tuple(service for service in spec.services if service not in spec.existing.endpoints)


def used(spec: JoinedNetworkSpec) -> tuple[str, ...]:
    """Services whose endpoints are there and needed."""
    return tuple(service for service in spec.services if service in spec.existing.endpoints)


def groups(spec: JoinedNetworkSpec) -> dict[str, str]:
    """Noun of each security group that is made -> what it is for."""
    named = ours.named(runner=spec.runner).items()
    return {noun: about for noun, about in named if noun != "endpoints" or lacking(spec)}


def given_groups(spec: JoinedNetworkSpec) -> dict[str, str]:
    """Noun -> id of the groups that are there."""
    group = spec.existing.endpoints_group
    return {THEIRS: group} if group is not None and used(spec) else {}


def passages(spec: JoinedNetworkSpec) -> tuple[Passage, ...]:
    """As in a network of ours; what goes to endpoints goes to each of their groups that there is."""
    wanted = ours.passages(queue=True, runner=spec.runner)
    there = {*groups(spec), *given_groups(spec)}
    to_theirs = tuple(
        Passage(one.source, THEIRS, one.protocol, one.ports, one.why) for one in wanted if one.target == "endpoints"
    )
    return tuple(one for one in (*wanted, *to_theirs) if one.target in there)


def subnets(spec: JoinedNetworkSpec) -> dict[str, list[str]]:
    """What for -> ids of subnets, in the order of the zones' ids; only ``control`` holds the control zone's."""
    found: dict[str, list[str]] = {"nodes": [], "services": [], "pods": [], "control": []}
    for each in sorted(spec.existing.zones, key=lambda zone: place(zone.zone)):
        if each.zone in (*spec.zones, spec.control_zone):
            found["control"].append(each.services.id)
        if each.zone in spec.zones:
            for use, subnet in each.subnets.items():
                found[use].append(subnet.id)
    return found


def recorded(spec: JoinedNetworkSpec) -> dict[str, dict[str, str]]:
    """Noun of each flow log -> the subnet whose traffic it records: others' traffic in the VPC is not ours to keep."""
    ids = {
        subnet.id: f"flow-log-{use}-{each.zone}"
        for each in spec.existing.zones
        for use, subnet in each.subnets.items()
        if each.zone in (*spec.zones, spec.control_zone)
    }
    return {noun: {"subnet_id": id_} for id_, noun in sorted(ids.items(), key=lambda item: item[1])}
