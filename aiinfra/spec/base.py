"""What every part of a declaration shares: frozen, no unknown keys, one documented line a field."""

import re
from pathlib import PurePosixPath
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from aiinfra.names import DNS_LABEL


class Spec(BaseModel):
    """Base of every part of a declaration. Equality is by value; text in, text out, nothing lost."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        use_attribute_docstrings=True,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
    )

    def plain(self) -> dict[str, Any]:
        """JSON values as a person would write them: defaults left out, quantities as text."""
        return self.model_dump(mode="json", exclude_defaults=True)


def _label(value: str) -> str:
    if not DNS_LABEL.fullmatch(value):
        raise PydanticCustomError(
            "name",
            "{value} is not a name: use lower-case letters, digits and '-', at most 63, starting and ending with "
            "a letter or digit{hint}",
            {"value": repr(value), "hint": _hint(value)},
        )
    return value


def _hint(value: str) -> str:
    proposal = re.sub(r"[^a-z0-9]+", "-", value.lower()).strip("-")[:63].rstrip("-")
    return f"; {proposal!r} would do" if proposal and proposal != value else ""


Name = Annotated[str, AfterValidator(_label), Field(json_schema_extra={"pattern": f"^{DNS_LABEL.pattern}$"})]
"""A DNS label (RFC 1123): names of deployments, classes, sites and callers become parts of resource names."""


def _inside(value: str) -> str:
    parts = PurePosixPath(value).parts
    if value and (PurePosixPath(value).is_absolute() or ".." in parts or "\\" in value):
        raise PydanticCustomError(
            "inside", "{value} leads out of the declaration's folder: name a file below it", {"value": repr(value)}
        )
    return value


FileBeside = Annotated[str, AfterValidator(_inside)]
"""A file in the declaration's folder or below it; it is copied into what is compiled."""


def unique(values: tuple[Any, ...], what: str) -> None:
    """Refuse a list that names one thing twice.

    Raises:
        PydanticCustomError: naming what stands there twice.
    """
    seen: set[Any] = set()
    for value in values:
        if value in seen:
            raise PydanticCustomError("twice", "{what} {value} is there twice", {"what": what, "value": repr(value)})
        seen.add(value)
