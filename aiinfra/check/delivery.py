"""The checks of how models and images reach sites: what is locked, whose signature counts, what each wave serves."""

from collections.abc import Iterator

from aiinfra.catalogue.find import find_accelerator
from aiinfra.check.needed import needed_at, needed_to_serve, needed_to_train, operators_beside, operators_of
from aiinfra.errors import BadInput
from aiinfra.findings import Finding, Severity
from aiinfra.images import FILE, SERVER, parts, release_image
from aiinfra.spec.declaration import Declaration
from aiinfra.spec.site import Place, Site


def can_be_delivered(declaration: Declaration) -> Iterator[Finding]:
    """Images are locked by digest, and somebody's signature is accepted: without these nothing may start at a site."""
    deployment = declaration.deployment
    wanted: dict[str, list[Site]] = {}
    for site in deployment.sites:
        # Where a class file says what to serve, the release is no image.
        pulled = release_image(deployment.name) if site.class_name in declaration.classes else ""
        for image in needed_at(deployment, site):
            if image != pulled:
                wanted.setdefault(image, []).append(site)
    for image in (*needed_to_train(deployment), *needed_to_serve(deployment)):
        wanted.setdefault(image, [])
    for image, sites in wanted.items():
        runs_on = sorted({part for site in sites if (part := _architecture(site))}) or ["amd64"]
        if image not in declaration.images:
            line = f"{image}: {{reference: HOST/NAME@sha256:DIGEST, architectures: [{', '.join(runs_on)}]}}"
            yield Finding(
                "unlocked",
                Severity.ERROR,
                f"image {image!r} is not in {FILE}",
                FILE,
                remedy=f"aiinfra images lock {image}=HOST/NAME:TAG, or add to {FILE}: {line}",
            )
    if deployment.sites and not declaration.signer:
        yield Finding(
            "no-signer",
            Severity.ERROR,
            "no release key is named, so sites would refuse every release",
            "model.signer",
            remedy="name the PEM file of the public key that releases are signed with (the local plane needs none)",
        )


def architectures_needed(declaration: Declaration) -> set[str]:
    """What the server's image must run on: the architectures of all tiers on Kubernetes."""
    on_kubernetes = [site for site in declaration.every_site if site.runtime.on is not Place.BOX]
    return {part for site in on_kubernetes if (part := _architecture(site))}


def images_run_there(declaration: Declaration) -> Iterator[Finding]:
    """A locked server image runs on what each tier is made of. A release's image is data, and runs nowhere."""
    locked = declaration.architectures.get(SERVER, ())
    for index, site in enumerate(declaration.deployment.sites):
        part = _architecture(site)
        if site.runtime.on is Place.BOX or not part or part in locked or SERVER not in declaration.images:
            continue
        yield Finding(
            "image-architecture",
            Severity.ERROR if locked else Severity.WARNING,
            f"{site.tier.accelerator} is {part}, and the locked image {SERVER!r} "
            + (f"is for {', '.join(locked)}" if locked else "does not say what it is for"),
            f"sites[{index}].tier.accelerator",
            remedy=f"build it for {part} too, join both in one index, and run aiinfra images lock again"
            if locked
            else f"aiinfra images lock reads it from the registry; or write architectures: [{part}]",
        )


def class_files_fit(declaration: Declaration) -> Iterator[Finding]:
    """A class file names a release key that sites accept, and every wave a row asks for."""
    for index, site in enumerate(declaration.deployment.sites):
        told = declaration.classes.get(site.class_name)
        named = [row for row in declaration.rows[site.class_name] if row.wave is not None]
        if told is None:
            if named:
                yield Finding(
                    "wave-unknown",
                    Severity.ERROR,
                    f"site {named[0].name!r} names wave {named[0].wave}; there is no classes/{site.class_name}.yaml",
                    f"sites[{index}].rows",
                    remedy=f"start one: aiinfra release class {site.class_name}, or leave the wave out",
                )
            continue
        for row in named:
            if row.wave not in told.waves:
                yield Finding(
                    "wave-unknown",
                    Severity.ERROR,
                    f"site {row.name!r} is in wave {row.wave}; classes/{site.class_name}.yaml has {len(told.waves)}",
                    f"sites[{index}].rows",
                    remedy=f"name a wave from 1 to {len(told.waves)}",
                )
        if declaration.signer and told.public_key.strip() != declaration.signer.strip():
            yield Finding(
                "class-key-differs",
                Severity.ERROR,
                f"classes/{site.class_name}.yaml names another release key than {declaration.deployment.model.signer}",
                "model.signer",
                remedy="write the same public key into both, or sites refuse what they are told to serve",
            )


def charts_are_those_of_the_table(declaration: Declaration) -> Iterator[Finding]:
    """A locked chart has the version whose values and definitions this version knows."""
    deployment = declaration.deployment
    rows = [*operators_of(deployment.training)] if deployment.training else []
    rows += [row for row in operators_beside(deployment.serving) if row not in rows] if deployment.serving else []
    for row in rows:
        tag = parts(declaration.images.get(row.locked, ""))[1]
        if tag and tag.removeprefix("v") != row.version:
            yield Finding(
                "operator-version",
                Severity.ERROR,
                f"{row.locked} is locked at {tag}; the values and definitions here are those of {row.version}",
                FILE,
                remedy=f"mirror {row.chart} {row.version}, and lock that",
            )


def _architecture(site: Site) -> str:
    """``amd64`` or ``arm64``; empty for a tier that is not in the catalogue."""
    try:
        return find_accelerator(site.tier.accelerator).architecture
    except BadInput:
        return ""  # told already
