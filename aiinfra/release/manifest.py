"""``release.json``: what a release folder says of itself. It is signed with the rest of the folder."""

import json
from pathlib import Path
from typing import Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from aiinfra.errors import BadInput
from aiinfra.model.external import DIGEST, ExternalFile
from aiinfra.model.facts import TensorFacts

MODEL: Final = "model.onnx"
MANIFEST: Final = "release.json"
SIGNATURE: Final = "model.sig"
GOLDEN: Final = "golden"

SELF_RECORDED: Final = "self-recorded"
"""Origin of golden outputs that the released model itself gave: they show change, not correctness."""

_LARGEST: Final = 4 * 2**20


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, populate_by_name=True)


class Tolerance(_Data):
    """How far an output may be from its golden one: ``|a - b| <= absolute + relative * |b|``, per element.

    Integers, booleans and texts must be equal.
    """

    absolute: float = Field(default=1e-5, ge=0, allow_inf_nan=False)
    """In the output's own unit."""
    relative: float = Field(default=1e-3, ge=0, allow_inf_nan=False)
    """Part of the golden value; the default is what ONNX's own backend tests allow."""


class Golden(_Data):
    """Where the golden outputs come from."""

    origin: str = Field(min_length=1, max_length=200)
    """The framework that answered (``scikit-learn 1.9.1``), or ``self-recorded``."""
    sets: tuple[str, ...] = Field(min_length=1)
    """Folders under ``golden/``, in order."""


class ReleaseOutput(TensorFacts):
    """One output."""

    labels: tuple[str, ...] = ()
    """What the last dimension's values stand for."""


class TierConstraint(_Data):
    """One tier that the release was declared for."""

    accelerator: str = Field(min_length=1, max_length=200)
    """Its name in the catalogue."""
    execution_providers: tuple[str, ...] = Field(min_length=1)
    """onnxruntime's, first choice first."""


class Origin(_Data):
    """Where the model comes from, as its declaration says; empty: not stated."""

    data: str = Field(default="", pattern=r"^(sha256:[0-9a-f]{64})?$")
    """Digest of the training data."""
    code: str = Field(default="", max_length=200)
    """Revision of the training code."""
    run: str = Field(default="", max_length=200)
    """The training run."""


class ReleaseManifest(_Data):
    """The whole of ``release.json``."""

    schema_: Literal["aiinfra.release/1"] = Field(default="aiinfra.release/1", alias="schema")
    name: str = Field(pattern=r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$")
    """The model's name: the folder of the model repository it lives in."""
    version: str = Field(pattern=r"^[0-9]{1,18}$")
    """A whole number, as the Open Inference Protocol's clients expect."""
    digest: str = Field(pattern=DIGEST)
    """Of ``model.onnx``."""
    external: tuple[ExternalFile, ...] = ()
    """Data files of the model, by their names in the release folder."""
    inputs: tuple[TensorFacts, ...] = Field(min_length=1)
    outputs: tuple[ReleaseOutput, ...] = Field(min_length=1)
    tolerance: Tolerance = Tolerance()
    """How far outputs may be from the golden ones."""
    golden: Golden
    tiers: tuple[TierConstraint, ...] = ()
    """The tiers it may be served on; empty: any."""
    origin: Origin = Origin()

    def to_json(self) -> str:
        """The file's text: the same release always gives the same bytes."""
        return json.dumps(self.model_dump(mode="json", by_alias=True), indent=2, ensure_ascii=False) + "\n"

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read ``release.json`` of a release folder.

        Raises:
            BadInput: ``release-invalid``.
        """
        file = folder / MANIFEST
        try:
            if file.stat().st_size > _LARGEST:
                raise _invalid(file, "it is too large")
            return cls.model_validate(json.loads(file.read_text(encoding="utf-8")))
        except OSError as error:
            raise _invalid(file, f"cannot be read: {error.strerror}") from None
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            raise _invalid(file, f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}") from None
        except (ValueError, RecursionError):
            raise _invalid(file, "it is not JSON") from None


def _invalid(file: Path, reason: str) -> BadInput:
    return BadInput("release-invalid", f"{file}: {reason}", "build the release again: aiinfra release build")
