"""A program's recorded graphs, to hold the engine against, and the projects it refers to."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiinfra.errors import AiinfraError, BadInput
from aiinfra.graph.functions import answer
from aiinfra.graph.node import Graph, Mode
from aiinfra.graph.program import Program
from aiinfra.graph.projects import collect_with_upstreams, upstream_programs
from aiinfra.graph.urn import STACK_REFERENCE_TYPE


@dataclass(frozen=True, slots=True)
class Recording:
    """``why``: what kept a program from being recorded; then there are no graphs."""

    preview: Graph | None = None
    symbolic: Graph | None = None
    upstreams: tuple[Program, ...] = ()
    """In the order they must be applied."""
    why: str = ""


def record(program: Program, stack: str, config: Mapping[str, str] | None = None) -> Recording:
    """Record ``program`` both ways; provider functions are answered as the stand-ins answer them.

    Raises:
        BadInput: the program, or its project, cannot be read.
    """
    options: dict[str, Any] = {"stack": stack, "config": config, "invoke": _unheard, "stand_ins": True}
    path = program.main if program.root == program.folder else program.root
    try:
        preview = collect_with_upstreams(path, mode=Mode.PREVIEW, **options)
        symbolic = collect_with_upstreams(path, mode=Mode.SYMBOLIC, **options)
        refers = symbolic.of_type(STACK_REFERENCE_TYPE)
        upstreams = upstream_programs(path, **options) if refers else ()
    except BadInput:
        raise
    except AiinfraError as error:
        return Recording(why=f"it was not recorded, so nothing could be compared: {error.message}")
    return Recording(preview, symbolic, upstreams)


def _unheard(token: str, arguments: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """A function that nobody knows gives back what it was asked; all others get the stand-ins of a review."""
    return arguments if answer(token, arguments, {}) is None else None
