"""What a declaration costs, draws and emits, before and after: a document of its own, before those of its projects."""

from collections.abc import Iterator, Mapping
from typing import Final

from aiinfra.estimate.ages import told
from aiinfra.estimate.estimate import Estimate
from aiinfra.estimate.value import Value
from aiinfra.estimate.verdict import Outcome, amount
from aiinfra.review.document import Amount, Document, Figure, Level
from aiinfra.review.folding import plural

ENGINE: Final = "engine"
_SITE_FIGURES: Final = {
    "throughput": "throughput a box",
    "p99": "p99",
    "watts_load": "watts under load",
    "cost": "cost a month",
    "cost_million": "cost a million predictions",
    "carbon": "carbon a month",
    "carbon_million": "carbon a million predictions",
}
_SITE: Final = {ENGINE: "served by", **_SITE_FIGURES}
_NONE: Final = Amount("not there", None)
_SAME: Final = "Cost, watts, latency and carbon stay as they were."


def estimated(before: Estimate | None, after: Estimate | None, *, title: str, compared: str) -> Document:
    """The document. A side that is missing was not declared then.

    Figures of a class stand there where one of them changes; those of the whole always do.
    """
    figures = tuple(_figures(before, after))
    changed = [figure for figure in figures if figure.changed]
    found = after or before
    notes = []
    if found is not None:
        notes.append(f"Estimated as of {found.as_of.isoformat()}; ranges hold nine times in ten.")
        notes.append(f"Priced {found.priced} of {plural(found.billable, 'billable thing')}.")
        if found.not_priced:
            notes.append(f"Not priced: {'; '.join(found.not_priced)}.")
        notes += [f"{line[0].upper()}{line[1:]}." for line in told(found.old)]
    failed = tuple(_failed(before, after))
    level = Level.OPENS if failed else Level.SAFE if changed else Level.NOTHING
    words = " ".join([*failed, *_words(figures)]) or _SAME
    return Document(
        title=title, compared=compared, level=level, verdict=words, counts={}, figures=figures, notes=tuple(notes)
    )


def unestimated(title: str, compared: str, reason: str) -> Document:
    """Where nothing could be estimated, that is said."""
    return Document(title=title, compared=compared, level=Level.SAFE, verdict=f"Not estimated: {reason}.", counts={})


def _figures(before: Estimate | None, after: Estimate | None) -> Iterator[Figure]:
    old, new = _classes(before), _classes(after)
    for name in dict.fromkeys((*old, *new)):
        rows = [
            Figure(name, words, old.get(name, {}).get(key, _NONE), new.get(name, {}).get(key, _NONE))
            for key, words in _SITE.items()
            if key in {**old.get(name, {}), **new.get(name, {})}
        ]
        if any(row.changed for row in rows):
            yield from rows
    for words, key in (("watts under load", "watts"), ("cost a month", "cost"), ("carbon a month", "carbon")):
        sides = [_amount(getattr(side, key)) if side is not None else _NONE for side in (before, after)]
        yield Figure("all together", words, sides[0], sides[1])


def _classes(found: Estimate | None) -> Mapping[str, Mapping[str, Amount]]:
    """Class, or ``training`` -> key -> amount."""
    if found is None:
        return {}
    classes = {
        site.class_name: {
            ENGINE: Amount(site.engine, None),
            **{key: _amount(site.figures[key]) for key in _SITE_FIGURES},
        }
        for site in found.sites
    }
    if found.training is not None:
        training = found.training
        pairs = (("watts_load", training.watts), ("cost", training.cost), ("carbon", training.carbon))
        classes["training"] = {key: _amount(value) for key, value in pairs}
    return classes


def _amount(value: Value) -> Amount:
    if not value.known:
        return Amount(f"not estimated: {'; '.join(value.drivers) or 'no figure'}", None)
    low, middle, high = value.bounds
    ends = [amount(end, value.unit) for end in (low, high)]
    plain = [end.removesuffix(value.unit).strip() for end in ends] if value.unit != "s" else ends
    spread = "" if low == high else f" ({plain[0]} to {plain[1]})"
    return Amount(f"{amount(middle, value.unit)}{spread}{', measured' if value.measured else ''}", high)


def _words(figures: tuple[Figure, ...]) -> Iterator[str]:
    """``Cost a month: 300 USD → 420 USD.``, of what changes of the whole."""
    for figure in figures:
        if figure.name == "all together" and figure.changed and figure.words != "carbon a month":
            sides = [side.text.partition(" (")[0] for side in (figure.before, figure.after)]
            yield f"{figure.words.capitalize()}: {sides[0]} → {sides[1]}."


def _failed(before: Estimate | None, after: Estimate | None) -> Iterator[str]:
    """Aims and caps that are newly not met."""
    known = set(_cannot(before))
    for name, aim in _cannot(after):
        if (name, aim) not in known:
            yield f"{name} no longer meets {aim}." if before is not None else f"{name} does not meet {aim}."


def _cannot(found: Estimate | None) -> Iterator[tuple[str, str]]:
    for name, verdicts in found.verdicts.items() if found is not None else ():
        for verdict in verdicts:
            finding = verdict.finding
            if verdict.outcome is Outcome.CANNOT and finding:
                yield name, verdict.aim
