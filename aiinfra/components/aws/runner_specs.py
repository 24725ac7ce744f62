"""What the runner inside the network is declared with. Needs no Pulumi."""

from pydantic import Field

from aiinfra.components.spec import ComponentSpec, Given
from aiinfra.spec.base import Name
from aiinfra.spec.cloud import Account, State
from aiinfra.spec.zone import Region


class RunnerSpec(ComponentSpec):
    """A CodeBuild project in the network, which runs what needs the cluster's API."""

    account: Account
    """Account it belongs to."""
    region: Region
    """Region it is in."""
    deployment: Name
    """Name of the deployment; its compiled projects are looked for by it."""
    cluster: str = Field(min_length=1, max_length=100)
    """Name of the cluster that it administers."""
    vpc: Given
    """Id of the network."""
    subnets: tuple[Given, ...] = Field(min_length=1)
    """Ids of the subnets that it gets addresses in."""
    group: Given
    """Id of its security group."""
    key: Given
    """ARN of the key that encrypts what it keeps while it runs."""
    logs_key: Given
    """ARN of the key that encrypts its log."""
    state: State
    """Where the state of stacks is."""
    image: str = Field(min_length=1)
    """Reference of its image by digest: Pulumi's CLI with its plugins, the AWS CLI, this package."""
    projects: tuple[str, ...] = ("platform",)
    """Folders of the compiled projects that it may run; without being told which, the first."""
    stack: str = "production"
    """Stack that it runs."""
    keep_logs: int = Field(default=365, ge=1)
    """Days that its log is kept."""
