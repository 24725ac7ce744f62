"""The declaration as a whole."""

from ipaddress import IPv4Network
from typing import Any, Final, Self

from pydantic import Field, model_validator

from aiinfra.spec.base import Name, Spec, unique
from aiinfra.spec.cloud import Cloud
from aiinfra.spec.environment import merge
from aiinfra.spec.model import Model
from aiinfra.spec.network import Network
from aiinfra.spec.objective import Caps, Objective
from aiinfra.spec.site import Site
from aiinfra.spec.storage import Storage
from aiinfra.spec.tags import Tags
from aiinfra.spec.training import Training

PODS: Final = IPv4Network("100.64.0.0/16")
"""Addresses of pods, of the range that RFC 6598 keeps for such networks. They are never seen outside of theirs."""

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
    sites: tuple[Site, ...] = ()
    """Classes of sites that serve."""
    environments: dict[Name, dict[str, Any]] = Field(default_factory=dict, examples=[{"staging": {"training": None}}])
    """Stack name -> patch: objects merge, ``sites`` merge by class, other lists replace, null removes. The declaration
    as it stands is the stack ``production``."""

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        unique(tuple(site.class_name for site in self.sites), "site class")
        if self.training is not None:
            _can_train(self.cloud, self.network)
        return self

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

    def site(self, class_name: str) -> Site:
        """The class of that name.

        Raises:
            KeyError: there is none.
        """
        for site in self.sites:
            if site.class_name == class_name:
                return site
        raise KeyError(class_name)


def _can_train(cloud: Cloud | None, network: Network) -> None:
    if cloud is None:
        raise ValueError("training needs a cloud: add 'cloud' with region, account and zones")
    if len(cloud.zones) < 2:
        raise ValueError("training needs two zones, which EKS asks for: add 'cloud.zones', like [use1-az1, use1-az2]")
    if network.cidr is None:
        raise ValueError("training needs addresses: add 'network.cidr', like 10.20.0.0/16")
    if network.cidr.version != 4 or not 16 <= network.cidr.prefixlen <= 22:
        raise ValueError(f"network.cidr {network.cidr}: training needs an IPv4 range between /16 and /22")
    if network.cidr.overlaps(PODS):
        raise ValueError(f"network.cidr {network.cidr} overlaps {PODS}, which the cluster's pods get")
