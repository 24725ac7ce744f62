"""How a site brings itself to the release that its class is to serve."""

from pydantic import Field

from aiinfra.spec.base import Spec
from aiinfra.units import Duration, Share


class Updates(Spec):
    """The site pulls: verifies and tries a release before it serves, watches it, and rolls it back by itself."""

    source: str = Field(
        pattern=r"^[a-z0-9.-]+(:\d+)?(/[a-z0-9._-]+)+:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}(@sha256:[0-9a-f]{64})?$",
        examples=["registry.example.com/models/line-vibration:press-line"],
    )
    """``HOST/NAME:TAG`` of the artifact that ``aiinfra release push`` made. What the tag points to is taken only with
    the release key's signature; with ``@sha256:...`` only that artifact is."""
    window: str = Field(default="*-*-* 02:00", pattern=r"^[A-Za-z0-9*:,./~ -]+$")
    """When a box looks for a release, as systemd writes times (``systemd-analyze calendar``)."""
    jitter: Duration = Duration("30 min")
    """Boxes begin at a moment of their own within this time after the window opens, the same each time."""
    soak: Duration = Duration("10 min")
    """How long a new version is watched before it is kept."""
    max_failed: Share = Share("1 %")
    """Part of the requests that may fail meanwhile."""
    max_p99: Duration | None = None
    """Longest 99th percentile of the time to an answer meanwhile, as the server measures it; none: not judged."""
