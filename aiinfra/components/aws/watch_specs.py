"""What watches a training cluster is declared with. Needs no Pulumi."""

from pydantic import Field

from aiinfra.components.aws.network_specs import Retention
from aiinfra.components.spec import ComponentSpec, Given
from aiinfra.spec.base import Name
from aiinfra.spec.cloud import Account
from aiinfra.spec.zone import Region


class ObservabilitySpec(ComponentSpec):
    """Managed Prometheus for one cluster, its alarms, and Grafana where it is asked for."""

    account: Account
    """Account it belongs to."""
    region: Region
    """Region it is in."""
    cluster: str = Field(min_length=1, max_length=100)
    """Name of the cluster that is scraped."""
    subnets: tuple[Given, ...] = Field(min_length=2)
    """Ids of the subnets that the scraper gets addresses in."""
    group: Given
    """Id of the scraper's security group: that of the machines, whose pods it reads."""
    topic: Given
    """ARN of the topic that alarms go to."""
    logs_key: Given
    """ARN of the key that encrypts its log."""
    exporters: tuple[Name, ...] = ()
    """Operators in the cluster that tell of its accelerators: ``dcgm``; none by default."""
    grafana: bool = False
    """Make a Grafana workspace, whose users come from IAM Identity Center. None by default: it is paid by user."""
    keep_logs: Retention = 365
    """Days that its log is kept."""
