"""Projects side by side: upstreams first, their outputs known downstream."""

from pathlib import Path

import pytest

from aiinfra.errors import BadInput
from aiinfra.graph.child import collect_in_subprocess
from aiinfra.graph.node import Mode
from aiinfra.graph.projects import collect_projects, collect_with_upstreams

TRAINING = """
import pulumi, pulumi_aws as aws
cluster = aws.eks.Cluster("cluster", role_arn="r", vpc_config={"subnet_ids": []})
pulumi.export("endpoint", cluster.endpoint)
"""
PLATFORM = """
import pulumi, pulumi_aws as aws
training = pulumi.StackReference(f"organization/training/{pulumi.get_stack()}")
pulumi.export("address", training.require_output("endpoint"))
"""
FLEET = """
import pulumi, pulumi_aws as aws
platform = pulumi.StackReference(f"organization/platform/{pulumi.get_stack()}")
other = pulumi.StackReference("organization/platform/elsewhere")
aws.s3.Bucket("b", tags={"a": platform.require_output("address"), "b": other.get_output("address")})
"""


@pytest.fixture
def chain(project, tmp_path: Path) -> Path:
    # Names sorted against the arrows, so that the order is found and not met.
    project(FLEET, name="a-fleet", yaml="")
    (tmp_path / "a-fleet" / "Pulumi.yaml").write_text("name: fleet\nruntime: python\n")
    project(PLATFORM, name="platform")
    project(TRAINING, name="training")
    return tmp_path


@pytest.mark.parametrize("mode", Mode)
def test_upstreams_come_first_and_answer(chain, mode) -> None:
    graphs = collect_projects(chain, mode=mode)
    assert list(graphs) == ["training", "platform", "fleet"]
    assert [graph.mode for graph in graphs.values()] == [mode] * 3
    assert graphs["fleet"].one("aws:s3/bucket:Bucket").inputs == {
        "tags": {"a": "cluster.endpoint", "b": {"$unknown": True}}
    }
    assert [(f.id, f.source) for f in graphs["fleet"].findings] == [("upstream-missing", "__main__.py:4")]
    assert graphs["platform"].findings == ()


def test_one_program_runs_only_what_it_needs(chain, project) -> None:
    project("raise RuntimeError('not needed')", name="broken")
    (chain / "not-python").mkdir()
    (chain / "not-python" / "Pulumi.yaml").write_text("name: web\nruntime: nodejs\n")
    graph = collect_with_upstreams(chain / "a-fleet", mode=Mode.PREVIEW)
    assert graph.one("aws:s3/bucket:Bucket").inputs["tags"]["a"] == "cluster.endpoint"


def test_in_processes_of_their_own(chain) -> None:
    graph = collect_with_upstreams(chain / "platform", collect=collect_in_subprocess)
    assert graph.outputs == {"address": "cluster.endpoint"}


def test_a_circle_is_named(project, tmp_path) -> None:
    for name, other in [("one", "two"), ("two", "one")]:
        project(f"import pulumi\npulumi.StackReference('organization/{other}/production')\n", name=name)
    with pytest.raises(BadInput, match="one -> two -> one") as caught:
        collect_projects(tmp_path)
    assert caught.value.code == "reference-cycle"


def test_two_projects_of_one_name(project, tmp_path) -> None:
    for folder in ("one", "two"):
        project("", name=folder)
        (tmp_path / folder / "Pulumi.yaml").write_text("name: same\nruntime: python\n")
    with pytest.raises(BadInput, match="one and two are both project 'same'") as caught:
        collect_projects(tmp_path)
    assert caught.value.code == "project-twice"


@pytest.mark.parametrize("name", ["", "nowhere"])
def test_no_projects(tmp_path, name) -> None:
    with pytest.raises(BadInput) as caught:
        collect_projects(tmp_path / name)
    assert caught.value.code == "program-missing"
