"""What an account's own components are declared with. Needs no Pulumi."""

from typing import Annotated

from pydantic import Field

from aiinfra.components.aws.network_specs import Retention
from aiinfra.components.spec import ComponentSpec, Given
from aiinfra.errors import BadInput
from aiinfra.spec.base import Name
from aiinfra.spec.cloud import Account, Mail
from aiinfra.spec.declaration import Declaration
from aiinfra.spec.guard import Guard
from aiinfra.spec.tags import Tags
from aiinfra.spec.training import RoleArn
from aiinfra.spec.zone import Region
from aiinfra.units import Spend

Purpose = Annotated[str, Field(pattern=r"^[a-z-]+$")]


class AlarmsSpec(ComponentSpec):
    """Where alarms go."""

    account: Account
    """Account it belongs to."""
    region: Region
    """Region it is in."""
    mails: tuple[Mail, ...] = ()
    """Addresses that get them, each after it has said yes; none: whoever subscribes to the topic."""


class SpendingSpec(ComponentSpec):
    """Who is told when money goes."""

    topic: Given
    """ARN of the topic that is told."""
    budget: Spend | None = None
    """Alarm when a month costs more, and when it will; none: no budget."""
    tag: str = ""
    """Count what carries this tag alone, as ``KEY=VALUE``; empty: everything. The account must have it as a cost
    allocation tag."""
    anomalies: Spend | None = None
    """Alarm when a service's spending differs by more than this a day; none: no such alarm."""


class AccountSpec(ComponentSpec):
    """What is made once an account."""

    account: Account
    """The account."""
    region: Region
    """Region that records are kept in."""
    name: Name
    """Name of the deployment that makes it."""
    tags: Tags
    """Who owns it; recorded, and applied through the provider's default tags."""
    administrators: tuple[RoleArn, ...] = ()
    """Roles that read records from outside the account's networks."""
    guard: Guard = Guard()
    """What is made."""
    mails: tuple[Mail, ...] = ()
    """Addresses that get alarms."""
    keep_records: Retention = 365
    """Days that records cannot be deleted."""

    @classmethod
    def of(cls, declaration: Declaration) -> "AccountSpec":
        """The account of a declaration.

        Raises:
            BadInput: ``no-guard``: the stack's declaration declares none, or says that it is there.
        """
        deployment = declaration.deployment
        cloud = deployment.cloud
        if cloud is None or cloud.guard is None or cloud.guard.existing:
            raise BadInput(
                "no-guard",
                f"stack {declaration.stack!r} of {declaration.file} makes nothing for the whole account",
                "declare cloud.guard, or choose a stack that has it",
            )
        return cls(
            account=cloud.account,
            region=cloud.region,
            name=deployment.name,
            tags=deployment.tags,
            administrators=deployment.training.administrators if deployment.training else (),
            guard=cloud.guard,
            mails=cloud.notify,
        )
