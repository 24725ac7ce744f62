"""How a site brings itself to the release that its class is to serve."""

from typing import Final

from pydantic import Field, field_validator

from aiinfra.spec.base import Name, Spec
from aiinfra.spec.network import Egress
from aiinfra.spec.secret import SecretRef, SecretStore
from aiinfra.spec.window import parse_window
from aiinfra.units import DataSize, Duration, Share

_ON_KUBERNETES: Final = ("egress", "credentials", "authority", "disk", "storage_class")


class Updates(Spec):
    """The site pulls: verifies and tries a release before it serves, watches it, and rolls it back by itself."""

    source: str = Field(
        pattern=r"^[a-z0-9.-]+(:\d+)?(/[a-z0-9._-]+)+:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}(@sha256:[0-9a-f]{64})?$",
        examples=["registry.example.com/models/line-vibration:press-line"],
    )
    """``HOST/NAME:TAG`` of the artifact that ``aiinfra release push`` made. What the tag points to is taken only with
    the release key's signature; with ``@sha256:...`` only that artifact is."""
    window: str = Field(default="*-*-* 02:00", pattern=r"^[A-Za-z0-9*:,./~ -]+$")
    """When a site looks for a release, as systemd writes times (``systemd-analyze calendar``); on a box in its own time
    zone, on Kubernetes in UTC."""
    jitter: Duration = Duration("30 min")
    """Sites begin at a moment of their own within this time after the window opens, the same each time."""
    soak: Duration = Duration("10 min")
    """How long a new version is watched before it is kept."""
    max_failed: Share = Share("1 %")
    """Part of the requests that may fail meanwhile."""
    max_p99: Duration | None = None
    """Longest 99th percentile of the time to an answer meanwhile, as the server measures it; none: not judged."""
    egress: tuple[Egress, ...] = ()
    """Ways from the server's pods to the registry (Kubernetes only, where at least one is needed): network policies
    know addresses, not names."""
    credentials: SecretRef | None = None
    """Credentials for the registry (Kubernetes only): a Secret of type ``kubernetes.io/dockerconfigjson`` in the
    server's namespace; none: it is read without."""
    authority: str = Field(default="", pattern=r"^(-----BEGIN CERTIFICATE-----\n[\s\S]+)?$")
    """PEM text of the authority that signed the registry's certificate (Kubernetes only); empty: a public one."""
    disk: DataSize = DataSize("4 GiB")
    """Room for releases on Kubernetes: the one that is served, the one before, and the one that arrives."""
    storage_class: Name | None = None
    """Storage class of that room (Kubernetes only); none: the cluster's default."""

    @field_validator("credentials")
    @classmethod
    def _mountable(cls, value: SecretRef | None) -> SecretRef | None:
        if value is not None and value.store is not SecretStore.KUBERNETES:
            raise ValueError("a pod mounts the registry's credentials: keep them in the store 'kubernetes'")
        return value

    def problem(self, *, kubernetes: bool) -> str:
        """What is said that does not fit where it runs, in one sentence; empty: nothing."""
        if not kubernetes:
            fields = type(self).model_fields
            strays = [key for key in _ON_KUBERNETES if getattr(self, key) != fields[key].default]
            told = f"updates: {', '.join(strays)}: a box has its own disk and network, no Kubernetes; leave it out"
            return told if strays else ""
        if not self.egress:
            return (
                "updates needs a way to the registry out of the closed namespace: egress: [{to: CIDR, port: 443, why}]"
            )
        try:
            parse_window(self.window)
        except ValueError as error:
            return f"updates.window: {error}"
        return ""
