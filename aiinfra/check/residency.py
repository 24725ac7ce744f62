"""The checks of where data rests: its region, and the region of its copies."""

from collections.abc import Iterator
from typing import Final

from aiinfra.catalogue.find import find_region
from aiinfra.catalogue.regions import Region, regions
from aiinfra.errors import BadInput
from aiinfra.findings import Finding, Severity
from aiinfra.spec.declaration import Declaration
from aiinfra.spec.deployment import Deployment

PLACE: Final = "storage.replica"

ONE_REGION: Final = 0.9999
"""Part of the time that S3 in one region is designed to answer (S3 user guide, "Understanding and managing Amazon S3
storage classes", S3 Standard)."""


def inside_residency(declaration: Declaration) -> Iterator[Finding]:
    """The region exists, and is in a country that data may rest in."""
    deployment = declaration.deployment
    if deployment.cloud is None:
        return
    try:
        region = find_region(deployment.cloud.region)
    except BadInput as error:
        yield Finding(error.code, Severity.ERROR, error.message, "cloud.region", remedy=error.remedy)
        return
    allowed = deployment.objective.residency
    if allowed and region.country not in allowed:
        yield Finding(
            "residency",
            Severity.ERROR,
            f"{region.name} is in {region.country}; data may rest in {', '.join(allowed)}",
            "cloud.region",
            remedy="choose a region there, or add the country to objective.residency",
        )


def copied_inside_residency(declaration: Declaration) -> Iterator[Finding]:
    """Copies are in another region of the same partition, in a country that data may rest in."""
    deployment = declaration.deployment
    replica, home = deployment.storage.replica, _home(deployment)
    if replica is None or home is None:
        return
    try:
        region = find_region(replica)
    except BadInput as error:
        yield Finding(error.code, Severity.ERROR, error.message, PLACE, remedy=error.remedy)
        return
    others = _others(deployment, home)
    if region not in others:
        why = f"{region.name} is in {region.country}; data may rest in {', '.join(deployment.objective.residency)}"
        if region.name == home.name:
            why = f"{region.name} is the region of what is copied"
        elif region.partition != home.partition:
            why = f"{region.name} is in partition {region.partition}, which shares nothing with {home.partition}"
        yield Finding("residency", Severity.ERROR, why, PLACE, remedy=_choose(others))


def has_copies(declaration: Declaration) -> Iterator[Finding]:
    """What availability asks of one region is what one region gives."""
    deployment = declaration.deployment
    home, asked = _home(deployment), deployment.objective.availability
    if home is None or asked is None or deployment.storage.replica is not None or asked.fraction < ONE_REGION:
        return
    yield Finding(
        "one-region",
        Severity.WARNING,
        f"availability {asked} is asked, S3 in one region is designed for {ONE_REGION * 100:g} %, and releases, "
        f"datasets and records are in {home.name} alone",
        PLACE,
        remedy=_choose(_others(deployment, home)),
    )


def _home(deployment: Deployment) -> Region | None:
    try:
        return find_region(deployment.cloud.region) if deployment.cloud else None
    except BadInput:
        return None  # told already


def _others(deployment: Deployment, home: Region) -> list[Region]:
    """Where copies may be: the countries that are declared, else the region's own first."""
    allowed = deployment.objective.residency
    found = [
        region
        for region in regions().values()
        if region.name != home.name
        and region.partition == home.partition
        and (not allowed or region.country in allowed)
    ]
    return sorted(found, key=lambda region: (region.country != home.country, region.name))


def _choose(others: list[Region]) -> str:
    if not others:
        return "no other region of AWS is in these countries: leave it out, or widen objective.residency"
    return f"use {' or '.join(region.name for region in others[:4])}"
