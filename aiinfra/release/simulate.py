"""A fleet simulated: how many sites serve a bad release before a gate stops it, and what waves cost in time.

Sites are arrays, waves a loop. Each site draws its own luck once, from streams that depend on the seed alone: two plans
are compared on the same sites with the same luck. Times are in hours after the first promotion, which is at midnight.

The model, all of it assumptions that options change: a site looks for news every ``every``, unless its link is down
(then when it is back: outages end exponentially); fetches at its link's speed (lognormal around ``link``); installs in
its daily window, at its own hour and by its own clock (normal around the true one). The release misbehaves at a part of
the sites. Golden inputs refuse it at some of those, the site's own watch rolls it back at some of the rest. A gate
looks ``wait`` after each promotion at the failed part of what connected sites answered, a Poisson count.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from aiinfra.errors import BadInput
from aiinfra.spec.class_file import boundaries, default_boundaries
from aiinfra.units import DataSize, Duration, Share

Array = NDArray[np.float64]
DAY: Final = 24.0
HORIZON: Final = 14 * DAY
"""Hours that are looked at."""
MOST_SITES: Final = 5_000_000


def _hours(duration: Duration) -> float:
    return duration.seconds / 3600


@dataclass(frozen=True, slots=True)
class Fleet:
    """The sites and their links."""

    sites: int = 100_000
    every: Duration = field(default_factory=lambda: Duration("10 min"))
    """How often a site looks."""
    offline: Share = field(default_factory=lambda: Share("2 %"))
    """Part of the sites whose link is down at any time."""
    outage: Duration = field(default_factory=lambda: Duration("24 h"))
    """Mean time until a link that is down is back."""
    link: float = 10.0
    """Median speed of a link, Mbit/s; one site in six has less than a third of it."""
    size: DataSize = field(default_factory=lambda: DataSize("50 MiB"))
    """Size of the release."""
    window: Duration = field(default_factory=lambda: Duration("4 h"))
    """How long a site's maintenance window is open each day; 24 h: always."""
    skew: Duration = field(default_factory=lambda: Duration("5 min"))
    """Standard deviation of the sites' clocks."""
    requests: float = 60.0
    """Requests a site answers each hour."""


@dataclass(frozen=True, slots=True)
class Bad:
    """What is wrong with the release, and what catches it at a site."""

    misbehaves: Share = field(default_factory=lambda: Share("30 %"))
    """Part of the sites where it misbehaves."""
    fails: Share = field(default_factory=lambda: Share("20 %"))
    """Part of the requests that fail there."""
    golden_catch: Share = field(default_factory=lambda: Share("50 %"))
    """Part of those sites whose trial on golden inputs refuses it."""
    soak_catch: Share = field(default_factory=lambda: Share("20 %"))
    """Part of the rest that rolls back by itself after ``soak``."""
    soak: Duration = field(default_factory=lambda: Duration("10 min"))


@dataclass(frozen=True, slots=True)
class Gate:
    """What stops it at the centre."""

    at_most: Share = field(default_factory=lambda: Share("1 %"))
    """The gate is shut above this part of failed requests."""
    usual: Share = field(default_factory=lambda: Share("0.1 %"))
    """Part of the requests that fails anyway."""
    wait: Duration = field(default_factory=lambda: Duration("24 h"))
    """From a promotion to its gate, and so to the next promotion."""
    react: Duration = field(default_factory=lambda: Duration("1 h"))
    """From a shut gate to the commit that rolls back."""


@dataclass(frozen=True, slots=True)
class Step:
    """One wave of a plan."""

    wave: int
    sites: int
    at: float
    """Hours."""
    failed: float | None
    """What the gate was told; None: nobody reported, or nobody asked."""
    open: bool


@dataclass(frozen=True, slots=True)
class Exposure:
    """What one plan came to."""

    plan: str
    sites: int
    exposed: int
    """Sites that served the release badly."""
    at_risk: int
    """Sites where it misbehaves and the golden trial lets it pass: all who could be exposed."""
    refused: int
    """Sites whose golden inputs refused it."""
    site_hours: float
    """Hours of bad answers, of all sites together, until :data:`HORIZON`."""
    stopped: float | None
    """When the rollback was committed; None: never."""
    everywhere: float
    """When a good release would be served by 95 of 100 sites."""
    steps: tuple[Step, ...]
    times: Array
    serving: NDArray[np.int64]
    """Sites that serve it badly at each of ``times``."""

    def as_json(self) -> dict[str, Any]:
        """Plain data; hours to three digits."""
        return {
            "plan": self.plan,
            "sites": self.sites,
            "exposed": self.exposed,
            "at_risk": self.at_risk,
            "refused": self.refused,
            "site_hours": round(self.site_hours, 1),
            "stopped_hours": None if self.stopped is None else round(self.stopped, 3),
            "everywhere_hours": round(self.everywhere, 3),
            "waves": [
                {
                    "wave": step.wave,
                    "sites": step.sites,
                    "at_hours": round(step.at, 3),
                    "failed": None if step.failed is None else round(step.failed, 6),
                    "open": step.open,
                }
                for step in self.steps
            ],
        }


@dataclass(frozen=True, slots=True)
class Plan:
    """Waves, and whether a gate looks after each."""

    name: str
    ends: tuple[Decimal, ...]
    """Part of the sites that waves up to each have."""
    gated: bool = True


def plans(shares: Sequence[Share], waves: int = 3, *, gated: bool = True) -> tuple[Plan, ...]:
    """What is compared: everyone at once, unwatched and watched, and the waves.

    Raises:
        BadInput: ``simulation-invalid``: the shares are more than everyone.
    """
    total = sum((share.base for share in shares), Decimal(0))
    if total > 1:
        raise BadInput("simulation-invalid", f"the waves are {total:.0%} of the sites", "leave the last wave out")
    ends = boundaries([share.base for share in shares]) if shares else default_boundaries(waves)
    everyone = (Decimal(1),)
    words = ", ".join(f"{float(end):.3g} %" for end in (end * 100 for end in ends))
    compared = [Plan("everyone at once, no gate", everyone, gated=False), Plan("everyone at once, gate", everyone)]
    return (*compared[: 1 + gated], Plan(f"waves to {words}{', gates' if gated else ', no gate'}", ends, gated))


class _Sites:
    """Every site's luck."""

    def __init__(self, fleet: Fleet, bad: Bad, seed: int) -> None:
        self.fleet, self.seed, count = fleet, seed, fleet.sites
        self.place = self.draw(0).random(count)
        self.start = self.draw(1).random(count) * DAY + self.draw(2).normal(size=count) * _hours(fleet.skew)
        speed = fleet.link * 1e6 / 8 * 3600 * np.exp(self.draw(3).normal(size=count) * 1.2)  # bytes an hour
        self.transfer = fleet.size.bytes / speed
        wrong = self.draw(4).random(count) < bad.misbehaves.fraction
        passes = self.draw(5).random(count) >= bad.golden_catch.fraction
        self.refused = wrong & ~passes
        self.bad = wrong & passes
        self.rolls_back = self.bad & (self.draw(6).random(count) < bad.soak_catch.fraction)

    def draw(self, stream: int) -> np.random.Generator:
        """The stream of that number: the same for every plan."""
        return np.random.default_rng([self.seed, stream])

    def arrives(self, told: float | Array, stream: int, *, transfer: bool) -> Array:
        """When each site installs what is there to fetch from ``told`` on."""
        fleet, count = self.fleet, self.fleet.sites
        draw = self.draw(stream)
        looks = draw.random(count) * _hours(fleet.every)
        down = draw.random(count) < fleet.offline.fraction
        back = draw.exponential(_hours(fleet.outage), count)
        there = told + np.where(down, back, looks) + (self.transfer if transfer else 0.0)
        inside = np.mod(there - self.start, DAY)
        return np.where(inside < min(_hours(fleet.window), DAY), there, there + DAY - inside)


def simulate(plan: Plan, fleet: Fleet, bad: Bad, gate: Gate, *, seed: int) -> Exposure:
    """One bad release under one plan; the same bytes for the same seed.

    Raises:
        BadInput: ``simulation-invalid``.
    """
    if not 1 <= fleet.sites <= MOST_SITES or fleet.link <= 0 or fleet.requests < 0 or seed < 0:
        raise BadInput(
            "simulation-invalid",
            f"a fleet of {fleet.sites} sites with links of {fleet.link:g} Mbit/s, {fleet.requests:g} requests and seed "
            f"{seed} cannot be simulated",
            f"name 1 to {MOST_SITES:,} sites, a link faster than nothing, and no negative numbers",
        )
    sites = _Sites(fleet, bad, seed)
    wave = np.minimum(np.searchsorted([float(end) for end in plan.ends], sites.place, side="right"), len(plan.ends) - 1)
    wait = _hours(gate.wait)
    would = sites.arrives(wave * wait, 10, transfer=True)  # if every gate opens
    steps: list[Step] = []
    stopped: float | None = None
    for index in range(len(plan.ends)):
        failed = _told(sites, would, wave <= index, (index + 1) * wait, (bad, gate)) if plan.gated else None
        is_open = not plan.gated or (failed is not None and failed <= gate.at_most.fraction)
        steps.append(Step(index + 1, int((wave == index).sum()), index * wait, failed, is_open))
        if not is_open:
            stopped = (index + 1) * wait + _hours(gate.react)
            break
    reached = sites.bad & (wave < len(steps)) & (would < (np.inf if stopped is None else stopped))
    left = np.full(fleet.sites, np.inf) if stopped is None else sites.arrives(stopped, 11, transfer=False)
    left = np.where(sites.rolls_back, np.minimum(would + _hours(bad.soak), left), left)
    served = np.clip(np.minimum(left, HORIZON) - would, 0, None)[reached]
    times = np.linspace(0, HORIZON, 241)
    began, ended = np.sort(would[reached]), np.sort(left[reached])
    return Exposure(
        plan=plan.name,
        sites=fleet.sites,
        exposed=int(reached.sum()),
        at_risk=int(sites.bad.sum()),
        refused=int((sites.refused & (wave < len(steps)) & (would < (np.inf if stopped is None else stopped))).sum()),
        site_hours=float(served.sum()),
        stopped=stopped,
        everywhere=float(np.quantile(would, 0.95)),
        steps=tuple(steps),
        times=times,
        serving=np.searchsorted(began, times, side="right") - np.searchsorted(ended, times, side="right"),
    )


def _told(sites: _Sites, would: Array, promoted: NDArray[np.bool_], now: float, what: tuple[Bad, Gate]) -> float | None:
    """The failed part of what sites with a link report at ``now``; None where none reports."""
    bad, gate = what
    draw = sites.draw(100 + round(now * 60) % 2**31)
    linked = draw.random(sites.fleet.sites) >= sites.fleet.offline.fraction
    serving = promoted & linked & ~sites.refused & (would < now)
    hours = np.where(serving, now - would, 0.0)
    hours = np.where(sites.rolls_back, np.minimum(hours, _hours(bad.soak)), hours)
    asked = float(hours.sum()) * sites.fleet.requests
    if asked < 1:
        return None
    usual = gate.usual.fraction
    wrong = float(hours[sites.bad].sum()) * sites.fleet.requests * max(bad.fails.fraction - usual, 0.0)
    return min(float(draw.poisson(wrong + asked * usual)) / asked, 1.0)


def compare(shares: Sequence[Share], fleet: Fleet, bad: Bad, gate: Gate, *, seed: int, gated: bool) -> list[Exposure]:
    """Each plan of :func:`plans` on the same sites.

    Raises:
        BadInput: ``simulation-invalid``.
    """
    return [simulate(plan, fleet, bad, gate, seed=seed) for plan in plans(shares, gated=gated)]


def of_options(**options: Any) -> list[Exposure]:
    """What the command line asks for, each quantity as text.

    Raises:
        BadInput: ``simulation-invalid``: names the option.
    """

    def read(kind: type[Any], name: str) -> Any:
        try:
            return kind(options[name])
        except ValueError as error:
            flag = name.replace("_", "-")
            raise BadInput("simulation-invalid", f"--{flag}: {error}", "aiinfra release simulate --help") from None

    shares = [part.strip() for part in str(options["waves"]).split(",") if part.strip()]
    try:
        waves = [Share(part) for part in shares]
    except ValueError as error:
        raise BadInput("simulation-invalid", f"--waves: {error}", "write shares like '1 %, 9 %'") from None
    fleet = Fleet(
        sites=options["sites"],
        every=read(Duration, "every"),
        offline=read(Share, "offline"),
        outage=read(Duration, "outage"),
        link=options["link"],
        size=read(DataSize, "size"),
        window=read(Duration, "window"),
        skew=read(Duration, "skew"),
        requests=options["requests"],
    )
    bad = Bad(
        misbehaves=read(Share, "misbehaves"),
        fails=read(Share, "fails"),
        golden_catch=read(Share, "golden_catch"),
        soak_catch=read(Share, "soak_catch"),
    )
    gate = Gate(at_most=read(Share, "at_most"), wait=read(Duration, "wait"))
    return compare(waves, fleet, bad, gate, seed=options["seed"], gated=not options["no_gate"])
