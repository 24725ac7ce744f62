"""Fields that an API server refuses to change, and no provider replaces the object for: an apply that tries fails.

``data/immutable.toml`` says of which server that was asked, and when.
"""

import tomllib
from collections.abc import Mapping
from functools import cache

from aiinfra.catalogue.figure import read_data


@cache
def immutable() -> Mapping[str, tuple[str, ...]]:
    """Type token -> paths of such fields, as in ``data/replacement.json``."""
    fields: Mapping[str, list[str]] = tomllib.loads(read_data("immutable.toml"))["fields"]
    return {type_: tuple(paths) for type_, paths in fields.items()}
