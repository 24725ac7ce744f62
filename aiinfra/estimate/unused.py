"""What a user's catalogue file says and an estimate did not use, since a name in it is no name of the declaration."""

from collections.abc import Iterable, Iterator

from aiinfra.catalogue.catalogue import Catalogue
from aiinfra.errors import did_you_mean
from aiinfra.estimate.estimate import Estimate
from aiinfra.findings import Finding, Severity


def unused(found: Estimate, catalogue: Catalogue, digest: str) -> tuple[Finding, ...]:
    """Sites of no class, measurements of this model that no tier takes, and monthly prices of no billed resource."""
    return (*_sites(found, catalogue), *_measurements(found, catalogue, digest), *_monthly(found, catalogue))


def _finding(path: str, message: str, remedy: str) -> Finding:
    return Finding("catalogue-unused", Severity.WARNING, message, path=f"catalogue.yaml: {path}", remedy=remedy)


def _sites(found: Estimate, catalogue: Catalogue) -> Iterator[Finding]:
    classes = tuple(site.class_name for site in found.sites)
    for name in catalogue.sites:
        if name not in classes:
            message = f"its figures are not used: no class of sites is called {name!r}{did_you_mean(name, classes)}"
            yield _finding(f"sites.{name}", message, f"classes here: {', '.join(classes) or 'none'}")


def _measurements(found: Estimate, catalogue: Catalogue, digest: str) -> Iterator[Finding]:
    used = [site.measured for site in found.sites if site.measured is not None]
    tiers = {site.tier for site in found.sites}
    for item in catalogue.measurements:
        taken = any((item.tier, item.power_mode, item.cores) == (one.tier, one.power_mode, one.cores) for one in used)
        if item.model == digest and item.tier in tiers and not taken:
            as_set = [part for part in (item.power_mode, f"{item.cores} cores" if item.cores else "") if part]
            how = f" at {', '.join(as_set)}" if as_set else ""
            message = f"the measurement of this model on {item.tier}{how} is of another setting than is declared"
            yield _finding("measurements", message, "measure again as the tier is declared: aiinfra calibrate")


def _monthly(found: Estimate, catalogue: Catalogue) -> Iterator[Finding]:
    if found.cloud is None:
        return
    billed = tuple(_names(found))
    for name in catalogue.monthly:
        if name not in billed:
            message = f"nothing that is billed is called {name!r} or of that type{did_you_mean(name, billed)}"
            yield _finding(f"monthly.{name}", message, "names and types: aiinfra estimate --json, under cloud.projects")


def _names(found: Estimate) -> Iterable[str]:
    for bill in found.cloud.projects.values() if found.cloud is not None else ():
        for item in bill.items:
            yield item.name
            yield item.type
