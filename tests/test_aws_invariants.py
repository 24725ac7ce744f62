"""What holds of every AWS resource of every program: tags, fixed names, partitions."""

import pytest

from tests.programs import Program, programs

PROGRAMS = pytest.mark.parametrize(
    "program",
    [one for one in programs() if any(node.package == "aws" for node in one.graph())],
    ids=lambda program: program.name,
)
NAMES = ("name", "bucket", "policyName", "roleName", "groupName", "repositoryName")

CHOICES = {"aws:guardduty/detectorFeature:DetectorFeature"}
"""Types whose ``name`` says which of several things it is."""


@PROGRAMS
def test_everything_is_tagged_through_its_provider(program: Program) -> None:
    graph = program.graph()
    for node in graph:
        if node.package != "aws" or not node.custom:
            continue
        provider = graph.nodes[node.provider]
        tags = provider.inputs["defaultTags"]
        assert '"owner"' in tags, node.urn
        assert '"cost-center"' in tags, node.urn


@PROGRAMS
def test_what_machines_bring_along_is_tagged_too(program: Program) -> None:
    for node in program.graph().of_type("aws:ec2/launchTemplate:LaunchTemplate"):
        tagged = {item["resourceType"]: set(item["tags"]) for item in node.inputs["tagSpecifications"]}
        assert {"instance", "volume"} <= set(tagged), node.urn
        assert all({"owner", "cost-center"} <= found for found in tagged.values()), node.urn


@PROGRAMS
def test_a_fixed_name_is_protected_or_made_free_first(program: Program) -> None:
    """Otherwise a replacement would ask for a name that is still taken."""
    for node in program.graph():
        if node.package != "aws" or not node.custom or node.read or node.type in CHOICES:
            continue
        fixed = [
            key for key in NAMES if isinstance(node.inputs.get(key), str) and not node.property_dependencies.get(key)
        ]
        assert not fixed or node.protect or node.delete_before_replace, (node.urn, fixed)


@PROGRAMS
def test_no_arn_is_of_another_partition(program: Program) -> None:
    graph = program.graph()
    for provider in graph.of_type("pulumi:providers:aws"):
        region = str(provider.inputs.get("region", ""))
        partition = "aws-cn" if region.startswith("cn-") else "aws-us-gov" if region.startswith("us-gov-") else "aws"
        text = graph.to_text()
        assert all(f"arn:{other}:" not in text for other in {"aws", "aws-cn", "aws-us-gov"} - {partition}), region
