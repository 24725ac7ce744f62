"""What every closed cluster is declared with: where it is, who gets in, what runs inside. Needs no Pulumi."""

from typing import Any

from pydantic import Field, IPvAnyNetwork

from aiinfra.catalogue.eks import newest
from aiinfra.components.aws.runner_specs import RunnerSpec
from aiinfra.components.spec import ComponentSpec
from aiinfra.spec.base import Name
from aiinfra.spec.cloud import Account, Region, State
from aiinfra.spec.network import Egress
from aiinfra.spec.tags import Tags
from aiinfra.spec.training import RoleArn
from aiinfra.spec.zone import Zone, Zones


class ClosedClusterSpec(ComponentSpec):
    """The part that clusters that train and clusters that serve have in common."""

    account: Account
    """Account it belongs to."""
    region: Region
    """Region it is in."""
    zones: Zones = Field(min_length=1)
    """Availability zone ids that machines are in. Those that train, and the file system, are in the first."""
    control_zone: Zone = ""
    """Id of a zone that has a part of the control plane and nothing else, where ``zones`` names one; empty: there is
    none."""
    name: Name
    """Name of the deployment."""
    tags: Tags
    """Who owns it; recorded, and applied through the provider's default tags."""
    egress: tuple[Egress, ...] = ()
    """Ranges that machines may reach; none by default."""
    transit_gateway: str = Field(default="", pattern=r"^(tgw-[0-9a-f]+)?$")
    """Transit gateway that ranges outside are reached through; empty: no route leads out."""
    administrators: tuple[RoleArn, ...] = Field(min_length=1)
    """Roles that administer the cluster, and reach what it keeps from outside."""
    public_cidrs: tuple[IPvAnyNetwork, ...] = ()
    """Public ranges that reach the cluster's API: an opening. None by default."""
    version: str = Field(default_factory=newest)
    """Kubernetes version; the newest of the version matrix by default."""
    state: State | None = None
    """Where the state of stacks is, for a runner inside; none: there is no runner."""
    runner_image: str = ""
    """Reference of the runner's image by digest; empty: there is no runner."""
    stack: str = "production"
    """Stack that a runner runs."""

    def runner(self, cluster: str, **given: Any) -> RunnerSpec | None:
        """What runs projects from inside; None where the declaration says no place for the state, or another way in.

        ``given``: the ids it needs, and what the cluster's kind adds.
        """
        if self.state is None or not self.runner_image:
            return None
        return RunnerSpec(
            account=self.account,
            region=self.region,
            deployment=self.name,
            cluster=cluster,
            state=self.state,
            image=self.runner_image,
            stack=self.stack,
            **given,
        )
