"""Endpoints: what becomes reachable from outside its network."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from aiinfra.findings import Finding
from aiinfra.graph.diff import Operation, ResourceChange
from aiinfra.graph.node import Node
from aiinfra.review.openings.rule import get, items, managed, opening

_ON: Final[dict[str, tuple[str, str]]] = {
    "aws:rds/instance:Instance": ("publiclyAccessible", "the database gets a public address"),
    "aws:rds/clusterInstance:ClusterInstance": ("publiclyAccessible", "the database gets a public address"),
    "aws:ec2/instance:Instance": ("associatePublicIpAddress", "the machine gets a public address"),
    "aws:ec2/subnet:Subnet": ("mapPublicIpOnLaunch", "machines started in the subnet get public addresses"),
}
"""Type -> the property that, set to true, makes it public, and what that means."""


def _cluster(node: Node | None) -> str:
    """EKS opens its endpoint to 0.0.0.0/0 unless told otherwise (terraform-provider-aws docs, ``eks_cluster``)."""
    if node is None or get(node, "vpcConfig.endpointPublicAccess") is False:
        return ""
    ranges = items(get(node, "vpcConfig.publicAccessCidrs")) or ["0.0.0.0/0"]
    return f"the cluster's API can be reached from {', '.join(str(item) for item in ranges)}"


def _service(node: Node | None) -> str:
    kind = get(node, "spec.type")
    if kind == "LoadBalancer":
        ranges = items(get(node, "spec.loadBalancerSourceRanges"))
        return (
            f"the service gets a load balancer, open to {', '.join(map(str, ranges)) or 'any address that reaches it'}"
        )
    if kind == "NodePort":
        return "the service can be reached on a port of every node"
    outside = items(get(node, "spec.externalIPs"))
    return f"the service answers on {', '.join(map(str, outside))}" if outside else ""


def _load_balancer(node: Node | None) -> str:
    return "" if node is None or get(node, "internal") is True else "the load balancer faces the internet"


def _function_url(node: Node | None) -> str:
    return "anyone may call the function" if get(node, "authorizationType") == "NONE" else ""


def _ingress(node: Node | None) -> str:
    hosts = [str(rule.get("host") or "any host") for rule in items(get(node, "spec.rules"))]
    return f"requests for {', '.join(hosts) or 'any host'} are let in from outside the cluster" if node else ""


def _flag(node: Node | None) -> str:
    key, words = _ON[node.type] if node else ("", "")
    return words if node and get(node, key) is True else ""


_STATES: Final[dict[str, Callable[[Node | None], str]]] = {
    "aws:eks/cluster:Cluster": _cluster,
    "kubernetes:core/v1:Service": _service,
    "aws:lb/loadBalancer:LoadBalancer": _load_balancer,
    "aws:alb/loadBalancer:LoadBalancer": _load_balancer,
    "aws:lambda/functionUrl:FunctionUrl": _function_url,
    "kubernetes:networking.k8s.io/v1:Ingress": _ingress,
    **dict.fromkeys(_ON, _flag),
}


def endpoint(change: ResourceChange) -> Iterator[Finding]:
    """A public endpoint that is new or open to others than before."""
    state = _STATES.get(change.node.type)
    if state is None or not managed(change):
        return
    before, after = state(change.before), state(change.after)
    if after and after != before and not _narrower(change):
        yield opening("opening-public-endpoint", change, after, before=before or None, after=after)


def _narrower(change: ResourceChange) -> bool:
    """A list of ranges that only lost entries."""
    for path in ("vpcConfig.publicAccessCidrs", "spec.loadBalancerSourceRanges"):
        old, new = items(get(change.before, path)), items(get(change.after, path))
        if old and new and old != new:
            return set(map(str, new)) <= set(map(str, old))
        if not old and new and change.before is not None:
            return bool(_STATES[change.node.type](change.before))
    return False


def public_route(change: ResourceChange) -> Iterator[Finding]:
    """A way to the internet: a gateway, or a route to everywhere."""
    if not managed(change):
        return
    type_, new = change.node.type, change.operation in (Operation.CREATE, Operation.IMPORT)
    if type_ == "aws:ec2/internetGateway:InternetGateway" and new:
        yield opening("opening-route", change, "the network gets a gateway to the internet")
    elif type_ == "aws:ec2/natGateway:NatGateway" and new and get(change.after, "connectivityType") != "private":
        yield opening("opening-route", change, "machines in private subnets can connect to the internet through it")
    elif type_ in ("aws:ec2/route:Route", "aws:ec2/routeTable:RouteTable"):
        before = {_target(route) for route in _routes(change.before)}
        for route in _routes(change.after):
            if _target(route) not in before and _everywhere(route):
                yield opening("opening-route", change, "traffic to the whole internet is routed out")


def _routes(node: Node | None) -> list[Any]:
    if node is None:
        return []
    return [node.inputs] if node.type == "aws:ec2/route:Route" else items(node.inputs.get("routes"))


def _everywhere(route: Any) -> bool:
    keys = ("destinationCidrBlock", "destinationIpv6CidrBlock", "cidrBlock", "ipv6CidrBlock")
    outside = ("gatewayId", "natGatewayId", "egressOnlyGatewayId", "transitGatewayId", "networkInterfaceId")
    return any(route.get(key) in ("0.0.0.0/0", "::/0") for key in keys) and any(route.get(key) for key in outside)


def _target(route: Any) -> str:
    return repr(sorted((key, str(value)) for key, value in route.items() if key != "tags"))
