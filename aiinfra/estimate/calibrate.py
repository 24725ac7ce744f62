"""Measures a model on this machine with onnxruntime, as the server runs it: one at a time, then under full load."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import numpy as np

from aiinfra.catalogue.catalogue import Catalogue
from aiinfra.catalogue.measurement import Measurement
from aiinfra.errors import AiinfraError, BadInput, Refused
from aiinfra.estimate.meters import Meter, Metering
from aiinfra.estimate.onnx_work import of_facts
from aiinfra.model.facts import ModelFacts, read_facts
from aiinfra.spec.tier import Tier

WARM: Final = 5
"""Runs before anything is timed."""
LEAST: Final = 30
"""Fewest runs a percentile is taken over."""

_NUMPY: Final = {
    "BOOL": "bool", "UINT8": "uint8", "UINT16": "uint16", "UINT32": "uint32", "UINT64": "uint64", "INT8": "int8",
    "INT16": "int16", "INT32": "int32", "INT64": "int64", "FP16": "float16", "FP32": "float32", "FP64": "float64",
}  # fmt: skip


def inputs_of(facts: ModelFacts) -> dict[str, Any]:
    """One request: ones of each input's type, open dimensions set to 1 (or what the facts were taken for).

    Raises:
        BadInput: ``calibrate-input`` for inputs that are not numbers, or whose number of dimensions is open.
    """
    out = {}
    for item in facts.inputs:
        shape = facts.work.inputs.get(item.name, item.shape)
        if item.dtype is None or item.dtype.value not in _NUMPY or shape is None:
            raise BadInput("calibrate-input", f"input {item.name!r} is {item.onnx_type}", "measure this model by hand")
        sizes = [1 if size < 0 else size for size in shape]
        out[item.name] = np.ones(sizes, dtype=_NUMPY[item.dtype.value])
    return out


def calibrate(
    model: Path, tier: Tier, catalogue: Catalogue, *, seconds: float, host: str, taken: date, meters: Sequence[Meter],
    provider: str = "",
) -> Measurement:  # fmt: skip
    """Measure ``model`` on this machine as ``tier`` for about ``seconds``, half alone and half under load.

    Raises:
        BadInput: ``tier-unknown``, ``power-mode-unknown``, ``calibrate-input``.
        AiinfraError: ``calibrate-runtime`` where onnxruntime is missing or has not got the provider.
    """
    part = catalogue.accelerator(tier.accelerator)
    mode = part.mode(tier.power_mode)
    facts = read_facts(model)
    request = inputs_of(facts)
    runtime = _runtime()
    wanted = provider or next((one for one in part.execution_providers if one in runtime.get_available_providers()), "")
    if wanted not in runtime.get_available_providers():
        listed = ", ".join(runtime.get_available_providers())
        asked = provider or ", ".join(part.execution_providers) or "none"
        raise AiinfraError("calibrate-runtime", f"onnxruntime here has {listed}, not {asked}", "install its build")
    cores = tier.cores or (part.cores if part.kind == "cpu" else None)
    options = runtime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = runtime.InferenceSession(str(model), options, providers=[wanted])
    for _ in range(WARM):
        session.run(None, request)
    alone = _alone(session, request, seconds / 2)
    with Metering(meters) as metering:
        rate = _loaded(session, request, seconds / 2, cores or 4, metering)
    return Measurement(
        model=facts.digest,
        tier=part.name,
        power_mode=mode.name,
        count=tier.count,
        cores=tier.cores,
        runtime=f"onnxruntime {runtime.__version__}",
        execution_provider=wanted,
        dtype=of_facts(facts).dtype,
        rate=rate,
        p50=float(np.quantile(alone, 0.5)),
        p99=float(np.quantile(alone, 0.99)),
        watts=None if metering.value is None else round(metering.value, 2),
        watts_how=metering.how,
        runs=len(alone),
        host=host,
        taken=taken,
    )


def _runtime() -> Any:
    try:
        return import_module("aiinfra.onnx_runtime").onnxruntime
    except ImportError:
        raise AiinfraError(
            "calibrate-runtime", "onnxruntime is not installed", "pip install 'aiinfra[server]'"
        ) from None


def _alone(session: Any, request: dict[str, Any], seconds: float) -> list[float]:
    times: list[float] = []
    end = time.monotonic() + seconds
    while time.monotonic() < end or len(times) < LEAST:
        start = time.perf_counter()
        session.run(None, request)
        times.append(time.perf_counter() - start)
    return times


def _loaded(session: Any, request: dict[str, Any], seconds: float, workers: int, metering: Metering) -> float:
    """Requests a second with as many callers as cores, each call on its caller's core, as the server does it."""
    end = time.monotonic() + seconds

    def call(_: int) -> int:
        done = 0
        while time.monotonic() < end or not done:
            session.run(None, request)
            done += 1
        return done

    start = time.monotonic()
    with ThreadPoolExecutor(workers) as pool:
        running = [pool.submit(call, index) for index in range(workers)]
        while not all(one.done() for one in running):
            metering.sample()
            time.sleep(min(0.5, seconds / 10))
    return sum(one.result() for one in running) / (time.monotonic() - start)


def file_name(found: Measurement, model: Path) -> str:
    """The name of a measurement's file: model, tier and how it is set."""
    parts = [model.stem, found.tier, found.power_mode, f"{found.cores}-cores" if found.cores else ""]
    return "-".join(part for part in parts if part) + ".json"


def write(found: Measurement, path: Path, *, replace: bool) -> None:
    """Write a measurement.

    Raises:
        Refused: ``measurement-exists`` where the file is there and ``replace`` is not set.
    """
    if path.exists() and not replace:
        raise Refused("measurement-exists", f"{path} is there already", "name another file, or --replace")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(found.to_json(), encoding="utf-8")


def named_meter(watts: float | None, name: str) -> Meter | None:
    """A reading of the user's own meter; None where there is none.

    Raises:
        BadInput: ``meter-unnamed`` where watts come without the name of the meter, or a name without watts.
    """
    if watts is None and not name:
        return None
    if watts is None or not name:
        raise BadInput(
            "meter-unnamed", "watts and the meter they were read from go together", "--watts 23.5 --meter NAME"
        )
    read = watts
    return Meter(name, "read by hand", watts=lambda: read)
