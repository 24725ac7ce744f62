"""Published results: read, matched to the catalogue, and estimated row by row, so that anyone can see how far off we
are.

The file is CSV with the columns of ``COLUMNS``. Where ``device`` is empty the accelerator's name is matched. Rows are
estimated from the catalogue alone; nothing of the row's value or watts enters its own estimate.
"""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from io import StringIO
from typing import Final

from aiinfra.catalogue.accelerators import Accelerator
from aiinfra.catalogue.instances import instances
from aiinfra.errors import BadInput
from aiinfra.estimate.assumptions import assumption
from aiinfra.estimate.benchmarks import LANGUAGE, vision_or_text
from aiinfra.estimate.efficiency import language_share, latency_seconds, throughput_share
from aiinfra.estimate.hosts import host_of, node_power
from aiinfra.estimate.language import FABRIC_BYTES, PCIE_BYTES
from aiinfra.estimate.work import WIDTH, Work

COLUMNS: Final = (
    "split",
    "metric",
    "device",
    "n",
    "system",
    "accelerator",
    "host_cpu",
    "benchmark",
    "value",
    "weights",
)
METRICS: Final = ("throughput_offline", "latency_p90_batch1", "node_power_offline")


@dataclass(frozen=True, slots=True)
class Row:
    """One published result."""

    split: str
    metric: str
    device: str
    count: int
    system: str
    part: Accelerator | None
    cpu: str
    benchmark: str
    value: float
    dtype: str
    capped: bool
    round: float

    @property
    def name(self) -> str:
        """The device's name, the accelerator's where the device is not named."""
        return self.device if self.device not in ("", "-", "N/A") else (self.part.name if self.part else "unknown")

    @property
    def group(self) -> str:
        """The class of device its efficiency is fitted in."""
        return (self.part.efficiency if self.part else "") or "unmeasured"

    @property
    def work(self) -> Work | None:
        """The work of the benchmark, where it is not a language model."""
        return vision_or_text(self.benchmark, self.dtype)


def rate_of(row: Row) -> float | None:
    """Operations a second of one part at its peak, in the row's element type; int8's where int4 is not a rate of the
    part."""
    if row.part is None:
        return None
    dtype = "fp32" if row.dtype.startswith("fp32") else row.dtype
    rate = row.part.rates.get(dtype) or (row.part.rates.get("int8") if dtype == "int4" else None)
    return None if rate is None or rate.value is None else rate.value * 1e12


@dataclass(frozen=True, slots=True)
class Guess:
    """An estimate of one row."""

    value: float
    low: float
    high: float


def read(text: str, parts: Mapping[str, Accelerator], name: str = "the file") -> list[Row]:
    """Read published results.

    Raises:
        BadInput: ``published-invalid`` for missing columns, unknown metrics, or values that are not numbers.
    """
    reader = csv.DictReader(StringIO(text))
    missing = [column for column in COLUMNS if column not in (reader.fieldnames or ())]
    if missing:
        raise _invalid(name, f"columns are missing: {', '.join(missing)}")
    return [_row(raw, parts, f"{name}, line {line}") for line, raw in enumerate(reader, start=2)]


def _row(raw: Mapping[str, str], parts: Mapping[str, Accelerator], where: str) -> Row:
    if raw["metric"] not in METRICS:
        raise _invalid(where, f"metric {raw['metric']!r} is not one of {', '.join(METRICS)}")
    try:
        value, count = float(raw["value"]), int(raw["n"] or 1)
    except (TypeError, ValueError):
        raise _invalid(where, f"value {raw['value']!r} or n {raw['n']!r} is not a number") from None
    if value <= 0 or count <= 0:
        raise _invalid(where, "value and n are more than zero")
    part = find((raw["accelerator"], raw["device"], raw["host_cpu"]), parts)
    weights = (raw["weights"] or "int8").split("/")[0]
    round_ = (raw.get("round") or "").removeprefix("v")
    return Row(
        split=raw["split"] or "holdout",
        metric=raw["metric"],
        device=raw["device"] or "",
        count=_sockets(raw, count) if part is not None and part.kind == "cpu" else count,
        system=raw["system"] or "",
        part=part,
        cpu=raw["host_cpu"] or "",
        benchmark=raw["benchmark"],
        value=value,
        dtype=weights,
        capped="capped" in (raw.get("power_mode") or ""),
        round=float(round_) if round_.replace(".", "", 1).isdigit() else 9.9,
    )


def _sockets(raw: Mapping[str, str], count: int) -> int:
    return 2 if "2S" in raw["system"] else count


def find(names: Iterable[str], parts: Mapping[str, Accelerator]) -> Accelerator | None:
    """The part that the first telling name of a result means: a catalogue name, an alias, or the longest alias it
    starts with."""
    named = {alias.lower(): part for part in parts.values() for alias in part.aliases} | dict(parts)
    for name in names:
        wanted = (name or "").lower()
        if wanted in named:
            return named[wanted]
        near = [alias for alias in named if " " in alias and wanted.startswith(alias)]
        if near:
            return named[max(near, key=len)]
    return None


def estimate_row(row: Row) -> Guess | None:
    """What the catalogue says of a row; None where a figure it needs is unknown."""
    part = row.part
    if part is None:
        return None
    if row.metric == "node_power_offline":
        return _power(row, part)
    if row.metric == "latency_p90_batch1":
        return _latency(row, part)
    return _language(row, part) if row.benchmark in LANGUAGE else _throughput(row, part)


def _guess(value: float, factor: float) -> Guess:
    return Guess(value, value / factor, value * factor)


def _throughput(row: Row, part: Accelerator) -> Guess | None:
    work, rate = row.work, rate_of(row)
    if work is None or rate is None:
        return None
    share = throughput_share(part, work, row.dtype, current_software=row.round >= 4.1)
    mode = part.mode().rate if row.capped and part.modes else 1.0
    factor = share.factor * (1.4 if mode < 1 else 1.0)
    value = row.count * share.value * rate * mode / work.operations * host_share(row.device, row.system)
    return _guess(value, factor)


def host_share(*names: str) -> float:
    """What a small host leaves of its accelerators' rate: the assumption ``small-host``."""
    for name in names:
        for word in name.replace("_", " ").split():
            found = instances().get(".".join(word.split(".")[:2]))
            if found is not None and found.accelerators and found.vcpus <= 4 * found.accelerators:
                return assumption("small-host").value
    return 1.0


def _latency(row: Row, part: Accelerator) -> Guess | None:
    work, rate = row.work, rate_of(row)
    if work is None or rate is None:
        return None
    bandwidth = (part.bandwidth.value or 0.0) * 1e9
    clock, cores = part.clock.value or 0.0, float(part.cores or 1)
    found = latency_seconds(part, work, rate * part.gpu_share, bandwidth, clock, cores=cores)
    return None if found is None else _guess(found[0] * 1e3, found[1])


def _power(row: Row, part: Accelerator) -> Guess | None:
    capped_mode = row.capped and bool(part.modes)
    watts = part.mode().watts if capped_mode else part.power
    if watts.value is None:
        return None
    found = node_power(watts.value, row.count, host_of(part, row.count, row.cpu), capped=row.capped)
    return _guess(found.watts, found.factor)


def _language(row: Row, part: Accelerator) -> Guess | None:
    model, rate = LANGUAGE[row.benchmark], rate_of(row)
    if rate is None:
        return None
    width = WIDTH[row.dtype]
    share = language_share(part, rate, model.parameters, width, current_software=row.round >= 5)
    seconds = model.operations / (share.value * rate)
    if part.kind == "cpu":
        return _guess(row.count / seconds, share.factor)
    memory = part.memory.value
    cards = None if memory is None else model.cards(memory * 1e9, width, row.count)
    if cards is None:
        return None
    seconds = seconds / cards + model.link_seconds(cards, PCIE_BYTES if part.interconnect == "pcie" else FABRIC_BYTES)
    return _guess(row.count / cards / seconds, share.factor)


def naive(row: Row) -> float | None:
    """The roofline without efficiency: peak over work; power limits alone for watts. What a datasheet says."""
    if row.metric == "node_power_offline":
        watts = row.part.power.value if row.part else None
        return None if watts is None else watts * row.count
    model, work, rate = LANGUAGE.get(row.benchmark), row.work, rate_of(row)
    operations = model.operations if model else (work.operations if work else None)
    if operations is None or rate is None:
        return None
    seconds = operations / rate
    return seconds * 1e3 if row.metric == "latency_p90_batch1" else row.count / seconds


def class_means(rows: Iterable[Row]) -> Mapping[tuple[str, str, str], float]:
    """(metric, class, benchmark) -> mean ratio of truth to the naive roofline over the rows marked ``fit``."""
    seen: dict[tuple[str, str, str], list[float]] = {}
    for row in rows:
        plain = naive(row)
        if row.split == "fit" and plain:
            seen.setdefault((row.metric, row.group, row.benchmark), []).append(row.value / plain)
    return {key: sum(values) / len(values) for key, values in seen.items()}


def _invalid(where: str, reason: str) -> BadInput:
    return BadInput("published-invalid", f"{where}: {reason}", f"columns: {', '.join(COLUMNS)}")
