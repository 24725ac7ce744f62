"""Services of a graph that answer on the internet by themselves, outside of any VPC."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from aiinfra.access.edge import Edge
from aiinfra.graph.node import Graph, Node

ANYWHERE: Final = "0.0.0.0/0"


def _cluster(node: Node) -> list[str]:
    """EKS opens its API to everyone unless told otherwise (terraform-provider-aws docs, ``eks_cluster``)."""
    config = node.inputs.get("vpcConfig") or {}
    if config.get("endpointPublicAccess") is False:
        return []
    return [str(block) for block in config.get("publicAccessCidrs") or [ANYWHERE]]


def _rest(node: Node) -> list[str]:
    kinds: Any = (node.inputs.get("endpointConfiguration") or {}).get("types") or ["EDGE"]
    return [] if kinds in ("PRIVATE", ["PRIVATE"]) else [ANYWHERE]


def _always(_: Node) -> list[str]:
    return [ANYWHERE]


_SERVICES: Final[dict[str, tuple[Callable[[Node], list[str]], str]]] = {
    "aws:eks/cluster:Cluster": (_cluster, "the cluster's API has a public endpoint"),
    "aws:lambda/functionUrl:FunctionUrl": (_always, "a function URL answers everyone"),
    "aws:apigateway/restApi:RestApi": (_rest, "an API of API Gateway answers everyone unless it is private"),
    "aws:apigatewayv2/api:Api": (_always, "an API of API Gateway answers everyone"),
    "aws:cloudfront/distribution:Distribution": (_always, "a distribution answers everyone"),
    "aws:appsync/graphQLApi:GraphQLApi": (
        lambda node: [] if node.inputs.get("visibility") == "PRIVATE" else [ANYWHERE],
        "an API of AppSync answers everyone unless it is private",
    ),
}


def public_edges(graph: Graph) -> Iterator[Edge]:
    """Who may connect to them: TCP 443. Who may *do* something there, their own authorization says."""
    for type_, (ranges, why) in _SERVICES.items():
        for node in graph.of_type(type_):
            yield from (Edge(block, f"public/{node.name}", "TCP 443", why, node.urn) for block in ranges(node))
