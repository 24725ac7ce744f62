"""What runs inside a cluster that serves, beside its sites, is declared with. Needs no Pulumi."""

from pydantic import Field

from aiinfra.components.aws.serving_parts import serving_cluster
from aiinfra.components.spec import ComponentSpec
from aiinfra.spec.base import Name
from aiinfra.spec.cloud import Account, Region
from aiinfra.spec.declaration import Declaration
from aiinfra.spec.tags import Tags


class ServingPlatformSpec(ComponentSpec):
    """What a cluster that serves needs inside, before sites come."""

    account: Account
    """Account it belongs to."""
    region: Region
    """Region it is in."""
    serving: Name
    """Name of the serving component, as its project has it."""
    cluster: str = Field(min_length=1, max_length=100)
    """Name of the cluster."""
    tags: Tags
    """Become labels."""
    instances: tuple[str, ...] = ()
    """EC2 instance types of the machines that serve: which device plugins there are follows from them."""
    issuer: Name | None = None
    """``ClusterIssuer`` to make; none: no certificate is signed by the cluster's own authority, and cert-manager is not
    installed."""
    disks: bool = False
    """Whether pods get encrypted disks. They do not by default."""
    images: dict[str, str] = Field(default_factory=dict)
    """Name in ``images.lock`` -> reference by digest, charts included."""

    @classmethod
    def of(cls, declaration: Declaration) -> "ServingPlatformSpec":
        """What runs inside the serving cluster of a declaration.

        Raises:
            BadInput: ``no-serving``: the declaration's stack declares none.
        """
        found, serving = serving_cluster(declaration), declaration.deployment.serving
        return cls(
            account=found.account,
            region=found.region,
            serving=found.component,
            cluster=found.name,
            tags=declaration.deployment.tags,
            instances=tuple(group.instance for group in serving.machines) if serving else (),
            issuer=serving.issuer if serving else None,
            disks=found.disks,
            images=dict(declaration.images),
        )
