"""What a user adds to the catalogue, in one YAML file: tiers, prices, currencies, site power, measurements.

Nothing is fetched and nothing refreshes by itself: the file is the whole story, and each of its figures names a
source with a date in the same file. A figure of the user replaces the shipped one.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from aiinfra.catalogue.accelerators import Accelerator, accelerator
from aiinfra.catalogue.catalogue import Catalogue, SiteFigures, shipped
from aiinfra.catalogue.figure import Figure, Kind, Source, figure, sources
from aiinfra.catalogue.instances import Instance
from aiinfra.catalogue.measurement import Measurement
from aiinfra.catalogue.price_list import read_price_list
from aiinfra.catalogue.quotes import is_quote, read_quotes
from aiinfra.catalogue.services import Service
from aiinfra.errors import BadInput, did_you_mean
from aiinfra.spec import yaml

FILE: Final = "catalogue.yaml"
"""Read where it lies beside a declaration; every output that uses it says so."""
KEYS: Final = (
    "accelerators",
    "ambient",
    "blocks",
    "currencies",
    "hardware",
    "instances",
    "measurements",
    "monthly",
    "price_lists",
    "services",
    "sites",
    "sources",
    "spot",
)
_SITE: Final = {"electricity": "USD/kWh", "grid": "g/kWh", "pue": "", "life": "years"}


def beside(folder: Path, *, name: str = FILE) -> Catalogue:
    """The catalogue for a declaration in ``folder``: the shipped one, with ``catalogue.yaml`` where there is one."""
    path = folder / name
    return read(path) if path.is_file() else shipped()


def read(path: Path, base: Catalogue | None = None) -> Catalogue:
    """``base`` (the shipped catalogue) with the additions of ``path``.

    Raises:
        BadInput: ``catalogue-invalid``, ``figure-invalid``, ``price-list-invalid``, ``measurement-invalid``.
    """
    base = shipped() if base is None else base
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput("catalogue-invalid", f"{path}: {error}", "name a YAML file") from None
    table = yaml.read(text, path.name).data or {}
    if not isinstance(table, Mapping):
        raise BadInput("catalogue-invalid", f"{path.name}: not a mapping", f"keys: {', '.join(KEYS)}")
    for key in table:
        if key not in KEYS:
            near = did_you_mean(str(key), KEYS)
            raise BadInput("catalogue-invalid", f"{path.name}: no such key: {key}{near}", f"keys: {', '.join(KEYS)}")
    return _Reader(path, base, table).catalogue()


class _Reader:
    def __init__(self, path: Path, base: Catalogue, table: Mapping[str, Any]) -> None:
        self.path, self.base, self.table = path, base, table
        self.known = dict(sources()) | {
            name: self._source(name, entry) for name, entry in self._section("sources").items()
        }

        files = [path.parent / str(item) for item in self._listed("price_lists")]
        self._lists = [read_price_list(file, base.services, base.instances) for file in files if not is_quote(file)]
        self._quotes = [read_quotes(file) for file in files if is_quote(file)]

    def _listed(self, key: str) -> Sequence[Any]:
        found = self.table.get(key) or ()
        if isinstance(found, str) or not isinstance(found, Sequence):
            raise self._invalid(key, "not a list")
        return found

    def _by_region(self, section: str, name: str, raw: Any) -> Iterator[tuple[str, Any, str]]:
        """(region, the figure as it is written, its key) of prices by region."""
        if not isinstance(raw, Mapping):
            raise self._invalid(f"{section}.{name}", "a price stands by region", "write {eu-west-1: {value, source}}")
        for region in raw:
            self._check_region(str(region), f"{section}.{name}.{region}")
            yield str(region), raw[region], f"{section}.{name}.{region}"

    def _section(self, key: str) -> Mapping[str, Any]:
        found = self.table.get(key) or {}
        if not isinstance(found, Mapping):
            raise self._invalid(key, "not a mapping")
        return found

    def _invalid(self, where: str, reason: str, remedy: str = "see docs/catalogue.md") -> BadInput:
        return BadInput("catalogue-invalid", f"{self.path.name}: {where}: {reason}", remedy)

    def _source(self, name: str, entry: Any) -> Source:
        where = f"sources.{name}"
        if not isinstance(entry, Mapping) or set(entry) != {"title", "date"}:
            raise self._invalid(
                where, "a source has a title and a date", 'write {title: "Quote 4711", date: "2026-11-02"}'
            )
        try:
            day = date.fromisoformat(str(entry["date"]))
        except ValueError:
            raise self._invalid(where, f"{entry['date']!r} is not a date", "write it as 2026-11-02") from None
        return Source(name, str(entry["title"]), day, Kind.USER)

    def _figure(self, raw: Any, unit: str, where: str) -> Figure:
        """A figure in ``unit``, converted where it names another currency."""
        if not isinstance(raw, Mapping) or "source" not in raw:
            raise self._invalid(where, "a figure of yours names its source", "write {value: 0.22, source: NAME}")
        plain = {key: value for key, value in raw.items() if key != "currency"}
        found = figure(plain, unit, "", "medium", where=f"{self.path.name}: {where}", known=self.known)
        currency = str(raw.get("currency", "USD"))
        if currency == "USD":
            return found
        rate = self._currencies().get(currency)
        if rate is None or rate.value is None:
            raise self._invalid(where, f"currency {currency} has no rate", f"add currencies.{currency} with its date")
        low, high = (edge * factor for edge, factor in zip(found.range, rate.range, strict=True))
        return replace(found, value=(found.value or 0) * rate.value, low=low, high=high, rate=rate.source)

    def _currencies(self) -> dict[str, Figure]:
        found = {}
        for code, raw in self._section("currencies").items():
            found[code] = figure(raw, "USD", "", "high", where=f"{self.path.name}: currencies.{code}", known=self.known)
        return found

    def catalogue(self) -> Catalogue:
        parts = dict(self.base.accelerators)
        for name, entry in self._section("accelerators").items():
            parts[name] = self._accelerator(name, entry)
        for name, raw in self._section("hardware").items():
            if name not in parts:
                raise self._invalid(f"hardware.{name}", f"no such tier{did_you_mean(name, tuple(parts))}")
            parts[name] = replace(parts[name], price=self._figure(raw, "USD", f"hardware.{name}"))
        for name, raw in self._section("ambient").items():
            if name not in parts:
                raise self._invalid(f"ambient.{name}", f"no such tier{did_you_mean(name, tuple(parts))}")
            parts[name] = replace(parts[name], ambient=self._figure(raw, "C", f"ambient.{name}"))
        return replace(
            self.base,
            accelerators=MappingProxyType(parts),
            instances=MappingProxyType(self._instances()),
            services=MappingProxyType(self._services()),
            blocks=MappingProxyType({**self.base.blocks, **self._blocks()}),
            monthly=MappingProxyType({**self.base.monthly, **self._monthly()}),
            sites=MappingProxyType({name: self._site(name, raw) for name, raw in self._section("sites").items()}),
            currencies=MappingProxyType(self._currencies()),
            measurements=(*self.base.measurements, *self._measurements()),
            added=(*self.base.added, self.path.name),
        )

    def _accelerator(self, name: str, entry: Any) -> Accelerator:
        if not isinstance(entry, Mapping):
            raise self._invalid(f"accelerators.{name}", "not a mapping")
        return accelerator(name, entry, self.known)

    def _instances(self) -> dict[str, Instance]:
        found = dict(self.base.instances)
        for name, raw in self._section("instances").items():
            if name not in found:
                raise self._invalid(f"instances.{name}", f"no such instance{did_you_mean(name, tuple(found))}")
            for region, price, where in self._by_region("instances", name, raw):
                found[name] = _priced(found[name], region, self._figure(price, "USD/hour", where))
        for name, raw in self._section("spot").items():
            if name not in found:
                raise self._invalid(f"spot.{name}", f"no such instance{did_you_mean(name, tuple(found))}")
            for region, price, where in self._by_region("spot", name, raw):
                found[name] = _spot_priced(found[name], region, self._figure(price, "USD/hour", where))
        for listed in self._lists:
            for (name, region), figure_ in listed.instances.items():
                found[name] = _priced(found[name], region, figure_)
        for quotes in self._quotes:
            for (name, region), figure_ in quotes.spot.items():
                if name in found:
                    found[name] = _spot_priced(found[name], region, figure_)
        return found

    def _blocks(self) -> dict[str, Figure]:
        found = {name: self._figure(raw, "USD", f"blocks.{name}") for name, raw in self._section("blocks").items()}
        for quotes in self._quotes:
            found |= quotes.blocks
        return found

    def _monthly(self) -> dict[str, Figure]:
        return {
            str(name): self._figure(raw, "USD/month", f"monthly.{name}")
            for name, raw in self._section("monthly").items()
        }

    def _services(self) -> dict[str, Service]:
        found = dict(self.base.services)
        for name, raw in self._section("services").items():
            if name not in found:
                raise self._invalid(f"services.{name}", f"no such service{did_you_mean(name, tuple(found))}")
            for region, price, where in self._by_region("services", name, raw):
                figure_ = self._figure(price, f"USD/{found[name].unit}", where)
                found[name] = _service_priced(found[name], region, figure_)
        for listed in self._lists:
            for (name, region), price in listed.services.items():
                found[name] = _service_priced(found[name], region, price)
        return found

    def _check_region(self, region: str, where: str) -> None:
        if region not in self.base.regions:
            raise self._invalid(where, f"no such region{did_you_mean(region, tuple(self.base.regions))}")

    def _site(self, name: str, raw: Any) -> SiteFigures:
        if not isinstance(raw, Mapping) or set(raw) - set(_SITE):
            raise self._invalid(f"sites.{name}", "a site has " + ", ".join(_SITE))

        def read_one(key: str) -> Figure | None:
            return self._figure(raw[key], _SITE[key], f"sites.{name}.{key}") if key in raw else None

        return SiteFigures(*(read_one(key) for key in _SITE))

    def _measurements(self) -> list[Measurement]:
        folder = self.path.parent
        paths = [path for item in self._listed("measurements") for path in sorted(folder.glob(str(item)))]
        return [Measurement.read(path) for path in paths]


def _priced(instance: Instance, region: str, price: Figure) -> Instance:
    return replace(instance, prices=MappingProxyType(dict(instance.prices) | {region: price}))


def _spot_priced(instance: Instance, region: str, price: Figure) -> Instance:
    return replace(instance, spot=MappingProxyType(dict(instance.spot) | {region: price}))


def _service_priced(service: Service, region: str, price: Figure) -> Service:
    return replace(service, prices=MappingProxyType(dict(service.prices) | {region: price}))


def read_or_shipped(path: Path | None) -> Catalogue:
    """The catalogue with the additions of ``path``; the shipped one where there is none."""
    return shipped() if path is None else read(path)
