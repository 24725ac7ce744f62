"""Who signs certificates inside a cluster."""

from enum import StrEnum

from aiinfra.spec.base import Name, Spec
from aiinfra.units import Duration


class IssuerKind(StrEnum):
    """Where cert-manager keeps an issuer."""

    ISSUER = "Issuer"
    """In the workload's namespace."""
    CLUSTER_ISSUER = "ClusterIssuer"
    """For the whole cluster."""


class Issuer(Spec):
    """A cert-manager issuer that is there already.

    It must sign with a CA of the site's own: a public one cannot sign SPIFFE identities, and one behind the link cannot
    renew while the link is down.
    """

    name: Name
    """Its name."""
    kind: IssuerKind = IssuerKind.ISSUER
    """What kind it is; in the workload's namespace by default."""
    longest: Duration | None = None
    """Longest life of a certificate that it signs; none: as long as is asked for."""
