"""A release of the model that a declaration names."""

from collections.abc import Sequence
from pathlib import Path

from aiinfra.catalogue.find import find_accelerator
from aiinfra.errors import BadInput
from aiinfra.model.facts import ModelFacts, read_facts
from aiinfra.release.build import ReleaseSource
from aiinfra.release.card import read_card
from aiinfra.release.golden import GoldenSet, read_golden
from aiinfra.release.manifest import SELF_RECORDED, Origin, TierConstraint
from aiinfra.release.note import GoldenNote, read_note
from aiinfra.release.record import on_cpu, record
from aiinfra.spec.declaration import Declaration


def goldens(model: Path, facts: ModelFacts, folder: Path | None) -> tuple[Sequence[GoldenSet], GoldenNote]:
    """The golden sets in ``folder`` and what is said of them; without a folder, one recorded from the model itself.

    Raises:
        BadInput: ``golden-missing``, ``golden-invalid``; ``model-corrupt`` where recording finds that it does not load.
        AiinfraError: ``golden-failed``: it does not run on a row of fixed values.
    """
    if folder is not None:
        return read_golden(folder, facts.inputs, facts.outputs), read_note(folder)
    return [record(facts, on_cpu(model))], GoldenNote(SELF_RECORDED)


def source_of(declaration: Declaration, version: str = "") -> ReleaseSource:
    """What a release of ``declaration``'s model is made of; ``version`` instead of the declared one.

    Raises:
        BadInput: ``model-differs`` where the file is not the one whose digest is declared, and what :func:`goldens` and
            reading the model raise; ``card-invalid``.
    """
    model = declaration.deployment.model
    facts = read_facts(declaration.model_file)
    if model.digest and model.digest != facts.digest:
        raise BadInput(
            "model-differs",
            f"{facts.file} is not the model that is declared: its digest is {facts.digest[:19]}..., declared "
            f"{model.digest[:19]}...",
            "put the declared model back, or take this one in: aiinfra model inspect DEPLOYMENT --write",
        )
    sets, note = goldens(declaration.model_file, facts, declaration.golden_dir)
    labels = {output.name: output.labels for output in model.outputs if output.labels}
    name = declaration.deployment.name
    return ReleaseSource(
        name,
        version or model.version,
        declaration.model_file,
        sets,
        note.origin,
        note.tolerance,
        labels,
        tiers=tiers_of(declaration),
        origin=Origin.model_validate(model.origin.model_dump()),
        card=read_card(declaration.folder / model.card) if model.card else None,
        bom=True,
    )


def tiers_of(declaration: Declaration) -> tuple[TierConstraint, ...]:
    """The tiers of the declared sites, each once, by name."""
    found = {site.tier.accelerator: find_accelerator(site.tier.accelerator) for site in declaration.deployment.sites}
    return tuple(
        TierConstraint(accelerator=name, execution_providers=found[name].execution_providers) for name in sorted(found)
    )
