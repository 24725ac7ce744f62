"""Two versions of a program: a git revision and the work tree, or two revisions, each collected in its own process."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from aiinfra.catalogue import additions
from aiinfra.compiler.programs import is_declaration, programs
from aiinfra.errors import AiinfraError, BadInput
from aiinfra.estimate.bill import Bill
from aiinfra.estimate.estimate import Estimate
from aiinfra.estimate.read import day, estimate_declaration
from aiinfra.graph.child import collect_in_subprocess
from aiinfra.graph.diff import diff
from aiinfra.graph.node import Graph, Mode
from aiinfra.graph.program import find
from aiinfra.graph.projects import collect_with_upstreams
from aiinfra.review.billing import bill_of, region_of, with_bills, without_bill
from aiinfra.review.build import review
from aiinfra.review.credentials import mask_text
from aiinfra.review.digest import read_digest
from aiinfra.review.document import Document
from aiinfra.review.engine import difference
from aiinfra.review.figures import estimated, unestimated
from aiinfra.review.last_look import masked
from aiinfra.review.repository import WORKTREE, Repository


@dataclass(frozen=True, slots=True)
class Compared:
    """What to compare. ``base`` empty: where the work tree left the default branch. ``head``: a revision or the work
    tree. ``python``: the interpreter that runs both versions."""

    program: Path
    base: str = ""
    head: str = WORKTREE
    stack: str = "production"
    project: str = ""
    """Of a declaration: the one project to review; empty: all."""
    python: str = sys.executable
    against: Path | None = None
    """Compare with the program at this path, instead of a revision."""
    config: Mapping[str, str] = field(default_factory=dict)
    """Configuration on top of the stack's own, for both versions."""
    assume_config: bool = False
    """Run with stand-ins where configuration is missing."""


def review_preview(compared: Compared, text: str, name: str) -> Document:
    """The review of an engine's preview (``pulumi preview --json``), with what the program's graph adds to it.

    The stack is the preview's. Where the program cannot be recorded, the review goes without, and says so.

    Raises:
        BadInput: ``preview-invalid``; ``preview-mismatch`` where it is of another project than the program.
    """
    digest = read_digest(text, name)
    file = find(compared.program)
    if file.settings and file.name != digest.project:
        message = f"{name} is of the project {digest.project}, and {compared.program} is {file.name}"
        raise BadInput("preview-mismatch", message, "name the program that was previewed")
    compared = replace(compared, stack=digest.stack)
    side = Side(file.root, "the program", compared.program)
    notes = [f"The preview did not end well: {mask_text(error)}" for error in digest.errors]
    try:
        program = _Program(side, compared.program, compared, os.urandom(32)).collect(Mode.SYMBOLIC)
    except AiinfraError as error:
        program = None
        notes.append(f"Source lines are missing, since the program could not be recorded: {error.message}")
    found, seen = difference(digest, program)
    words = f"Reads the engine's preview in {name}."
    document = review(found, compared=words, before="the stack", after="the preview", preview=seen, engine=True)
    return replace(document, notes=(*document.notes, *notes))


@dataclass(frozen=True, slots=True)
class Side:
    """One version: where its files are, and what it is called."""

    root: Path
    words: str
    program: Path
    """The program, below ``root``."""


def review_revisions(compared: Compared) -> list[Document]:
    """The review of a program; of a declaration, one for each project it compiles to.

    A program that one version does not have counts as empty there: all is created, or all destroyed.

    Raises:
        BadInput: ``repository-missing``, ``revision-unknown``, ``base-unknown``; ``program-missing`` where neither
            version has it.
        AiinfraError: what collecting a version raises, with that version's name before it; ``git-missing``.
    """
    key = os.urandom(32)
    with ExitStack() as stack:
        before, after = (stack.enter_context(side) for side in _sides(compared))
        old = stack.enter_context(_found(before, compared))
        new = stack.enter_context(_found(after, compared))
        declared = [_estimate(side, compared) for side in (before, after)]
        if not old and not new and declared == [None, None]:
            message = f"{compared.program} is in neither version: {before.words}; {after.words}"
            raise BadInput("program-missing", message, "name a Pulumi project's folder, a Python file or a declaration")
        first = [_declared(before, after, declared)] if declared != [None, None] and not compared.project else []
        return first + [
            _one(_Program(before, old.get(name), compared, key), _Program(after, new.get(name), compared, key))
            for name in sorted(old.keys() | new.keys())
        ]


def _estimate(side: Side, compared: Compared) -> Estimate | str | None:
    """The estimate of a declaration; why there is none; None where the version holds no declaration."""
    if not side.program.exists() or not is_declaration(side.program):
        return None
    try:
        return estimate_declaration(side.program, compared.stack, _day(compared), None)[0]
    except AiinfraError as error:
        return mask_text(error.message.partition("\n")[0]).replace(f"{side.root}/", "")


def _day(compared: Compared) -> str:
    """What ages of figures are against: the day of the later version's commit; today where there is none."""
    if compared.against is not None:
        return ""
    return Repository.around(compared.program).date(compared.head)


def _declared(before: Side, after: Side, found: list[Estimate | str | None]) -> Document:
    """What the declaration costs, draws and emits in both versions."""
    words = f"Compares {after.words} with {before.words}."
    reasons = [side for side in found if isinstance(side, str)]
    if reasons:
        return unestimated("The declaration", words, reasons[0])
    old, new = (side if isinstance(side, Estimate) else None for side in found)
    known = new or old
    return estimated(old, new, title=f"{known.name if known else ''}, the declaration", compared=words)


def _sides(compared: Compared) -> tuple[Any, Any]:
    if compared.against is not None:
        return _at(compared.against), _at(compared.program)
    repository = Repository.around(compared.program)
    place = compared.program.resolve()
    relative = place.relative_to(repository.root) if place.is_relative_to(repository.root) else Path()
    if compared.base:
        before = _version(repository, compared.base, relative)
    else:
        base = repository.base()
        before = _checkout(repository, base.revision, base.words, relative)
    return before, _version(repository, compared.head, relative)


def _at(program: Path) -> Any:
    place = program.resolve()
    return nullcontext(Side(place if place.is_dir() else place.parent, str(program), place))


def _version(repository: Repository, revision: str, relative: Path) -> Any:
    if revision == WORKTREE:
        return nullcontext(Side(repository.root, "the work tree", repository.root / relative))
    return _checkout(repository, revision, repository.short(revision), relative)


@contextmanager
def _checkout(repository: Repository, revision: str, words: str, relative: Path) -> Iterator[Side]:
    with repository.files(revision) as root:
        yield Side(root, words, root / relative)


@contextmanager
def _found(side: Side, compared: Compared) -> Iterator[Mapping[str, Path]]:
    """The programs of a version, by name; none where the path is not there, or is a folder without a program."""
    path = side.program
    if not path.exists():
        yield {}
        return
    with ExitStack() as stack:
        try:
            found = stack.enter_context(programs(path, compared.stack, compared.project))
        except AiinfraError as error:
            raise _blamed(side, error) from None
        if list(found.values()) == [path]:
            # Named alike in both versions, whatever the folder of a checkout is called.
            found = {"program": path} if path.is_file() or _holds_program(path) else {}
        yield found


def _holds_program(folder: Path) -> bool:
    return any((folder / name).is_file() for name in ("Pulumi.yaml", "Pulumi.yml"))


@dataclass(frozen=True, slots=True)
class _Program:
    """One program in one version; ``path`` is missing where that version does not have it."""

    side: Side
    path: Path | None
    compared: Compared
    key: bytes

    def collect(self, mode: Mode) -> Graph | None:
        """Its graph."""
        if self.path is None:
            return None
        try:
            graph = collect_with_upstreams(
                self.path,
                stack=self.compared.stack,
                mode=mode,
                collect=collect_in_subprocess,
                python=self.compared.python,
                config=self.compared.config,
                stand_ins=True,
                assume_config=self.compared.assume_config,
                fingerprint_key=self.key,
            )
        except AiinfraError as error:
            raise _blamed(self.side, error) from None
        return _without_folder(graph, self.path if self.path.is_dir() else self.path.parent, self.side.root)

    def preview(self) -> tuple[Graph | None, str]:
        """Its graph as a first preview sees it; a note where it fails so."""
        try:
            return self.collect(Mode.PREVIEW), ""
        except AiinfraError as error:
            reason = mask_text(error.message.partition("\n")[0])
            return None, f"What is unknown until apply is not told: as a first preview would run it, {reason}"


def _one(old: _Program, new: _Program) -> Document:
    before, after = old.collect(Mode.SYMBOLIC), new.collect(Mode.SYMBOLIC)
    known = before or after
    if known is None:
        raise ValueError("a program is in one version at least")
    nothing = replace(known, nodes={}, outputs={}, invokes=(), findings=())
    difference = diff(before or nothing, after or nothing)
    preview, note = new.preview() if difference else (None, "")
    words = f"Compares {new.side.words} with {old.side.words}."
    document = review(difference, compared=words, before=old.side.words, after=new.side.words, preview=preview)
    document = _billed(document, (old, before), (new, after))
    return replace(document, notes=(*document.notes, note)) if note else document


def _billed(document: Document, *sides: tuple[_Program, Graph | None]) -> Document:
    """The document with what the two graphs cost; a reason in its notes where that cannot be told."""
    bills: list[Bill | None] = []
    for program, graph in sides:
        if graph is None or program.path is None:
            bills.append(None)
            continue
        folder = program.path if program.path.is_dir() else program.path.parent
        compared = program.compared
        try:
            region = compared.config.get("aws:region") or region_of(program.path, compared.stack)
            bills.append(bill_of(graph, additions.beside(folder), region, day(_day(compared))))
        except AiinfraError as error:
            reason = mask_text(error.message.partition("\n")[0]).replace(f"{program.side.root}/", "")
            return without_bill(document, reason)
    return masked(with_bills(document, *bills))


def _blamed(side: Side, error: AiinfraError) -> AiinfraError:
    """The same error, saying which version it is about; what a program wrote is masked."""
    message = mask_text(f"in {side.words}: {error.message}").replace(f"{side.root}/", "")
    if isinstance(error, BadInput):
        return BadInput(error.code, message, error.remedy, error.findings)
    return AiinfraError(error.code, message, error.remedy)


def _without_folder(graph: Graph, *folders: Path) -> Graph:
    """The graph without the places its files were in: they are others on each side."""
    names = sorted({str(each) for folder in folders for each in (folder, folder.resolve())}, key=len, reverse=True)
    nodes = {
        own: replace(node, inputs=_cut(node.inputs, names), outputs=_cut(node.outputs, names))
        for own, node in graph.nodes.items()
    }
    return replace(graph, nodes=nodes, outputs=_cut(graph.outputs, names))


def _cut(value: Any, names: list[str]) -> Any:
    if isinstance(value, str):
        for name in names:
            if name in value:
                value = value.replace(f"{name}/", "").replace(name, ".")
        return value
    if isinstance(value, Mapping):
        return {key: _cut(item, names) for key, item in value.items()}
    return [_cut(item, names) for item in value] if isinstance(value, list) else value
