"""What the end-to-end tests share: the real CLI, where it is."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from aiinfra.engine.cloud import Cloud
from aiinfra.engine.faults import Faults
from aiinfra.engine.providers import installed
from aiinfra.engine.standin import serve
from aiinfra.engine.tool import Tool, find_tool
from aiinfra.engine.workplace import Workplace, workplace
from aiinfra.errors import AiinfraError

HERE = Path(__file__).parent
CLUSTER = HERE / "test_cluster.py"
"""Needs a control plane; every other test here needs the CLI."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where there is no usable CLI, what needs it is skipped, for one reason."""
    mine = [item for item in items if HERE in item.path.parents]
    for item in mine:
        item.add_marker(pytest.mark.e2e)
        item.add_marker(pytest.mark.timeout(900))
    try:
        find_tool()
    except AiinfraError as error:
        why = f"the Pulumi CLI: {error.message}, see aiinfra doctor"
        for item in mine:
            if item.path != CLUSTER:
                item.add_marker(pytest.mark.skip(reason=why))


@pytest.fixture(scope="session")
def tool() -> Tool:
    return find_tool()


class Stage:
    """A workplace, and the cloud it works on."""

    def __init__(self, place: Workplace, cloud: Cloud, faults: Faults) -> None:
        self.place, self.cloud, self.faults = place, cloud, faults


@pytest.fixture
def stage(tool: Tool) -> Iterator[Stage]:
    cloud, faults = Cloud(), Faults()
    with ExitStack() as stack:
        addresses = stack.enter_context(serve(installed(), cloud, faults))
        yield Stage(stack.enter_context(workplace(tool, addresses)), cloud, faults)


Table = Callable[[str, str], None]
_LINES = pytest.StashKey[dict[str, str]]()


@pytest.fixture
def table(request: pytest.FixtureRequest) -> Table:
    """Takes lines that are printed after the last test: projects x phases."""
    return request.config.stash.setdefault(_LINES, {}).__setitem__


def skipped(reports: list[pytest.TestReport]) -> str:
    """One line for all that was skipped here: how many, and what each lot needs; empty where nothing was."""
    whys = Counter(
        report.longrepr[2].removeprefix("Skipped: ")
        for report in reports
        if isinstance(report.longrepr, tuple) and "tests/e2e" in report.nodeid
    )
    lots = "; ".join(f"{count} need {why}" for why, count in sorted(whys.items()))
    return f"end to end: {whys.total()} skipped: {lots}" if lots else ""


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    left_out = skipped(terminalreporter.stats.get("skipped", []))
    if left_out:
        terminalreporter.write_line(left_out)
    lines = config.stash.get(_LINES, {})
    if lines:
        terminalreporter.section("projects x phases, in seconds")
    for name, line in sorted(lines.items()):
        terminalreporter.write_line(f"{name:44} {line}")
