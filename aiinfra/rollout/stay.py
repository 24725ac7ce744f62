"""A pull that stays: one run at each opening of the maintenance window, for places where no timer starts one."""

import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from aiinfra.release.disk import replace_file
from aiinfra.rollout.home import OWN
from aiinfra.spec.window import Window
from aiinfra.units import Duration

_LOOK_S: Final = 20.0
"""Seconds between two looks at the clock, at most."""
_SHORTEST_S: Final = 0.2
_LEAP: Final = timedelta(minutes=10)
"""A clock that leaps by more than this between two looks was set, or the machine slept: what it missed is not made up
for."""
_SEED: Final = "seed"


@dataclass(frozen=True, slots=True)
class Wall:
    """The wall clock; tests give another."""

    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    sleep: Callable[[float], None] = time.sleep


def stay(window: Window, delay: timedelta, once: Callable[[], None], wall: Wall, say: Callable[[str], None]) -> None:
    """Call ``once`` each time ``delay`` after the window opens. Ends with the process alone.

    A window that opened while nothing ran, or while the last run still did, is not made up for outside of it.
    """
    done = wall.now()
    coming = _tell(window, delay, done, say)
    while True:
        wall.sleep(_LOOK_S if coming is None else min(_LOOK_S, max(_SHORTEST_S, (coming - done).total_seconds())))
        now = wall.now()
        steady = timedelta() <= now - done <= _LEAP
        if steady and window.opens(done - delay, now - delay):
            once()
            now = wall.now()
            coming = _tell(window, delay, now, say)
        elif not steady:
            say("the clock was set, or this machine slept")
            coming = _tell(window, delay, now, say)
        done = now


def _tell(window: Window, delay: timedelta, now: datetime, say: Callable[[str], None]) -> datetime | None:
    found = window.next(now - delay)
    say(f"the next pull: {found + delay:%a %Y-%m-%d %H:%M:%S} UTC" if found else "the window never opens again")
    return found + delay if found else None


def own_delay(repository: Path, jitter: Duration) -> timedelta:
    """This disk's own moment within ``jitter``, the same each time: a number drawn once and kept beside the releases.
    Where it cannot be kept, another is drawn the next time."""
    file = repository / OWN / _SEED
    try:
        share = int(file.read_text(encoding="ascii"), 16) / 16**8
    except (OSError, ValueError):
        drawn = secrets.token_hex(4)
        with suppress(OSError):
            replace_file(file, iter((drawn.encode(),)))
        share = int(drawn, 16) / 16**8
    return timedelta(seconds=int(share * jitter.seconds))
