"""Building a release folder. The same inputs give the same bytes in every file; the signature is added later."""

import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from aiinfra.errors import BadInput, Refused
from aiinfra.model.external import contained
from aiinfra.model.facts import ModelFacts, TensorFacts, read_facts
from aiinfra.release.bom import BOM, bom_of, card_of
from aiinfra.release.card import CARD, Card
from aiinfra.release.files import digest_of
from aiinfra.release.golden import GoldenSet, write_golden
from aiinfra.release.manifest import (
    GOLDEN,
    MANIFEST,
    MODEL,
    SIGNATURE,
    Golden,
    Origin,
    ReleaseManifest,
    ReleaseOutput,
    TierConstraint,
    Tolerance,
)


@dataclass(frozen=True, slots=True)
class ReleaseSource:
    """What a release is made of."""

    name: str
    """The model's name in the repository; a DNS label."""
    version: str
    """A whole number."""
    model: Path
    golden: Sequence[GoldenSet]
    """At least one."""
    golden_origin: str
    """The framework that gave the golden outputs, or ``self-recorded``."""
    tolerance: Tolerance = field(default_factory=Tolerance)
    labels: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Output name -> labels of its last dimension."""
    tiers: Sequence[TierConstraint] = ()
    """The tiers it may be served on; empty: any."""
    origin: Origin = field(default_factory=Origin)
    card: Card | None = None
    """Its model card; none: the release has none."""
    bom: bool = False
    """Whether the bill of materials is written; the local plane's own releases have none."""


def build_release(source: ReleaseSource, folder: Path) -> ReleaseManifest:
    """Write the release folder, whole or not at all.

    Raises:
        Refused: ``release-exists``: there is something at ``folder`` already.
        BadInput: what reading the model raises, ``release-invalid`` (the name or version does not fit, or a data file
            of the model has a name that the release needs), ``model-changed`` (the model was written to meanwhile),
            ``card-invalid``.
    """
    if re.fullmatch(r"[0-9]{1,18}", source.version) is None:
        raise BadInput("release-invalid", f"version {source.version!r} is not a whole number", "name one, like 4")
    if folder.exists():
        raise Refused("release-exists", f"{folder} is there already", "name another folder, or a new version")
    facts = read_facts(source.model)
    manifest = _manifest(source, facts)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as work:
        draft = Path(work) / "release"
        draft.mkdir()
        _copy(source.model, draft / MODEL, facts.digest)
        for item in facts.external:
            _copy(contained(source.model.parent, item.path), draft / item.path, item.digest)
        write_golden(draft / GOLDEN, source.golden)
        (draft / MANIFEST).write_text(manifest.to_json(), encoding="utf-8", newline="\n")
        if source.card is not None:
            (draft / CARD).write_text(card_of(manifest, source.card), encoding="utf-8", newline="\n")
        if source.bom:
            (draft / BOM).write_text(bom_of(manifest), encoding="utf-8", newline="\n")
        draft.replace(folder)
    return manifest


def _manifest(source: ReleaseSource, facts: ModelFacts) -> ReleaseManifest:
    unservable = [value for value in (*facts.inputs, *facts.outputs) if value.dtype is None]
    if unservable:
        value = unservable[0]
        message = f"{facts.file}: {value.name!r} is {value.onnx_type}, which the Open Inference Protocol cannot carry"
        raise BadInput("model-not-servable", message, "export with plain tensors")
    taken = {MODEL, MANIFEST, SIGNATURE, GOLDEN, CARD, BOM}
    for item in facts.external:
        if item.path.split("/")[0] in taken:
            message = f"the model's data file {item.path!r} has a name that a release needs itself"
            raise BadInput("release-invalid", message, "export the model with another name for its data file")
    try:
        return ReleaseManifest(
            name=source.name,
            version=source.version,
            digest=facts.digest,
            external=facts.external,
            inputs=facts.inputs,
            outputs=tuple(_labelled(output, source.labels.get(output.name, ())) for output in facts.outputs),
            tolerance=source.tolerance,
            tiers=tuple(source.tiers),
            origin=source.origin,
            golden=Golden(origin=source.golden_origin, sets=tuple(golden.name for golden in source.golden)),
        )
    except ValueError as error:
        raise BadInput("release-invalid", f"{source.name} {source.version}: {_reason(error)}") from None


def _reason(error: ValueError) -> str:
    lines = [line.strip() for line in str(error).splitlines() if not line.startswith("    For further")]
    return "; ".join(lines[1:3]) or str(error)


def _labelled(output: TensorFacts, labels: Sequence[str]) -> ReleaseOutput:
    return ReleaseOutput(**output.model_dump(), labels=tuple(labels))


def _copy(source: Path, target: Path, digest: str) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    if f"sha256:{digest_of(target)}" != digest:
        raise BadInput("model-changed", f"{source} changed while it was copied", "wait until it is written, then again")
