"""The difference of two graphs -> the document of its review."""

from collections.abc import Iterator, Sequence
from enum import Enum

from aiinfra.findings import Finding
from aiinfra.graph.aws_values import refused_values
from aiinfra.graph.change import compare
from aiinfra.graph.diff import GraphDiff, Operation, ResourceChange
from aiinfra.graph.node import Graph, Mode
from aiinfra.graph.refused import refused
from aiinfra.review.document import MADE_UP, SPENDS, Detail, Document, Group, Level, Line, Loss, Opening, Unknown
from aiinfra.review.folding import Unit, plural, units
from aiinfra.review.last_look import masked
from aiinfra.review.losses import Losses, is_loss, order
from aiinfra.review.naming import Names, kind
from aiinfra.review.openings.money import PURCHASE
from aiinfra.review.picture import picture
from aiinfra.review.rest import group
from aiinfra.review.unknowns import unknowns
from aiinfra.review.upgrade import Upgrade
from aiinfra.review.values import Values, cut
from aiinfra.review.verdict import COUNTED, counts, level, words

_PREDICTED = (
    "Replacement is predicted, from the providers' own sources as read into aiinfra's catalogue; "
    "the engine's preview has the last word."
)


class Basis(Enum):
    """Where the earlier side comes from, and who says what happens; the value is what a reader is told of it."""

    PROGRAMS = (
        (
            "This compares what two versions of the program ask for; it has not looked at the cloud. "
            "What was changed there by hand does not show."
        ),
        _PREDICTED,
    )
    STATE = (
        (
            "This compares what the program asks for with what the stack's state says was made. Secrets are encrypted "
            "there: one that changed does not show. Values that a provider filled in by itself may read as removed."
        ),
        _PREDICTED,
    )
    ENGINE = (
        (
            "What is created, updated, replaced and destroyed is the word of Pulumi's engine. What opens, what is lost "
            "and what is down meanwhile is read from the program and from aiinfra's catalogue."
        ),
    )


def review(
    diff: GraphDiff,
    *,
    compared: str = "",
    before: str = "",
    after: str = "",
    preview: Graph | None = None,
    basis: Basis = Basis.PROGRAMS,
    upgrade: Upgrade | None = None,
) -> Document:
    """Everything a reviewer should read, in order.

    Args:
        diff: The two versions.
        compared: What was compared, in words.
        before: The earlier version's name (a revision); ``after`` likewise.
        preview: The later version collected in preview mode, for what is unknown until apply; without it, the later
            side of the difference where that was collected so.
        basis: Where the earlier side comes from.
        upgrade: What the later version's libraries alone change, where the two run with different ones.
    """
    names = Names(diff)
    values = Values(names)
    found = units(diff, names)
    losses = tuple(sorted(_losses(found, Losses(diff, names, values, upgrade)), key=order))
    opened = tuple(sorted(_openings(found, names), key=lambda one: one.finding.id != PURCHASE))
    counted = counts(found, diff)
    worst = level(losses, opened, diff)
    sight = preview or (diff.after if diff.after.mode is Mode.PREVIEW else None)
    unknown = sorted(unknowns(found, sight, diff, names), key=_unknown_order) if sight else []
    document = Document(
        title=f"{diff.after.project}, stack {diff.after.stack}",
        compared=compared,
        level=worst,
        verdict=_verdict(words(worst, losses, opened, counted.get("unchanged", 0)), worst, upgrade, opened),
        counts=counted,
        losses=losses,
        openings=opened,
        groups=tuple(_groups(found, diff, names, values, upgrade)),
        unknowns=tuple(unknown),
        details=tuple(_details(found, diff, names, values)),
        notes=tuple(_notes(diff, losses, basis, upgrade)),
        before=before,
        after=after,
        findings=(*diff.after.findings, *_unaccepted(diff)),
        picture=picture(found, diff, names),
    )
    return masked(document)


def _verdict(verdict: str, worst: Level, upgrade: Upgrade | None, opened: Sequence[Opening]) -> str:
    bought = [one for one in opened if one.finding.id == PURCHASE]
    if bought:
        return f"{SPENDS}: {bought[0].name} {bought[0].words}. {verdict}"
    if upgrade is None or worst is not Level.NOTHING:
        return verdict
    return f"{verdict.removesuffix('.')}, with other libraries: {upgrade.words}."


def _unknown_order(item: Unknown) -> tuple[bool, str, str]:
    return (not item.may_replace, item.name, item.path)


def _losses(found: Sequence[Unit], rows: Losses) -> Iterator[Loss]:
    for unit in found:
        for changed in unit.changed:
            if is_loss(changed.change):
                yield rows.row(unit, changed.change)


def _openings(found: Sequence[Unit], names: Names) -> Iterator[Opening]:
    for unit in found:
        for changed in unit.changed:
            for finding in changed.openings:
                own = changed.change.urn
                name = unit.shown(names.path(own))
                yield Opening(name, kind(changed.change.node.type), finding.message, finding, unit.where, unit.count)


def _groups(
    found: Sequence[Unit], diff: GraphDiff, names: Names, values: Values, upgrade: Upgrade | None
) -> Iterator[Group]:
    written = (group(unit, diff, names, values, upgrade) for unit in sorted(found, key=lambda unit: unit.root is None))
    yield from (each for each in written if each is not None)


def _details(found: Sequence[Unit], diff: GraphDiff, names: Names, values: Values) -> Iterator[Detail]:
    for unit in found:
        for changed in unit.changed:
            change = changed.change
            lines = cut(list(_lines(change, values)))
            if lines:
                yield Detail(
                    name=unit.shown(names.path(change.urn)),
                    kind=kind(change.node.type),
                    action="removed" if change.gone and not change.node.custom else COUNTED[change.operation],
                    lines=lines,
                    source=change.node.source,
                    where=unit.where,
                    urn=change.urn,
                )
    if diff.outputs:
        outputs = [line for change in diff.outputs for line in values.lines(change, None, None)]
        yield Detail("stack outputs", "", "updated", cut(outputs))


def _lines(change: ResourceChange, values: Values) -> Iterator[Line]:
    if change.operation in (Operation.CREATE, Operation.IMPORT) and change.after is not None:
        if change.node.custom:
            for item in compare({}, change.after.inputs):
                yield from values.lines(item, None, change.after)
        return
    for item in change.changes:
        yield from values.lines(item, change.before, change.after)
    for item in change.options:
        yield Line("~", f"option {item.path}: {values.short(item.before)} → {values.short(item.after)}")


def _unaccepted(diff: GraphDiff) -> Iterator[Finding]:
    """Values of what is created or changed that AWS would refuse."""
    if any(change.node.package == "aws" for change in diff):
        yield from (finding for finding in refused_values(diff.after, quoted=False) if finding.urn in diff.changes)


def _notes(diff: GraphDiff, losses: Sequence[Loss], basis: Basis, upgrade: Upgrade | None) -> Iterator[str]:
    if upgrade is not None:
        yield f"The two versions ask for different libraries: {upgrade.words}; each ran with its own."
    if not diff:
        return
    yield from basis.value
    if any(row.cause.startswith("unknown") for row in losses):
        yield "For types that the catalogue does not hold, any change may replace."
    for package, (old, new) in (diff.versions or {}).items() if upgrade is None else ():
        yield f"The {package} provider goes from {old} to {new}: some changes may come from it."
    if diff.before.project != diff.after.project or diff.before.stack != diff.after.stack:
        old, new = (f"{side.project}/{side.stack}" for side in (diff.before, diff.after))
        yield f"The stack was {old} and is {new}: Pulumi keeps them apart, so everything is created again."
    yield from _made_up(diff)
    yield from _unchangeable(diff)
    opaque = sum(1 for node in diff.after if node.remote or node.type == "kubernetes:helm.sh/v3:Release")
    if opaque:
        yield f"What {plural(opaque, 'chart or remote component')} would make is not in this review."


def _unchangeable(diff: GraphDiff) -> Iterator[str]:
    """Changes that fail as they are applied."""
    for _, change in sorted(diff.changes.items()):
        found = refused(change.node.type, change.changes) if change.operation is Operation.UPDATE else []
        if found:
            what = f"{', '.join(found)} of {change.node.name} ({kind(change.node.type)})"
            yield f"The API server refuses to change {what}: the apply fails there, unless the object is replaced."


def _made_up(diff: GraphDiff) -> Iterator[str]:
    """What the program was told instead of what a cloud, or the stack's configuration, would tell it."""
    found = {id_: sorted({finding.path for finding in diff.after.findings if finding.id == id_}) for id_ in MADE_UP}
    functions, keys = (found[id_] for id_ in MADE_UP)
    if functions:
        told = ", ".join(token.rpartition(":")[2] for token in functions)
        verb = "was answered with a stand-in" if len(functions) == 1 else "were answered with stand-ins"
        yield f"{plural(len(functions), 'provider function')} {verb}: {told}. Only a cloud knows the real answers."
    if keys:
        verb = "is not set, and got a stand-in" if len(keys) == 1 else "are not set, and got stand-ins"
        yield f"{plural(len(keys), 'configuration key')} {verb}: {', '.join(keys)}."
