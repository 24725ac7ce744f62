"""Moments that repeat, written as systemd's calendar expressions (systemd.time(7)), for places without systemd.

Understood: a weekday part (``Sun``, ``Mon..Fri``, ``Sat,Sun``), a date (``*-*-01``, ``*-1,7-*``), a time (``02:00``,
``*:0/15``, ``1..4:30:00``), in this order, any of them alone, and ``hourly``, ``daily``, ``weekly``, ``monthly``. Not
understood: time zones but ``UTC`` (nobody should have to guess which clock a pod has), fractions of seconds, days
counted from a month's end.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_LONG: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SHORT: Final = {
    "minutely": "*-*-* *:*:00",
    "hourly": "*-*-* *:00:00",
    "daily": "*-*-* 00:00:00",
    "weekly": "Mon *-*-* 00:00:00",
    "monthly": "*-*-01 00:00:00",
    "yearly": "*-01-01 00:00:00",
}
_YEARS: Final = range(1970, 2200)
_LONGEST_LOOK: Final = 366 * 5


@dataclass(frozen=True, slots=True)
class Window:
    """When something may begin, in UTC."""

    weekdays: frozenset[int]
    """0: Monday."""
    years: frozenset[int]
    months: frozenset[int]
    days: frozenset[int]
    hours: tuple[int, ...]
    minutes: tuple[int, ...]
    seconds: tuple[int, ...]

    def opens(self, after: datetime, until: datetime) -> datetime | None:
        """The first moment later than ``after`` and not later than ``until``; both are in UTC."""
        day = after.date()
        while day <= until.date():
            for moment in self._of(day, after):
                if moment > after:
                    return moment if moment <= until else None
            day += timedelta(days=1)
        return None

    def next(self, after: datetime) -> datetime | None:
        """The first moment later than ``after`` within five years; None: there is none."""
        return self.opens(after, after + timedelta(days=_LONGEST_LOOK))

    def _of(self, day: date, clock: datetime) -> Iterator[datetime]:
        fits = day.year in self.years and day.month in self.months and day.day in self.days
        if not fits or day.weekday() not in self.weekdays:
            return
        for hour in self.hours:
            for minute in self.minutes:
                for second in self.seconds:
                    yield datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=clock.tzinfo)


def parse_window(text: str) -> Window:
    """Read an expression.

    Raises:
        ValueError: it is none that is understood here, in one sentence.
    """
    words = _SHORT.get(text.strip().lower(), text.strip()).split()
    if words and words[-1].upper() == "UTC":
        words.pop()
    week = words.pop(0) if words and words[0][0].isalpha() else ""
    date_ = words.pop(0) if words and _is_date(words[0]) else ""
    time = words.pop(0) if words and ":" in words[0] else ""
    if words or not (week or date_ or time):
        rest = f"what is {' '.join(words)!r}? " if words else ""
        raise ValueError(f"{text!r}: {rest}Write it like 'Sun *-*-* 02:00', in UTC")
    year, month, day = _parts(text, date_ or "*-*-*", "-", 3, "*")
    hour, minute, second = _parts(text, time or "00:00:00", ":", 3, "00", at_the_end=True)
    return Window(
        weekdays=_weekdays(text, week),
        years=frozenset(_numbers(text, year, _YEARS)),
        months=frozenset(_numbers(text, month, range(1, 13))),
        days=frozenset(_numbers(text, day, range(1, 32))),
        hours=_numbers(text, hour, range(24)),
        minutes=_numbers(text, minute, range(60)),
        seconds=_numbers(text, second, range(60)),
    )


def _is_date(word: str) -> bool:
    return "-" in word and ":" not in word


def _parts(text: str, word: str, mark: str, most: int, rest: str, *, at_the_end: bool = False) -> list[str]:
    found = word.split(mark)
    if not 2 <= len(found) <= most or not all(found):
        raise ValueError(f"{text!r}: {word!r} is neither a date like *-*-01 nor a time like 02:00")
    missing = [rest] * (most - len(found))
    return [*found, *missing] if at_the_end else [*missing, *found]


def _weekdays(text: str, word: str) -> frozenset[int]:
    if not word:
        return frozenset(range(7))
    found: set[int] = set()
    for part in word.rstrip(",").split(","):
        first, dots, last = part.partition("..")
        begin, end = _weekday(text, first), _weekday(text, last if dots else first)
        if end < begin:
            raise ValueError(f"{text!r}: {part!r} ends before it begins; a week is Mon to Sun: write both parts")
        found.update(range(begin, end + 1))
    return frozenset(found)


def _weekday(text: str, word: str) -> int:
    for names in (_DAYS, _LONG):
        if word.lower() in names:
            return names.index(word.lower())
    raise ValueError(f"{text!r}: {word!r} is no weekday; write Mon, Tue, Wed, Thu, Fri, Sat or Sun")


def _numbers(text: str, word: str, allowed: range) -> tuple[int, ...]:
    found: set[int] = set()
    for part in word.split(","):
        match = re.fullmatch(r"(\*|\d+)(?:\.\.(\d+))?(?:/(\d+))?", part)
        if match is None or (match[1] == "*" and (match[2] or match[3])) or (match[3] and int(match[3]) == 0):
            raise ValueError(f"{text!r}: {part!r} is no number, range (1..5), list (1,15) or step (0/15)")
        first = allowed[0] if match[1] == "*" else int(match[1])
        last = int(match[2]) if match[2] else allowed[-1] if match[3] or match[1] == "*" else first
        if first not in allowed or last not in allowed or last < first:
            raise ValueError(f"{text!r}: {part!r} is not within {allowed[0]} to {allowed[-1]}")
        found.update(range(first, last + 1, int(match[3] or 1)))
    return tuple(sorted(found))
