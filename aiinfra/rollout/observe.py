"""What the running server says of one version: read from its metrics, over loopback."""

import http.client
from dataclasses import dataclass

from aiinfra.server.config import split_address

_TIMEOUT_S = 5.0
_LARGEST = 16 * 2**20


@dataclass(frozen=True, slots=True)
class Seen:
    """One look at the server. Counters are of this version, since it was loaded."""

    started: float
    """When the server's process began, in seconds since the epoch."""
    version: str
    """The version that answers; empty: none of this model."""
    answered: int = 0
    failed: int = 0
    latency: tuple[tuple[float, int], ...] = ()
    """(upper bound in seconds, answers at most that slow), the last bound infinite."""

    @property
    def requests(self) -> int:
        """Requests that reached the model."""
        return self.answered + self.failed

    def quantile(self, part: float) -> float:
        """Seconds that the quantile certainly exceeds: the lower bound of the histogram's class that it lies in."""
        total = self.latency[-1][1] if self.latency else 0
        below = 0.0
        for bound, count in self.latency:
            if count >= part * total:
                break
            below = bound
        return below


def look(address: str, model: str) -> Seen | None:
    """Ask the server once; None where it does not answer."""
    host, port = split_address(address)
    connection = http.client.HTTPConnection(host, port, timeout=_TIMEOUT_S)
    try:
        connection.request("GET", "/metrics")
        answer = connection.getresponse()
        text = answer.read(_LARGEST).decode("utf-8", "replace")
        return _read(text, model) if answer.status == 200 else None
    except (OSError, http.client.HTTPException, ValueError):
        return None
    finally:
        connection.close()


def _read(text: str, model: str) -> Seen:
    from prometheus_client.parser import text_string_to_metric_families  # noqa: PLC0415  # only where a server is watched

    started = 0.0
    versions: list[str] = []
    counts: dict[tuple[str, str], float] = {}
    buckets: dict[str, list[tuple[float, int]]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name == "aiinfra_server_start_seconds":
                started = sample.value
            if sample.labels.get("model") != model:
                continue
            version = sample.labels["version"]
            if sample.name == "aiinfra_model_info":
                versions.append(version)
            elif sample.name == "aiinfra_request_seconds_bucket":
                buckets.setdefault(version, []).append((float(sample.labels["le"]), int(sample.value)))
            else:
                counts[sample.name, version] = sample.value
    served = versions[0] if len(versions) == 1 else ""
    return Seen(
        started=started,
        version=served,
        answered=int(counts.get(("aiinfra_requests_answered_total", served), 0)),
        failed=int(counts.get(("aiinfra_requests_failed_total", served), 0)),
        latency=tuple(buckets.get(served, ())),
    )
