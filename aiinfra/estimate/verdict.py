"""Verdicts: does an estimate meet an aim or a limit, by what margin, and what would prove it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from aiinfra.catalogue.figure import Source
from aiinfra.estimate.remedies import of_price
from aiinfra.estimate.value import Value


class Outcome(StrEnum):
    """What can be said of an aim."""

    MEETS = "meets"
    """The whole range is on the right side, or it was measured to be."""
    UNPROVEN = "unproven"
    """The range straddles the limit, or nothing is known: a benchmark would tell."""
    CANNOT = "cannot meet"
    """The whole range is on the wrong side; for a cap, also where the figure is unknown."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One aim or limit, judged."""

    aim: str
    """What was asked: ``p99 20 ms``, ``cap 25 W``."""
    key: str
    """Key in the declaration: ``objective.p99``."""
    outcome: Outcome
    margin: float | None
    """(limit - estimate) / limit where less is better, (estimate - limit) / limit where more is; None where unknown."""
    reason: str
    hard: bool = False
    """A cap: anything but ``meets`` or ``unproven`` stops a compile."""
    soft: bool = False
    """An alarm, not a limit: it is told and stops nothing."""
    proof: str = ""
    """What would settle it."""
    finding: str = ""
    """The stable code a finding about it carries; empty where it is met."""
    sources: tuple[Source, ...] = ()
    """What the limit itself rests on: the exchange rate of a cap in another currency."""

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "aim": self.aim,
            "key": self.key,
            "outcome": self.outcome.value,
            "margin": None if self.margin is None else round(self.margin, 4),
            "reason": self.reason,
            "hard": self.hard,
            "proof": self.proof,
        }


REFUSES = "tier-refuses"
"""Code of a part that cannot run the model at all: it decides before any margin does."""

MEASURE = "measure it on the real box: aiinfra calibrate"
PRICE = "write what you really pay in catalogue.yaml"


def _narrows(found: Value) -> str:
    """What makes the range of a figure narrower."""
    return PRICE if found.unit.startswith("USD") else MEASURE


def at_most(aim: str, key: str, found: Value, limit: float, *, slack: float = 1.0, proof: str = MEASURE) -> Verdict:
    """An aim that less is better for. An estimate must stay ``slack`` times below the limit to meet it."""
    if not found.known:
        return Verdict(aim, key, Outcome.UNPROVEN, None, "; ".join(found.drivers), proof=proof, finding="aim-unproven")
    low, value, high = found.bounds
    margin = (limit - value) / limit
    if low > limit:
        why = f"even at best it is {_shown(found, low)}"
        return Verdict(aim, key, Outcome.CANNOT, margin, why, finding="aim-not-met")
    if high * (1.0 if found.measured else slack) <= limit:
        return Verdict(aim, key, Outcome.MEETS, margin, _whole(found))
    why = f"{_whole(found)}: {'too near the limit' if high <= limit else 'the range passes the limit'}"
    return Verdict(aim, key, Outcome.UNPROVEN, margin, why, proof=proof, finding="aim-unproven")


def at_least(aim: str, key: str, found: Value, limit: float, *, proof: str = MEASURE) -> Verdict:
    """An aim that more is better for."""
    if not found.known:
        return Verdict(aim, key, Outcome.UNPROVEN, None, "; ".join(found.drivers), proof=proof, finding="aim-unproven")
    low, value, high = found.bounds
    margin = (value - limit) / limit if limit else None
    if high < limit:
        return Verdict(
            aim, key, Outcome.CANNOT, margin, f"even at best it is {_shown(found, high)}", finding="aim-not-met"
        )
    if low >= limit:
        return Verdict(aim, key, Outcome.MEETS, margin, _whole(found))
    why = f"{_whole(found)}: the range passes the limit"
    return Verdict(aim, key, Outcome.UNPROVEN, margin, why, proof=proof, finding="aim-unproven")


def cap(aim: str, key: str, found: Value, limit: float) -> Verdict:
    """A hard limit: unknown fails closed, and so does an estimate above it."""
    if not found.known:
        why = f"a cap on an unknown figure fails closed: {'; '.join(found.drivers)}"
        return Verdict(
            aim,
            key,
            Outcome.CANNOT,
            None,
            why,
            hard=True,
            proof=of_price("; ".join(found.drivers)) or "add the figure to catalogue.yaml",
            finding="cap-unknown",
        )
    _, value, high = found.bounds
    margin = (limit - value) / limit
    if value > limit:
        return Verdict(aim, key, Outcome.CANNOT, margin, _whole(found), hard=True, finding="cap-broken")
    if high > limit:
        why = f"{_whole(found)}: the range passes the cap"
        return Verdict(
            aim, key, Outcome.UNPROVEN, margin, why, hard=True, proof=_narrows(found), finding="cap-unproven"
        )
    return Verdict(aim, key, Outcome.MEETS, margin, _whole(found), hard=True)


def alarm(aim: str, key: str, found: Value, limit: float) -> Verdict:
    """A sum that somebody is told of when it is passed. Nothing is stopped by it, known or not."""
    if not found.known:
        why = f"nobody knows before the bill comes: {'; '.join(found.drivers)}"
        proof = of_price("; ".join(found.drivers)) or "add the price to catalogue.yaml"
        return Verdict(aim, key, Outcome.UNPROVEN, None, why, soft=True, proof=proof, finding="budget-unknown")
    _, value, high = found.bounds
    margin = (limit - value) / limit
    if value > limit:
        proof = "raise it, or keep fewer machines on: the alarm will go off"
        return Verdict(aim, key, Outcome.CANNOT, margin, _whole(found), soft=True, proof=proof, finding="budget-passed")
    if high > limit:
        why = f"{_whole(found)}: the range passes it"
        return Verdict(
            aim, key, Outcome.UNPROVEN, margin, why, soft=True, proof=_narrows(found), finding="budget-unproven"
        )
    return Verdict(aim, key, Outcome.MEETS, margin, _whole(found), soft=True)


def worst(verdicts: tuple[Verdict, ...]) -> Outcome:
    """The worst outcome of several; ``meets`` where nothing was asked."""
    found = {verdict.outcome for verdict in verdicts}
    return next((one for one in (Outcome.CANNOT, Outcome.UNPROVEN) if one in found), Outcome.MEETS)


def binding(verdicts: tuple[Verdict, ...]) -> Verdict | None:
    """The constraint that decides: the worst outcome, and of those the smallest margin."""
    order = (Outcome.CANNOT, Outcome.UNPROVEN, Outcome.MEETS)
    known = [verdict for verdict in verdicts if verdict.margin is not None or verdict.outcome is not Outcome.MEETS]

    def rank(verdict: Verdict) -> tuple[int, bool, float, str]:
        unknown = -1.0 if verdict.outcome is Outcome.CANNOT else 10.0
        margin = unknown if verdict.margin is None else verdict.margin
        return order.index(verdict.outcome), verdict.finding != REFUSES, margin, verdict.key

    return min(known, key=rank, default=None)


def _whole(found: Value) -> str:
    how = "measured" if found.measured else "estimated"
    low, value, high = found.bounds
    if low == high:
        return amount(value, found.unit)
    return f"{how} {amount(value, found.unit)} ({amount(low, found.unit)} to {amount(high, found.unit)})"


def _shown(found: Value, edge: float) -> str:
    return amount(edge, found.unit)


def amount(value: float, unit: str) -> str:
    """A number as people write it: seconds in ms or us, watts and money rounded to three figures."""
    if unit == "s":
        for size, name in ((1.0, "s"), (1e-3, "ms"), (1e-6, "us")):
            if value >= size:
                return f"{_three(value / size)} {name}"
        return f"{_three(value / 1e-6)} us"
    if unit == "operations/s":
        return f"{_three(value / 1e12)} T operations/s"
    joined = "" if unit.startswith("/") else " "
    return f"{_three(value)}{joined}{unit}".rstrip()


def _three(value: float) -> str:
    if value == 0:
        return "0"
    if value >= 999.5:  # which three figures would write as 1e+03
        return f"{value:,.0f}"
    return f"{value:.3g}"
