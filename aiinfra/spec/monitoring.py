"""How a site's metrics are kept, looked at and sent on."""

from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from aiinfra.images import PROMETHEUS, VMAGENT
from aiinfra.spec.base import Name, Spec
from aiinfra.spec.secret import SecretRef, SecretStore
from aiinfra.units import DataSize, Duration


class Collector(StrEnum):
    """Who collects."""

    OPERATOR = "operator"
    """A Prometheus operator that the cluster has (kube-prometheus)."""
    LOCAL = "local"
    """A Prometheus of the site's own: it keeps what it saw, tells alarms by itself, and sends on what waited."""
    AGENT = "agent"
    """A Prometheus that only sends on, and forgets what it could not send within two hours."""


class Monitoring(Spec):
    """Metrics of a site on Kubernetes: of the server, of its accelerator, of the machine."""

    by: Collector = Collector.LOCAL
    """Who collects; the site's own Prometheus by default."""
    remote: str = Field(
        default="", pattern=r"^(https://[^\s?#]+)?$", examples=["https://metrics.example.com/api/v1/push"]
    )
    """Where metrics are sent on to (Prometheus remote write); empty: they stay at the site."""
    certificate: SecretRef | None = None
    """Kubernetes Secret (``tls.crt``, ``tls.key``, ``ca.crt``) shown to ``remote``; none: the scraper's own."""
    keep: Duration = Duration("30 d")
    """How long the site keeps metrics (``local``)."""
    disk: DataSize = DataSize("8 GiB")
    """Disk for what is kept, and for as much again that waits to be sent."""
    exporters: Name = "monitoring"
    """Namespace that the machine's and accelerator's exporters run in."""
    runbook: str = Field(default="docs/runbook.md", pattern=r"^[^\s#]+$")
    """Address of the runbook that alarms point into."""

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        if self.by is Collector.AGENT and not self.remote:
            raise ValueError("an agent keeps nothing: name remote, or use by: local")
        if self.by is Collector.OPERATOR and self.remote:
            raise ValueError("remote: with by: operator, the operator's own Prometheus sends on; leave it out")
        if self.certificate is not None and self.certificate.store is not SecretStore.KUBERNETES:
            raise ValueError("the certificate for remote is mounted: keep it in the store 'kubernetes'")
        return self


def queues(monitoring: Monitoring) -> bool:
    """Whether what cannot be sent on waits on disk."""
    return monitoring.by is Collector.LOCAL and bool(monitoring.remote)


def collector_images(monitoring: Monitoring) -> tuple[str, ...]:
    """Names in ``images.lock`` of what a collector of the site's own runs."""
    if monitoring.by is Collector.OPERATOR:
        return ()
    return (PROMETHEUS, VMAGENT) if queues(monitoring) else (PROMETHEUS,)
