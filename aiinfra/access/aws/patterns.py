"""IAM's wildcards: ``*`` for any text, ``?`` for one character. What they match, cover and share."""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

_RUN: Final = re.compile(r"[*?]+")


@lru_cache(maxsize=4096)
def _regex(pattern: str) -> re.Pattern[str]:
    parts = (".*" if char == "*" else "." if char == "?" else re.escape(char) for char in pattern)
    return re.compile("".join(parts), re.DOTALL)


def matches(pattern: str, text: str) -> bool:
    """Whether a text is one that the pattern stands for."""
    return _regex(pattern).fullmatch(text) is not None


def covers(wide: str, narrow: str) -> bool:
    """Whether every text that ``narrow`` stands for is one of ``wide``'s."""
    wide, narrow = _ordered(wide), _ordered(narrow)
    # One pass is exact unless ``?`` makes lengths count.
    return _walk(wide, narrow, all_of=True) or ("?" in wide and _searched(wide, narrow))


def overlap(one: str, other: str) -> bool:
    """Whether some text is both patterns'."""
    return _walk(one, other, all_of=False)


def _walk(wide: str, narrow: str, *, all_of: bool) -> bool:
    """Positions of ``wide`` reachable by what ``narrow`` stands for: all of it, or some.

    Covering takes a symbol of ``narrow`` as one that only a wildcard of ``wide`` takes; for sharing, either side's
    wildcard takes the other's character.
    """
    reached = _closed(wide, {0})
    for symbol in narrow:
        if symbol == "*":
            # Any text. Covering: only what a star of ``wide`` takes may go on, and nothing is taken off the set.
            if all_of:
                starred = {place for place in reached if place < len(wide) and wide[place] == "*"}
                reached = _closed(wide, starred)
            else:
                reached = _closed(wide, set(range(min(reached), len(wide) + 1))) if reached else reached
            continue
        taken = set()
        for place in reached:
            if place == len(wide):
                continue
            if wide[place] == "*":
                taken.add(place)
            elif wide[place] == "?" or wide[place] == symbol or (symbol == "?" and not all_of):
                taken.add(place + 1)
        reached = _closed(wide, taken)
    return len(wide) in reached


def _searched(wide: str, narrow: str) -> bool:
    """Covering, by going through every way ``narrow`` can be read: exact, and slow for long patterns."""
    letters = {*wide, *narrow, "\0"} - {"*", "?"}
    start = (0, frozenset(_closed(wide, {0})))
    seen, left = {start}, [start]
    while left:
        place, reached = left.pop()
        steps: list[tuple[int, str | None]] = []
        if place == len(narrow):
            if len(wide) not in reached:
                return False
        elif narrow[place] == "*":
            steps = [(place + 1, None), *((place, letter) for letter in letters)]
        else:
            steps = [(place + 1, letter) for letter in (letters if narrow[place] == "?" else narrow[place])]
        for to, letter in steps:
            state = (to, reached if letter is None else frozenset(_taken(wide, reached, letter)))
            if state not in seen:
                seen.add(state)
                left.append(state)
    return True


def _taken(wide: str, reached: Iterable[int], letter: str) -> set[int]:
    """Where one letter leads."""
    here = [place for place in reached if place < len(wide)]
    stay = {place for place in here if wide[place] == "*"}
    return _closed(wide, stay | {place + 1 for place in here if wide[place] in ("?", letter)})


def _ordered(pattern: str) -> str:
    """The same with ``?`` before ``*`` wherever they stand together."""
    return _RUN.sub(lambda run: "?" * run[0].count("?") + "*" * ("*" in run[0]), pattern)


def _closed(wide: str, places: set[int]) -> set[int]:
    found = set(places)
    for place in sorted(places):
        here = place
        while here < len(wide) and wide[here] == "*":
            here += 1
            found.add(here)
    return found
