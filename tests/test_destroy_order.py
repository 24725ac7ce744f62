"""A destroy takes things in the order that lets it finish: jobs, queues, machines, operators, cluster, network.

Pulumi deletes what depends on something before it, and what is in a component before what the component depends on.
Many names here are known before their resources are (a cluster's, a role's), and a plain name is no dependency: each
such case must be said by ``depends_on``, and is checked here.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from itertools import pairwise

import pytest

from aiinfra.catalogue.operators import operators
from aiinfra.graph.node import Graph, Node
from tests.outliving import outliving
from tests.programs import Program, programs

CLUSTER = "aws:eks/cluster:Cluster"
NODES = "aws:eks/nodeGroup:NodeGroup"
RELEASE = "kubernetes:helm.sh/v3:Release"
NAMESPACE = "kubernetes:core/v1:Namespace"
NETWORKS = ("aiinfra:index:Network", "aiinfra:index:JoinedNetwork")


def some(*types: str) -> pytest.MarkDecorator:
    """The programs that have a resource of one of the types."""
    found = [one for one in programs() if any(node.type in types for node in one.graph())]
    return pytest.mark.parametrize("program", found, ids=lambda program: program.name)


@cache
def reached(program: Program) -> Mapping[str, frozenset[str]]:
    """URN -> everything that outlives it."""
    return outliving(program.graph())


def inside(graph: Graph, types: tuple[str, ...]) -> Iterator[Node]:
    """What components of these types hold, at any depth."""
    for node in graph:
        parent = graph.nodes.get(node.parent)
        while parent is not None and parent.type not in types:
            parent = graph.nodes.get(parent.parent)
        if parent is not None and node.custom:
            yield node


@some(CLUSTER)
def test_what_is_in_a_cluster_goes_before_it(program: Program) -> None:
    graph, outlive = program.graph(), reached(program)
    cluster = graph.one(CLUSTER)
    name = cluster.inputs["name"]
    joined = [node for node in graph if node.custom and node.inputs.get("clusterName") == name]
    joined += [node for node in graph if f":cluster/{name}" in str(node.inputs.get("source", ""))]
    assert len(joined) > 5
    assert [node.name for node in joined if cluster.urn not in outlive[node.urn]] == []


@some(CLUSTER)
def test_a_cluster_goes_before_its_network_and_its_roles(program: Program) -> None:
    graph, outlive = program.graph(), reached(program)
    cluster = graph.one(CLUSTER)
    network = {node.urn for node in inside(graph, NETWORKS)}
    assert network
    assert sorted(graph.nodes[urn].name for urn in network - outlive[cluster.urn]) == []
    arn = cluster.inputs["roleArn"]
    roles = [node for node in graph.of_type("aws:iam/role:Role") if arn.endswith(f"/{node.inputs['name']}")]
    assert roles
    assert {role.urn for role in roles} <= outlive[cluster.urn]


@some(CLUSTER)
def test_machines_go_while_their_role_and_the_network_add_on_are_there(program: Program) -> None:
    """Else a machine cannot leave, or leaves interfaces behind that keep its subnet from being deleted."""
    graph, outlive = program.graph(), reached(program)
    add_on = next(node for node in graph.of_type("aws:eks/addon:Addon") if node.inputs["addonName"] == "vpc-cni")
    needed = {add_on.urn, *(node.urn for node in graph if node.name.endswith("-cluster-network-policy"))}
    assert len(needed) == 2
    groups = graph.of_type(NODES)
    assert groups
    for group in groups:
        role = [
            node.urn
            for node in graph.of_type("aws:iam/rolePolicy:RolePolicy")
            if str(group.inputs["nodeRoleArn"]).endswith(f"/{_role_of(graph, node)}")
        ]
        assert role, group.name
        assert {*needed, *role} <= outlive[group.urn], group.name


def _role_of(graph: Graph, policy: Node) -> str:
    owners = [graph.nodes[urn] for urn in policy.property_dependencies.get("role", ())]
    return str(owners[0].inputs["name"]) if owners else str(policy.inputs["role"])


@some(RELEASE)
def test_objects_go_while_the_operator_that_ends_them_is_there(program: Program) -> None:
    """Else their finalizers wait for a controller that is gone, for ever."""
    graph, outlive = program.graph(), reached(program)
    owner = {group: row.name for row in operators().values() for group in row.owns}
    releases = {str(node.inputs["name"]): node.urn for node in graph.of_type(RELEASE)}
    seen = 0
    for node in graph:
        group = node.type.removeprefix("kubernetes:").partition("/")[0]
        if node.package == "kubernetes" and owner.get(group) in releases:
            assert releases[owner[group]] in outlive[node.urn], node.name
            seen += 1
    assert seen or not any(name in releases for name in ("kueue", "karpenter", "trainer"))


@some("aiinfra:index:Operators")
def test_operators_go_one_after_the_other(program: Program) -> None:
    outlive = reached(program)
    releases = sorted(program.graph().of_type(RELEASE), key=lambda node: len(outlive[node.urn]))
    for before, after in pairwise(releases):
        assert before.urn in outlive[after.urn]


@some("aiinfra:index:Platform")
def test_jobs_go_before_queues_and_queues_before_machines(program: Program) -> None:
    graph, outlive = program.graph(), reached(program)
    parts = {
        kind: [node.urn for node in inside(graph, (f"aiinfra:index:{kind}",))]
        for kind in ("Preflight", "Queueing", "Machines", "TrainingJobs", "Operators")
    }
    order = [kind for kind in ("Preflight", "Queueing", "Machines", "Operators") if parts[kind]]
    for index, first in enumerate(order):
        for later in order[index + 1 :]:
            for urn in parts[first]:
                assert set(parts[later]) <= outlive[urn], (first, later)
    for urn in parts["Preflight"]:
        assert set(parts["TrainingJobs"]) <= outlive[urn]


@some(NAMESPACE)
def test_what_is_in_a_namespace_that_is_made_goes_before_it(program: Program) -> None:
    graph, outlive = program.graph(), reached(program)
    made = {(str(node.inputs["metadata"]["name"]), node.provider): node.urn for node in graph.of_type(NAMESPACE)}
    for node in graph:
        metadata = node.inputs.get("metadata")
        place = str(metadata.get("namespace")) if isinstance(metadata, Mapping) else ""
        if node.package == "kubernetes" and (place, node.provider) in made:
            assert made[place, node.provider] in outlive[node.urn], node.name
