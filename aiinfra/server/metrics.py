"""Prometheus metrics: read from the counters when somebody scrapes, so that requests pay nothing for them."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from aiinfra.server.catalogue import Served
from aiinfra.server.config import Verb
from aiinfra.server.heads import Head
from aiinfra.server.http import START, Exchange
from aiinfra.server.refusal import Kind, Refusal
from aiinfra.server.rest import refuse
from aiinfra.server.service import Service
from aiinfra.server.statistics import LATENCY_BUCKETS_NS

_TEXT = b"content-type: text/plain; version=0.0.4; charset=utf-8\r\n"
_LABELS = ["model", "version"]
_POWERCAP = Path("/sys/class/powercap")


class Metrics:
    """Answers ``GET /metrics`` on an address of its own, to identities that may read."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._registry = CollectorRegistry()
        self._registry.register(_Collector(service))

    def gate(self, head: Head, identity: str) -> None:
        """Turn everything else away before its body is read."""
        if head.url != b"/metrics" or head.method not in ("GET", "HEAD"):
            raise Refusal(Kind.NOT_FOUND, "metrics are at GET /metrics")
        self._service.authority.require(identity, "", Verb.READ)

    def handle(self, exchange: Exchange) -> None:
        """Answer."""
        try:
            self.gate(exchange.head, exchange.identity)
        except Refusal as refusal:
            refuse(exchange, refusal)
            return
        exchange.finish(START[200], _TEXT, generate_latest(self._registry))


class _Collector:
    def __init__(self, service: Service) -> None:
        self._service = service
        self._started = time.time()

    def describe(self) -> list[Metric]:
        """Nothing up front: the registry asks :meth:`collect` for names only where there are models."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Every family, at this moment."""
        served = self._service.catalogue.all()
        yield GaugeMetricFamily(
            "aiinfra_server_start_seconds", "When the server began, seconds since the epoch", value=self._started
        )
        for name, text, read in _COUNTERS:
            family = CounterMetricFamily(name, text, labels=_LABELS)
            for one in served:
                family.add_metric([one.name, one.version], read(one))
            yield family
        yield from _gauges(served)
        yield _latency(served)
        yield _batches(served)
        yield _refusals(self._service)
        yield from _inputs(served)
        yield from _energy()


_COUNTERS: tuple[tuple[str, str, Callable[[Served], float]], ...] = (
    ("aiinfra_requests_answered", "Requests answered with tensors", lambda s: s.statistics.success),
    ("aiinfra_requests_failed", "Requests that reached the queue and were not answered", lambda s: s.statistics.failed),
    ("aiinfra_rows", "Rows that the model was called with", lambda s: s.statistics.rows),
    (
        "aiinfra_model_calls",
        "Calls of the model; fewer than requests where they share one",
        lambda s: s.statistics.calls,
    ),
    ("aiinfra_queue_seconds", "Time requests waited for the model", lambda s: s.statistics.queue_ns / 1e9),
    ("aiinfra_compute_seconds", "Time requests spent in the model", lambda s: s.statistics.compute_ns / 1e9),
)


def _gauges(served: list[Served]) -> Iterator[Metric]:
    waiting = GaugeMetricFamily("aiinfra_requests_waiting", "Requests in the model's queue now", labels=_LABELS)
    info = GaugeMetricFamily(
        "aiinfra_model_info",
        "1 for every version that is served",
        labels=[*_LABELS, "digest", "providers", "lane"],
    )
    for one in served:
        waiting.add_metric([one.name, one.version], one.lane.waiting)
        lane = "loop" if one.pace.on_loop else "threads"
        info.add_metric([one.name, one.version, one.digest, ",".join(one.session.providers), lane], 1)
    yield waiting
    yield info


def _latency(served: list[Served]) -> Metric:
    family = HistogramMetricFamily(
        "aiinfra_request_seconds", "From a request's last byte to its answer, answered requests", labels=_LABELS
    )
    for one in served:
        total = 0
        buckets = []
        for bound, count in zip(
            (*(f"{bound / 1e9:g}" for bound in LATENCY_BUCKETS_NS), "+Inf"), one.statistics.latency, strict=True
        ):
            total += count
            buckets.append((bound, total))
        family.add_metric([one.name, one.version], buckets, one.statistics.success_ns / 1e9)
    return family


def _batches(served: list[Served]) -> Metric:
    family = CounterMetricFamily(
        "aiinfra_batches", "Calls of the model by how many rows they had", labels=[*_LABELS, "rows"]
    )
    for one in served:
        for rows, entry in sorted(one.statistics.batches.items()):
            family.add_metric([one.name, one.version, str(rows)], entry.calls)
    return family


def _refusals(service: Service) -> Metric:
    family = CounterMetricFamily("aiinfra_refusals", "Requests refused, by reason", labels=["transport", "reason"])
    for (transport, kind), count in sorted(service.refused.items()):
        family.add_metric([transport, kind], count)
    return family


def _inputs(served: list[Served]) -> Iterator[Metric]:
    labels = [*_LABELS, "input"]
    count = CounterMetricFamily("aiinfra_input_sampled", "Input elements looked at", labels=labels)
    missing = CounterMetricFamily("aiinfra_input_missing", "NaN elements among them", labels=labels)
    moments = GaugeMetricFamily("aiinfra_input", "Moments and extremes of sampled elements", labels=[*labels, "of"])
    powers = CounterMetricFamily(
        "aiinfra_input_power", "Sampled elements by signed power of two", labels=[*labels, "power"]
    )
    for one in served:
        for name, sample in one.statistics.inputs.samples.items():
            where = [one.name, one.version, name]
            count.add_metric(where, sample.count)
            missing.add_metric(where, sample.missing)
            if sample.count:
                for of, number in (("mean", sample.mean), ("variance", sample.variance)):
                    moments.add_metric([*where, of], number)
                moments.add_metric([*where, "least"], sample.least)
                moments.add_metric([*where, "most"], sample.most)
            for key, number in sorted(sample.buckets.items()):
                power = "zero" if key == 0 else f"{'-' if key < 0 else '+'}{abs(key) - 1000}"
                powers.add_metric([*where, power], number)
    yield from (count, missing, moments, powers)


def _energy() -> Iterator[Metric]:
    """What the processor's own counters say (Linux powercap), labelled as measured; nothing where there are none."""
    family = CounterMetricFamily("aiinfra_energy_joules", "Energy of the machine", labels=["domain", "source"])
    found = False
    for folder in sorted(_POWERCAP.glob("*-rapl:*")) if _POWERCAP.is_dir() else ():
        try:
            domain = (folder / "name").read_text(encoding="ascii").strip()
            family.add_metric([domain, "measured"], int((folder / "energy_uj").read_text(encoding="ascii")) / 1e6)
            found = True
        except (OSError, ValueError):
            continue
    if found:
        yield family
