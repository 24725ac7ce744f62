"""The class file ``classes/CLASS.yaml``: which version each wave of a class's sites is meant to serve.

It stands beside the declaration, in version control: a promotion is a commit, so it is reviewed. Sites need nothing
else to know what they should serve::

    uri: oci://registry.example.com/releases/line-vibration
    public_key: |
      -----BEGIN PUBLIC KEY-----
      ...
    waves:
      1: {version: "5", digest: sha256:..., share: 1 %}
      2: {version: "4", digest: sha256:..., share: 10 %}
      3: {version: "4", digest: sha256:...}
    gate:
      failed: {query: 'sum(aiinfra_requests_failed_total{version="$version"})', at_most: 0}
    releases:
      "4": sha256:...
      "5": sha256:...
"""

import hashlib
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Final

from pydantic import Field, ValidationError, field_validator, model_validator

from aiinfra.errors import BadInput
from aiinfra.spec import yaml
from aiinfra.spec.base import Spec
from aiinfra.spec.problems import findings_of
from aiinfra.units import Share

FOLDER: Final = "classes"
"""Folder of class files, beside the declaration."""
_VERSION: Final = r"^[0-9]{1,18}$"
_DIGEST: Final = r"^sha256:[0-9a-f]{64}$"
_LARGEST: Final = 2**20
_WHOLE: Final = Decimal(2**64)


class Wave(Spec):
    """What a part of a class's sites is meant to serve."""

    version: str = Field(pattern=_VERSION)
    """Version of the release."""
    digest: str = Field(pattern=_DIGEST)
    """Of the artifact, as ``aiinfra release push`` printed it."""
    share: Share | None = None
    """Part of the class's sites. The last wave has none: it takes the rest. Where no wave names one, each wave
    makes it ten times as many: 1 %, then 10 %, then all."""


class Condition(Spec):
    """One condition of a gate: a query, and what its answer must be."""

    query: str = Field(min_length=1, max_length=10_000, examples=['sum(failed_total{version="$version"})'])
    """Prometheus expression that gives one number. ``$version``, ``$wave`` and ``$class`` are filled in."""
    at_most: float | None = Field(default=None, allow_inf_nan=False)
    """The gate is shut above it."""
    at_least: float | None = Field(default=None, allow_inf_nan=False)
    """The gate is shut below it."""

    @model_validator(mode="after")
    def _compares(self) -> "Condition":
        if self.at_most is None and self.at_least is None:
            raise ValueError("a condition compares with something: write at_most, at_least or both")
        if self.at_most is not None and self.at_least is not None and self.at_least > self.at_most:
            raise ValueError(f"no number is at least {self.at_least:g} and at most {self.at_most:g}")
        return self

    def met(self, value: float) -> bool:
        """Whether the answer keeps the gate open; NaN never does."""
        above = self.at_least is None or value >= self.at_least
        return above and (self.at_most is None or value <= self.at_most)


class ClassFile(Spec):
    """The whole of a class file."""

    uri: str = Field(min_length=1, max_length=1000, pattern=r"^\S+$")
    """Where the class's releases are: ``oci://HOST/NAME`` without a tag, or a folder that a stick or share carries."""
    public_key: str = Field(pattern=r"^-----BEGIN [A-Z ]+-----\n")
    """PEM text of the public key, or the certificate chain, that releases are signed with."""
    waves: dict[int, Wave]
    """Waves from 1 on."""
    gate: dict[str, Condition] = Field(default_factory=dict)
    """What must hold before the next wave gets a version, by name; none: nothing is asked."""

    releases: dict[Annotated[str, Field(pattern=_VERSION)], Annotated[str, Field(pattern=_DIGEST)]] = Field(
        default_factory=dict
    )
    """Version -> digest of its artifact, for every version that a wave had: so going back needs no looking up, and a
    version stays one artifact for ever."""

    @field_validator("public_key")
    @classmethod
    def _public(cls, value: str) -> str:
        if "PRIVATE KEY" in value:
            raise ValueError("this is a private key: write the public one, and keep the private one away")
        return value

    @field_validator("waves")
    @classmethod
    def _numbered(cls, value: dict[int, Wave]) -> dict[int, Wave]:
        if sorted(value) != list(range(1, len(value) + 1)) or not value:
            raise ValueError(f"waves are numbered 1, 2, ... without a gap, not {sorted(value)}")
        return dict(sorted(value.items()))

    @model_validator(mode="after")
    def _shares_add_up(self) -> "ClassFile":
        *first, last = self.waves.values()
        if last.share is not None:
            raise ValueError(f"wave {len(self.waves)} is the last and takes the rest: it has no share")
        named = [wave.share for wave in first if wave.share is not None]
        if named and len(named) < len(first):
            raise ValueError("either every wave but the last names its share, or none does")
        if sum((share.base for share in named), Decimal(0)) > 1:
            raise ValueError(f"the shares {', '.join(map(str, named))} are more than 100 %")
        return self

    @model_validator(mode="after")
    def _one_artifact_a_version(self) -> "ClassFile":
        for number, wave in self.waves.items():
            if self.known.get(wave.version) != wave.digest:
                raise ValueError(
                    f"wave {number} has version {wave.version} with another digest than elsewhere in the file"
                )
        return self

    @property
    def known(self) -> dict[str, str]:
        """Version -> digest: what ``releases`` and the waves say."""
        return {**{wave.version: wave.digest for wave in self.waves.values()}, **self.releases}

    @property
    def boundaries(self) -> tuple[Decimal, ...]:
        """Part of the sites that waves up to each have together; the last is 1."""
        *first, _ = self.waves.values()
        shares = [wave.share.base for wave in first if wave.share is not None]
        return boundaries(shares) if shares else default_boundaries(len(self.waves))

    def wave_of(self, class_name: str, site: str, named: int | None = None) -> int:
        """The wave of a site: the one its row names, at most the last; else by a stable hash of its name."""
        return min(named, len(self.waves)) if named is not None else wave_of(class_name, site, self.boundaries)


def boundaries(shares: Sequence[Decimal]) -> tuple[Decimal, ...]:
    """Running sums of the shares of all waves but the last, and 1."""
    sums = [sum(shares[: count + 1], Decimal(0)) for count in range(len(shares))]
    return (*sums, Decimal(1))


def default_boundaries(count: int) -> tuple[Decimal, ...]:
    """For three waves 0.01, 0.1 and 1."""
    return tuple(Decimal(10) ** -(count - 1 - index) for index in range(count))


def wave_of(class_name: str, site: str, ends: Sequence[Decimal]) -> int:
    """The wave that a site's place falls into. A wave that grows keeps the sites it has.

    The place is the first eight bytes of SHA-256 over ``CLASS/SITE``, as a part of 2**64: the same on every machine.
    """
    place = int.from_bytes(hashlib.sha256(f"{class_name}/{site}".encode()).digest()[:8], "big") / _WHOLE
    return next(index for index, end in enumerate(ends, start=1) if place < end or index == len(ends))


def wave_tag(class_name: str, wave: int) -> str:
    """Tag that a wave's sites ask a registry for."""
    return f"{class_name}-wave-{wave}"


def path_of(folder: Path, class_name: str) -> Path:
    """Where the class file of a declaration in ``folder`` is."""
    return folder / FOLDER / f"{class_name}.yaml"


def read_class(file: Path) -> ClassFile:
    """Read a class file.

    Raises:
        BadInput: ``class-file-missing``; ``class-file-invalid`` with one finding a problem; ``yaml-invalid``.
    """
    try:
        if file.stat().st_size > _LARGEST:
            raise BadInput("class-file-invalid", f"{file} is larger than 1 MiB", "a class file is a few lines")
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise BadInput(
            "class-file-missing", f"{file} is not there", "start one: aiinfra release class NAME --help"
        ) from None
    except OSError as error:
        raise BadInput("class-file-invalid", f"{file} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise BadInput("class-file-invalid", f"{file} is not UTF-8 text", "save it as UTF-8") from None
    return parse_class(text, str(file))


def parse_class(text: str, name: str) -> ClassFile:
    """A class file's text.

    Raises:
        BadInput: ``class-file-invalid`` with one finding a problem; ``yaml-invalid``, ``yaml-twice``.
    """
    document = yaml.read(text, name)
    try:
        return ClassFile.model_validate(document.data)
    except ValidationError as error:
        findings = findings_of(error, ClassFile, lines=document.lines, file=name)
        count = f"{len(findings)} problem{'s' if len(findings) > 1 else ''}"
        raise BadInput("class-file-invalid", f"{name} has {count}", findings=findings) from None
