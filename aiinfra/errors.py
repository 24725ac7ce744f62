"""The base error, its stable codes and the exit code each kind of failure ends a command with.

A user's mistake never shows a traceback: commands print :func:`AiinfraError.render` and exit with ``exit_code``.
Every code is documented in ``docs/errors/`` under a heading of the same name; a test holds the two together.
"""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from enum import IntEnum
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from aiinfra.findings import Finding


class Exit(IntEnum):
    """Exit codes of every command."""

    DONE = 0
    FAILED = 1
    """A gate or a run failed: the input was understood, the answer is no."""
    BAD_INPUT = 2
    REFUSED = 3
    """Refused to overwrite a person's work or to start something twice."""
    BUG = 70


class AiinfraError(Exception):
    """Something a user can act on: what is wrong (``message``), and what to do about it (``remedy``)."""

    exit_code: ClassVar[Exit] = Exit.FAILED

    def __init__(self, code: str, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.remedy = remedy

    def render(self) -> str:
        """The text a terminal shows: a first line with the code, then the likely fix."""
        first = f"error[{self.code}]: {self.message}"
        return f"{first}\n  fix: {self.remedy}" if self.remedy else first


class BadInput(AiinfraError):
    """The input cannot be used as it is. Carries every problem found, not only the first."""

    exit_code = Exit.BAD_INPUT

    def __init__(self, code: str, message: str, remedy: str = "", findings: Iterable["Finding"] = ()) -> None:
        super().__init__(code, message, remedy)
        self.findings = tuple(findings)

    def render(self) -> str:
        """One paragraph a problem; a count first where there are several."""
        if not self.findings:
            return super().render()
        body = "\n".join(finding.render() for finding in self.findings)
        return f"error[{self.code}]: {self.message}\n{body}"


class Refused(AiinfraError):
    """Would have overwritten a person's work, or started what already runs."""

    exit_code = Exit.REFUSED


def did_you_mean(value: str, allowed: Sequence[str]) -> str:
    """``"; did you mean 'x'?"`` for the nearest allowed value, or the empty string when none is near."""
    near = get_close_matches(value.lower(), [a.lower() for a in allowed], n=1, cutoff=0.6)
    if not near:
        return ""
    original = next(a for a in allowed if a.lower() == near[0])
    return f"; did you mean {original!r}?"
