"""Counts in words."""

from collections.abc import Mapping


def tally(counts: Mapping[str, int]) -> str:
    """``1 destroyed, 2 created, 38 unchanged``."""
    return ", ".join(f"{count} {what}" for what, count in counts.items())
