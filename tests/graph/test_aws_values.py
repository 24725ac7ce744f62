"""What AWS would refuse is refused here; what our programs give is not."""

import re

import pytest

from aiinfra.compiler.exporting import Wanted, export
from aiinfra.findings import Severity
from aiinfra.graph.aws_values import judged, refused_values, table
from aiinfra.graph.diff import diff
from aiinfra.graph.shapes import inputs_of
from aiinfra.review.build import review
from tests.graphs import graph, node
from tests.programs import Program, programs


def told(type_: str, **inputs) -> list[tuple[str, str, str]]:
    return [(f.severity.value, f.path, f.message) for f in refused_values(graph(node(type_, "x", inputs)))]


@pytest.mark.parametrize(
    ("type_", "inputs", "path", "words"),
    [
        ("aws:eks/cluster:Cluster", {"name": "-x"}, "name", r"does not match \^\[0-9A-Za-z\]"),
        ("aws:kms/alias:Alias", {"name": ""}, "name", "its length is 0, and at least 1 is needed"),
        ("aws:fsx/lustreFileSystem:LustreFileSystem", {"deploymentType": "PERSISTENT_9"}, "deploymentType", "none of"),
        ("aws:iam/role:Role", {"name": "r" * 65}, "name", "its length is 65, and at most 64 is allowed"),
        (
            "aws:iam/role:Role",
            {"maxSessionDuration": 60},
            "maxSessionDuration",
            "it is 60, and at least 3600 is needed",
        ),
        (
            "aws:ec2/launchTemplate:LaunchTemplate",
            {"metadataOptions": {"httpTokens": "require"}},
            "metadataOptions.httpTokens",
            "did you mean 'required'",
        ),
        (
            "aws:eks/nodeGroup:NodeGroup",
            {"taints": [{"key": "a", "effect": "NoSchedule"}]},
            "taints[*].effect",
            "none of the 3 choices",
        ),
    ],
)
def test_a_value_that_is_refused(type_, inputs, path, words) -> None:
    found = [item for item in told(type_, **inputs) if item[1] == path]
    assert found, told(type_, **inputs)
    assert any(re.search(words, message) for _, _, message in found), found


def test_a_choice_that_is_not_in_the_table_is_a_warning() -> None:
    assert [level for level, _, _ in told("aws:eks/accessEntry:AccessEntry", type="NEWER")] in (["warning"], [])
    ((level, _, _),) = told("aws:ecr/repository:Repository", imageTagMutability="SOMETIMES")
    assert level == Severity.WARNING.value


@pytest.mark.parametrize("value", [{"$unknown": True}, {"$secret": ""}, "x.name"])
def test_what_another_resource_gives_is_not_judged(value) -> None:
    one = node(
        "aws:ecr/repository:Repository",
        "x",
        {"imageTagMutability": value},
        property_dependencies={"imageTagMutability": ("u",)},
    )
    assert refused_values(graph(one)) == []


PROGRAMS = pytest.mark.parametrize("program", programs(), ids=lambda program: program.name)


@PROGRAMS
def test_aws_takes_what_our_programs_give(program: Program) -> None:
    assert refused_values(program.graph()) == []


def test_the_table_covers_what_matters() -> None:
    training = next(one for one in programs() if one.name == "declarations/whole/training").graph()
    covered, there = judged(training)
    assert covered * 2 >= there
    assert table()["source"].startswith("botocore 1.")


@pytest.mark.judges
def test_every_path_of_the_table_is_a_property_of_its_type() -> None:
    for token, rules in table()["types"].items():
        fields = inputs_of(token) or {}
        assert {path.partition(".")[0].partition("[")[0] for path in rules if path != "operation"} <= set(fields), token


def test_the_review_tells_of_what_changes_and_the_export_of_everything(tmp_path) -> None:
    good = node("aws:ecr/repository:Repository", "x", {"imageTagMutability": "IMMUTABLE"})
    bad = node("aws:ecr/repository:Repository", "x", {"imageTagMutability": "immutable"})
    assert [f.id for f in review(diff(graph(good), graph(bad))).findings] == ["aws-value"]
    assert review(diff(graph(bad), graph(bad))).findings == ()
    (tmp_path / "Pulumi.yaml").write_text("name: x\nruntime: python\n")
    (tmp_path / "__main__.py").write_text(
        "import pulumi_aws as aws\naws.ecr.Repository('x', name='UPPER', image_tag_mutability='IMMUTABLE')\n"
    )
    (one,) = export(tmp_path, Wanted())
    assert [(finding.id, finding.path, finding.severity) for finding in one.findings] == [
        ("aws-value", "name", Severity.ERROR)
    ]
