"""How a class's manifests reach its sites."""

from pydantic import Field

from aiinfra.spec.base import Spec
from aiinfra.units import Duration


class Delivery(Spec):
    """Sites fetch the class's manifests themselves (Flux), check their signature, and fill in their own row."""

    artifact: str = Field(
        pattern=r"^oci://[a-z0-9.-]+(:\d+)?(/[a-z0-9._-]+)+$", examples=["oci://registry.example.com/fleet/cabinet"]
    )
    """OCI repository that the class's manifests are pushed to, without tag."""
    tag: str = Field(default="current", pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$")
    """Tag that sites follow. What it points to is taken only with the release key's signature."""
    every: Duration = Duration("10 min")
    """How often a site looks. Flux's ``--interval-jitter-percentage`` keeps sites from asking all at once."""
