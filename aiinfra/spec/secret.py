"""A secret by name. The only way one is named anywhere; its value is never part of a declaration."""

from enum import StrEnum

from pydantic import Field

from aiinfra.spec.base import Spec


class SecretStore(StrEnum):
    """Where the value is kept."""

    PULUMI = "pulumi"
    """Stack configuration, set with ``pulumi config set --secret``."""
    AWS = "aws"
    """AWS Secrets Manager."""
    KUBERNETES = "kubernetes"
    """A Secret in the workload's namespace."""
    FILE = "file"
    """A file on the machine that uses it."""


class SecretRef(Spec):
    """Store, name and key."""

    store: SecretStore
    """Where it is kept."""
    name: str = Field(min_length=1)
    """Its name there; for ``file`` the path."""
    key: str = ""
    """Entry inside it, where the store has entries."""
