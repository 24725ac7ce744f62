"""Which projects a declaration becomes. Pure: a function of the declaration alone."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from aiinfra.spec.declaration import Declaration
from aiinfra.spec.site import Place, Site


class Kind(StrEnum):
    """What a folder of the compiled tree is."""

    ACCOUNT = "account"
    """Pulumi project: what is made once an account. Lives for years."""
    REGISTRY = "registry"
    """Pulumi project: where releases are kept. Lives for years."""
    TRAINING = "training"
    """Pulumi project: the AWS side of the cluster that trains. Lives for months; runs from anywhere."""
    PLATFORM = "platform"
    """Pulumi project: what runs inside that cluster. Lives for weeks; runs where the cluster's API is reachable."""
    SERVING = "serving"
    """Pulumi project: the AWS side of the cluster that serves. Lives for months; runs from anywhere."""
    SERVING_PLATFORM = "serving-platform"
    """Pulumi project: what runs inside that cluster beside its sites. Lives for weeks; runs where that is reached."""
    SITE = "site"
    """Pulumi project: the runtime of one class, pushed to a few sites. Lives for months."""
    PULL = "pull"
    """Pulumi project: the runtime of one class, exported as an artifact that its sites fetch. Lives for months."""
    NODES = "nodes"
    """Files of the machines of one class: k3s or hybrid nodes, as they are installed."""
    BOX = "box"
    """Bundle for machines without Kubernetes: systemd unit and server configuration."""


BUNDLES: Final = frozenset((Kind.BOX, Kind.NODES))
"""Kinds that are files to install, and no program."""


@dataclass(frozen=True, slots=True)
class Project:
    """One folder."""

    kind: Kind
    folder: str
    """Name of the folder below the output."""
    name: str
    """Name of the Pulumi project, or of the bundle."""
    description: str
    site: Site | None = None
    """The class, for sites, their machines and boxes."""


def projects(declaration: Declaration) -> tuple[Project, ...]:
    """The account, the registry (others name what it holds), clusters and what is inside, the classes as declared."""
    deployment = declaration.deployment
    found: list[Project] = []
    if deployment.cloud is not None and deployment.cloud.guard is not None and not deployment.cloud.guard.existing:
        name = f"{deployment.name}-account"
        found.append(Project(Kind.ACCOUNT, "account", name, "What is made once for the whole account"))
    if deployment.cloud is not None:
        name = f"{deployment.name}-registry"
        found.append(Project(Kind.REGISTRY, "registry", name, f"Where the releases of {deployment.name} are kept"))
    if deployment.training is not None:
        name = f"{deployment.name}-training"
        found.append(Project(Kind.TRAINING, "training", name, f"Where {deployment.name} is trained"))
        name = f"{deployment.name}-platform"
        found.append(Project(Kind.PLATFORM, "platform", name, f"Inside the cluster that trains {deployment.name}"))
    if deployment.serving is not None:
        name = f"{deployment.name}-serving"
        found.append(Project(Kind.SERVING, "serving", name, f"Where {deployment.name} is served from"))
        name = f"{deployment.name}-serving-platform"
        found.append(
            Project(
                Kind.SERVING_PLATFORM, "serving-platform", name, f"Inside the cluster that serves {deployment.name}"
            )
        )
    for site in deployment.sites:
        folder = f"site-{site.class_name}"
        kind = Kind.BOX if site.runtime.on is Place.BOX else Kind.PULL if site.delivery else Kind.SITE
        what = f"Serves {deployment.name} on {site.class_name}"
        found.append(Project(kind, folder, f"{deployment.name}-{folder}", what, site))
        if site.k3s is not None or site.hybrid is not None:
            folder = f"nodes-{site.class_name}"
            what = f"Machines of {site.class_name}"
            found.append(Project(Kind.NODES, folder, f"{deployment.name}-{folder}", what, site))
    return tuple(found)
