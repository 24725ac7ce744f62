"""The declaration as a whole."""

from ipaddress import IPv4Network, IPv6Network
from typing import Any, Final, Self

from pydantic import Field, model_validator

from aiinfra.spec.base import Name, Spec, unique
from aiinfra.spec.cloud import Cloud
from aiinfra.spec.environment import merge
from aiinfra.spec.existing import GATEWAY, ExistingNetwork
from aiinfra.spec.model import Model
from aiinfra.spec.network import Network
from aiinfra.spec.objective import Caps, Objective
from aiinfra.spec.serving import Serving
from aiinfra.spec.site import Place, Site
from aiinfra.spec.storage import Storage
from aiinfra.spec.tags import Tags
from aiinfra.spec.training import Training

PODS: Final = IPv4Network("100.64.0.0/16")
"""Addresses of pods, of the range that RFC 6598 keeps for such networks. They are never seen outside of theirs."""

SERVING_PODS: Final = IPv4Network("100.65.0.0/16")
"""Addresses of pods of the cluster that serves: not those of training, so that the two networks can be linked."""

MAIN_STACK = "production"
"""The stack that the declaration describes as it stands; other stacks are its environments."""


class Deployment(Spec):
    """A model, where it runs, what it may use and who may reach it."""

    name: Name
    """Prefix of every resource. Changing it replaces everything."""
    tags: Tags
    """Who owns it, who pays, how secret its data is."""
    cloud: Cloud | None = None
    """Cloud account; none: sites only, and no project that needs an account is made."""
    model: Model
    """What is served."""
    objective: Objective = Objective()
    """What serving aims for."""
    caps: Caps = Caps()
    """Limits that must not be passed."""
    network: Network = Network()
    """Closed, but for what is named here."""
    storage: Storage = Storage()
    """Sizes, and resources that are there already."""
    training: Training | None = None
    """A cluster that trains; none: none is made."""
    serving: Serving | None = None
    """A cluster for sites on EKS; none: they are on clusters that are there."""
    sites: tuple[Site, ...] = ()
    """Classes of sites that serve."""
    environments: dict[Name, dict[str, Any]] = Field(default_factory=dict, examples=[{"staging": {"training": None}}])
    """Stack name -> patch: objects merge, ``sites`` merge by class, other lists replace, null removes. The declaration
    as it stands is the stack ``production``."""

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        unique(tuple(site.class_name for site in self.sites), "site class")
        if self.training is not None:
            _can_train(self.cloud, self.network, self.training)
        if self.network.existing is not None and self.network.transit_gateway and self.serving is None:
            raise ValueError("network.transit_gateway: the routes of a network that is there are its own: leave it out")
        if self.serving is not None:
            _can_serve(self.cloud, self.serving_cidr, self.serving)
            _apart(self)
        return self

    @property
    def serving_cidr(self) -> Any:
        """Addresses of the network that serves: its own, or those of ``network`` where nothing trains; may be none."""
        if self.serving is None or self.serving.cidr is not None:
            return self.serving.cidr if self.serving else None
        return None if self.training is not None else self.network.cidr

    @property
    def stacks(self) -> tuple[str, ...]:
        """Names of all stacks, the main one first."""
        return (MAIN_STACK, *sorted(set(self.environments) - {MAIN_STACK}))

    def for_stack(self, stack: str) -> "Deployment":
        """The deployment as that stack sees it: patched, validated again, without environments of its own.

        Raises:
            KeyError: no such stack.
            pydantic.ValidationError: the patched declaration does not hold.
        """
        if stack not in self.stacks:
            raise KeyError(stack)
        base = self.model_dump(mode="json", exclude_defaults=True, exclude={"environments"})
        return type(self).model_validate(merge(base, self.environments.get(stack, {})))

    def is_served(self, site: Site) -> bool:
        """Whether the site is on the cluster that serves, and not on one that is there already."""
        if self.serving is None:
            return False
        joins = site.runtime.on is Place.HYBRID and self.serving.hybrid is not None
        return joins or site.runtime.on is Place.EKS

    def site(self, class_name: str) -> Site:
        """The class of that name.

        Raises:
            KeyError: there is none.
        """
        for site in self.sites:
            if site.class_name == class_name:
                return site
        raise KeyError(class_name)


def _can_train(cloud: Cloud | None, network: Network, training: Training) -> None:
    if cloud is None:
        raise ValueError("training needs a cloud: add 'cloud' with region, account and zones")
    if not cloud.zones:
        raise ValueError("training needs a zone, two where the control plane has two: add 'cloud.zones'")
    if network.existing is not None:
        _is_there(cloud, network, network.existing, training)
        return
    if training.existing is not None:
        raise ValueError("a cluster that is there already is in a network that is: add 'network.existing'")
    _two_zones(cloud)
    if network.cidr is None:
        raise ValueError("training needs addresses: add 'network.cidr', like 10.20.0.0/16")
    if network.cidr.version != 4 or not 16 <= network.cidr.prefixlen <= 22:
        raise ValueError(f"network.cidr {network.cidr}: training needs an IPv4 range between /16 and /22")
    if network.cidr.overlaps(PODS):
        raise ValueError(f"network.cidr {network.cidr} overlaps {PODS}, which the cluster's pods get")


def _can_serve(cloud: Cloud | None, cidr: IPv4Network | IPv6Network | None, serving: Serving) -> None:
    if cloud is None:
        raise ValueError("serving needs a cloud: add 'cloud' with region, account and zones")
    if not cloud.zones:
        raise ValueError("serving needs zones: add 'cloud.zones', like [use1-az1, use1-az2]")
    _two_zones(cloud)
    if cidr is None:
        raise ValueError("serving needs addresses of its own: add 'serving.cidr', like 10.40.0.0/18")
    if cidr.version != 4 or not cidr.is_private or not 16 <= cidr.prefixlen <= 22:
        raise ValueError(f"{cidr}: serving needs a private IPv4 range between /16 and /22 (serving.cidr)")
    for joined in (*serving.hybrid.nodes, *serving.hybrid.pods) if serving.hybrid else ():
        for taken in (cidr, SERVING_PODS):
            if joined.overlaps(taken):
                raise ValueError(f"serving.hybrid: {joined} overlaps {taken}, which is the cluster's own")


def _apart(deployment: "Deployment") -> None:
    """Two networks of one deployment may be linked one day, so no address is in both."""
    serving, training = deployment.serving_cidr, deployment.network.cidr
    if deployment.training is not None and training is not None and serving.overlaps(training):
        raise ValueError(f"serving.cidr {serving} overlaps network.cidr {training}, where training is: use another")


def _two_zones(cloud: Cloud) -> None:
    if len(cloud.zones) == 1 and not cloud.control_zone:
        raise ValueError(
            "EKS puts its control plane into two zones: add a zone to 'cloud.zones', or, where machines are in one, "
            "'cloud.control_zone', like use1-az2"
        )


def _is_there(cloud: Cloud, network: Network, existing: ExistingNetwork, training: Training) -> None:
    """The subnets of every zone that needs them, and of no other."""
    if network.cidr is not None:
        raise ValueError("network.cidr is that of a network that is made: leave it out, the subnets have theirs")
    cluster = training.existing
    wanted = dict.fromkeys(cloud.zones, ("nodes",) if cluster else ("nodes", "pods"))
    if cluster is None:
        _two_zones(cloud)
        wanted |= {cloud.control_zone: ()} if cloud.control_zone else {}
        if not existing.routes and GATEWAY not in existing.endpoints:
            raise ValueError(
                "network.existing: S3 is reached by a gateway, which is entered in route tables: add 'routes' with "
                "those of the subnets, or, where it is there already, its id as 'endpoints.s3'"
            )
    elif training.observability and len(existing.zones) < 2:
        raise ValueError("the scraper of metrics needs subnets in two zones: add another to network.existing.zones")
    for zone, nouns in wanted.items():
        found = existing.zone(zone)
        missing = ["services", *nouns] if found is None else [noun for noun in nouns if noun not in found.subnets]
        if missing:
            raise ValueError(
                f"network.existing.zones: {zone} has no subnet for {' and '.join(missing)}: name it there, like "
                f"{missing[0]}: {{id: subnet-0a1b2c3d4e5f60718, cidr: 10.20.0.0/20}}"
            )
    extra = [each.zone for each in existing.zones if each.zone not in wanted]
    if extra and cluster is None:
        raise ValueError(
            f"network.existing.zones names {', '.join(extra)}, which cloud does not: add it to cloud.zones, or leave it"
            " out"
        )
