"""Rows of a class seen as a table: its columns, and their names where a site fills its own row in."""

import re
from collections.abc import Iterable

from aiinfra.spec.site import Row


def variable(column: str) -> str:
    """Name that a column has in a substitution: letters, digits and ``_``, no digit first."""
    name = re.sub(r"[^A-Za-z0-9_]", "_", column)
    return f"_{name}" if name[:1].isdigit() else name


def columns(rows: Iterable[Row]) -> tuple[str, ...]:
    """Columns of all rows, sorted."""
    return tuple(sorted({column for row in rows for column in row.values}))
