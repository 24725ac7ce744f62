"""What went wrong in a program, as one message with the user's own line."""

import sys
from collections.abc import Callable

from pulumi.config import ConfigMissingError, ConfigTypeError

from aiinfra.errors import AiinfraError, did_you_mean
from aiinfra.graph.assuming import ConfigurationError
from aiinfra.graph.places import Places, frames_of
from aiinfra.graph.program import Program


def failure_of(
    error: BaseException, places: Places, scrub: Callable[[str], str], program: Program | None = None, stack: str = ""
) -> AiinfraError:
    """The error to show: one of ours as it is, anything else as ``program-failed`` or one of its siblings.

    ``scrub`` takes the values of secrets out of the text; ``program`` and ``stack`` say where configuration is kept.
    """
    for link in _chain(error):
        if isinstance(link, AiinfraError):
            return _with_place(link, places)
    place = _place(error, places)
    at = f"{place}: " if place else ""
    for link in _chain(error):
        if isinstance(link, ConfigMissingError):
            secret = "--secret " if link.secret else ""
            message = f"{at}the program needs the configuration key {link.key!r}, which is not set"
            remedy = f"{_where(program, stack)} (pulumi config set {secret}{link.key} VALUE)"
            return ConfigurationError("config-missing", message, remedy, key=link.key, secret=link.secret)
        if isinstance(link, ConfigTypeError):
            message = f"{at}the configuration key {link.key!r} is not a valid {link.expect_type}"
            remedy = f"give {link.key} a value of that type; an encrypted value is never decrypted here, so it is text"
            return ConfigurationError("config-type", message, remedy, key=link.key, wanted=link.expect_type)
    if isinstance(error, SyntaxError):
        where = places.first([(error.filename or "", error.lineno or 0)]) if error.filename else place
        return AiinfraError("program-failed", f"{where}: {type(error).__name__}: {error.msg}", "correct the program")
    if isinstance(error, SystemExit):
        remedy = "let the program reach its end, or raise an error that says why it cannot"
        return AiinfraError("program-failed", f"{at}the program ended itself with sys.exit({error.code!r})", remedy)
    if isinstance(error, ModuleNotFoundError):
        remedy = f"install it in the environment of {sys.executable}, or run the program with its own Python"
        return AiinfraError("program-failed", f"{at}{type(error).__name__}: {error}", remedy)
    text = scrub(str(error)).strip()
    name = type(error).__name__
    return AiinfraError("program-failed", f"{at}{name}: {text}" if text else f"{at}{name}", "correct the program")


def _with_place(error: AiinfraError, places: Places) -> AiinfraError:
    """What the monitor refused says which line asked for it, where that line was waiting for the answer."""
    place = _place(error, places) if error.code in ("invoke-unanswered", "call-refused") else ""
    return AiinfraError(error.code, f"{place}: {error.message}", error.remedy) if place else error


def _where(program: Program | None, stack: str) -> str:
    """What to do about a missing key."""
    if program is None:
        return "give it in config"
    file = program.stack_file(stack)
    if file.is_file():
        return f"add it to {file.name}"
    others = ", ".join(program.stacks)
    there = f"; there are stacks {others}{did_you_mean(stack, program.stacks)}" if others else ""
    return f"add it to {file.name}, which is not there yet{there}"


def _place(error: BaseException, places: Places) -> str:
    """The user's line nearest to where the error arose; causes count, since the SDK wraps what it catches."""
    frames = [frame for link in _chain(error) for frame in frames_of(link.__traceback__)]
    mine = [frame for frame in frames if places.users(frame[0]) is not None]
    return places.first(mine)


def _chain(error: BaseException) -> list[BaseException]:
    """The error's causes, the first cause first."""
    links: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and link not in links:
        links.append(link)
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
    return links[::-1]
