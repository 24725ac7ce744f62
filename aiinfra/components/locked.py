"""What nobody has locked in ``images.lock``, and that nothing is applied with it."""

from collections.abc import Iterable, Mapping

import pulumi

from aiinfra.components.component import applying


def missing(names: Iterable[str], images: Mapping[str, str]) -> list[str]:
    """Those of ``names`` that are not in ``images``."""
    return [name for name in names if name not in images]


def require_locked(names: list[str]) -> None:
    """Stop ``up`` where ``names`` are in no ``images.lock``: a cluster would look for something that is nowhere.

    A preview goes on. To be called before anything is made: what is registered when a program stops is created all the
    same. ``aiinfra:unlocked: allow`` in the stack's configuration lets a rehearsal go on.

    Raises:
        pulumi.RunError: names the images.
    """
    if names and applying() and pulumi.Config("aiinfra").get("unlocked") != "allow":
        raise pulumi.RunError(told(names))


def told(names: list[str]) -> str:
    """What is said of them, in a warning too."""
    return f"{', '.join(names)} not in images.lock: nothing can be pulled; lock each by digest before 'up'"
