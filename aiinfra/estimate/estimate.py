"""The estimate of a whole deployment: pure, deterministic, no network and no clock."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from aiinfra.catalogue.catalogue import Catalogue
from aiinfra.catalogue.figure import Source
from aiinfra.errors import BadInput
from aiinfra.estimate.ages import old_of
from aiinfra.estimate.cloud_bill import CloudBill
from aiinfra.estimate.judge import judge_caps, judge_site, judge_training
from aiinfra.estimate.language import Language
from aiinfra.estimate.onnx_work import of_facts
from aiinfra.estimate.site import SiteEstimate, estimate_site
from aiinfra.estimate.training import NOT_PRICED, TrainingEstimate, estimate_training
from aiinfra.estimate.value import Value, exact, unknown
from aiinfra.estimate.verdict import Outcome, Verdict, worst
from aiinfra.estimate.year import MONTHS, Outlook, outlook
from aiinfra.findings import Finding, Severity
from aiinfra.spec.deployment import Deployment
from aiinfra.spec.objective import Scope

TRANSFER: Final = "a model's and images' transfer to the sites"
"""What sites also bill and the catalogue has no price for."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a deployment will do. Compare by value: the same inputs give an equal estimate."""

    name: str
    as_of: date
    sites: tuple[SiteEstimate, ...]
    training: TrainingEstimate | None
    verdicts: Mapping[str, tuple[Verdict, ...]]
    """By class of sites; ``training`` and ``deployment`` for what is judged as a whole."""
    years: tuple[Outlook, ...]
    watts: Value
    """W under load, all sites and the training cluster."""
    cost: Value
    """USD a month, all that has a price."""
    carbon: Value
    """kg CO2e a month."""
    priced: int
    """Kinds of billable things with a price."""
    billable: int
    """Kinds of billable things."""
    not_priced: tuple[str, ...]
    old: tuple[Source, ...]
    """Sources older than 180 days on ``as_of``, among those that were used."""
    added: tuple[str, ...]
    """Files of the user's that the catalogue holds."""
    cloud: CloudBill | None = None
    """What AWS bills for what it compiles to; None where that was not looked at (``with_cloud`` puts it in)."""

    @property
    def year(self) -> Value:
        """USD of the year ahead: sites as they grow, all else at twelve of today's months; unknown where a part is."""
        sites, total = exact(0.0, "USD/month"), exact(0.0, "USD")
        for site, outlook_ in zip(self.sites, self.years, strict=True):
            sites, total = sites + site.all_cost, total + outlook_.cost
        if not (self.cost.known and total.known):
            return unknown("USD", *(self.cost.drivers if not self.cost.known else total.drivers))
        rest = tuple((now - own) * MONTHS for now, own in zip(self.cost.bounds, sites.bounds, strict=True))
        low, value, high = (max(edge, 0.0) for edge in rest)
        return (total + Value(min(low, value), value, max(high, value), "USD")).unit_as("USD")

    @property
    def outcome(self) -> Outcome:
        """The worst verdict of all."""
        return worst(tuple(verdict for found in self.verdicts.values() for verdict in found))

    def findings(self, *, require_measured: bool = False) -> tuple[Finding, ...]:
        """What stops a compile (errors), what is unproven (notes), and what is old (warnings)."""
        found = [
            _finding(name, v, require_measured=require_measured)
            for name, vs in self.verdicts.items()
            for v in vs
            if v.finding
        ]
        if self.old:
            listed = "; ".join(f"{source.title} ({source.date.isoformat()})" for source in self.old)
            message = f"{len(self.old)} sources are older than 180 days on {self.as_of.isoformat()}: {listed}"
            remedy = "add newer figures by file: aiinfra catalogue check"
            found.append(Finding("figures-old", Severity.WARNING, message, path="catalogue", remedy=remedy))
        return tuple(sorted(found, key=lambda finding: finding.sort_key))


def estimate(deployment: Deployment, catalogue: Catalogue, as_of: date) -> Estimate:
    """Estimate ``deployment`` with what ``catalogue`` holds; ages of figures are against ``as_of``.

    The model's work is in the catalogue too (``Catalogue.with_model``); a language model's declared architecture takes
    its place. Without either, what depends on it is unknown, and caps on such figures fail closed. Sites that are still
    the name of a file count as one: put them in first (``with_rows``).

    Raises:
        BadInput: ``tier-unknown``, ``power-mode-unknown``.
    """
    facts = catalogue.models.get(deployment.model.file)
    model = language_of(deployment) or (of_facts(facts) if facts else None)
    digest = deployment.model.digest or (facts.digest if facts else "")
    sites = tuple(estimate_site(deployment, site, catalogue, model, digest) for site in deployment.sites)
    training = estimate_training(deployment, deployment.training, catalogue) if deployment.training else None
    verdicts = {site.class_name: judge_site(deployment, index, site, catalogue) for index, site in enumerate(sites)}
    lost = deployment.training.instance if deployment.training and training is None else ""
    totals = {name: _total(name, sites, training, lost) for name in ("watts_load", "cost", "carbon")}
    if deployment.training is not None:
        verdicts["training"] = judge_training(deployment, training)
    if deployment.caps.scope is Scope.DEPLOYMENT:
        verdicts["deployment"] = tuple(judge_caps(deployment, catalogue, totals["watts_load"], totals["cost"]))
    objective = deployment.objective
    rate = objective.rate.per_second if objective.rate else 0.0
    not_priced = tuple(name for site in sites for name in site.not_priced)
    if deployment.training is not None:
        nodes = f"{deployment.training.nodes} x {deployment.training.instance}: not in the catalogue"
        not_priced += training.not_priced if training else (nodes, *NOT_PRICED)
    not_priced += (TRANSFER,) if sites else ()
    billable = sum(site.billable for site in sites) + (1 if sites else 0)
    billable += (2 + len(NOT_PRICED)) if deployment.training else 0
    return Estimate(
        name=deployment.name,
        as_of=as_of,
        sites=sites,
        training=training,
        verdicts=verdicts,
        years=tuple(outlook(site, rate, objective.growth) for site in sites),
        watts=totals["watts_load"],
        cost=totals["cost"],
        carbon=totals["carbon"],
        priced=billable - len(not_priced),
        billable=billable,
        not_priced=not_priced,
        old=old_of(behind(sites, training, verdicts), as_of),
        added=catalogue.added,
    )


def language_of(deployment: Deployment) -> Language | None:
    """The declared architecture of a language model; None where none is declared."""
    said = deployment.model.language
    if said is None:
        return None
    return Language(
        name=deployment.model.file,
        parameters=said.parameters,
        layers=said.layers,
        hidden=said.hidden,
        kv_heads=said.kv_heads,
        head_size=said.head_size,
        prompt=said.prompt,
        answer=said.answer,
        weights=said.weights.value,
    )


def _total(name: str, sites: tuple[SiteEstimate, ...], training: TrainingEstimate | None, lost: str) -> Value:
    """The sum over classes and sites, and the training cluster; unknown where any part of it is, ``lost`` the instance
    of a training cluster that the catalogue does not hold."""
    unit = {"watts_load": "W", "cost": "USD/month", "carbon": "kg CO2e/month"}[name]
    if lost:
        return unknown(unit, f"{lost} is not in the catalogue")
    total = exact(0.0, unit)
    for site in sites:
        total = total + (site.figures[name] * float(site.sites or 1))
    if training is not None:
        total = total + {"watts_load": training.watts, "cost": training.cost, "carbon": training.carbon}[name]
    return total.unit_as(unit)


def behind(
    sites: tuple[SiteEstimate, ...], training: TrainingEstimate | None, verdicts: Mapping[str, tuple[Verdict, ...]]
) -> Iterator[Value | Verdict]:
    """Everything whose sources an estimate rests on."""
    for site in sites:
        yield from site.figures.values()
    if training is not None:
        yield from (training.watts, training.cost, training.carbon)
    for found in verdicts.values():
        yield from found


def _finding(name: str, verdict: Verdict, *, require_measured: bool) -> Finding:
    wrong = verdict.outcome is Outcome.CANNOT or (require_measured and verdict.outcome is Outcome.UNPROVEN)
    severity = Severity.NOTE if not wrong else Severity.WARNING if verdict.soft else Severity.ERROR
    message = f"{name}: {verdict.aim}: {verdict.outcome.value}: {verdict.reason}"
    return Finding(verdict.finding, severity, message, path=verdict.key, remedy=verdict.proof)


def with_rows(deployment: Deployment, rows: Mapping[str, tuple[object, ...]]) -> Deployment:
    """The deployment with each class's sites in place of the file that lists them.

    Raises:
        BadInput: ``sites-unread`` where a class names a file and ``rows`` has not got it.
    """
    sites = []
    for site in deployment.sites:
        if isinstance(site.rows, str) and site.class_name not in rows:
            raise BadInput("sites-unread", f"the sites of {site.class_name} are in {site.rows}", "read the file first")
        sites.append(site.model_copy(update={"rows": tuple(rows.get(site.class_name, ()))}))
    return deployment.model_copy(update={"sites": tuple(sites)})
