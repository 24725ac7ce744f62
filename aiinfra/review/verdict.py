"""The verdict: how much attention a change asks for, in a level, a sentence and counts."""

from collections import Counter
from collections.abc import Sequence

from aiinfra.graph.diff import GraphDiff, Operation, ResourceChange
from aiinfra.review.document import Level, Loss, Opening
from aiinfra.review.folding import Unit, plural
from aiinfra.review.losses import DESTROYED, MAY_BE, REPLACED

COUNTED = {
    Operation.CREATE: "created",
    Operation.IMPORT: "imported",
    Operation.UPDATE: "updated",
    Operation.REPLACE: "replaced",
    Operation.DELETE: "destroyed",
    Operation.MOVE: "moved",
    Operation.RETAIN: "left behind",
    Operation.READ: "looked up",
    Operation.FORGET: "no longer looked up",
}


def state(change: ResourceChange) -> str:
    """What happens to a resource, as it is counted."""
    return MAY_BE if change.may_replace else COUNTED[change.operation]


def counts(found: Sequence[Unit], diff: GraphDiff) -> dict[str, int]:
    """Resources that a provider manages, by what happens to them; components are not counted, nor what is nothing."""
    counted: Counter[str] = Counter()
    for unit in found:
        for changed in unit.changed:
            if changed.change.node.custom:
                counted[state(changed.change)] += unit.count
    order = ["destroyed", "replaced", MAY_BE, *COUNTED.values()]
    result = {key: counted[key] for key in dict.fromkeys(order) if counted[key]}
    resources = sum(node.custom for node in diff.after)
    changed_after = sum(1 for change in diff if change.after is not None and change.node.custom)
    unchanged = resources - changed_after
    return {**result, "unchanged": unchanged} if unchanged or not result else result


def level(losses: Sequence[Loss], opened: Sequence[Opening], diff: GraphDiff) -> Level:
    """The worst thing in it."""
    certain = [row for row in losses if row.action != MAY_BE]
    if any(row.protected.startswith("yes") for row in certain):
        return Level.BLOCKED
    if any(row.stateful for row in certain):
        return Level.LOSES_DATA
    if any(row.action == DESTROYED for row in certain):
        return Level.DESTROYS
    if losses:
        return Level.REPLACES
    if opened:
        return Level.OPENS
    return Level.SAFE if diff else Level.NOTHING


def words(worst: Level, losses: Sequence[Loss], opened: Sequence[Opening], unchanged: int) -> str:
    """One sentence or two: the worst of it, and whether anything opens."""
    if worst is Level.NOTHING:
        return f"No changes: {plural(unchanged, 'resource')} stay{'s' * (unchanged == 1)} as before."
    if worst is Level.SAFE:
        return "Nothing is destroyed or replaced, and nothing opens."
    things = sum(item.count for item in opened)
    if worst is Level.OPENS:
        return f"Nothing is destroyed or replaced, but {plural(things, 'thing')} open{'s' * (things == 1)}."
    holds = [row for row in losses if row.stateful]
    if worst is Level.BLOCKED:
        first = _blocked(losses)
    elif worst is Level.LOSES_DATA:
        first = _loses(holds)
    else:
        first = _harmless(losses, _total(holds))
    return f"{first} It also opens {plural(things, 'thing')}." if opened else first


def _total(rows: Sequence[Loss]) -> int:
    return sum(row.count for row in rows)


def _blocked(losses: Sequence[Loss]) -> str:
    rows = [row for row in losses if row.protected.startswith("yes")]
    told = f"{rows[0].name} ({rows[0].kind})" if _total(rows) == 1 else plural(_total(rows), "protected resource")
    return f"Blocked: {told} would be {rows[0].action}, and {'is' if _total(rows) == 1 else 'they are'} protected."


def _loses(holds: Sequence[Loss]) -> str:
    certain = [row for row in holds if row.action != MAY_BE]
    if _total(certain) == 1:
        row = certain[0]
        return f"{row.name} ({row.kind}) is {row.action}; lost with it: {row.data}."
    return f"{plural(_total(certain), 'resource')} that hold data are destroyed or replaced."


def _harmless(losses: Sequence[Loss], holding: int) -> str:
    """Certain losses hold no data; what only may be replaced can."""
    known = all(row.data == "none" or row.stateful for row in losses)
    if _total(losses) == 1 and not holding:
        row = losses[0]
        verb = row.action if row.action == MAY_BE else f"is {row.action}"
        tail = "it holds no data" if known else "whether it holds data is not known"
        return f"{row.name} ({row.kind}) {verb}; {tail}."
    if holding:
        some = f"{holding} of them hold{'s' * (holding == 1)} data"
    else:
        some = "none of them holds data" if known else "none of them is known to hold data"
    return f"{_tally(losses)}; {some}."


def _tally(losses: Sequence[Loss]) -> str:
    parts = []
    for action in (DESTROYED, REPLACED, MAY_BE):
        total = _total([row for row in losses if row.action == action])
        if total:
            verb = action if action == MAY_BE else f"{'is' if total == 1 else 'are'} {action}"
            parts.append(f"{total} {verb}" if parts else f"{plural(total, 'resource')} {verb}")
    return ", ".join(parts)
