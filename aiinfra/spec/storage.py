"""Storage: what training reads and writes, and where releases are kept."""

from pydantic import Field

from aiinfra.spec.base import Spec
from aiinfra.spec.existing import ExistingBucket
from aiinfra.spec.zone import Region
from aiinfra.units import DataSize, Throughput


class Existing(Spec):
    """What is there already, by id: it is used, not made."""

    release_bucket: str = Field(default="", pattern=r"^([a-z0-9][a-z0-9.\-]{1,61}[a-z0-9])?$")
    """Name of the bucket that releases go to; empty: one is made."""
    key: str = Field(default="", pattern=r"^(arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:(key|alias)/.+)?$")
    """ARN of the KMS key that encrypts the release bucket; empty: one is made."""
    datasets: ExistingBucket | None = None
    """Bucket of training data; none: one is made where ``storage.datasets`` says a size."""
    checkpoints: ExistingBucket | None = None
    """Bucket of checkpoints; none: one is made where ``storage.checkpoints`` says a size."""


class Files(Spec):
    """A parallel file system that feeds the accelerators; it shows the datasets' objects as files."""

    size: DataSize = Field(examples=["4 TiB"])
    """What it must hold at a time."""
    throughput: Throughput = Field(examples=["1 GB/s"])
    """What all nodes together must be able to read."""


class Storage(Spec):
    """Sizes are what is declared, not what is filled."""

    datasets: DataSize | None = None
    """Training data; none: no data bucket."""
    checkpoints: DataSize | None = None
    """Checkpoints; none: no checkpoint bucket."""
    files: Files | None = None
    """File system for training; none: nodes read the buckets."""
    replica: Region | None = Field(default=None, examples=["us-west-2"])
    """Region that releases, datasets and records are copied to, inside ``objective.residency``; none: they are in one
    region. Checkpoints are not copied."""
    existing: Existing = Existing()
    """Resources that are there already. They are not copied."""
