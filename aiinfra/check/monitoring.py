"""Whether what is measured at a site can be read, is kept long enough, and has a way out."""

from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from aiinfra.findings import Finding, Severity
from aiinfra.spec.declaration import Declaration
from aiinfra.spec.monitoring import Collector
from aiinfra.units import Duration

WRITE_AHEAD: Final = Duration("2 h")
"""What Prometheus' write-ahead log holds at least (prometheus.io, "Remote write tuning")."""


def metrics_are_kept(declaration: Declaration) -> Iterator[Finding]:
    """A collector has a certificate to read with, memory for the longest outage, and a way out for what it sends."""
    deployment = declaration.deployment
    for index, site in enumerate(deployment.sites):
        said, place = site.monitoring, f"sites[{index}].monitoring"
        if said is None:
            continue
        if said.by is not Collector.OPERATOR and site.runtime.issuer is None:
            yield Finding(
                "monitoring-needs-issuer",
                Severity.ERROR,
                f"{site.class_name}: metrics are read with a certificate, and nobody signs one",
                f"sites[{index}].runtime.issuer",
                remedy="name the site's cert-manager issuer, like issuer: {name: site-ca}",
            )
        if said.by is Collector.OPERATOR and site.runtime.scraper is None:
            yield Finding(
                "monitoring-needs-scraper",
                Severity.ERROR,
                f"{site.class_name}: the operator's Prometheus may not reach the server",
                f"sites[{index}].runtime.scraper",
                remedy="name it, like scraper: monitoring/prometheus, and an issuer for its certificate",
            )
        short = said.by is Collector.AGENT and site.offline.seconds > WRITE_AHEAD.seconds
        if short or (said.by is Collector.LOCAL and site.offline.seconds > said.keep.seconds):
            memory = WRITE_AHEAD if short else said.keep
            yield Finding(
                "metrics-forgotten",
                Severity.ERROR,
                f"{site.class_name}: metrics are kept for {memory}, and the link may be away for {site.offline}",
                f"{place}.by" if short else f"{place}.keep",
                remedy="use by: local" if short else f"keep them for {site.offline} or longer",
            )
        port = urlsplit(said.remote).port or 443
        if said.remote and not any(way.port == port for way in deployment.network.egress):
            yield Finding(
                "monitoring-no-way-out",
                Severity.ERROR,
                f"{site.class_name}: nothing leaves the namespace on port {port}, so {said.remote} is never reached",
                "network.egress",
                remedy=f"open it: {{to: ADDRESS/32, port: {port}, why: metrics to the centre}}",
            )
