"""The AWS plane, judged by checkov: what it finds, which checks ran, and that it notices each control that is off."""

from dataclasses import replace

import pytest

from aiinfra.graph.node import Graph
from aiinfra.graph.terraform import plan_of
from tests.goldens import check_golden
from tests.judges.checkov_run import Verdict, of_plans
from tests.judges.controls import CONTROLS, FLIPS, MEMBERS, near, table, with_disks
from tests.programs import ROOT, programs

pytestmark = pytest.mark.judges

ACCEPTED = {
    "CKV2_AWS_62": "event notifications: nothing of ours listens to any",
    "CKV_AWS_144": "replication to another region: residency may forbid it",
}
"""Checks that fail, with the reason. None of them is among those of the controls."""

ACCEPTED_ON_ACCESS_LOGS = {
    "CKV_AWS_18": "a log of the log of accesses would grow by itself",
    "CKV_AWS_145": "S3 delivers access logs under its own key only",
}
"""Checks that fail on the bucket that holds the access logs, and on no other."""

ACCEPTED_OUTSIDE_ORGANIZATIONS = {
    "CKV2_AWS_3": "an account that does not administer its organization's threat detection cannot watch its members"
}
"""Checks that fail in an account without ``guard.organization``."""

ELSEWHERE = {"stacks/release-registry": {"CKV_AWS_18"}}
"""Programs to copy that leave something to whoever copies them: this one names no bucket for access logs."""


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Verdict]:
    """Of every program with AWS resources."""
    graphs = {one.name: one.graph() for one in programs()}
    judged = {
        name: plan_of(with_disks(graph))[0]
        for name, graph in graphs.items()
        if any(node.package == "aws" for node in graph)
    }
    found = of_plans(list(judged.values()), tmp_path_factory.mktemp("plans"))
    return dict(zip(judged, found, strict=True))


def surplus(failed: frozenset[tuple[str, str]], graph: Graph) -> set[str]:
    """What failed and is not accepted there."""
    members = any(node.type == MEMBERS for node in graph)
    accepted = set(ACCEPTED) if members else {*ACCEPTED, *ACCEPTED_OUTSIDE_ORGANIZATIONS}
    return {
        check
        for check, where in failed
        if check not in accepted and not (check in ACCEPTED_ON_ACCESS_LOGS and where.endswith("-access-logs-bucket"))
    }


def test_nothing_fails_but_what_is_accepted(verdicts: dict[str, Verdict]) -> None:
    graphs = {one.name: one.graph() for one in programs()}
    wrong = {name: surplus(failed, graphs[name]) for name, (failed, _) in verdicts.items()}
    assert {name: checks for name, checks in wrong.items() if checks} == ELSEWHERE
    seen = {check for failed, _ in verdicts.values() for check, _ in failed}
    everything = ACCEPTED | ACCEPTED_ON_ACCESS_LOGS | ACCEPTED_OUTSIDE_ORGANIZATIONS
    assert seen == set(everything)
    assert len(everything) <= 10
    assert not set(ACCEPTED) & {flip.judge for flip in FLIPS}
    page = (ROOT / "docs" / "judges.md").read_text(encoding="utf-8")
    assert [check for check in everything if f"| `{check}` |" not in page] == []


def test_which_checks_ran(verdicts: dict[str, Verdict], update_golden: bool) -> None:
    ran = {check for _, checks in verdicts.values() for check in checks}
    assert {flip.judge for flip in FLIPS if flip.external} <= ran
    check_golden("judges/checkov.txt", "\n".join(sorted(ran)) + "\n", update=update_golden)


def part(graph: Graph, urns: set[str]) -> Graph:
    return replace(graph, nodes={urn: node for urn, node in graph.nodes.items() if urn in urns})


@pytest.fixture(scope="module")
def noticed(tmp_path_factory: pytest.TempPathFactory) -> list[set[str]]:
    """What each flip, by itself, makes fail that did not."""
    graphs = {one.name: with_disks(one.graph()) for one in programs()}
    plans = []
    for flip in FLIPS:
        before = graphs[f"declarations/{flip.program}"]
        after = with_disks(flip.applied(before))
        seen = near(before, {urn for urn, node in before.nodes.items() if after.nodes.get(urn) != node})
        plans += [plan_of(part(before, seen))[0], plan_of(part(after, seen))[0]]
    found = [failed for failed, _ in of_plans(plans, tmp_path_factory.mktemp("flips"))]
    pairs = zip(found[::2], found[1::2], strict=True)
    return [{check for check, _ in after - before} for before, after in pairs]


@pytest.mark.parametrize("number", range(len(FLIPS)), ids=lambda n: f"{FLIPS[n].control}-{FLIPS[n].judge}-{n}")
def test_each_control_that_is_turned_off_is_noticed(number: int, noticed: list[set[str]]) -> None:
    if FLIPS[number].external:
        assert FLIPS[number].judge in noticed[number]
    else:
        assert noticed[number] == set(), "a check of checkov's notices: name it, instead of the review's"


def test_every_control_has_a_judge_that_others_wrote() -> None:
    external = {flip.control for flip in FLIPS if flip.external}
    assert set(CONTROLS) - external == {"A10", "A12"}  # no tool judges those: rules of ours do
    assert {flip.control for flip in FLIPS} == set(CONTROLS)


def test_an_account_without_an_organization_fails_what_is_accepted_there(noticed: list[set[str]]) -> None:
    (number,) = [index for index, flip in enumerate(FLIPS) if flip.judge in ACCEPTED_OUTSIDE_ORGANIZATIONS]
    assert noticed[number] == set(ACCEPTED_OUTSIDE_ORGANIZATIONS)


def test_the_page_shows_the_table(update_golden: bool) -> None:
    page = ROOT / "docs" / "judges.md"
    text = page.read_text(encoding="utf-8")
    start, end = text.index("| A1 |"), text.index("\n", text.index("| A20 |"))
    if update_golden:
        page.write_text(text[:start] + table() + text[end:], encoding="utf-8")
    else:
        assert text[start:end] == table()
