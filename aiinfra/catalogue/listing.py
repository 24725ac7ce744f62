"""The catalogue as text and data: lists, one entry with its sources, differences, and what is old or unknown."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final

from aiinfra.catalogue.accelerators import Accelerator
from aiinfra.catalogue.catalogue import Catalogue
from aiinfra.catalogue.figure import Figure, Source, sources
from aiinfra.catalogue.hosts import HostClass, host_classes
from aiinfra.catalogue.services import Service
from aiinfra.errors import BadInput, did_you_mean
from aiinfra.findings import Finding, Severity

KINDS: Final = ("accelerators", "hosts", "instances", "regions", "services", "sources")


def figures(found: Catalogue) -> Mapping[str, Figure]:
    """Every figure of the catalogue by a dotted name: ``accelerators.l4.power``, ``instances.g6.xlarge.us-east-1``."""
    out: dict[str, Figure] = {}
    for part in found.accelerators.values():
        out |= {f"accelerators.{part.name}.{key}": figure for key, figure in part.figures.items()}
    for instance in found.instances.values():
        out |= {f"instances.{instance.name}.{region}": price for region, price in instance.prices.items()}
        out |= {f"spot.{instance.name}.{region}": price for region, price in instance.spot.items()}
    for service in found.services.values():
        out |= {f"services.{service.name}.{region}": price for region, price in service.prices.items()}
    for region in found.regions.values():
        out |= {f"regions.{region.name}.grid": region.grid, f"regions.{region.name}.pue": region.pue}
    for name, site in found.sites.items():
        said = {"electricity": site.electricity, "grid": site.grid, "pue": site.pue, "life": site.life}
        out |= {f"sites.{name}.{key}": figure for key, figure in said.items() if figure is not None}
    out |= {f"defaults.{key}": figure for key, figure in found.defaults.items()}
    out |= {f"blocks.{key}": figure for key, figure in found.blocks.items()}
    out |= {f"monthly.{key}": figure for key, figure in found.monthly.items()}
    return out | {f"currencies.{key}": figure for key, figure in found.currencies.items()}


def listing(found: Catalogue, kind: str) -> str:
    """A table of ``kind``.

    Raises:
        BadInput: ``catalogue-kind``.
    """
    tables = {
        "accelerators": lambda: _table(_ACCELERATOR, [_accelerator(part) for part in found.accelerators.values()]),
        "hosts": lambda: _table(_HOST, [_host(item) for item in host_classes().values()]),
        "instances": lambda: _table(_INSTANCE, [_instance(found, name) for name in found.instances]),
        "regions": lambda: _table(_REGION, [_region(found, name) for name in found.regions]),
        "services": lambda: _table(_SERVICE, [_service(service) for service in found.services.values()]),
        "sources": lambda: _table(_SOURCE, [_source(source) for source in sources().values()]),
    }
    if kind not in tables:
        raise BadInput("catalogue-kind", f"no list of {kind!r}{did_you_mean(kind, KINDS)}", f"use {', '.join(KINDS)}")
    return tables[kind]()


_ACCELERATOR = ("name", "title", "kind", "GB", "GB/s", "fp32", "fp16", "int8", "W", "modes", "Kubernetes")
_INSTANCE = ("name", "accelerator", "n", "vCPU", "GiB", "EFA", "USD/hour us-east-1")
_REGION = ("name", "partition", "country", "g/kWh", "PUE")
_HOST = ("name", "title", "W itself", "of its parts' limit", "published systems")
_SERVICE = ("name", "title", "USD us-east-1", "a", "with use")
_SOURCE = ("name", "date", "kind", "ships", "title")


def _accelerator(part: Accelerator) -> tuple[str, ...]:
    rates = [_short(part.rates.get(key)) for key in ("fp32", "fp16", "int8")]
    numbers = (_short(part.memory), _short(part.bandwidth), *rates, _short(part.power))
    return (part.name, part.title, part.kind, *numbers, " ".join(part.modes), part.resource or "-")


def _instance(found: Catalogue, name: str) -> tuple[str, ...]:
    item = found.instances[name]
    held = item.accelerator or item.cpu or "-"
    price = _short(item.price("us-east-1"))
    return (
        name,
        held,
        str(item.accelerators or "-"),
        str(item.vcpus),
        _short(item.memory),
        str(item.efa or "-"),
        price,
    )


def _region(found: Catalogue, name: str) -> tuple[str, ...]:
    item = found.regions[name]
    return (name, item.partition, item.country, _short(item.grid), _short(item.pue))


def _host(item: HostClass) -> tuple[str, ...]:
    return (item.name, item.title, f"{item.watts:g}", f"{item.share:.2f}", str(item.systems))


def _service(item: Service) -> tuple[str, ...]:
    return (item.name, item.title, _short(item.price("us-east-1")), item.unit, item.also or "-")


def _source(source: Source) -> tuple[str, ...]:
    ships = "yes" if source.ships else "no: cross-checks only"
    return (source.name, source.date.isoformat(), source.kind.value, ships, source.title)


def _short(figure: Figure | None) -> str:
    return "?" if figure is None or figure.value is None else f"{figure.value:g}"


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    widths = [max(len(row[i]) for row in (head, *rows)) for i in range(len(head))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in (head, *rows)
    ]
    return "\n".join(lines) + "\n"


def entry(found: Catalogue, name: str, as_of: date) -> Mapping[str, Any]:
    """Everything of one accelerator, instance or region: plain facts, and each figure with source, date and confidence.

    Raises:
        BadInput: ``catalogue-unknown``.
    """
    groups: dict[str, Mapping[str, Any]] = {
        "accelerators": found.accelerators,
        "instances": found.instances,
        "regions": found.regions,
        "services": found.services,
    }
    for group, items in groups.items():
        if name in items:
            start = f"{group}.{name}."
            own = {k.removeprefix(start): v for k, v in figures(found).items() if k.startswith(start)}
            return {"name": name, "group": group, "facts": _facts(items[name]), "figures": described(own, as_of)}
    names = tuple(key for items in groups.values() for key in items)
    raise BadInput(
        "catalogue-unknown",
        f"the catalogue has no {name!r}{did_you_mean(name, names)}",
        "list it: aiinfra catalogue list",
    )


def _facts(item: Any) -> dict[str, Any]:
    """The plain facts of a record: words, counts and lists, without its figures."""
    out: dict[str, Any] = {}
    for key in item.__slots__:
        value = getattr(item, key)
        if isinstance(value, str | int | float) and value != "":
            out[key] = value
        elif isinstance(value, tuple) and value:
            out[key] = [str(one) for one in value]
    return out


def described(found: Mapping[str, Figure], as_of: date) -> dict[str, dict[str, Any]]:
    """Figures as plain data."""
    return {
        key: {
            "value": figure.value,
            "unit": figure.unit,
            "low": None if figure.value is None else figure.range[0],
            "high": None if figure.value is None else figure.range[1],
            "source": figure.source.title,
            "date": figure.source.date.isoformat(),
            "confidence": figure.confidence.value,
            "old": figure.source.is_old(as_of),
        }
        for key, figure in found.items()
    }


def entry_text(found: Mapping[str, Any]) -> str:
    """One entry for people."""
    lines = [f"{found['name']} ({found['group']})"]
    for key, value in found["facts"].items():
        lines.append(f"  {key:<20} {', '.join(map(str, value)) if isinstance(value, list) else value}")
    for key, figure in found["figures"].items():
        if figure["value"] is None:
            lines.append(f"  {key:<20} unknown")
            continue
        spread = "" if figure["low"] == figure["high"] else f" ({figure['low']:g} to {figure['high']:g})"
        age = ", old" if figure["old"] else ""
        said = f"{figure['source']}, {figure['date']}, confidence {figure['confidence']}{age}"
        lines.append(f"  {key:<20} {figure['value']:g} {figure['unit']}{spread}  [{said}]")
    return "\n".join(lines) + "\n"


def difference(before: Catalogue, after: Catalogue) -> list[dict[str, Any]]:
    """What changes from ``before`` to ``after``: figures added, removed, or of another value, range or source."""
    old, new = figures(before), figures(after)
    out = []
    for key in sorted(set(old) | set(new)):
        if old.get(key) != new.get(key):
            change = "added" if key not in old else "removed" if key not in new else "changed"
            out.append({"figure": key, "change": change, "before": _said(old.get(key)), "after": _said(new.get(key))})
    return out


def _said(figure: Figure | None) -> dict[str, Any] | None:
    if figure is None:
        return None
    return {
        "value": figure.value,
        "unit": figure.unit,
        "source": figure.source.title,
        "date": figure.source.date.isoformat(),
    }


def difference_text(found: Iterable[Mapping[str, Any]]) -> str:
    """The difference for people: + added, - removed, ~ changed."""
    marks = {"added": "+", "removed": "-", "changed": "~"}
    lines = []
    for item in found:
        sides = [_one(side) for side in (item["before"], item["after"]) if side is not None]
        lines.append(f"{marks[item['change']]} {item['figure']}: {' -> '.join(sides)}")
    return "\n".join(lines or ["no difference"]) + "\n"


def _one(side: Mapping[str, Any]) -> str:
    value = "unknown" if side["value"] is None else f"{side['value']:g} {side['unit']}".strip()
    return f"{value} [{side['source']}, {side['date']}]"


def check(found: Catalogue, as_of: date, *, own: bool = False) -> tuple[Finding, ...]:
    """What is old; of a user's file (``own``) its sources one by one, and those that ship as one note."""
    used: dict[str, int] = {}
    dated: dict[str, Source] = {}
    for figure in figures(found).values():
        if figure.known and figure.source.is_old(as_of):
            used[figure.source.name] = used.get(figure.source.name, 0) + 1
            dated[figure.source.name] = figure.source
    out = []
    shipped_too = [name for name in dated if own and name in sources()]
    if shipped_too:
        message = (
            f"{len(shipped_too)} sources that ship are older than 180 days too: aiinfra catalogue check names them"
        )
        remedy = "add newer figures to your catalogue.yaml where an estimate says that it used one"
        out.append(Finding("figures-old", Severity.NOTE, message, path="sources", remedy=remedy))
    for name, source in sorted(dated.items()):
        if name in shipped_too:
            continue
        many = f"{used[name]} figure{'s' if used[name] != 1 else ''}"
        message = f"{source.title}: {source.age_days(as_of)} days old, behind {many}"
        remedy = "add newer figures to your catalogue.yaml"
        out.append(Finding("figures-old", Severity.WARNING, message, path=f"sources.{name}", remedy=remedy))
    return tuple(out)
