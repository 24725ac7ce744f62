"""``golden.json``: what a person says of the golden sets beside them. All of it may be absent; nothing is then claimed.

::

    {"framework": "scikit-learn 1.9.1", "computed_by": "Pipeline.predict_proba in train.py",
     "tolerance": {"atol": 1e-5, "rtol": 1e-4},
     "samples": [{"source": "row 516 of ...", "truth": "malignant"}, ...]}
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pydantic import BaseModel, Field, ValidationError

from aiinfra.errors import BadInput
from aiinfra.release.manifest import Tolerance

FILE: Final = "golden.json"
NOT_STATED: Final = "not stated"


class _Tolerance(BaseModel):
    atol: float = Field(ge=0)
    rtol: float = Field(ge=0)


class _Sample(BaseModel):
    truth: str = ""


class _File(BaseModel):
    framework: str = ""
    computed_by: str = ""
    tolerance: _Tolerance | None = None
    samples: list[_Sample] = []


@dataclass(frozen=True, slots=True)
class GoldenNote:
    """Where golden outputs come from, how near an answer must be, and what is true of each row."""

    origin: str = NOT_STATED
    """The framework that answered, and how it was asked."""
    tolerance: Tolerance = field(default_factory=Tolerance)
    truths: tuple[str, ...] = ()
    """What each row of the first set is in reality, in words; empty: nobody says."""


def read_note(folder: Path) -> GoldenNote:
    """The note in ``folder``; an empty one where there is none.

    Raises:
        BadInput: ``golden-invalid``: the file is there and does not hold.
    """
    file = folder / FILE
    if not file.is_file():
        return GoldenNote()
    try:
        said = _File.model_validate(json.loads(file.read_text(encoding="utf-8")))
    except (ValueError, ValidationError) as error:
        reason = str(error).splitlines()[0]
        raise BadInput("golden-invalid", f"{file} cannot be read: {reason}", "mend it, or take it away") from None
    origin = ": ".join(filter(None, (said.framework, said.computed_by)))[:200] or NOT_STATED
    near = said.tolerance
    tolerance = Tolerance() if near is None else Tolerance(absolute=near.atol, relative=near.rtol)
    return GoldenNote(origin, tolerance, tuple(sample.truth for sample in said.samples))
