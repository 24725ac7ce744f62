"""Estimates as text for people and as plain data for machines. The same estimate gives the same bytes."""

from collections.abc import Iterable, Sequence
from typing import Any

from aiinfra.estimate.against import Result, Score
from aiinfra.estimate.ages import plain, told
from aiinfra.estimate.cloud_bill import data as cloud_data
from aiinfra.estimate.cloud_bill import text as cloud_text
from aiinfra.estimate.estimate import Estimate
from aiinfra.estimate.judge import GIVES_WAY, throttles_first
from aiinfra.estimate.remedies import remedies
from aiinfra.estimate.site import SiteEstimate
from aiinfra.estimate.training import TrainingEstimate
from aiinfra.estimate.value import Value
from aiinfra.estimate.verdict import Verdict, amount, binding
from aiinfra.estimate.year import Outlook

_ROWS = (
    ("memory_needed", "memory needed"),
    ("memory_usable", "memory usable"),
    ("throughput", "throughput a box"),
    ("at_once", "answers at once"),
    ("latency", "latency of one"),
    ("first_token", "until first token"),
    ("next_token", "each token after"),
    ("p99", "p99 at that rate"),
    ("watts_load", "watts under load"),
    ("watts_idle", "watts idle"),
    ("watts_mean", "watts on average"),
    ("cost", "cost a month"),
    ("cost_idle", "of which idle"),
    ("cost_million", "cost a million"),
    ("carbon", "carbon a month"),
    ("carbon_million", "carbon a million"),
)
"""Figures of a site in the order they are printed, with their words."""


def text(found: Estimate, *, why: bool = False) -> str:
    """The whole estimate; ``why`` adds what drives each range, and its sources."""
    return parts_text(found, why=why) + together_text(found)


def parts_text(found: Estimate, *, why: bool = False) -> str:
    """Each class of sites and the training cluster."""
    lines = [f"{found.name}, estimated as of {found.as_of.isoformat()}"]
    if found.added:
        lines.append(f"with your figures from {', '.join(found.added)}")
    for site, year in zip(found.sites, found.years, strict=True):
        lines += ["", *_site(site, found.verdicts.get(site.class_name, ()), year, why=why)]
    if found.training is not None:
        lines += ["", *_training(found.training, found.verdicts.get("training", ()))]
    return "\n".join(lines) + "\n"


def together_text(found: Estimate) -> str:
    """What all of it draws, costs and emits; with the bill of what it compiles to where that was looked at."""
    lines = ["", *cloud_text(found.cloud, found.name)] if found.cloud is not None else []
    lines += ["", "all together"]
    for name, value in (
        ("watts under load", found.watts),
        ("cost a month", found.cost),
        ("carbon a month", found.carbon),
    ):
        lines.append(_row(name, value))
        if value is found.cost and len(found.sites) > 0:
            lines.append(f"  {'of which idle':<18} {_idle(found)}")
    lines.append(_row("the year ahead", found.year))
    lines += [_verdict(verdict) for verdict in found.verdicts.get("deployment", ())]
    things = "billable things" if found.cloud is None else "billable resources"
    lines.append(f"priced {found.priced} of {found.billable} {things}")
    lines += [f"  not priced: {why}" for why in found.not_priced]
    lines += [f"  to price it: {words}" for words in remedies(found.not_priced)]
    if found.cloud is not None:
        lines += [f"  use adds: {words}" for words in found.cloud.also]
    lines += told(found.old)
    return "\n".join(lines) + "\n"


def _site(site: SiteEstimate, verdicts: tuple[Verdict, ...], year: Outlook, *, why: bool) -> list[str]:
    many = "sites in a file" if site.sites is None else f"{site.sites} site{'s' if site.sites != 1 else ''}"
    boxes = f"{site.declared} box{'es' if site.declared != 1 else ''} a site"
    lines = [f"{site.class_name}: {site.title}, {boxes}, {many}", f"  {'served by':<18} {site.engine}"]
    for key, words in ((key, words) for key, words in _ROWS if key in site.figures):
        lines.append(_row(words, site.figures[key]))
        if why:
            value = site.figures[key]
            lines += [f"      {driver}" for driver in value.drivers]
            lines += [f"      source: {source.title} ({source.date.isoformat()})" for source in value.sources]
    lines.append(_needed(site))
    lines += [_verdict(verdict) for verdict in verdicts]
    decides = binding(verdicts)
    if decides is not None:
        lines.append(f"  decides: {decides.aim} ({decides.outcome.value}{_margin(decides)})")
    first = throttles_first(verdicts)
    if first is not None:
        happens = GIVES_WAY[first.key.rpartition(".")[2]]
        lines.append(f"  gives way first: {first.aim} ({first.key}{_margin(first)}): {happens}")
    lines.append(f"  a year on: {_year(year)}")
    return lines


def _needed(site: SiteEstimate) -> str:
    if site.needed is None or site.needed_range is None:
        return "  boxes needed       unknown"
    fewest, most = site.needed_range
    shown = f"{most:,}" if most < 10**6 else "any number"
    return f"  boxes needed       {site.needed}" + (f"  ({fewest} to {shown})" if fewest != most else "")


def _row(words: str, value: Value) -> str:
    if not value.known:
        return f"  {words:<18} unknown: {'; '.join(value.drivers) or 'no figure'}"
    low, middle, high = value.bounds
    spread = "" if low == high else f"  ({amount(low, value.unit)} to {amount(high, value.unit)})"
    return f"  {words:<18} {amount(middle, value.unit)}{spread}{'  measured' if value.measured else ''}"


def _verdict(verdict: Verdict) -> str:
    proof = f"; to prove: {verdict.proof}" if verdict.proof else ""
    return f"  {verdict.outcome.value:<12} {verdict.aim}{_margin(verdict)}: {verdict.reason}{proof}"


def _margin(verdict: Verdict) -> str:
    if verdict.margin is None:
        return ""
    if verdict.margin < -1:
        return f", {1 - verdict.margin:,.3g} times the limit"
    if verdict.margin > 10:
        return f", margin {verdict.margin + 1:,.0f} times"
    return f", margin {verdict.margin * 100:.0f} %"


def _year(year: Outlook) -> str:
    parts = [_runs_out(year)]
    if year.boxes_after is not None and year.grows:
        parts.append(f"{year.boxes_after:,} box{'es' if year.boxes_after != 1 else ''} a site then")
    if year.sites_after is not None and year.sites_after != year.sites:
        parts.append(f"{year.sites_after:,} sites then")
    parts.append(f"{amount(year.cost.bounds[1], 'USD')} over the year" if year.cost.known else "cost unknown")
    return "; ".join(parts)


def _runs_out(year: Outlook) -> str:
    if year.boxes_after is None:
        return "when the boxes run out is unknown, since their capacity is"
    if not year.rated:
        return "no rate is declared, so nobody knows when the boxes run out"
    if year.runs_out == 0:
        return "the boxes do not serve the busiest rate today"
    first = year.runs_out_range[0]
    if year.runs_out is None:
        late = "the boxes last ten years or more" if year.grows else "no growth is declared: the boxes hold the rate"
        if first == 0:
            return f"{late}, at the lowest capacity not even today"
        return late if first is None else f"{late}, {_months(first)} at the lowest capacity"
    early = f" (as early as {'today' if first == 0 else first})" if first is not None and first != year.runs_out else ""
    return f"the boxes run out in {_months(year.runs_out)}{early}"


def _months(count: int) -> str:
    return f"{count} month{'s' if count != 1 else ''}"


def _idle(found: Estimate) -> str:
    """``7 USD/month: cabinet 5.12, depot 1.74``: what is paid for boxes while nobody asks, of all sites by class."""
    parts = [(site.class_name, site.figures["cost_idle"] * float(site.sites or 1)) for site in found.sites]
    known = [(name, value.bounds[1]) for name, value in parts if value.known]
    named = [f"{name} {amount(value, '')}" for name, value in sorted(known, key=lambda part: (-part[1], part[0]))]
    lost = [f"{name} unknown" for name, value in parts if not value.known]
    if not known:
        return "unknown"
    return f"{amount(sum(value for _, value in known), 'USD/month')}: {', '.join([*named, *lost])}"


def _training(found: TrainingEstimate, verdicts: tuple[Verdict, ...]) -> list[str]:
    cards = f"{found.efa} EFA cards a node" if found.efa else "no EFA"
    lines = [f"training: {found.nodes} x {found.instance}, {found.accelerators} accelerators, {cards}"]
    for words, value in (
        ("watts under load", found.watts),
        ("cost a month", found.cost),
        ("carbon a month", found.carbon),
    ):
        lines.append(_row(words, value))
    return lines + [_verdict(verdict) for verdict in verdicts]


def data(found: Estimate) -> dict[str, Any]:
    """Plain data for ``--json``."""
    return {
        "name": found.name,
        "as_of": found.as_of.isoformat(),
        "added": list(found.added),
        "outcome": found.outcome.value,
        "sites": [_site_data(site, found) for site in found.sites],
        "training": _training_data(found.training, found.verdicts.get("training", ())),
        "total": {
            "watts_load": found.watts.as_json(),
            "cost": found.cost.as_json(),
            "carbon": found.carbon.as_json(),
            "year": found.year.as_json(),
            "verdicts": [verdict.as_json() for verdict in found.verdicts.get("deployment", ())],
        },
        "years": [_year_data(year) for year in found.years],
        "priced": found.priced,
        "billable": found.billable,
        "not_priced": list(found.not_priced),
        "cloud": None if found.cloud is None else cloud_data(found.cloud),
        "old": plain(found.old),
    }


def _site_data(site: SiteEstimate, found: Estimate) -> dict[str, Any]:
    verdicts = found.verdicts.get(site.class_name, ())
    decides, first = binding(verdicts), throttles_first(verdicts)
    return {
        "class": site.class_name,
        "tier": site.tier,
        "power_mode": site.power_mode,
        "box": site.title,
        "engine": site.engine,
        "sites": site.sites,
        "boxes": site.declared,
        "needed": site.needed,
        "needed_range": None if site.needed_range is None else list(site.needed_range),
        "figures": {name: value.as_json() for name, value in sorted(site.figures.items())},
        "measured": None if site.measured is None else site.measured.model_dump(mode="json", by_alias=True),
        "verdicts": [verdict.as_json() for verdict in verdicts],
        "decides": None if decides is None else decides.as_json(),
        "gives_way_first": None if first is None else first.as_json(),
    }


def _training_data(found: TrainingEstimate | None, verdicts: tuple[Verdict, ...]) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "instance": found.instance,
        "nodes": found.nodes,
        "accelerators": found.accelerators,
        "efa": found.efa,
        "watts_load": found.watts.as_json(),
        "cost": found.cost.as_json(),
        "carbon": found.carbon.as_json(),
        "verdicts": [verdict.as_json() for verdict in verdicts],
    }


def _year_data(year: Outlook) -> dict[str, Any]:
    return {
        "class": year.class_name,
        "runs_out_months": year.runs_out,
        "runs_out_range": list(year.runs_out_range),
        "boxes_after": year.boxes_after,
        "sites_after": year.sites_after,
        "cost": year.cost.as_json(),
    }


def against_rows(results: Iterable[Result]) -> list[dict[str, Any]]:
    """One object a published row: its value, the estimate, its range and its error."""
    return [
        {
            "split": result.row.split,
            "metric": result.row.metric,
            "device": result.row.name,
            "class": result.row.group,
            "system": result.row.system,
            "benchmark": result.row.benchmark,
            "value": result.row.value,
            "estimate": None if result.guess is None else float(f"{result.guess.value:.6g}"),
            "low": None if result.guess is None else float(f"{result.guess.low:.6g}"),
            "high": None if result.guess is None else float(f"{result.guess.high:.6g}"),
            "error": None if result.error is None else round(result.error, 4),
        }
        for result in results
    ]


def against_text(results: Sequence[Result], scores: Iterable[Score], *, rows: bool) -> str:
    """The table of errors; ``rows`` prints every row before it."""
    lines = []
    if rows:
        lines.append(f"{'device':<22} {'benchmark':<14} {'published':>12} {'estimate':>12} {'range':>25} {'error':>7}")
        lines += [_against_row(result) for result in results]
        lines.append("")
    words = f"{'group':<42} {'rows':>5} {'known':>5} {'mean':>6} {'median':>6} {'worst':>6} {'in range':>8} {'half':>5}"
    lines.append(f"{words} {'roofline':>8} {'class':>6}")
    lines += [_score(score) for score in scores]
    lines.append(
        "mean, median, worst: absolute error in %; in range: truths inside the stated 90 % range; half: its median"
    )
    lines.append(
        "half-width; roofline: mean error of the datasheet's peak; class: of the mean share of its class and benchmark"
    )
    return "\n".join(lines) + "\n"


def _against_row(result: Result) -> str:
    row, guess = result.row, result.guess
    start = f"{row.name[:22]:<22} {row.benchmark:<14} {row.value:>12,.6g}"
    if guess is None:
        return f"{start} {'unknown':>12}"
    spread = " to ".join(f"{end:,.0f}" if end >= 9999.5 else f"{end:,.4g}" for end in (guess.low, guess.high))
    return f"{start} {guess.value:>12,.6g} {spread:>25} {(result.error or 0) * 100:>+6.1f}%"


def _score(found: Score) -> str:
    numbers = f"{found.rows:>5} {found.estimated:>5} {found.mean * 100:>6.1f} {found.median * 100:>6.1f}"
    numbers += f" {found.worst * 100:>6.1f} {found.covered * 100:>7.0f}% {found.half_width * 100:>4.0f}%"
    return f"{found.name:<42} {numbers} {found.naive * 100:>8.1f} {found.class_mean * 100:>6.1f}"


def against_scores(scores: Iterable[Score]) -> list[dict[str, Any]]:
    """One object a group."""
    return [
        {
            "group": found.name.strip(),
            "rows": found.rows,
            "estimated": found.estimated,
            "mean": round(found.mean, 4),
            "median": round(found.median, 4),
            "worst": round(found.worst, 4),
            "in_range": round(found.covered, 4),
            "half_width": round(found.half_width, 4),
            "roofline_mean": round(found.naive, 4),
            "class_mean": round(found.class_mean, 4),
        }
        for found in scores
    ]
