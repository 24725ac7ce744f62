"""Trying a freshly loaded model: how long a call takes, whether requests may share one, and which lane follows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from time import perf_counter_ns

import numpy as np

from aiinfra.server.ports import Model, Port
from aiinfra.server.refusal import Refusal

LOOP_CALL_NS = 1_000_000
"""A model whose call is shorter may run on the event loop; longer ones go to threads."""
LOOP_BATCH_NS = 2_500_000
"""Longest batch on the event loop: what another request may have to wait for."""
_SIZES = (2, 4, 8, 16, 32, 64, 128)
_GAIN = 0.8
"""Rows share a call only where that makes each at least this much cheaper than alone."""
_TOLERANCE = {"FP16": (1e-2, 1e-3), "FP32": (1e-4, 1e-5), "FP64": (1e-9, 1e-11)}
"""Relative and absolute difference allowed between a row's answer alone and in a batch: kernels for one row and for
many add up in another order."""

Feed = dict[str, np.ndarray]


@dataclass(frozen=True, slots=True)
class Pace:
    """What warm-up found."""

    call_ns: int
    """Median time of one call with one row."""
    on_loop: bool
    batch_rows: int
    """Most rows of one call; 1 where requests may not share one."""
    elements: int
    """Input elements of the largest call that was timed: larger ones never run on the loop."""
    why: str
    """Why requests share a call, or why not."""


def feed_of(inputs: Sequence[Port], rows: int = 1, *, seed: int = 0) -> Feed:
    """Made-up inputs: ``rows`` for a free first dimension, 1 for other free ones; ``seed`` varies the values."""
    feed = {}
    for port in inputs:
        shape = tuple(own if own is not None else (rows if at == 0 else 1) for at, own in enumerate(port.shape))
        size = int(np.prod(shape, dtype=np.int64))
        if not port.datatype.width:
            feed[port.name] = np.full(shape, "", object)
        elif port.datatype.name == "BF16" or not size:
            feed[port.name] = np.zeros(shape, port.datatype.numpy)
        elif port.datatype.numpy.kind == "f":
            wave = np.sin(np.arange(size, dtype=np.float64) * 0.37 + seed)
            feed[port.name] = wave.astype(port.datatype.numpy).reshape(shape)
        else:
            feed[port.name] = ((np.arange(size) + seed) % 2).astype(port.datatype.numpy).reshape(shape)
    return feed


def measure(model: Model, feed: Mapping[str, np.ndarray]) -> int:
    """Median nanoseconds of a call, over at most 15 calls or 50 ms after a first one that is not counted."""
    model.run(feed, model.output_names)
    times: list[int] = []
    while len(times) < 15 and sum(times) < 50_000_000:
        began = perf_counter_ns()
        model.run(feed, model.output_names)
        times.append(perf_counter_ns() - began)
    return int(median(times))


def pace(model: Model, feed: Feed, *, may_run_on_loop: bool, may_batch: bool) -> Pace:
    """Time the model on ``feed`` (one row) and decide how it is run.

    Raises:
        Refusal: the model refuses the feed.
    """
    alone = measure(model, feed)
    elements = sum(array.size for array in feed.values())
    texts = any(not port.datatype.width for port in model.inputs)
    on_loop = may_run_on_loop and not texts and alone <= LOOP_CALL_NS
    if not may_batch:
        return Pace(alone, on_loop, 1, elements, "off: the configuration or the model's operators")
    why = _unbatchable(model, feed)
    if why:
        return Pace(alone, on_loop, 1, elements, f"off: {why}")
    rows = 1
    for size in _SIZES:
        try:
            differs = difference(model, feed, size)
        except Refusal:
            differs = "the model refused several rows"
        if differs:
            return Pace(alone, on_loop, 1, elements, f"off: {differs}")
        together = measure(model, _repeat(feed, size))
        if together > (LOOP_BATCH_NS if on_loop else alone * size) or together > alone * size * _GAIN:
            break
        rows = size
    why = f"up to {rows} rows, answers shown equal" if rows > 1 else "off: several rows in a call are no faster"
    return Pace(alone, on_loop, rows, elements * rows, why)


def _unbatchable(model: Model, feed: Feed) -> str:
    for port in (*model.inputs, *model.outputs):
        if not port.shape or port.shape[0] is not None:
            return f"the first dimension of {port.name!r} is fixed"
    if any(array.shape[0] != 1 for array in feed.values()):
        return "the warm-up inputs have more than one row"
    return ""


def _repeat(feed: Feed, rows: int) -> Feed:
    return {name: np.concatenate([array] * rows) for name, array in feed.items()}


def _vary(feed: Feed, seed: int) -> Feed:
    """Another row like ``feed``: floats scaled and moved, everything else as it is (it may be an index)."""
    return {
        name: (array * array.dtype.type(1 - 0.013 * seed) + array.dtype.type(0.01 * seed))
        if array.dtype.kind == "f"
        else array
        for name, array in feed.items()
    }


def difference(model: Model, feed: Feed, rows: int) -> str:
    """How answers in a batch of ``rows`` different rows differ from each row's alone; empty where they are equal."""
    singles = [_vary(feed, seed) for seed in range(rows)]
    together = {name: np.concatenate([single[name] for single in singles]) for name in feed}
    batched = model.run(together, model.output_names)
    for at, single in enumerate(singles):
        for name, alone, many in zip(model.output_names, model.run(single, model.output_names), batched, strict=True):
            if many.shape[:1] != (rows,) or alone.shape[:1] != (1,):
                return f"output {name!r} has not one row for each of the inputs'"
            if not _equal(alone[0], many[at], model.by_output[name]):
                return f"output {name!r} of a row changes with its neighbours"
    return ""


def _equal(one: np.ndarray, other: np.ndarray, port: Port) -> bool:
    tolerance = _TOLERANCE.get(port.datatype.name)
    if tolerance is None or one.shape != other.shape:
        return np.array_equal(one, other)
    relative, absolute = tolerance
    return np.allclose(one, other, rtol=relative, atol=absolute, equal_nan=True)
