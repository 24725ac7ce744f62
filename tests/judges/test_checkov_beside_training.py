"""Account, registry and machines that come and go, judged by checkov; and their controls, turned off."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from aiinfra.graph.node import Graph, Node
from aiinfra.graph.terraform import plan_of
from tests.judges.test_checkov import (
    ACCEPTED,
    ACCEPTED_ON_ACCESS_LOGS,
    changed,
    checkov,  # noqa: F401 - a fixture
    drop,
    gone,
    judged,
    put,
)
from tests.programs import programs

pytestmark = pytest.mark.judges

TRAIL, DETECTOR = "aws:cloudtrail/trail:Trail", "aws:guardduty/detector:Detector"
REPOSITORY = "aws:ecr/repository:Repository"
MEMBERS = "aws:guardduty/organizationConfiguration:OrganizationConfiguration"

FLIPPED: dict[str, dict[str, tuple[str, Callable[[Node], Node | None]]]] = {
    "account": {
        "CKV_AWS_67": ("A15", changed(TRAIL, put("isMultiRegionTrail", False))),
        "CKV_AWS_36": ("A15", changed(TRAIL, put("enableLogFileValidation", False))),
        "CKV_AWS_35": ("A15", changed(TRAIL, drop("kmsKeyId"))),
        "CKV_AWS_252": ("A15", changed(TRAIL, drop("snsTopicName"))),
        "CKV2_AWS_10": ("A15", changed(TRAIL, drop("cloudWatchLogsGroupArn"))),
        "CKV_AWS_238": ("A16", changed(DETECTOR, put("enable", False))),
        "CKV2_AWS_3": ("A16", gone(MEMBERS)),
        "CKV_AWS_26": ("A20", changed("aws:sns/topic:Topic", drop("kmsMasterKeyId"), "alarms-topic")),
    },
    "registry": {
        "CKV_AWS_51": ("A18", changed(REPOSITORY, put("imageTagMutability", "MUTABLE"), "chart-kueue")),
        "CKV_AWS_163": ("A18", changed(REPOSITORY, drop("imageScanningConfiguration"), "chart-kueue")),
        "CKV_AWS_136": ("A18", changed(REPOSITORY, drop("encryptionConfigurations"), "chart-kueue")),
    },
    "training": {
        "CKV_AWS_27": ("A20", changed("aws:sqs/queue:Queue", put("sqsManagedSseEnabled", False))),
    },
}
"""Project -> check that must notice -> the control, and how it is turned off."""


def graph(project: str) -> Graph:
    return next(program for program in programs() if program.name == f"declarations/elastic/{project}").graph()


@pytest.mark.parametrize("project", sorted(FLIPPED))
def test_nothing_fails_but_what_is_accepted(checkov: Path, project: str) -> None:  # noqa: F811
    failed, ran = judged(checkov, plan_of(graph(project))[0])
    accepted = {
        (check, where)
        for check, where in failed
        if check in ACCEPTED or (check in ACCEPTED_ON_ACCESS_LOGS and where.endswith("-access-logs-bucket"))
    }
    assert failed - accepted == set()
    assert set(FLIPPED[project]) <= ran


@pytest.mark.parametrize("project", sorted(FLIPPED))
def test_each_control_that_is_turned_off_is_noticed(checkov: Path, project: str) -> None:  # noqa: F811
    nodes = dict(graph(project).nodes)
    for check, (_, flip) in FLIPPED[project].items():
        flipped = {urn: after for urn, node in nodes.items() if (after := flip(node)) is not None}
        assert flipped != nodes, f"nothing was changed for {check}"
        nodes = flipped
    base, _ = judged(checkov, plan_of(graph(project))[0])
    failed, _ = judged(checkov, plan_of(replace(graph(project), nodes=nodes))[0])
    assert sorted(set(FLIPPED[project]) - {check for check, _ in failed - base}) == []
