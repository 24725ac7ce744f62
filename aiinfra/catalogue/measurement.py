"""A measurement: what ``aiinfra calibrate`` found on a real box. It replaces the estimate for that model and tier."""

import json
from datetime import date
from pathlib import Path
from typing import Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from aiinfra.errors import BadInput

SCHEMA: Final = "aiinfra.measurement/1"


class Measurement(BaseModel):
    """One model on one tier. Rates are requests a second of one item, one box."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, populate_by_name=True)

    schema_: Literal["aiinfra.measurement/1"] = Field(default=SCHEMA, alias="schema")
    model: str = Field(pattern=r"^sha256:[0-9a-f]{64}$")
    """Digest of the model file."""
    tier: str
    """Name of the accelerator or CPU tier in the catalogue."""
    power_mode: str = ""
    """Power mode it was set to; empty: the tier has one."""
    count: int = Field(default=1, ge=1)
    """Accelerators used."""
    cores: int | None = None
    """CPU cores used, on CPU tiers."""
    runtime: str
    """Runtime and version: ``onnxruntime 1.26.0``."""
    execution_provider: str
    """onnxruntime's provider."""
    dtype: str
    """Element type the work is done in."""
    rate: float = Field(gt=0)
    """Requests a second at full load."""
    p50: float = Field(gt=0)
    """Seconds of one request, half are faster; one at a time."""
    p99: float = Field(gt=0)
    """Seconds of one request, 99 of 100 are faster; one at a time."""
    watts: float | None = Field(default=None, ge=0)
    """Watts under full load; none: there was no meter."""
    watts_how: str = ""
    """What measured them (``rapl``, ``nvml``, ``jetson-rails``, a meter's name) and what that covers; empty: nothing
    did."""
    runs: int = Field(ge=1)
    """Requests behind the percentiles."""
    host: str
    """The machine's name, as its user calls it."""
    taken: date
    """The day."""

    def to_json(self) -> str:
        """The text of a measurement file."""
        return json.dumps(self.model_dump(mode="json", by_alias=True), indent=2) + "\n"

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a measurement file.

        Raises:
            BadInput: ``measurement-invalid``.
        """
        try:
            return cls.model_validate_json(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            reason = str(error)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            reason = f"{'.'.join(str(part) for part in first['loc']) or 'the file'}: {first['msg']}"
        raise BadInput("measurement-invalid", f"{path}: {reason}", "write it with: aiinfra calibrate")
