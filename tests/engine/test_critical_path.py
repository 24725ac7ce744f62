"""The longest chain of an apply."""

from typing import Any

from aiinfra.engine.critical_path import CriticalPath, critical_path


def state(name: str, *, type_: str = "aws:sqs/queue:Queue", custom: bool = True, **fields: Any) -> dict[str, Any]:
    return {"urn": name, "type": type_, "custom": custom, **fields}


def even(_urn: str) -> float:
    return 0.0


def test_with_equal_durations_the_longest_is_that_of_most_resources() -> None:
    states = [
        state("stack", type_="pulumi:pulumi:Stack", custom=False),
        state("provider", type_="pulumi:providers:aws"),
        state("a", parent="stack", provider="provider::id"),
        state("part", custom=False, dependencies=["a"]),
        state("b", parent="part"),
        state("c", parent="stack", propertyDependencies={"name": ["b"]}),
        state("d", parent="stack", dependencies=["a"]),
    ]
    assert critical_path(states, even) == CriticalPath(("a", "b", "c"), 0.0)


def test_a_slow_resource_outweighs_a_long_chain() -> None:
    states = [state("a"), state("b", dependencies=["a"]), state("slow")]
    assert critical_path(states, {"a": 1.0, "b": 1.0, "slow": 600.0}.__getitem__) == CriticalPath(("slow",), 600.0)


def test_what_is_not_in_the_state_is_not_waited_for() -> None:
    assert critical_path([state("a", dependencies=["gone"])], even).urns == ("a",)
    assert critical_path([], even) == CriticalPath((), 0.0)
