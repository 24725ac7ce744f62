"""One box: the part a tier names, as it is set, and how fast one model runs on it."""

from dataclasses import dataclass, replace

from aiinfra.catalogue.accelerators import Accelerator, PowerMode
from aiinfra.catalogue.measurement import Measurement
from aiinfra.estimate.assumptions import assumption
from aiinfra.estimate.efficiency import Share, coefficients, latency_seconds, throughput_share
from aiinfra.estimate.hosts import Host, host_of, measured_node, node_power
from aiinfra.estimate.queueing import BATCH
from aiinfra.estimate.value import Value, of_assumption, of_figure, unknown, within
from aiinfra.estimate.work import Work

PARTIAL = frozenset({"rapl", "nvml", "jetson-rails"})
"""Meters of a part of a box, by the name that a measurement has before the colon."""

LOOP_CALL = 1e-3
"""Seconds of a call up to which the server runs a model on the core that also reads requests (decision 0020)."""


@dataclass(frozen=True, slots=True)
class Box:
    """``count`` of ``part`` in one machine, at ``mode``; of a CPU, ``cores`` of its cores."""

    part: Accelerator
    mode: PowerMode
    count: int = 1
    cores: int | None = None
    memory: Value | None = None
    """GB one part has, where the host decides (an instance type); None: what the catalogue says of the part."""
    small_host: bool = False
    """Four or fewer virtual CPUs an accelerator."""
    of_machine: float = 1.0
    """Part of the physical machine it is, where a cloud cuts one into several instances."""

    @property
    def share_of_cores(self) -> float:
        """Part of the catalogue's cores that is used; 1 for anything but CPUs."""
        return self.cores / self.part.cores if self.cores and self.part.cores else 1.0

    def rate(self, dtype: str) -> Value:
        """Operations/s of one part as it is set; unknown where the part does not do ``dtype``."""
        found = self.part.rates.get(dtype)
        if found is None:
            return unknown("operations/s", f"{self.part.title} has no published {dtype} rate")
        peak = of_figure(found, f"{dtype} rate") * (1e12 * self.mode.rate * self.share_of_cores)
        own = self.part.gpu_share if dtype == "int8" else 1.0
        return (peak * own).unit_as("operations/s")

    @property
    def bandwidth(self) -> Value:
        """Bytes/s to memory as it is set; one core reaches about two cores' share of a CPU's, never all of it."""
        found = of_figure(self.part.bandwidth, f"memory bandwidth of {self.part.title}")
        reached = min(2 * self.share_of_cores, 1.0)
        return (found * (1e9 * self.mode.bandwidth * reached)).unit_as("B/s")

    @property
    def host(self) -> Host:
        """The class of machine it usually sits in."""
        return host_of(self.part, self.count)


def dtype_on(part: Accelerator, work: Work) -> str:
    """The element type the part would do the work in: its own, or the other 16-bit one if that is published."""
    if work.dtype in part.rates or work.dtype not in ("fp16", "bf16"):
        return work.dtype
    other = "bf16" if work.dtype == "fp16" else "fp16"
    return other if other in part.rates else work.dtype


def throughput(box: Box, work: Work) -> Value:
    """Items a second one box serves under a latency limit, all its parts busy.

    rate x share / operations, on GPUs after the published efficiency; then what onnxruntime, serving and a small host
    leave. Tiny models are bound by the server instead, whose requests all pass one core. What takes less than
    ``LOOP_CALL`` on that core runs there too: the range reaches down to that.
    """
    dtype = dtype_on(box.part, work)
    rate = box.rate(dtype)
    if not rate.known:
        return unknown("/s", *rate.drivers)
    share = _with_runtime(box.part, throughput_share(box.part, work, dtype), "throughput")
    share = share * _type_spread(box.part, dtype) * of_assumption(assumption("served-share"))
    if box.small_host:
        share = share * of_assumption(assumption("small-host"))
    by_work = (rate * share / max(work.operations, 1.0) * float(box.count)).unit_as("/s")
    by_calls = _inverse(call_work(work), 1.0)
    found = _if_complete(by_work, work)
    if (by_calls.value or 0) < (by_work.value or 0):
        found = by_calls.because("bound by what the server does for a request, not by arithmetic")
    return _on_loop(box, work, found)


def _on_loop(box: Box, work: Work, found: Value) -> Value:
    """A model that may run on the server's own core serves no more than that core does, whatever the box has."""
    engine = engine_latency(box, work)
    if box.part.kind != "cpu" or not engine.known or engine.bounds[0] > LOOP_CALL:
        return found
    alone = _inverse(engine + of_assumption(assumption("server-work"), "s"), 1.0)
    low, value, high = found.bounds
    return replace(found, low=min(low, alone.bounds[0]), value=value, high=high)


def latency(box: Box, work: Work) -> Value:
    """Seconds of one item alone, the server included."""
    engine = engine_latency(box, work)
    return engine + of_assumption(assumption("server"), "s") if engine.known else engine


def engine_latency(box: Box, work: Work) -> Value:
    """Seconds of one item alone in onnxruntime: its arithmetic and the dispatch of its operators.

    On a CPU that is one core's time: the server gives each request one core, and serves as many at once as it has.
    """
    if box.part.kind == "cpu":
        box = replace(box, cores=1)
    dtype = dtype_on(box.part, work)
    rate, bandwidth = box.rate(dtype), box.bandwidth
    if not rate.known:
        return unknown("s", *rate.drivers)
    clock = (box.part.clock.value or 0.0) * box.mode.rate
    found = latency_seconds(box.part, work, rate.bounds[1], bandwidth.value or 0.0, clock)
    if found is None:
        return unknown("s", f"the clock of {box.part.title} is unknown")
    seconds, factor = found
    alone = Value(seconds / factor, seconds, seconds * factor, "s", (fitted_on(box.part, "latency"),))
    spread = rate.bounds
    alone = alone * Value(spread[1] / spread[2], 1.0, spread[1] / spread[0], "", rate.drivers, rate.sources)
    if "kernel_cycles" not in coefficients()["latency"].get(box.part.efficiency, {}) and bandwidth.known:
        streamed = (_inverse(bandwidth * of_assumption(assumption("memory-share")), 1.0) * work.weights).unit_as("s")
        if (streamed.value or 0) > seconds:
            alone = _cached(streamed.because("bound by reading the weights"), alone, work)
    runtime = _inverse(of_assumption(assumption(f"runtime-{_runtime(box.part)}")), 1.0)
    alone = alone * _type_spread(box.part, dtype) * runtime
    return _if_complete(alone + dispatch(work), work)


def _cached(streamed: Value, arithmetic: Value, work: Work) -> Value:
    """Weights that a last-level cache may hold are read from there: the range reaches down to arithmetic alone."""
    if work.weights > assumption("cache").high:
        return streamed
    _, value, high = streamed.bounds
    low = min(streamed.bounds[0], arithmetic.bounds[1])
    return replace(streamed.because(assumption("cache").why), low=low, value=value, high=high)


def dispatch(work: Work) -> Value:
    """Seconds onnxruntime spends on the operators of one call beside their arithmetic."""
    return of_assumption(assumption("dispatch"), "s") * float(max(work.operators, 1))


def call_time(box: Box, work: Work) -> Value:
    """Seconds of one call as the queue before it sees it: the model and the server's own work."""
    engine = engine_latency(box, work)
    return engine + of_assumption(assumption("server-work"), "s") if engine.known else engine


def workers(box: Box, work: Work) -> tuple[int, int]:
    """(fewest, usual) calls a box has under way: one a CPU core, one an accelerator, one where the server's own core
    does all."""
    if box.part.kind != "cpu":
        return box.count, box.count
    engine = engine_latency(box, work)
    on_loop = engine.known and engine.bounds[0] <= LOOP_CALL
    return (1 if on_loop else box.cores or box.part.cores or 1), box.cores or box.part.cores or 1


def call_work(work: Work) -> Value:
    """Seconds of one core that a call takes beside its arithmetic: what bounds the rate of tiny models."""
    return dispatch(work) + of_assumption(assumption("server-work"), "s")


def memory_needed(work: Work) -> Value:
    """GB of one part: weights, results of a batch, and the runtime itself."""
    model = (1.02 * work.weights + BATCH * work.activations) / 1e9
    return (of_assumption(assumption("runtime-memory"), "GB") + model).unit_as("GB")


def memory_usable(box: Box) -> Value:
    """GB of one part that a model can have."""
    memory = box.memory or of_figure(box.part.memory, f"memory of {box.part.title}")
    name = "usable-shared-memory" if box.part.memory_shared else "usable-memory"
    return (memory * of_assumption(assumption(name))).unit_as("GB")


def watts(box: Box) -> tuple[Value, Value]:
    """(under load, idle) of the whole node."""
    limit = of_figure(box.mode.watts, f"power of {box.part.title}") * box.share_of_cores
    host = host_of(box.part, box.count).value
    if not limit.known:
        return limit.unit_as("W"), limit.unit_as("W")
    if box.part.whole_machine:
        load = limit * float(box.count)
    else:
        whole = max(round(box.count / box.of_machine), box.count)
        node = node_power(limit.bounds[1], whole, host_of(box.part, whole))
        load = within(
            node.watts * box.count / whole, node.factor, "W", f"the host around it ({host}), from published nodes"
        )
        low, value, high = limit.bounds
        load = load * Value(low / value, 1.0, high / value, "", limit.drivers, limit.sources)
    if box.part.idle.known:
        idle = of_figure(box.part.idle, "idle power") * float(box.count)
    else:
        idle = load * of_assumption(assumption("idle-share"))
    return load.unit_as("W"), _at_most(idle.unit_as("W"), load)


def measured_box(found: Measurement, box: Box) -> tuple[Value, Value, Value, Value, Value]:
    """(throughput, latency of one, its p99, watts under load, idle watts) with the server's own part added.

    A measurement is of onnxruntime alone. Without a meter watts are estimated; where a meter covers a part of the box
    (``PARTIAL``), the rest is.
    """
    note = f"measured on {found.host}, {found.taken.isoformat()}, {found.runtime}"
    cores = float(box.cores or box.part.cores or 4)
    server = of_assumption(assumption("server"), "s")
    per_item = Value(0.9 / found.rate, 1 / found.rate, 1.1 / found.rate, "s", (note,))
    served = _inverse(per_item + of_assumption(assumption("server-work"), "s") * (1 / cores), 1.0)
    rate = replace(served, measured=True)
    p50 = replace(Value(found.p50 * 0.9, found.p50, found.p50 * 1.1, "s", (note,)) + server, measured=True)
    p99 = replace(Value(found.p99 * 0.9, found.p99, found.p99 * 1.2, "s", (note,)) + server, measured=True)
    load, idle = watts(box)
    if found.watts is not None:
        load = _measured_watts(found.watts, f"{note}; watts from {found.watts_how}", box, load, found.watts_how)
        idle = _at_most(idle, load)
    return rate, p50, p99, load, idle


def _measured_watts(drawn: float, how: str, box: Box, guess: Value, meter: str) -> Value:
    """W of the whole box under load from what a meter read."""
    if meter.partition(":")[0] not in PARTIAL:
        return Value(drawn * 0.95, drawn, drawn * 1.05, "W", (how,), (), measured=True)
    if box.part.whole_machine:
        low, value, high = guess.bounds if guess.known else (drawn, drawn * 1.5, drawn * 3)
        why = "the rest of the box is estimated"
        return Value(max(drawn, min(low, value)), max(drawn, value), max(drawn * 1.3, high), "W", (how, why))
    node = measured_node(drawn, box.count, box.host)
    edge = within(node.watts, node.factor, "W", how, f"the host around it ({box.host.value}), from published nodes")
    return replace(edge, low=max(edge.bounds[0], drawn))


def _runtime(part: Accelerator) -> str:
    return {"gpu": "gpu", "jetson": "gpu", "ai100": "ai100", "cpu-amx": "cpu-amx"}.get(part.efficiency, "cpu")


def _with_runtime(part: Accelerator, share: Share, what: str) -> Value:
    fitted = within(share.value, share.factor, "", fitted_on(part, what))
    return fitted * of_assumption(assumption(f"runtime-{_runtime(part)}"))


def _type_spread(part: Accelerator, dtype: str) -> Value:
    usual = "fp32" if part.kind == "cpu" and part.efficiency == "cpu" else "int8"
    if dtype == usual:
        return Value(1.0, 1.0, 1.0, "")
    return of_assumption(assumption("other-type"))


def fitted_on(part: Accelerator, what: str) -> str:
    """What the efficiency of a part's class was fitted on, in words."""
    fitted = coefficients()[what].get(part.efficiency)
    if fitted is None:
        return f"nothing published of {part.title}'s class was fitted: a guess"
    count = fitted["devices"]
    return f"efficiency fitted on {count} kind{'s' if count != 1 else ''} of device of this class"


def _if_complete(found: Value, work: Work) -> Value:
    """Part of the work uncounted: the true time is longer, the true rate lower, by an unknown amount."""
    if work.complete or not found.known:
        return found
    low, value, high = found.bounds
    why = "some operators could not be counted: the work is a lower bound"
    if found.unit == "s":
        return Value(low, value, high * 3, found.unit, (*found.drivers, why), found.sources)
    return Value(low / 3, value, high, found.unit, (*found.drivers, why), found.sources)


def _inverse(found: Value, times: float) -> Value:
    if not found.known:
        return found
    low, value, high = found.bounds
    return Value(times / high, times / value, times / low, "/s", found.drivers, found.sources)


def _at_most(found: Value, most: Value) -> Value:
    if not found.known or not most.known:
        return found
    low, value, high = found.bounds
    top = most.bounds
    return Value(min(low, top[0]), min(value, top[1]), min(high, top[2]), found.unit, found.drivers, found.sources)
