"""What the storage of a training cluster is declared with. Needs no Pulumi."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from aiinfra.catalogue.find import find_region
from aiinfra.components.aws.key_policy import KeyName
from aiinfra.components.spec import ComponentSpec, Given
from aiinfra.names import bucket_name
from aiinfra.spec.base import Name, Spec
from aiinfra.spec.cloud import Account
from aiinfra.spec.training import RoleArn
from aiinfra.spec.zone import Region
from aiinfra.units import DataSize, Throughput

BucketName = Annotated[str, Field(pattern=r"^([a-z0-9][a-z0-9.\-]{1,61}[a-z0-9])?$")]


class ClosedBucketSpec(ComponentSpec):
    """A bucket whose objects are read and written from networks of the account only."""

    account: Account
    """Account it belongs to."""
    region: Region
    """Region it is in. Changing it replaces the bucket."""
    key: Given = ""
    """ARN of the KMS key that encrypts it; empty: S3's own key, the only one that S3 delivers access logs under."""
    log_to: BucketName = ""
    """Bucket that its access log goes to; empty: none is kept."""
    logged: tuple[BucketName, ...] = ()
    """Buckets whose access logs are delivered here; none by default."""
    administrators: tuple[RoleArn, ...] = ()
    """Roles that reach objects from outside of the networks; none by default."""
    keep_old_versions: int = Field(default=90, ge=1)
    """Days an overwritten or deleted object can still be had back."""
    keep: int = Field(default=0, ge=0)
    """Days objects are kept; 0: until somebody deletes them."""
    writer: str = Field(default="", pattern=r"^([a-z0-9-]+\.amazonaws\.com)?$")
    """AWS's service that writes its records here; empty: none does."""
    elsewhere: bool = False
    """It is in another region than the provider works in. It is not by default."""
    lock: int = Field(default=0, ge=0)
    """Days objects can neither be overwritten nor deleted (object lock, governance mode); 0: no lock. Only a new bucket
    can be given one."""

    def called(self, name: str) -> str:
        """The bucket's name, where the component is called ``name``."""
        return bucket_name(name, self.account, self.region)


class StorageSpec(ComponentSpec):
    """What training reads and writes."""

    account: Account
    """Account it belongs to."""
    region: Region
    """Region it is in."""
    key: Given
    """ARN of the KMS key that encrypts it."""
    administrators: tuple[RoleArn, ...] = ()
    """Roles that reach objects from outside of the networks; none by default."""
    datasets: bool = True
    """Whether there is a bucket for training data."""
    checkpoints: bool = True
    """Whether there is a bucket for checkpoints."""
    replica: Region | None = None
    """Region that datasets and records are copied to; none: they are in one region."""
    key_name: KeyName | None = None
    """Alias, or ARN, of the key: what copies objects names it by this. Required with ``replica``."""
    existing: dict[str, BucketName] = Field(default_factory=dict)
    """``datasets`` or ``checkpoints`` -> name of a bucket that is there already, and not made; none by default."""
    keep_records: int = Field(default=365, ge=1)
    """Days that what is in the audit bucket cannot be changed, and that access logs are kept."""

    @model_validator(mode="after")
    def _known(self) -> Self:
        for noun in self.existing:
            if noun not in ("datasets", "checkpoints") or not getattr(self, noun):
                raise ValueError(f"existing: there is no use for {noun!r}: name a bucket for datasets or checkpoints")
        if self.replica is not None and self.key_name is None:
            raise ValueError("replica: what copies objects must be let use their key: give 'key_name'")
        return self


class SourceBucket(Spec):
    """A bucket whose objects are copied."""

    bucket: str = Field(pattern=r"^[a-z0-9][a-z0-9.\-]{1,61}[a-z0-9]$")
    """Its name."""
    key: KeyName | None = None
    """Alias, or ARN, of the key that encrypts it; none: S3's own."""
    lock: int = Field(default=0, ge=0)
    """Days its objects are locked, and so the copies are; 0: no lock."""
    keep_old_versions: int = Field(default=90, ge=1)
    """Days an overwritten or deleted copy can still be had back."""


class ReplicasSpec(ComponentSpec):
    """Copies of buckets in another region."""

    account: Account
    """Account that both belong to."""
    region: Region
    """Region of the copies."""
    home: Region
    """Region of the buckets that are copied."""
    administrators: tuple[RoleArn, ...] = ()
    """Roles that reach the copies from outside of the networks; none by default."""
    sources: dict[Name, SourceBucket] = Field(min_length=1)
    """What for -> bucket that is copied."""

    @model_validator(mode="after")
    def _apart(self) -> Self:
        if self.region == self.home:
            raise ValueError(f"copies in {self.region} are in the region of what is copied: name another")
        if find_region(self.region).partition != find_region(self.home).partition:
            raise ValueError(f"{self.region} and {self.home} are in partitions that share nothing: name another region")
        return self


class FileSystemSpec(ComponentSpec):
    """A parallel file system (Lustre) in one zone."""

    size: DataSize
    """What it must hold."""
    throughput: Throughput
    """What all its clients together must be able to read."""
    vpc: Given
    """Id of the network."""
    subnet: Given
    """Id of the subnet it is in."""
    clients: Given
    """Id of the security group of the machines that use it."""
    key: Given
    """ARN of the KMS key that encrypts it."""
    datasets: BucketName = ""
    """Bucket whose objects it shows as files below ``/datasets``, as they come, change and go; empty: none."""

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if not self.size.base or not self.throughput.base:
            raise ValueError("a file system without size or throughput cannot be made: leave 'files' out")
        return self
