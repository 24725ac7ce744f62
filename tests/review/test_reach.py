"""What only the whole graph shows."""

import json
from typing import Any

from aiinfra.graph.diff import diff
from aiinfra.graph.node import Graph, Node
from aiinfra.review.build import review
from tests.graphs import graph, node

VPC = node("aws:ec2/vpc:Vpc", "v", {"cidrBlock": "10.0.0.0/16"})
SUBNET = node("aws:ec2/subnet:Subnet", "s", {"vpcId": "v_id", "cidrBlock": "10.0.0.0/24"})
RULE = {"protocol": "tcp", "fromPort": 22, "toPort": 22, "cidrBlocks": ["0.0.0.0/0"], "description": "shell"}
GROUP = node("aws:ec2/securityGroup:SecurityGroup", "web", {"vpcId": "v_id", "ingress": [RULE]})
MACHINE = {"subnetId": "s_id", "vpcSecurityGroupIds": ["web_id"], "associatePublicIpAddress": True}
TABLE = node("aws:ec2/routeTable:RouteTable", "t", {"vpcId": "v_id"})
JOIN = node("aws:ec2/routeTableAssociation:RouteTableAssociation", "j", {"subnetId": "s_id", "routeTableId": "t_id"})
OUT = {"routeTableId": "t_id", "destinationCidrBlock": "0.0.0.0/0", "gatewayId": "igw_id"}
ROUTE = node("aws:ec2/route:Route", "out", OUT)


def told(before: Graph, after: Graph) -> list[tuple[str, str]]:
    return [(found.name, found.words) for found in review(diff(before, after)).openings]


def machine(**inputs: Any) -> Node:
    return node("aws:ec2/instance:Instance", "m", {**MACHINE, **inputs})


def test_a_route_makes_an_old_rule_open() -> None:
    closed = (VPC, SUBNET, GROUP, machine(), TABLE, JOIN)
    found = told(graph(*closed), graph(*closed, ROUTE))
    assert (
        "out",
        "v/web may now be reached from 0.0.0.0/0 (the whole internet) on TCP 22, as shell let through before",
    ) in found


def test_a_public_address_does_too() -> None:
    rest = (VPC, SUBNET, GROUP, TABLE, JOIN, ROUTE)
    found = told(graph(*rest, machine(associatePublicIpAddress=False)), graph(*rest, machine()))
    assert [name for name, words in found if "may now be reached" in words] == ["m"]
    assert told(graph(*rest, machine()), graph(*rest, machine(tags={"a": "b"}))) == []


ROLE = node(
    "aws:iam/role:Role", "r", {"assumeRolePolicy": json.dumps({"Statement": []}), "permissionsBoundary": "b.arn"}
)


def policy(type_: str, name: str, actions: list[str], **more: Any) -> Node:
    one = {"Effect": "Allow", "Action": actions, "Resource": "arn:aws:s3:::b/*"}
    return node(type_, name, {"policy": json.dumps({"Statement": [one]}), **more})


def own(*actions: str) -> Node:
    return policy("aws:iam/rolePolicy:RolePolicy", "p", list(actions), role="r.name")


def limit(*actions: str) -> Node:
    return policy("aws:iam/policy:Policy", "b", list(actions))


def test_a_role_that_may_do_more_than_before() -> None:
    wide = limit("s3:GetObject", "s3:PutObject", "s3:DeleteObject")
    found = told(graph(ROLE, wide, own("s3:GetObject")), graph(ROLE, wide, own("s3:GetObject", "s3:DeleteObject")))
    assert found == [("p", "role/r may now s3:DeleteObject on arn:aws:s3:::b/*")]
    assert told(graph(ROLE, wide, own("s3:Get*")), graph(ROLE, wide, own("s3:GetObject"))) == []


def test_a_boundary_that_lets_more_through() -> None:
    mine = own("s3:GetObject", "s3:PutObject")
    found = told(graph(ROLE, limit("s3:GetObject"), mine), graph(ROLE, limit("s3:GetObject", "s3:PutObject"), mine))
    assert found == [("b", "role/r may now s3:PutObject on arn:aws:s3:::b/*")]
