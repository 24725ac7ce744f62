"""Which aliases a parent hands down: the engine's answer, and that the pairing of two graphs gives the same."""

import json
from pathlib import Path

import pytest

from aiinfra.engine.rehearsal import UP, Request, rehearse
from aiinfra.engine.tool import Tool
from aiinfra.findings import Severity
from aiinfra.graph.collect import collect
from aiinfra.graph.pairing import pair
from aiinfra.graph.program import find
from aiinfra.graph.urn import name
from tests.e2e.conftest import Stage

PROGRAM = """
import pulumi
import pulumi_aws as aws


class Store(pulumi.ComponentResource):
    def __init__(self, name, children, aliases=()):
        aliases = [pulumi.Alias(name=alias) for alias in aliases]
        super().__init__("shop:index:Store", name, {}, pulumi.ResourceOptions(aliases=aliases))
        for child in children:
            opts = pulumi.ResourceOptions(parent=self)
            aws.sqs.Queue(f"{name}-{child}", opts=opts)


for arguments in json.loads(stores):
    Store(*arguments)
"""


def write(folder: Path, stores: list[list[object]]) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    (folder / "__main__.py").write_text(f"import json\nstores = {json.dumps(stores)!r}\n{PROGRAM}")
    return folder


TWO = [["x", "a"], ["y", "ab"]]
ONE_OF_TWO = [["n", "ab", ["x", "y"]]]
NESTED_NAMES = [["x", "ab"]]
CHANGES = {
    "two become one": (TWO, ONE_OF_TWO, {"n": "x", "n-a": "x-a"}),
    "the second alias is the one": ([["y", "ab"]], ONE_OF_TWO, {"n": "y", "n-a": "y-a", "n-b": "y-b"}),
    "renamed long ago": ([["n", "ab", ["x"]]], [["n", "ab", ["x"]]], {"n": "n", "n-a": "n-a", "n-b": "n-b"}),
    "swapped": (
        [["x", "a"], ["y", "b"]],
        [["p", "b", ["y"]], ["q", "a", ["x"]]],
        {"p": "y", "p-b": "y-b", "q": "x", "q-a": "x-a"},
    ),
}


@pytest.mark.parametrize("case", list(CHANGES))
def test_the_engine_keeps_what_the_pairing_keeps(case: str, tool: Tool, tmp_path: Path) -> None:
    """The rehearsal reports every difference between what is predicted and what is done."""
    before, after, kept = CHANGES[case]
    first, second = write(tmp_path / "before", before), write(tmp_path / "after", after)
    pairs = pair(collect(first), collect(second))
    assert {name(new): name(old) for new, old in pairs.kept.items() if "Stack" not in new.split("::")[2]} == kept
    found = rehearse(Request(first, change=str(second)), tool)
    assert [finding.render() for finding in found.findings if finding.severity is Severity.ERROR] == []
    (change,) = (phase for phase in found.phases if phase.name == "change")
    assert change.counts.get("create", 0) == len(pairs.created)
    assert change.counts.get("delete", 0) == len(pairs.deleted)


def test_a_child_left_behind_by_a_half_done_rename_is_not_found_again(stage: Stage, tmp_path: Path) -> None:
    """The component has its new name by then and hands nothing down: the child is made again, the old one deleted."""
    first, second = write(tmp_path / "before", [["x", "ab"]]), write(tmp_path / "after", [["n", "ab", ["x"]]])
    stage.place.open(find(first), "production")
    assert stage.place.run([*UP, "--stack", "production"]).code == 0
    state = json.loads(stage.place.run(["stack", "export", "--stack", "production"]).stdout)
    for resource in state["deployment"]["resources"]:  # what a rename leaves that failed at the second child
        for key in ("urn", "parent"):
            if resource.get(key, "").endswith(("Store::x", "::x-a")):
                resource[key] = resource[key].replace("::x", "::n")
    file = tmp_path / "state.json"
    file.write_text(json.dumps(state))
    assert stage.place.run(["stack", "import", "--file", str(file), "--stack", "production"]).code == 0
    stage.place.open(find(second), "production")
    done = stage.place.run([*UP, "--stack", "production"])
    assert done.code == 0, done.stderr or done.stdout
    steps = {(step.operation, name(step.urn)) for step in done.events.steps if step.operation != "same"}
    assert steps == {("create", "n-b"), ("delete", "x-b")}
