"""What the end-to-end tests share: the real CLI, where it is."""

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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where there is no usable CLI, every test here is skipped, for one reason."""
    here = Path(__file__).parent
    mine = [item for item in items if here in item.path.parents]
    try:
        find_tool()
    except AiinfraError as error:
        why = f"{error.message}: see aiinfra doctor"
        for item in mine:
            item.add_marker(pytest.mark.skip(reason=why))
    for item in mine:
        item.add_marker(pytest.mark.e2e)
        item.add_marker(pytest.mark.timeout(900))


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


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    lines = config.stash.get(_LINES, {})
    if lines:
        terminalreporter.section("projects x phases, in seconds")
    for name, line in sorted(lines.items()):
        terminalreporter.write_line(f"{name:44} {line}")
