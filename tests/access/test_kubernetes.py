"""The exact set of edges, against packets judged one by one."""

import ipaddress
from collections import Counter
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiinfra.access.edge import Edge
from aiinfra.access.kubernetes import KSERVE, NAMESPACE, POLICY, edges
from aiinfra.graph.node import Graph
from tests.access.packets import META, Cluster, Pod, selects
from tests.graphs import graph, node
from tests.programs import Program, programs

DEPLOYMENT = "kubernetes:apps/v1:Deployment"
STATEFUL_SET = "kubernetes:apps/v1:StatefulSet"
SPACES = {"a": {"team": "red"}, "b": {}}
WORKLOADS: dict[str, tuple[str, dict[str, str], list[tuple[str, str, int]]]] = {
    "web": ("a", {"app": "web", "tier": "front"}, [("http", "TCP", 80)]),
    "db": ("a", {"app": "db"}, [("sql", "TCP", 443), ("http", "UDP", 80)]),
    "job": ("b", {"app": "job"}, []),
}


def cluster(policies: list[dict[str, Any]]) -> Graph:
    """Two namespaces, three workloads and the policies."""
    found = [node(NAMESPACE, name, {"metadata": {"name": name, "labels": labels}}) for name, labels in SPACES.items()]
    for name, (space, labels, ports) in WORKLOADS.items():
        listed = [{"name": n, "protocol": protocol, "containerPort": port} for n, protocol, port in ports]
        template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c", "ports": listed}]}}
        inputs = {"metadata": {"name": name, "namespace": space}, "spec": {"template": template}}
        found.append(node(DEPLOYMENT, name, inputs))
    found += [node(POLICY, f"p{index}", policy) for index, policy in enumerate(policies)]
    return graph(*found)


def space_of(name: str) -> tuple[tuple[str, str], ...]:
    """Labels of a namespace by the name that edges give it: its own, or those a policy asks for."""
    labels = dict(item.split("=") for item in name.split(",")) if "=" in name else {META: name}
    return tuple({**SPACES.get(name, {}), **labels}.items())


def pod(end: str) -> Pod:
    """The concrete pod behind an end's name."""
    namespace, _, rest = end.rpartition("/")
    if rest in WORKLOADS and "=" not in rest:
        _, labels, named = WORKLOADS[rest]
        return Pod(namespace, tuple(labels.items()), space_of(namespace), tuple(named))
    labels = dict(item.split("=") for item in rest.split(",")) if "=" in rest else {}
    return Pod(namespace, tuple(labels.items()), space_of(namespace))


def is_range(end: str) -> bool:
    try:
        ipaddress.ip_network(end)
    except ValueError:
        return False
    return True


def spans(port: str) -> set[tuple[str, int]]:
    """The packets of :data:`PACKETS` that an edge's port means."""
    if port == "any":
        return set(PACKETS)
    kind, _, span = port.partition(" ")
    low, _, high = span.partition("-")
    return {(k, n) for k, n in PACKETS if k == kind and (span == "any" or int(low) <= n <= int(high or low))}


def is_at(end: str, told: str) -> bool:
    """Whether an end (a name, or one address) is what an edge tells of."""
    if end == told or "/" in end or not is_range(told):
        return end == told
    return ipaddress.ip_address(end) in ipaddress.ip_network(told)


NAMES = st.sampled_from(["web", "db", "job", "none"])
TESTS = st.one_of(
    st.builds(lambda v: {"key": "app", "operator": "In", "values": v}, st.lists(NAMES, min_size=1, max_size=2)),
    st.builds(lambda v: {"key": "app", "operator": "NotIn", "values": v}, st.lists(NAMES, min_size=1, max_size=2)),
    st.sampled_from([{"key": "tier", "operator": "Exists"}, {"key": "tier", "operator": "DoesNotExist"}]),
)
SELECTORS = st.one_of(
    st.just({}),
    st.builds(lambda v: {"matchLabels": {"app": v}}, NAMES),
    st.builds(lambda t: {"matchExpressions": [t]}, TESTS),
    st.builds(lambda v, t: {"matchLabels": {"app": v}, "matchExpressions": [t]}, NAMES, TESTS),
)
SPACE_SELECTORS = st.sampled_from(
    [
        {},
        {"matchLabels": {META: "a"}},
        {"matchLabels": {META: "c"}},
        {"matchLabels": {"team": "red"}},
        {"matchLabels": {"team": "blue"}},
        {"matchExpressions": [{"key": "team", "operator": "DoesNotExist"}]},
    ]
)
BLOCKS = st.sampled_from(
    [
        {"cidr": "10.0.0.0/8"},
        {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16", "10.1.2.0/24"]},
        {"cidr": "10.1.2.0/24"},
        {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8"]},
        {"cidr": "2001:db8::/32"},
    ]
)
PEERS = st.one_of(
    st.builds(lambda s: {"podSelector": s}, SELECTORS),
    st.builds(lambda s: {"namespaceSelector": s}, SPACE_SELECTORS),
    st.builds(lambda n, s: {"namespaceSelector": n, "podSelector": s}, SPACE_SELECTORS, SELECTORS),
    st.builds(lambda b: {"ipBlock": b}, BLOCKS),
)
PORT_RULES = st.sampled_from(
    [
        {"port": 80},
        {"port": 443, "protocol": "TCP"},
        {"port": 53, "protocol": "UDP"},
        {"port": 80, "endPort": 442},
        {"protocol": "UDP"},
        {"port": "http"},
        {"port": "http", "protocol": "UDP"},
        {"port": "sql"},
    ]
)


def rules(side: str) -> Any:
    return st.lists(
        st.fixed_dictionaries(
            {}, optional={side: st.lists(PEERS, max_size=2), "ports": st.lists(PORT_RULES, max_size=2)}
        ),
        max_size=2,
    )


POLICIES = st.builds(
    lambda space, spec: {"metadata": {"name": "p", "namespace": space}, "spec": spec},
    st.sampled_from(["a", "b"]),
    st.fixed_dictionaries(
        {"podSelector": SELECTORS},
        optional={
            "policyTypes": st.sampled_from([["Ingress"], ["Egress"], ["Ingress", "Egress"]]),
            "ingress": rules("from"),
            "egress": rules("to"),
        },
    ),
)
OUTSIDE = ("8.8.8.8", "9.255.255.255", "10.0.0.0", "10.1.1.255", "10.1.2.0", "10.1.3.0", "11.0.0.0", "2001:db8::1")
PACKETS = [(kind, port) for kind in ("TCP", "UDP") for port in (53, 79, 80, 442, 443, 65535)]


@settings(max_examples=40, deadline=None)
@given(st.lists(POLICIES, max_size=4))
def test_the_edges_are_the_packets_that_are_let_through(policies: list[dict[str, Any]]) -> None:
    found = edges(cluster(policies))
    judge = Cluster(policies)
    named = {end for edge in found for end in (edge.src, edge.dst) if not is_range(end)}
    pods = {end: pod(end) for end in {*named, "a/web", "a/db", "b/job", "a/*", "b/*", "*/*"}}
    ends = {**pods, **{address: Pod(address=address) for address in OUTSIDE}}
    leaving = {end: {edge for edge in found if is_at(end, edge.src)} for end in ends}
    entering = {end: {edge for edge in found if is_at(end, edge.dst)} for end in ends}
    for (src, source), (dst, target) in product(ends.items(), repeat=2):
        carried = Counter(packet for edge in leaving[src] & entering[dst] for packet in spans(edge.port))
        governed = any(end.namespace in SPACES for end in (source, target))
        wanted = [p for p in PACKETS if governed and judge.connects(source, target, *p)]
        assert carried == Counter(wanted), (src, dst)


def test_every_pod_that_a_policy_can_mean_is_an_end() -> None:
    policies = [
        {
            "metadata": {"name": "p", "namespace": "a"},
            "spec": {
                "podSelector": {},
                "ingress": [
                    {"from": [{"podSelector": {"matchLabels": {"app": "none"}}}]},
                    {"from": [{"namespaceSelector": {"matchLabels": {META: "c"}}}], "ports": [{"port": 80}]},
                ],
            },
        }
    ]
    told = {(e.src, e.dst, e.port) for e in edges(cluster(policies)) if e.dst == "a/db"}
    assert told == {("a/app=none", "a/db", "any"), ("c/*", "a/db", "TCP 80")}


def test_what_nothing_limits_is_open_and_said_to_be() -> None:
    found = edges(cluster([]))
    assert Edge("*/*", "a/db", "any", "no network policy limits it", "") in found
    assert Edge("b/job", "0.0.0.0/0", "any", "no network policy limits it", "") in found
    assert edges(graph()) == frozenset()


def test_the_reason_is_the_policys_own() -> None:
    policy = {
        "metadata": {"name": "p", "namespace": "b", "annotations": {"aiinfra.dev/why": "traces"}},
        "spec": {
            "podSelector": {},
            "policyTypes": ["Egress"],
            "egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}], "ports": [{"port": 4317}]}],
        },
    }
    recorded = cluster([policy])
    only = [e for e in edges(recorded) if e.src == "b/job"]
    assert only == [Edge("b/job", "10.0.0.0/8", "TCP 4317", "traces", recorded.one(POLICY).urn)]


PROGRAMS = pytest.mark.parametrize("program", programs(), ids=lambda program: program.name)


@PROGRAMS
def test_every_declared_caller_reaches_its_server_and_nobody_else_does(program: Program) -> None:
    """The callers of the declaration are the edges into the server: on both sides, in its own namespace too."""
    recorded = program.graph()
    found = edges(recorded)
    for runtime in recorded.of_type("aiinfra:index:InferenceRuntime"):
        namespace, callers = runtime.inputs["namespace"], runtime.inputs["runtime"].get("callers", [])
        (server,) = [n for n in recorded.children(runtime.urn) if n.type in (DEPLOYMENT, STATEFUL_SET, KSERVE)]
        spoken = "language" in runtime.inputs["model"]  # vLLM has one port, for metrics too
        bridges = [n for n in recorded.of_type("aiinfra:index:Streams") if n.parent == runtime.parent]
        readers = {
            s.get("gateway") or f"{runtime.inputs['modelName']}-bridge" for n in bridges for s in n.inputs["streams"]
        }
        callers = [caller for caller in callers if caller not in readers]
        whole = [caller if "/" in caller else f"{namespace}/{caller}" for caller in callers]
        wanted = {
            (caller.replace("/", "/app.kubernetes.io/name="), "TCP 8443" if spoken else "TCP 8443-8444")
            for caller in whole
        }
        if scraper := runtime.inputs["runtime"].get("scraper"):
            own = scraper == f"{namespace}/{runtime.inputs['modelName']}-metrics"  # a workload of the graph
            wanted.add(
                (
                    scraper if own else scraper.replace("/", "/app.kubernetes.io/name="),
                    "TCP 8443" if spoken else "TCP 9090",
                )
            )
        for reader in readers:  # the bridge is a workload of the graph, a gateway is not
            who = reader if reader.endswith("-bridge") else f"app.kubernetes.io/name={reader}"
            wanted.add((f"{namespace}/{who}", "TCP 8443-8444"))
        name = f"{namespace}/{server.inputs['metadata']['name']}"
        into = {(e.src, e.port) for e in found if e.dst == name and server.provider.endswith(f"::{e.cluster}")}
        assert into == wanted
        updates = runtime.inputs["runtime"].get("updates") or {}
        ways = {(way["to"], f"TCP {way['port']}", way["why"]) for way in updates.get("egress", [])}
        if ways:  # and no other pod of the namespace leaves for the registry
            assert ways <= {(e.dst, e.port, e.why) for e in found if e.src == name}
            places = {place for place, _, _ in ways}
            assert {e.src for e in found if e.dst in places and e.cluster in server.provider} == {name}


def test_the_second_reading_is_not_the_first() -> None:
    assert selects({"matchExpressions": [{"key": "x", "operator": "NotIn", "values": ["1"]}]}, {})
    assert not selects({"matchLabels": {"x": ""}}, {})
