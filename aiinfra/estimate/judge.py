"""The verdicts of an estimate: aims and caps of a declaration, each judged against the figures."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from aiinfra.catalogue.accelerators import Accelerator
from aiinfra.catalogue.catalogue import Catalogue
from aiinfra.estimate.box import Box, watts
from aiinfra.estimate.language_time import PROOF
from aiinfra.estimate.site import SiteEstimate, ambient_of, limits_of
from aiinfra.estimate.training import TrainingEstimate
from aiinfra.estimate.value import Value, unknown
from aiinfra.estimate.verdict import MEASURE, REFUSES, Outcome, Verdict, alarm, amount, at_least, at_most, cap
from aiinfra.spec.deployment import Deployment
from aiinfra.spec.objective import Scope
from aiinfra.spec.tier import Tier
from aiinfra.units import Spend

P99_SLACK = 2.0
"""A p99 that is only estimated must stay below half of the aim to count as met: published estimates of tail latency are
off by 9 to 29 % where trained on the very device, and by more where not."""


def _unproven(aim: str, key: str, reason: str, proof: str, margin: float | None = None) -> Verdict:
    return Verdict(aim, key, Outcome.UNPROVEN, margin, reason, proof=proof, finding="aim-unproven")


def judge_site(deployment: Deployment, index: int, site: SiteEstimate, catalogue: Catalogue) -> tuple[Verdict, ...]:
    """Memory, rate, p99, availability, residency, what the place allows, and the caps where they count a site."""
    objective, figures = deployment.objective, site.figures
    proof = PROOF if deployment.model.language else MEASURE
    found: list[Verdict] = []
    part = catalogue.accelerator(site.tier)
    refusal = _engine_refusal(part) if deployment.model.language else _refusal(part, figures["throughput"])
    if refusal:
        key = f"sites[{index}].tier"
        found.append(Verdict("runs the model", key, Outcome.CANNOT, None, refusal, finding=REFUSES))
    usable = figures["memory_usable"]
    if usable.known:
        limit = usable.bounds[1]
        shown = f"fits {limit:.3g} GB"
        found.append(at_most(shown, f"sites[{index}].tier", figures["memory_needed"], limit))
    else:
        why = "; ".join(usable.drivers)
        found.append(at_most("fits memory", f"sites[{index}].tier", unknown("GB", why), 1.0))
    if objective.rate:
        room = (figures["throughput"] * float(site.declared)).unit_as("/s")
        aim = f"rate {objective.rate}"
        found.append(at_least(aim, "objective.rate", room, objective.rate.per_second, proof=proof))
    if objective.p99:
        limit = objective.p99.seconds
        found.append(_p99_verdict(f"p99 {objective.p99}", figures["p99"], figures["latency"], limit, proof))
    if objective.availability:
        found.append(_availability(deployment, site))
    if objective.residency:
        found.append(_residency(deployment, index, catalogue))
    place = deployment.sites[index]
    for name, (value, limit) in limits_of(place, ambient_of(catalogue, site.tier), figures["box_load"]).items():
        verdict = _place(name, f"sites[{index}].power.{name}", value, limit)
        fits = "" if verdict.outcome is Outcome.MEETS or name == "hottest" else _mode_for(part, place.tier, limit)
        found.append(replace(verdict, reason=f"{verdict.reason}{fits}"))
    if place.power.coldest is not None:
        found.append(_coldest(f"sites[{index}].power.coldest", place.power.coldest.celsius, part))
    if deployment.caps.scope is Scope.SITE:
        for verdict in judge_caps(deployment, catalogue, figures["watts_load"], figures["cost"]):
            over = verdict.key == "caps.power" and verdict.outcome is not Outcome.MEETS and verdict.margin is not None
            limit = deployment.caps.power.watts / site.declared if over and deployment.caps.power else 0.0
            found.append(replace(verdict, reason=verdict.reason + (_mode_for(part, place.tier, limit) if over else "")))
    return tuple(found)


def _engine_refusal(part: Accelerator) -> str:
    """Why vLLM cannot run on the part at all; empty where it can."""
    return "" if part.vllm else f"vLLM does not run on {part.title}, and no plug-in of its list does"


def _refusal(part: Accelerator, rate: Value) -> str:
    """Why the part cannot run the model at all; empty where it can, or where nobody knows."""
    if not part.execution_providers:
        return f"onnxruntime has no execution provider for {part.title}: {part.compiler}"
    lacks = not rate.known and any("has no published" in driver for driver in rate.drivers)
    if lacks and part.rates:
        return f"{'; '.join(rate.drivers)}: it does {', '.join(part.rates)}; convert the model to one of these"
    return ""


def _p99_verdict(aim: str, found: Value, alone: Value, limit: float, proof: str) -> Verdict:
    """A tail nobody measured is met only far below the aim; it cannot be met where one request alone is too slow."""
    if alone.known and alone.bounds[0] > limit:
        return at_most(aim, "objective.p99", alone, limit)
    verdict = at_most(aim, "objective.p99", found, limit, slack=P99_SLACK, proof=proof)
    if verdict.outcome is Outcome.CANNOT and not found.measured:
        reason = f"{verdict.reason}; the tail under load is only estimated"
        return Verdict(
            aim,
            verdict.key,
            Outcome.UNPROVEN,
            verdict.margin,
            reason,
            proof=verdict.proof or "",
            finding="aim-unproven",
        )
    return verdict


def _availability(deployment: Deployment, site: SiteEstimate) -> Verdict:
    aim = f"availability {deployment.objective.availability}"
    key = "objective.availability"
    reason = (
        f"{site.declared} box{'es' if site.declared > 1 else ''} a site; how often a box fails is not in the catalogue"
    )
    return Verdict(
        aim, key, Outcome.UNPROVEN, None, reason, proof="count outages of the real sites", finding="aim-unproven"
    )


def _residency(deployment: Deployment, index: int, catalogue: Catalogue) -> Verdict:
    allowed = deployment.objective.residency
    aim, key = f"residency {', '.join(allowed)}", "objective.residency"
    if deployment.sites[index].runtime.on.value != "eks" or deployment.cloud is None:
        reason = "the declaration does not say in which country the sites are"
        return Verdict(
            aim, key, Outcome.UNPROVEN, None, reason, proof="look where the boxes stand", finding="aim-unproven"
        )
    region = catalogue.regions.get(deployment.cloud.region)
    if region is None:
        return _unproven(aim, key, "the region is unknown", "add it to the catalogue")
    meets = region.country in allowed
    outcome = Outcome.MEETS if meets else Outcome.CANNOT
    return Verdict(
        aim, key, outcome, None, f"{region.name} is in {region.country}", finding="" if meets else "aim-not-met"
    )


def _place(name: str, key: str, found: Value, limit: float) -> Verdict:
    """The box against what its place allows. For the air it is the other way round: the part must stand the hottest."""
    if name == "hottest":
        aim = f"air up to {limit:g} C"
        if not found.known:
            return _unproven(
                aim, key, "; ".join(found.drivers), "ask the box's maker, and write it under ambient in catalogue.yaml"
            )
        allowed = found.bounds[1]
        margin = (allowed - limit) / allowed if allowed else None
        meets = allowed >= limit
        reason = f"the maker allows {allowed:g} C; above it the part lowers its clock"
        outcome = Outcome.MEETS if meets else Outcome.CANNOT
        return Verdict(aim, key, outcome, margin, reason, finding="" if meets else "aim-not-met")
    words = {"feed": "supply", "cooling": "cooling"}
    return at_most(f"{words[name]} {limit:g} W", key, found, limit)


def _coldest(key: str, limit: float, part: Accelerator) -> Verdict:
    reason = f"the lowest temperature {part.title} allows is not in the catalogue"
    return _unproven(f"air down to {limit:g} C", key, reason, "ask the box's maker")


def _mode_for(part: Accelerator, tier: Tier, limit: float) -> str:
    """``; at 7W it draws 15.8 W and fits``: the strongest power mode whose whole range stays below the limit."""
    if not part.modes:
        return ""
    draws = {name: watts(Box(part, mode, tier.count, tier.cores))[0] for name, mode in part.modes.items()}
    fitting = [(load.bounds[1], name) for name, load in draws.items() if load.known and load.bounds[2] <= limit]
    if not fitting:
        return "; no power mode surely fits"
    value, name = max(fitting)
    return f"; at {name} it draws {amount(value, 'W')} and fits"


GIVES_WAY: Final = {
    "feed": "the supply trips, or the box resets",
    "cooling": "the air warms until the part lowers its clock",
    "hottest": "the part lowers its clock",
}
"""What happens first where a limit of the place is passed."""


def throttles_first(verdicts: Iterable[Verdict]) -> Verdict | None:
    """Of what the place limits (supply, cooling, air), the one with the smallest margin; None: nothing is declared."""
    found = [v for v in verdicts if ".power." in v.key and v.margin is not None]
    return min(found, key=lambda v: v.margin if v.margin is not None else 0.0, default=None)


def judge_caps(deployment: Deployment, catalogue: Catalogue, load: Value, cost: Value) -> list[Verdict]:
    """The hard limits, against watts under load and USD a month of whatever they count."""
    caps = deployment.caps
    found: list[Verdict] = []
    if caps.power is not None:
        found.append(cap(f"cap {caps.power}", "caps.power", load, caps.power.watts))
    if caps.cost is not None:
        found.append(_spend_cap(caps.cost, catalogue, cost))
    return found


def _spend_cap(spend: Spend, catalogue: Catalogue, cost: Value) -> Verdict:
    """The cap on spend, at the user's dated rate where it is not in USD; without a rate it fails closed."""
    aim, key, limit = f"cap {spend}", "caps.cost", spend.to("month")
    if spend.currency == "USD":
        return cap(aim, key, cost, limit)
    rate = catalogue.usd(spend.currency)
    if rate is None or rate.value is None:
        why = f"no rate for {spend.currency}: add it to catalogue.yaml with its date"
        return cap(aim, key, unknown("USD/month", why), limit)
    limit *= rate.value
    found = cap(aim, key, cost, limit)
    worth = f"{spend} is {amount(limit, 'USD/month')} at the rate of {rate.source.date.isoformat()}"
    return replace(found, reason=f"{found.reason}; {worth}", sources=(rate.source,))


def judge_training(deployment: Deployment, found: TrainingEstimate | None) -> tuple[Verdict, ...]:
    """Training has a budget of its own: an aim with an alarm. Caps alone are hard."""
    training = deployment.training
    if training is None or training.budget is None:
        return ()
    aim, key = f"budget {training.budget}", "training.budget"
    if found is None:
        cost = unknown("USD/month", f"{training.instance} is not in the catalogue")
    elif training.budget.currency != "USD":
        cost = unknown("USD/month", f"the budget is in {training.budget.currency}; prices are in USD")
    else:
        cost = found.cost
    return (alarm(aim, key, cost, training.budget.to("month")),)
