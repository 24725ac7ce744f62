"""Changes that an API server will refuse: the object would have to be replaced, and the provider does not."""

from collections.abc import Iterable

from aiinfra.catalogue.immutable import immutable
from aiinfra.graph import path as paths
from aiinfra.graph.change import PropertyChange


def refused(type_: str, changes: Iterable[PropertyChange]) -> list[str]:
    """The paths among ``changes`` of one resource that the server refuses, in their order."""
    patterns = [paths.parse(path) for path in immutable().get(type_, ())]
    return [change.path for change in changes if any(paths.fits(pattern, change.steps) for pattern in patterns)]
