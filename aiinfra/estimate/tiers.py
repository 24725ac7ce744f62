"""Which tiers meet a declaration's objective, best first, why each other fails, and what would prove the unproven."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from aiinfra.catalogue.accelerators import Accelerator
from aiinfra.catalogue.catalogue import Catalogue
from aiinfra.catalogue.figure import Source
from aiinfra.errors import BadInput, did_you_mean
from aiinfra.estimate.ages import old_of, plain, told
from aiinfra.estimate.estimate import estimate
from aiinfra.estimate.site import SiteEstimate
from aiinfra.estimate.verdict import Outcome, Verdict, amount, binding, worst
from aiinfra.spec.deployment import Deployment
from aiinfra.spec.objective import Scope
from aiinfra.spec.site import Place, Site

CRITERIA: Final = ("cost", "latency", "watts", "carbon")
"""What tiers can be ranked by; the least is the best."""

PLACE: Final = frozenset({"objective.availability", "objective.residency"})
"""Aims that no choice of tier proves: said once above the list."""

_SHOWN: Final = ("latency", "throughput", "watts_load", "cost")
"""Figures of a tier that the list shows."""

_FIGURE: Final = {"cost": "cost", "latency": "latency", "watts": "watts_mean", "carbon": "carbon"}


@dataclass(frozen=True, slots=True)
class Candidate:
    """One tier in the place of a class's own."""

    tier: str
    power_mode: str
    cores: int | None
    estimate: SiteEstimate
    verdicts: tuple[Verdict, ...]
    declared: bool
    """Whether it is the tier the declaration names."""

    @property
    def own(self) -> tuple[Verdict, ...]:
        """The verdicts that a tier can decide: those of the place (``PLACE``) only where they cannot be met."""
        return tuple(v for v in self.verdicts if v.key not in PLACE or v.outcome is Outcome.CANNOT)

    @property
    def outcome(self) -> Outcome:
        """The worst of its own verdicts."""
        return worst(self.own)

    @property
    def decides(self) -> Verdict | None:
        """The verdict that decides."""
        return binding(self.own)

    @property
    def label(self) -> str:
        """Tier and how it is set: power mode, or cores."""
        name = f"{self.tier}@{self.power_mode}" if self.power_mode else self.tier
        return f"{name}, {self.cores} cores" if self.cores else name

    def figure(self, criterion: str) -> float | None:
        """The value it is ranked by; None where it is unknown."""
        return self.estimate.figures[_FIGURE[criterion]].value


def candidates(
    deployment: Deployment, site: Site, catalogue: Catalogue, as_of: date, *, by: str = "cost"
) -> tuple[Candidate, ...]:
    """Every tier that could stand in ``site``'s place, best first: what meets, what is unproven, what cannot.

    Edge sites are offered edge parts and workstations' cards; EKS is offered what an instance holds. Within an outcome
    the least ``by`` comes first; where that is unknown, the tiers of which most else is known, then those of which
    fewest boxes are needed.

    Raises:
        BadInput: ``criterion-unknown``.
    """
    if by not in CRITERIA:
        raise BadInput(
            "criterion-unknown", f"no criterion {by!r}{did_you_mean(by, CRITERIA)}", f"use one of {', '.join(CRITERIA)}"
        )
    found = [
        _candidate(deployment, site, catalogue, as_of, choice)
        for part in catalogue.accelerators.values()
        if _offered(part, site, catalogue)
        for choice in _settings(part, site)
    ]
    order = (Outcome.MEETS, Outcome.UNPROVEN, Outcome.CANNOT)

    def rank(one: Candidate) -> tuple[int, bool, float, int, int, str]:
        value = one.figure(by)
        figures = one.estimate.figures
        unknown = sum(not figures[name].known for name in _SHOWN)
        return order.index(one.outcome), value is None, value or 0.0, unknown, one.estimate.declared, one.label

    return tuple(sorted(found, key=rank))


CORES: Final = (4, 16)
"""Cores tried of a big CPU, whose instances come in all sizes."""


def _settings(part: Accelerator, site: Site) -> list[tuple[str, str, int | None]]:
    """(tier, power mode, cores) as a declaration could set the part."""
    own = site.tier.cores if site.tier.accelerator == part.name else None
    cores: tuple[int | None, ...] = (own,)
    if part.cores and part.cores > max(CORES) and own is None:
        cores = CORES
    return [(part.name, mode, count) for mode in (part.modes or ("",)) for count in cores]


def _offered(part: Accelerator, site: Site, catalogue: Catalogue) -> bool:
    if part.name == site.tier.accelerator:
        return True
    if site.runtime.on is Place.EKS:
        return any(part.name in (i.accelerator, i.cpu) for i in catalogue.instances.values())
    return part.form in ("edge", "workstation")


def _candidate(
    deployment: Deployment, site: Site, catalogue: Catalogue, as_of: date, choice: tuple[str, str, int | None]
) -> Candidate:
    tier, mode, cores = choice
    part = catalogue.accelerator(tier)
    own = site.tier.accelerator == tier
    declared = own and part.mode(site.tier.power_mode).name == part.mode(mode).name
    changed = site.tier.model_copy(update={"accelerator": tier, "power_mode": mode, "cores": cores})
    stood_in = site.model_copy(update={"tier": changed})
    whole = _among_others(deployment, stood_in, declared=declared)
    found = estimate(whole, catalogue, as_of)
    one = next(each for each in found.sites if each.class_name == site.class_name)
    verdicts = (*found.verdicts[site.class_name], *found.verdicts.get("deployment", ()))
    return Candidate(tier, part.mode(mode).name, cores, one, verdicts, declared)


def _among_others(deployment: Deployment, stood_in: Site, *, declared: bool) -> Deployment:
    """The deployment with ``stood_in`` for its class; alone where nothing of the rest bears on it.

    A cap on the whole deployment counts all of it. On a cluster that the declaration makes, classes share machines; a
    tier other than the declared one brings machines of its own.
    """
    shared, capped = deployment.serving, deployment.caps.scope is Scope.DEPLOYMENT
    sites = tuple(stood_in if each.class_name == stood_in.class_name else each for each in deployment.sites)
    return deployment.model_copy(
        update={
            "sites": sites if capped or shared is not None else (stood_in,),
            "training": deployment.training if capped else None,
            "serving": shared if shared is None or declared else shared.model_copy(update={"machines": ()}),
        }
    )


def text(class_name: str, found: tuple[Candidate, ...], by: str, as_of: date) -> str:
    """The list, one line a tier; under it why it cannot meet the objective, or each aim that is unproven and what would
    prove it. Watts and cost are a site's, of all its boxes."""
    counts = Counter(one.outcome for one in found)
    said = ", ".join(f"{counts[outcome]} {_COUNTED[outcome]}" for outcome in _COUNTED)
    lines = [f"{class_name}: {len(found)} tiers, by {by}: {said}"]
    common = {
        v.aim: v.reason for one in found for v in one.verdicts if v.key in PLACE and v.outcome is Outcome.UNPROVEN
    }
    lines += [f"unproven whatever the tier: {aim}" for aim in common]
    lines += ["", _row("", "tier", ("boxes", "latency", "rate a box", "watts", "cost"))]
    for one in found:
        lines.append(_row(one.outcome.value, one.label + (" *" if one.declared else ""), _cells(one)))
        lines += [f"{'':<12}   {_reason(verdict)}" for verdict in _told(one)]
    lines += ["", "* the declared tier"] if any(one.declared for one in found) else []
    lines += told(old_sources(found, as_of))
    return "\n".join(lines) + "\n"


_COUNTED: Final = {Outcome.MEETS: "meet it", Outcome.UNPROVEN: "unproven", Outcome.CANNOT: "cannot"}


def _row(outcome: str, tier: str, cells: Sequence[str]) -> str:
    boxes, latency, rate, watts, cost = cells
    return f"{outcome:<12} {tier:<38} {boxes:>6} {latency:>10} {rate:>12} {watts:>10} {cost:>18}".rstrip()


def _cells(one: Candidate) -> tuple[str, ...]:
    values = [one.estimate.figures[name] for name in _SHOWN]
    shown = ["?" if value.value is None else amount(value.value, value.unit) for value in values]
    return (f"{one.estimate.declared:,}", *shown)


def _told(one: Candidate) -> tuple[Verdict, ...]:
    """The verdict that decides, unless all are met; of an unproven tier, then the others that are unproven."""
    first = one.decides
    if first is None or first.outcome is Outcome.MEETS:
        return ()
    if first.outcome is Outcome.CANNOT:
        return (first,)
    return (first, *(verdict for verdict in one.own if verdict.outcome is Outcome.UNPROVEN and verdict is not first))


def _reason(verdict: Verdict) -> str:
    return f"{verdict.aim}: {verdict.reason}" + (f"; to prove: {verdict.proof}" if verdict.proof else "")


def possible(found: tuple[Candidate, ...]) -> bool:
    """Whether any tier meets the objective, or could turn out to."""
    return any(one.outcome is not Outcome.CANNOT for one in found)


def old_sources(found: Sequence[Candidate], as_of: date) -> tuple[Source, ...]:
    """Sources older than 180 days behind the tiers that can be chosen: those that meet, or may."""
    open_ = [one for one in found if one.outcome is not Outcome.CANNOT]
    return old_of((item for one in open_ for item in (*one.estimate.figures.values(), *one.verdicts)), as_of)


def data(class_name: str, found: tuple[Candidate, ...], as_of: date) -> dict[str, Any]:
    """Plain data for ``--json``."""
    return {
        "class": class_name,
        "as_of": as_of.isoformat(),
        "old": plain(old_sources(found, as_of)),
        "tiers": [
            {
                "tier": one.tier,
                "power_mode": one.power_mode,
                "cores": one.cores,
                "declared": one.declared,
                "outcome": one.outcome.value,
                "decides": None if one.decides is None else one.decides.as_json(),
                "verdicts": [verdict.as_json() for verdict in one.verdicts],
                "figures": {name: value.as_json() for name, value in sorted(one.estimate.figures.items())},
            }
            for one in found
        ],
    }
