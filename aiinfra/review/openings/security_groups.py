"""AWS security groups: which traffic is newly let through."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from aiinfra.findings import Finding
from aiinfra.graph.diff import ResourceChange
from aiinfra.graph.node import Node
from aiinfra.review.openings.rule import inputs, items, managed, opening
from aiinfra.review.openings.traffic import Way, covered, told

_RULE_TYPES: Final = {
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": "ingress",
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": "egress",
    "aws:ec2/securityGroupRule:SecurityGroupRule": "",
}
_GROUP_TYPES: Final = (
    "aws:ec2/securityGroup:SecurityGroup",
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
)
_SOURCES: Final = ("cidrIpv4", "cidrIpv6", "cidrBlocks", "ipv6CidrBlocks")
_GROUPS: Final = (
    "referencedSecurityGroupId",
    "sourceSecurityGroupId",
    "securityGroups",
    "prefixListId",
    "prefixListIds",
)


def security_group(change: ResourceChange) -> Iterator[Finding]:
    """New traffic through a security group: an address range, or another group."""
    type_ = change.node.type
    if (type_ not in _RULE_TYPES and type_ not in _GROUP_TYPES) or not managed(change):
        return
    before = set(_group_ways(change.before))
    fresh = (way for way in _group_ways(change.after) if not covered(way, before))
    for (direction, _), words in told(fresh).items():
        verb = "may be reached" if direction == "ingress" else "may connect"
        yield opening("opening-network", change, f"members of the security group {verb} {words}")


def _group_ways(node: Node | None) -> Iterator[Way]:
    if node is None:
        return
    if node.type in _RULE_TYPES:
        direction = _RULE_TYPES[node.type] or str(node.inputs.get("type", "ingress"))
        yield from _rule_ways(direction, node.inputs)
    else:
        for direction in ("ingress", "egress"):
            for rule in items(inputs(node).get(direction)):
                if isinstance(rule, Mapping):
                    yield from _rule_ways(direction, rule)


def _rule_ways(direction: str, rule: Mapping[str, Any]) -> Iterator[Way]:
    protocol = str(rule.get("ipProtocol", rule.get("protocol", "-1"))).lower()
    low, high = rule.get("fromPort"), rule.get("toPort")
    every = protocol in ("-1", "all")
    span = None if every or low is None or low == -1 else (low, high if high is not None else low)
    for key in (*_SOURCES, *_GROUPS):
        for peer in items(rule.get(key)):
            named = peer if isinstance(peer, str) else "an address not known yet"
            yield Way(direction, named, "any" if every else protocol.upper(), span)
    if rule.get("self"):
        yield Way(direction, "itself", "any" if every else protocol.upper(), span)
