"""Two versions of a program: a git revision and the work tree, or two revisions, each collected in its own process."""

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

from aiinfra.compiler.programs import is_declaration, programs
from aiinfra.errors import AiinfraError, BadInput
from aiinfra.estimate.estimate import Estimate
from aiinfra.estimate.read import estimate_declaration
from aiinfra.graph.diff import diff
from aiinfra.graph.node import Graph, Mode
from aiinfra.review.build import review
from aiinfra.review.credentials import mask_text
from aiinfra.review.document import Document
from aiinfra.review.environments import Told, environment, requirements_of, upgrades, wanted
from aiinfra.review.figures import estimated, unestimated
from aiinfra.review.pricing import billed
from aiinfra.review.repository import WORKTREE, Repository
from aiinfra.review.upgrade import Upgrade
from aiinfra.review.versions import Compared, Side, Version, blamed


def review_revisions(compared: Compared, told: Told = lambda _words: None) -> list[Document]:
    """The review of a program; of a declaration, one for each project it compiles to.

    Where the two versions ask for different libraries, each runs with its own: ``told`` hears what is being installed.
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
        pythons = _interpreters(before, after, compared, told)
        declared = [_estimate(side, compared) for side in (before, after)]
        if not old and not new and declared == [None, None]:
            message = f"{compared.program} is in neither version: {before.words}; {after.words}"
            raise BadInput("program-missing", message, "name a Pulumi project's folder, a Python file or a declaration")
        first = [_declared(before, after, declared)] if declared != [None, None] and not compared.project else []
        return first + [
            _one(
                Version(before, old.get(name), compared, key, python=pythons[0], name=name),
                Version(after, new.get(name), compared, key, python=pythons[1], name=name),
            )
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
        yield Side(root, words, root / relative, repository.tree(revision))


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
            raise blamed(side, error) from None
        if list(found.values()) == [path]:
            # Named alike in both versions, whatever the folder of a checkout is called.
            found = {"program": path} if path.is_file() or _holds_program(path) else {}
        yield found


def _holds_program(folder: Path) -> bool:
    return any((folder / name).is_file() for name in ("Pulumi.yaml", "Pulumi.yml"))


def _interpreters(before: Side, after: Side, compared: Compared, told: Told) -> tuple[str, str]:
    """What runs each version; the same for both unless their requirements differ."""
    same = compared.python, compared.python
    sides = [side for side in (before, after) if side.program.exists() and not is_declaration(side.program)]
    if not compared.own_libraries or len(sides) < 2:
        return same
    files = [requirements_of(side.program, side.root) for side in sides]
    if None in files or wanted(files[0]) == wanted(files[1]):
        return same
    made = [
        environment(file, compared.python, lambda words, side=side: told(f"{side.words}: {words}"))
        for side, file in zip(sides, files, strict=True)
        if file is not None
    ]
    return made[0], made[1]


def _upgrade(old: Version, new: Version, before: Graph | None) -> tuple[Upgrade | None, str]:
    """What the later libraries do to the earlier program; a note where it does not run with them."""
    libraries = upgrades(old.python, new.python) if before is not None and new.path is not None else ()
    if not libraries or before is None:
        return None, ""
    try:
        between = replace(old, python=new.python).collect(Mode.SYMBOLIC)
    except AiinfraError as error:
        reason = mask_text(error.message.partition("\n")[0])
        note = f"What the libraries change by themselves is not told: with the later ones, {reason}"
        return Upgrade(libraries, {}), note
    return Upgrade.of(libraries, diff(before, between or before)), ""


def _one(old: Version, new: Version) -> Document:
    before, after = old.collect(Mode.SYMBOLIC), new.collect(Mode.SYMBOLIC)
    known = before or after
    if known is None:
        raise ValueError("a program is in one version at least")
    nothing = replace(known, nodes={}, outputs={}, invokes=(), findings=())
    difference = diff(before or nothing, after or nothing)
    preview, note = new.preview() if difference else (None, "")
    words = f"Compares {new.side.words} with {old.side.words}."
    upgrade, doubt = _upgrade(old, new, before)
    document = review(
        difference,
        compared=words,
        before=old.side.words,
        after=new.side.words,
        preview=preview,
        upgrade=upgrade,
    )
    document = billed(document, _day(old.compared), (old, before), (new, after))
    return replace(document, notes=(*document.notes, *filter(None, (note, doubt))))
