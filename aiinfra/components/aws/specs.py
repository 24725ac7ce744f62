"""What the AWS components are declared with. Needs no Pulumi."""

from pydantic import Field

from aiinfra.check.needed import needed, pulled
from aiinfra.components.spec import ComponentSpec
from aiinfra.errors import BadInput
from aiinfra.spec.base import Name
from aiinfra.spec.cloud import Account
from aiinfra.spec.declaration import Declaration
from aiinfra.spec.storage import Existing
from aiinfra.spec.tags import Tags
from aiinfra.spec.zone import Region


class ReleaseBucketSpec(ComponentSpec):
    """A bucket that releases are kept in: encrypted, versioned, reached by TLS only."""

    account: Account
    """Account it belongs to."""
    region: str = Field(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")
    """Region it is in. Changing it replaces the bucket."""
    key: str = Field(default="", pattern=r"^(arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:(key|alias)/.+)?$")
    """ARN of the KMS key that encrypts it; empty: one is made, with yearly rotation."""
    keep_old_versions: int = Field(default=365, ge=1)
    """Days an overwritten or deleted object can still be had back."""
    log_to: str = Field(default="", pattern=r"^([a-z0-9][a-z0-9.\-]{1,61}[a-z0-9])?$")
    """Bucket that its access log goes to; empty: none is kept."""


class ImageRepositoriesSpec(ComponentSpec):
    """OCI repositories for images and charts."""

    account: Account
    """Account they belong to."""
    region: str = Field(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")
    """Region they are in."""
    prefix: Name
    """What comes before the names, with a slash."""
    names: tuple[Name, ...] = Field(min_length=1)
    """Their names, as in ``images.lock``."""
    keep_untagged: int = Field(default=14, ge=1)
    """Days that an image stays which no tag names."""


class SigningKeySpec(ComponentSpec):
    """The key that releases are signed with."""

    account: Account
    """Account it belongs to."""
    region: str = Field(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")
    """Region it is in."""


class RegistrySpec(ComponentSpec):
    """What outlives every cluster: where releases are kept."""

    account: Account
    """Account it belongs to."""
    region: str = Field(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")
    """Region it is in."""
    name: Name
    """Name of the deployment."""
    tags: Tags
    """Who owns it; recorded, and applied through the provider's default tags."""
    prefix: str = ""
    """What comes before the names of repositories; empty: the deployment's name."""
    images: tuple[Name, ...] = ()
    """Images and charts that are mirrored, by their names in ``images.lock``; none: no repositories."""
    existing: Existing = Existing()
    """Resources that are there already."""
    replica: Region | None = None
    """Region that releases are copied to; none: they are in one region."""

    @classmethod
    def of(cls, declaration: Declaration) -> "RegistrySpec":
        """The registry of a declaration.

        Raises:
            BadInput: ``no-cloud``: the declaration names no account.
        """
        deployment = declaration.deployment
        if deployment.cloud is None:
            raise BadInput(
                "no-cloud", f"{declaration.file} names no cloud account", "add 'cloud' with region and account"
            )
        return cls(
            account=deployment.cloud.account,
            region=deployment.cloud.region,
            name=deployment.name,
            tags=deployment.tags,
            prefix=declaration.prefix,
            images=tuple(sorted({*needed(deployment), *pulled(deployment)})),
            existing=deployment.storage.existing,
            replica=deployment.storage.replica,
        )
