"""The bill of a program: every resource it registers, priced from its own inputs, or named as not priced."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from aiinfra.catalogue.catalogue import Catalogue
from aiinfra.catalogue.figure import Source
from aiinfra.estimate.ages import old_of, plain, told
from aiinfra.estimate.billed import RULES, Line, Place, Resource, at_once, free
from aiinfra.estimate.remedies import remedies
from aiinfra.estimate.value import Value, exact, of_figure, unknown
from aiinfra.estimate.verdict import amount

_TEMPLATE: Final = "aws:ec2/launchTemplate:LaunchTemplate"
_CLOUDS: Final = ("aws", "kubernetes", "pulumi", "aiinfra", "random", "tls", "time", "null", "command", "local")
"""Packages whose resources are free where no rule says otherwise, AWS's own aside."""


@dataclass(frozen=True, slots=True)
class Item:
    """One billable resource."""

    name: str
    type: str
    cost: Value
    """USD a month of its fixed part; unknown with the reason."""
    also: tuple[str, ...] = ()
    """What use adds to the fixed part."""
    by_use: bool = False
    """It has no price because it has no fixed part, not because one is missing."""


def priced_sum(items: Iterable[Item]) -> Value:
    """USD a month of those that have a price."""
    total = exact(0.0, "USD/month")
    for item in items:
        total = total + item.cost if item.cost.known else total
    return total.unit_as("USD/month")


@dataclass(frozen=True, slots=True)
class Bill:
    """All billable resources of a program."""

    regions: tuple[str, ...]
    """Where it is billed; an empty name where a provider does not tell."""
    items: tuple[Item, ...]
    at_once: tuple[str, ...]
    """What is paid when the program is applied, and cannot be undone: name and what it is."""
    as_of: date
    fees: Mapping[str, Value] = field(default_factory=dict)
    """USD of each of ``at_once``; unknown where no file of the user's holds the offer."""

    @property
    def spent(self) -> tuple[str, ...]:
        """``at_once`` with what each costs."""
        return tuple(f"{words}{_priced_at_once(self.fees.get(words))}" for words in self.at_once)

    @property
    def cost(self) -> Value:
        """USD a month of what is priced."""
        return priced_sum(self.items)

    @property
    def priced(self) -> int:
        """Resources with a price."""
        return sum(item.cost.known for item in self.items)

    @property
    def not_priced(self) -> tuple[str, ...]:
        """Reasons, each with how many resources it stands for."""
        return counted("; ".join(item.cost.drivers) for item in self.items if not item.cost.known)

    @property
    def also(self) -> tuple[str, ...]:
        """What use adds to what is priced, each with how many resources it is said of."""
        return counted(words for item in self.items for words in item.also)

    @property
    def old(self) -> tuple[Source, ...]:
        """Sources of the prices that are older than 180 days."""
        return old_of((*(item.cost for item in self.items), *self.fees.values()), self.as_of)


def bill(
    resources: Iterable[Resource],
    catalogue: Catalogue,
    region_of: Callable[[Resource], str],
    as_of: date,
    holds: Mapping[str, float] | None = None,
) -> Bill:
    """The bill of ``resources``; ``region_of`` tells where one's provider works, or nothing where it is not known:
    then it has no price. ``holds`` is what is declared of storage by the name of its resource, in GiB.

    Resources that are only read, and components, are for the caller to leave out.
    """
    kept = list(resources)
    templates = dict(_templates(kept))
    regions: set[str] = set()
    items: list[Item] = []
    spent: list[str] = []
    fees: dict[str, Value] = {}
    for resource in kept:
        if resource.type in at_once():
            words = f"{resource.name}: {at_once()[resource.type]}{_bought(resource)}"
            spent.append(words)
            fees[words] = _fee(resource, catalogue)
            continue
        region = region_of(resource)
        said = catalogue.monthly.get(resource.name) or catalogue.monthly.get(resource.type)
        if said is not None:
            items.append(Item(resource.name, resource.type, of_figure(said, resource.name).unit_as("USD/month")))
            continue
        lines = list(_lines(resource, Place(catalogue, region, templates, (holds or {}).get(resource.name))))
        if lines:
            regions.add(region)
            items.append(_item(resource, lines))
    return Bill(tuple(sorted(regions)), tuple(items), tuple(spent), as_of, fees)


def _templates(resources: Iterable[Resource]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for resource in resources:
        if resource.type == _TEMPLATE:
            yield f"{resource.name}_id", resource.inputs
            yield str(resource.inputs.get("name") or f"{resource.name}.name"), resource.inputs


def _lines(resource: Resource, place: Place) -> Iterator[Line]:
    rule = RULES.get(resource.type)
    if rule is not None:
        yield from rule(resource.inputs, place)
        return
    package = resource.type.partition(":")[0]
    if package == "aws" and not resource.type.startswith(free()):
        yield Line(resource.type, _unknown(f"no price of {resource.type} is in the catalogue"))
    elif package not in _CLOUDS:
        yield Line(resource.type, _unknown(f"{package}: its prices are not in the catalogue"))


def _unknown(why: str) -> Value:
    return Value(None, None, None, "USD/month", (why,))


def _item(resource: Resource, lines: list[Line]) -> Item:
    """The resource's lines together; without a price where one of them has none."""
    total = exact(0.0, "USD/month")
    for line in lines:
        total = total + line.cost
    also = tuple(f"{line.what}: {line.also}" for line in lines if line.also)
    by_use = not total.known and all(line.by_use for line in lines if not line.cost.known)
    return Item(resource.name, resource.type, total.unit_as("USD/month"), also, by_use)


def _priced_at_once(fee: Value | None) -> str:
    return f": {money(fee)}" if fee is not None and fee.known else "; what it costs, its offer says"


def _bought(resource: Resource) -> str:
    """What of it the program names, in words."""
    named = [
        str(resource.inputs[key])
        for key in ("capacityBlockOfferingId", "instanceType", "offeringId")
        if isinstance(resource.inputs.get(key), str)
    ]
    return f" ({', '.join(named)})" if named else ""


def counted(words: Iterable[str]) -> tuple[str, ...]:
    """Each once, by name, with how many there are of it."""
    return tuple(f"{count} x {said}" if count > 1 else said for said, count in sorted(Counter(words).items()))


def grouped(items: Iterable[Item], prefix: str = "") -> list[tuple[str, Value]]:
    """Priced resources, dearest first: (``8 x VpcEndpoint``, or the name of a single one, USD a month).

    Those of one type and one price are told together. ``prefix`` is left out of names.
    """
    kinds: dict[tuple[str, tuple[float, float, float]], list[Item]] = {}
    for item in items:
        if item.cost.known:
            kinds.setdefault((item.type, item.cost.bounds), []).append(item)
    found = []
    for (type_, _), same in kinds.items():
        kind = type_.rpartition(":")[2]
        words = f"{len(same)} x {kind}" if len(same) > 1 else f"{same[0].name.removeprefix(prefix)} ({kind})"
        found.append((words, priced_sum(same)))
    return sorted(found, key=lambda row: (-row[1].bounds[1], row[0]))


def _fee(resource: Resource, catalogue: Catalogue) -> Value:
    """USD at once for a Capacity Block whose offer a file of the user's holds."""
    offer = resource.inputs.get("capacityBlockOfferingId")
    fee = catalogue.blocks.get(offer) if isinstance(offer, str) else None
    return of_figure(fee, "the offer") if fee is not None else unknown("USD", "what it costs, its offer says")


def text(found: Bill, name: str) -> str:
    """The bill for people: dearest first."""
    where = "".join(f" in {region}" if region else ", a region not told" for region in found.regions)
    lines = [f"{name}{where}, estimated as of {found.as_of.isoformat()}"]
    lines += [f"  at once, when it is applied: {words}" for words in found.spent]
    known = [item for item in found.items if item.cost.known]
    for item in sorted(known, key=lambda item: (-item.cost.bounds[1], item.name)):
        lines.append(f"  {money(item.cost):<28} {item.name} ({item.type.rpartition(':')[2]})")
    lines += ["", f"cost a month  {money(found.cost)}"]
    lines.append(f"priced {found.priced} of {len(found.items)} billable resources")
    lines += [f"  not priced: {why}" for why in found.not_priced]
    lines += [f"  to price it: {words}" for words in remedies(found.not_priced)]
    lines += [f"  use adds: {words}" for words in found.also]
    lines += told(found.old)
    return "\n".join(lines) + "\n"


def money(cost: Value) -> str:
    """A known sum with its range."""
    low, value, high = cost.bounds
    spread = "" if low == high else f" ({amount(low, 'USD')} to {amount(high, 'USD')})"
    return f"{amount(value, 'USD')}{spread}"


def data(found: Bill) -> dict[str, Any]:
    """Plain data for ``--json``."""
    return {
        "regions": list(found.regions),
        "as_of": found.as_of.isoformat(),
        "cost": found.cost.as_json(),
        "at_once": list(found.at_once),
        "fees": {words: fee.as_json() for words, fee in found.fees.items()},
        "priced": found.priced,
        "billable": len(found.items),
        "not_priced": list(found.not_priced),
        "items": [
            {"name": item.name, "type": item.type, "cost": item.cost.as_json(), "also": list(item.also)}
            for item in found.items
        ],
        "old": plain(found.old),
    }
