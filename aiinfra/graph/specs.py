"""What aiinfra's own components in a graph were told: the specs they registered as their inputs."""

from typing import Any

from aiinfra import tokens
from aiinfra.graph import values
from aiinfra.graph.node import Graph


def specs_of(graph: Graph) -> dict[str, dict[str, Any]]:
    """URN -> inputs of every component whose type aiinfra has published, retired types included.

    A component registers its validated spec as its inputs, so that a program without a deployment file can be estimated
    and reviewed from its graph alone. Values that are secret or unknown are reserved objects, as in every graph.
    """
    known = tokens.PUBLISHED | tokens.RETIRED.keys()
    return {
        node.urn: {str(key): value for key, value in values.plain(dict(node.inputs)).items()}
        for node in graph
        if node.type in known and not node.custom
    }
