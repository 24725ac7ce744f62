"""What users test their own programs with."""

from pathlib import Path

import pulumi_aws as aws
import pytest

from aiinfra import testing


def program(days: int = 30, *, more: bool = False) -> None:
    aws.s3.Bucket("releases", tags={"days": str(days)})
    if more:
        aws.s3.Bucket("extra")


def test_picking_resources() -> None:
    graph = testing.collect(program)
    bucket = testing.one(graph, "aws:s3/bucket:Bucket", "releases")
    assert bucket.inputs == {"tags": {"days": "30"}}
    stack = testing.one(graph, "pulumi:pulumi:Stack")
    assert testing.children(graph, stack) == testing.children(graph, stack.urn) == [bucket]
    with pytest.raises(LookupError, match="releases"):
        testing.one(graph, "aws:s3/bucket:Bucket", "other")
    assert "type: aws:s3/bucket:Bucket" in testing.yaml(graph)


def test_difference_of_two_graphs() -> None:
    same = testing.diff(testing.collect(program), testing.collect(program))
    other = testing.diff(testing.collect(program), testing.collect(lambda: program(more=True)))
    assert not same.changes
    assert [change.operation.value for change in other] == ["create"]


def test_golden_files(tmp_path: Path) -> None:
    file = tmp_path / "golden" / "graph.json"
    graph = testing.collect(program)
    with pytest.raises(AssertionError, match="is not there; write it with"):
        testing.golden(graph, file)
    testing.golden(graph, file, update=True)
    testing.golden(graph, file)
    with pytest.raises(AssertionError) as caught:
        testing.golden(testing.collect(lambda: program(90, more=True)), file)
    said = str(caught.value).splitlines()
    assert said[:2] == [
        f"the graph is not that of {file}",
        "  new: urn:pulumi:production::project::aws:s3/bucket:Bucket::extra",
    ]
    assert '-     "days": "30"' in said
    assert '+     "days": "90"' in said


def test_long_differences_are_cut(tmp_path: Path) -> None:
    file = tmp_path / "graph.json"
    testing.golden(testing.collect(program), file, update=True)
    with pytest.raises(AssertionError, match="more lines"):
        testing.golden(
            testing.collect(
                lambda: [program(days=i) if i == 30 else aws.s3.Bucket(f"b{i}") for i in range(31)] and None
            ),
            file,
        )


def test_every_name_is_there() -> None:
    assert all(callable(getattr(testing, name)) for name in testing.__all__)
