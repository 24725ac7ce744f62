"""What a site must have by itself: accelerator, callers, certificates and a control plane that outlast an outage."""

import math
from collections.abc import Iterator
from typing import Final

from aiinfra.catalogue.find import find_accelerator
from aiinfra.errors import BadInput, did_you_mean
from aiinfra.findings import Finding, Severity
from aiinfra.spec.declaration import Declaration
from aiinfra.spec.nodes import NodeGroup
from aiinfra.spec.site import Place, Site
from aiinfra.units import Duration

K3S_CERTIFICATE: Final = Duration("365 d")
"""Life of the certificates that k3s signs for itself; it renews them as it starts (docs.k3s.io, "k3s certificate")."""
_MARGIN: Final = Duration("1 d")


def accelerators_are_there(declaration: Declaration) -> Iterator[Finding]:
    """A machine of the site has the tier's accelerator, and enough of them."""
    for index, site in enumerate(declaration.deployment.sites):
        for number, group in enumerate(site.nodes):
            try:
                find_accelerator(group.accelerator)
            except BadInput as error:
                place = f"sites[{index}].nodes[{number}].accelerator"
                yield Finding(error.code, Severity.ERROR, error.message, place, remedy=error.remedy)
        if site.nodes:
            yield from _not_there(site, index, site.nodes)


def _not_there(site: Site, index: int, nodes: tuple[NodeGroup, ...]) -> Iterator[Finding]:
    wanted, place = site.tier, f"sites[{index}].tier"
    alike = [group for group in nodes if group.accelerator == wanted.accelerator]
    if not alike:
        there = tuple(dict.fromkeys(group.accelerator for group in nodes))
        yield Finding(
            "accelerator-not-at-site",
            Severity.ERROR,
            f"no machine of {site.class_name} has a {wanted.accelerator}{did_you_mean(wanted.accelerator, there)}",
            f"{place}.accelerator",
            remedy=f"use what is there ({', '.join(there)}), or add the machine to sites[{index}].nodes",
        )
    elif max(group.count for group in alike) < wanted.count:
        most = max(group.count for group in alike)
        yield Finding(
            "accelerator-not-at-site",
            Severity.ERROR,
            f"{site.class_name}: one server wants {wanted.count} x {wanted.accelerator}, a machine has {most} at most",
            f"{place}.count",
            remedy=f"ask for {most} or fewer: accelerators of two machines cannot be joined",
        )


def callers_are_there(declaration: Declaration) -> Iterator[Finding]:
    """Callers and the scraper are among the workloads of the site, where it names them."""
    name = declaration.deployment.name
    for index, site in enumerate(declaration.deployment.sites):
        runtime = site.runtime
        home = runtime.namespace or name
        known = {item if "/" in item else f"{home}/{item}" for item in site.workloads}
        asked = [(f"callers[{number}]", caller) for number, caller in enumerate(runtime.callers)]
        asked += [("scraper", runtime.scraper)] if runtime.scraper else []
        for key, caller in asked if known else ():
            whole = caller if "/" in caller else f"{home}/{caller}"
            if whole not in known:
                yield Finding(
                    "caller-unknown",
                    Severity.ERROR,
                    f"{caller!r} is no workload of {site.class_name}{did_you_mean(caller, site.workloads)}",
                    f"sites[{index}].runtime.{key}",
                    remedy=f"name one of {', '.join(site.workloads)}, or add it to sites[{index}].workloads",
                )


def certificates_outlive_outages(declaration: Declaration) -> Iterator[Finding]:
    """Whatever is in use when the link goes is valid until it is back, and a day longer."""
    for index, site in enumerate(declaration.deployment.sites):
        issuer, away = site.runtime.issuer, Duration.of(site.offline.seconds + _MARGIN.seconds, "s")
        if not site.offline.seconds:
            continue
        if issuer is not None and issuer.longest is not None and issuer.longest.seconds <= away.seconds:
            yield Finding(
                "outage-outlives-certificates",
                Severity.ERROR,
                f"{site.class_name}: {issuer.name} signs for {issuer.longest} at most, and the link may be away for "
                f"{site.offline}",
                f"sites[{index}].runtime.issuer.longest",
                remedy=f"have certificates signed at the site, for {math.ceil(3 * away.seconds / 86400)} d or longer",
            )
        if site.runtime.on is Place.K3S and away.seconds >= K3S_CERTIFICATE.seconds:
            yield Finding(
                "outage-outlives-certificates",
                Severity.ERROR,
                f"{site.class_name}: k3s' own certificates last {K3S_CERTIFICATE}, and nobody restarts it meanwhile",
                f"sites[{index}].offline",
                remedy="declare an outage that a person ends within a year",
            )


def goes_on_alone(declaration: Declaration) -> Iterator[Finding]:
    """A site that must go on without its link has its control plane with it, and a way for updates to reach it."""
    for index, site in enumerate(declaration.deployment.sites):
        on = site.runtime.on
        if site.offline.seconds and on in (Place.HYBRID, Place.EKS):
            yield Finding(
                "offline-control-plane",
                Severity.ERROR,
                f"{site.class_name}: its control plane is in the cloud, so a machine that restarts while the link is "
                "down starts nothing",
                f"sites[{index}].offline",
                remedy="run it on k3s or as a box, or declare no outage",
            )
        if site.offline.seconds and on is Place.K3S and site.delivery is None:
            yield Finding(
                "no-update-route",
                Severity.WARNING,
                f"{site.class_name}: Pulumi reaches a site only while its link is up and open from outside",
                f"sites[{index}].delivery",
                remedy="add delivery: {artifact: oci://HOST/NAME}, and the site fetches its updates when it can",
            )
        if site.k3s is not None and site.k3s.window is None:
            yield Finding(
                "no-upgrade-window",
                Severity.WARNING,
                f"{site.class_name}: no window is declared, so its machines stay on {site.k3s.version}",
                f"sites[{index}].k3s.window",
                remedy="add window: {days: [sunday], start: '02:00', end: '04:00', timezone: Europe/Berlin}",
            )
