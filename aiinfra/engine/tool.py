"""Finds the Pulumi CLI and what it needs to run a Python program, and checks their versions."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Final

from aiinfra.errors import AiinfraError

INSTALL_PAGE: Final = "https://www.pulumi.com/docs/iac/download-install/"
OLDEST: Final = (3, 205, 0)
"""The first version that is accepted. Rehearsals were tried with 3.259 and 3.260."""
PARTS: Final = ("pulumi-language-python", "pulumi-language-python-exec")
"""What ``pulumi`` starts for a Python program; the vendor installs them beside it."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A usable Pulumi CLI."""

    file: Path
    version: str
    """``3.260.0``."""


def find_tool(path: str | None = None) -> Tool:
    """The CLI on ``path`` (by default the environment's ``PATH``).

    Raises:
        AiinfraError: ``pulumi-cli-missing``, ``pulumi-cli-incomplete``, ``pulumi-cli-old``.
    """
    found = shutil.which("pulumi", path=path)
    if found is None:
        raise AiinfraError("pulumi-cli-missing", "there is no Pulumi CLI on PATH", f"install it: {INSTALL_PAGE}")
    absent = [part for part in PARTS if shutil.which(part, path=path) is None]
    if absent:
        message = f"{found} is there, but {' and '.join(absent)} not: it cannot run Python programs"
        raise AiinfraError("pulumi-cli-incomplete", message, f"install the whole CLI: {INSTALL_PAGE}")
    version = _version(Path(found))
    if _numbers(version) < OLDEST:
        wanted = ".".join(str(part) for part in OLDEST)
        raise AiinfraError("pulumi-cli-old", f"{found} is Pulumi {version}; {wanted} or later is needed", INSTALL_PAGE)
    return Tool(Path(found), version)


def behind(tool: Tool, sdk: str | None = None) -> str:
    """What to say where the CLI is older than the Python SDK (by default the one installed here); empty: it is not.

    An SDK asks the CLI what it can do, and leaves out what it cannot; the vendor releases and tests the two together.
    """
    sdk = installed_version("pulumi") if sdk is None else sdk
    if _numbers(tool.version) >= _numbers(sdk):
        return ""
    return f"the Pulumi CLI is {tool.version}, its Python SDK {sdk}: options that are new in the SDK may be ignored"


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("-", 1)[0].split("."))


def _version(file: Path) -> str:
    environment = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"}
    try:
        run = subprocess.run(  # noqa: S603 - the file that PATH names
            [str(file), "version"], env=environment, capture_output=True, text=True, timeout=60, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise AiinfraError(
            "pulumi-cli-incomplete", f"{file} does not run: {error}", f"install it again: {INSTALL_PAGE}"
        ) from None
    return run.stdout.strip().removeprefix("v")
