"""Meters that measure watts on this machine: RAPL, NVML through nvidia-smi, and the power rails of Jetson modules.

Each says what it covers. Nothing is guessed: without a meter there are no watts.
"""

import contextlib
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

RAPL: Final = Path("/sys/class/powercap")
RAILS: Final = Path("/sys/bus/i2c/drivers/ina3221")


@dataclass(frozen=True, slots=True)
class Meter:
    """A source of power readings."""

    name: str
    covers: str
    """What the watts are of."""
    watts: Callable[[], float] | None = None
    """Reads watts now."""
    joules: Callable[[], float] | None = None
    """Reads an energy counter; used instead of ``watts`` where there is one."""


class Metering:
    """Mean watts between entering and leaving, read from the best meter; ``value`` is None where there is none."""

    def __init__(self, meters: Sequence[Meter]) -> None:
        self.meter = meters[0] if meters else None
        self.value: float | None = None
        self._readings: list[float] = []
        self._start = (0.0, 0.0)

    def __enter__(self) -> Self:
        if self.meter is not None and self.meter.joules is not None:
            self._start = (time.monotonic(), self.meter.joules())
        return self

    def sample(self) -> None:
        """Take a reading, where the meter is not a counter; one that fails is left out."""
        if self.meter is not None and self.meter.watts is not None:
            with contextlib.suppress(OSError, ValueError, subprocess.SubprocessError):
                self._readings.append(self.meter.watts())

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.meter is None:
            return
        if self.meter.joules is not None:
            began, counted = self._start
            used = self.meter.joules() - counted
            self.value = used / (time.monotonic() - began) if used > 0 else None
        elif self._readings:
            self.value = sum(self._readings) / len(self._readings)

    @property
    def how(self) -> str:
        """Name of the meter and what it covers; empty without one."""
        return f"{self.meter.name}: {self.meter.covers}" if self.meter is not None and self.value is not None else ""


def find_meters(kind: str, rapl: Path = RAPL, rails: Path = RAILS, smi: Sequence[str] = ("nvidia-smi",)) -> list[Meter]:
    """The meter of this machine that measures parts of ``kind`` (gpu, soc, cpu); none where there is none.

    What a GPU idles at says nothing of a CPU that works beside it, nor the other way round.
    """
    return {"gpu": lambda: _nvml(smi), "soc": lambda: _rails(rails), "cpu": lambda: _rapl(rapl)}.get(kind, list)()


def _rapl(root: Path) -> list[Meter]:
    counters = [zone / "energy_uj" for zone in sorted(root.glob("intel-rapl:*")) if zone.name.count(":") == 1]
    readable = [counter for counter in counters if _number(counter) is not None]
    if not readable:
        return []
    covers = f"{len(readable)} CPU package{'s' if len(readable) > 1 else ''}, not the machine around"
    return [Meter("rapl", covers, joules=lambda: sum(_number(c) or 0.0 for c in readable) / 1e6)]


def _rails(root: Path) -> list[Meter]:
    for label in sorted(root.glob("*/hwmon/hwmon*/in*_label")):
        if _text(label).strip() in ("VDD_IN", "VIN_SYS_5V0"):
            volts = label.with_name(label.name.replace("_label", "_input"))
            amps = label.with_name(label.name.replace("in", "curr", 1).replace("_label", "_input"))
            if _number(volts) is not None and _number(amps) is not None:

                def watts(volts: Path = volts, amps: Path = amps) -> float:
                    return (_number(volts) or 0.0) * (_number(amps) or 0.0) / 1e6

                return [Meter("jetson-rails", "the module's input rail, not its carrier board", watts=watts)]
    return []


def _nvml(command: Sequence[str]) -> list[Meter]:
    query = [*command, "--query-gpu=power.draw", "--format=csv,noheader,nounits"]

    def watts() -> float:
        done = subprocess.run(query, capture_output=True, text=True, timeout=10, check=True)  # noqa: S603 - fixed words
        return sum(float(line) for line in done.stdout.split())

    try:
        watts()
    except (OSError, ValueError, subprocess.SubprocessError):
        return []
    return [Meter("nvml", "the GPUs' boards, not the machine around", watts=watts)]


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError):
        return ""


def _number(path: Path) -> float | None:
    try:
        return float(_text(path))
    except ValueError:
        return None
