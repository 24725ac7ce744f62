"""All edges of a graph: Kubernetes network policies, security groups and routes on AWS, and its policies."""

from aiinfra.access import kubernetes
from aiinfra.access.aws import identity, network
from aiinfra.access.edge import Edge
from aiinfra.graph.node import Graph


def edges(graph: Graph) -> frozenset[Edge]:
    """Who may open connections to whom, and who may do what."""
    return kubernetes.edges(graph) | network.edges(graph) | identity.edges(graph)
