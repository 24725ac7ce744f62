"""Sites: a class is declared once; each of its sites differs by a row."""

from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints, field_validator, model_validator

from aiinfra.spec.base import FileBeside, Name, Spec, unique
from aiinfra.spec.delivery import Delivery
from aiinfra.spec.engine import Demand, Engine, EngineKind
from aiinfra.spec.issuer import Issuer
from aiinfra.spec.monitoring import Monitoring
from aiinfra.spec.nodes import Hybrid, K3s, NodeGroup
from aiinfra.spec.secret import SecretRef, SecretStore
from aiinfra.spec.site_power import SitePower
from aiinfra.spec.streams import Stream
from aiinfra.spec.tier import Tier
from aiinfra.spec.updates import Updates
from aiinfra.units import DataSize, Duration


class Place(StrEnum):
    """What a site runs on."""

    K3S = "k3s"
    """A k3s cluster of its own."""
    EKS = "eks"
    """An EKS cluster."""
    HYBRID = "hybrid"
    """Its own machines as nodes of an EKS cluster."""
    BOX = "box"
    """One machine under systemd, no Kubernetes."""


def _callers(value: tuple[str, ...]) -> tuple[str, ...]:
    unique(value, "caller")
    return value


Caller = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(/[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)?$"),
]
"""``WORKLOAD`` in the model's own namespace, or ``NAMESPACE/WORKLOAD``."""


class Runtime(Spec):
    """How a site runs the model."""

    on: Place
    """What it runs on."""
    engine: Engine = Engine()
    """What serves the model: the bundled server, KServe with it, or vLLM; by default as the model needs."""
    callers: Annotated[tuple[Caller, ...], AfterValidator(_callers)] = ()
    """Workloads that may ask for predictions: on Kubernetes by ``app.kubernetes.io/name`` and service account, on a box
    by the name in their certificate. Nobody else can."""
    replicas: int = Field(default=0, ge=0, le=1000)
    """Servers a site runs; 0: two on EKS, one elsewhere."""
    max_replicas: int = Field(default=0, ge=0, le=1000)
    """Servers a site may grow to while they are busy (Kubernetes only); 0: it does not grow."""
    demand: Demand | None = None
    """Scale to zero by what waits before the server (KEDA, Kubernetes only); none: servers always run."""
    cores: int = Field(default=1, ge=1, le=256)
    """CPU cores one server may use."""
    memory: DataSize = DataSize("1 GiB")
    """Memory one server may use; past it, it is ended and started again."""
    namespace: Name | None = None
    """Kubernetes namespace; none: the deployment's name."""
    kubeconfig: SecretRef = SecretRef(store=SecretStore.PULUMI, name="kubeconfig")
    """Credentials of the cluster."""
    certificate: SecretRef | None = None
    """The server's TLS certificate, key and client authorities (``tls.crt``, ``tls.key``, ``ca.crt``): a Kubernetes
    Secret, or on a box a folder. None: the Secret ``NAME-server-tls``, or ``/etc/aiinfra/tls``."""
    issuer: Issuer | None = None
    """cert-manager issuer that the server's certificate is asked of; none: the certificate is brought."""
    scraper: Caller | None = None
    """``NAMESPACE/WORKLOAD`` of the Prometheus that may read metrics, found by a ServiceMonitor; none: metrics stay on
    the pod's or box's own loopback."""
    runtime_wheel: str = Field(default="", pattern=r"^([\w:/.+%~-]+\.whl(#sha256=[0-9a-f]{64})?)?$")
    """onnxruntime wheel to install on a box: a URL, best with ``#sha256=HASH``, or a path on the box. Boards need one,
    since PyPI has no onnxruntime for arm64 that uses an accelerator. Empty: PyPI's."""
    trust_domain: str = Field(default="", pattern=r"^([a-z0-9][a-z0-9._-]*)?$")
    """SPIFFE trust domain of callers' certificates; empty: the deployment's name."""

    updates: Updates | None = None
    """How a site gets new releases by itself; none: the release is brought with the manifests or the bundle."""

    @field_validator("kubeconfig")
    @classmethod
    def _readable_here(cls, value: SecretRef) -> SecretRef:
        if value.store is not SecretStore.PULUMI:
            raise ValueError("a kubeconfig is read by the Pulumi program: keep it in the store 'pulumi'")
        return value

    @field_validator("certificate")
    @classmethod
    def _mountable(cls, value: SecretRef | None) -> SecretRef | None:
        if value is not None and value.store not in (SecretStore.KUBERNETES, SecretStore.FILE):
            raise ValueError("a server's certificate is in the store 'kubernetes', or 'file' on a box")
        return value

    @model_validator(mode="after")
    def _holds_together(self) -> "Runtime":
        if self.max_replicas and self.max_replicas <= self.fewest:
            raise ValueError(
                f"max_replicas is {self.max_replicas}, and {self.fewest} run anyway: name more, or leave it out"
            )
        if self.on is Place.BOX:
            wrong = [key for key in ("max_replicas", "issuer", "scraper", "demand") if getattr(self, key)]
            if wrong:
                raise ValueError(f"{', '.join(wrong)}: on a box there is no Kubernetes to do that; leave it out")
            if self.engine.kind not in (None, EngineKind.BUNDLED):
                raise ValueError(f"engine.kind {self.engine.kind.value}: a box runs the bundled server; leave it out")
        elif self.runtime_wheel:
            raise ValueError("runtime_wheel is for boxes: on Kubernetes the server's image holds onnxruntime")
        if self.updates:
            self._updates_fit(self.updates)
        if self.scraper and not self.issuer:
            raise ValueError("scraper needs a certificate of its own to read metrics with: name an issuer")
        if self.scraper and "/" not in self.scraper:
            raise ValueError(f"scraper is {self.scraper!r}: write NAMESPACE/WORKLOAD, like monitoring/prometheus")
        return self

    @property
    def fewest(self) -> int:
        """Servers a site runs: as declared, else two on EKS and one elsewhere."""
        return self.replicas or (2 if self.on is Place.EKS else 1)

    @property
    def most(self) -> int:
        """Servers a site may grow to."""
        return self.max_replicas or self.fewest

    def _updates_fit(self, updates: Updates) -> None:
        if problem := updates.problem(kubernetes=self.on is not Place.BOX):
            raise ValueError(problem)
        if self.engine.kind not in (None, EngineKind.BUNDLED):
            raise ValueError(f"updates: {self.engine.kind.value} does not watch for a new version; leave updates out")
        grows = [key for key in ("max_replicas", "demand") if getattr(self, key)]
        if grows:
            raise ValueError(
                f"updates with {', '.join(grows)}: a server that is added later knows nothing of what the others tried "
                "and gave back; name replicas instead"
            )


class Row(Spec):
    """One site of a class."""

    name: Name
    """The site's name."""
    context: str = ""
    """Context in the kubeconfig; empty: the site's name."""
    wave: Annotated[int, Field(ge=1, le=1000)] | None = None
    """Wave of the class file that the site is in; none: the one that a stable hash of its name falls into."""
    values: dict[str, str] = Field(default_factory=dict)
    """What else differs from site to site; it reaches the site's own configuration."""


class Site(Spec):
    """A class of sites that share one configuration."""

    class_name: Name = Field(alias="class")
    """Name of the class."""
    tier: Tier
    """What the model runs on."""
    runtime: Runtime
    """How it is run."""
    power: SitePower = SitePower()
    """What the place gives a box: feed, cooling, air; nothing declared by default."""
    offline: Duration = Duration("0 h")
    """How long a site must go on without its link; none by default."""
    streams: tuple[Stream, ...] = ()
    """Sensors whose readings become requests (Kubernetes only); none by default."""
    monitoring: Monitoring | None = None
    """How its metrics are kept, watched and sent on (Kubernetes only); none: by nobody of ours."""
    nodes: tuple[NodeGroup, ...] = ()
    """Machines a site has; none named: whatever the tier needs is taken to be there."""
    k3s: K3s | None = None
    """How a k3s site's machines are set up; none: they are there already."""
    hybrid: Hybrid | None = None
    """The cluster that a hybrid site's machines join; none: they have joined."""
    workloads: tuple[Caller, ...] = ()
    """Workloads that run at the site beside the model; where some are named, a caller must be one of them."""
    delivery: Delivery | None = None
    """Sites fetch their manifests themselves; none: Pulumi applies them, which suits a few sites."""
    rows: FileBeside | tuple[Row, ...] = ()
    """The sites: a list, or a CSV file beside the declaration with the columns ``name``, ``context``, ``wave``
    and any others. Empty: one site, named like the class."""

    @model_validator(mode="after")
    def _sites_once(self) -> "Site":
        if not isinstance(self.rows, str):
            unique(tuple(row.name for row in self.rows), "site")
        unique(tuple(stream.name for stream in self.streams), "stream")
        if self.streams and self.runtime.on is Place.BOX:
            raise ValueError("streams are for sites on Kubernetes: a program on the box asks the server; leave it out")
        for key, place in (("k3s", Place.K3S), ("hybrid", Place.HYBRID)):
            if getattr(self, key) is not None and self.runtime.on is not place:
                raise ValueError(f"{key} is for sites on {place.value}, and this one is on {self.runtime.on.value}")
        if self.delivery is not None and self.runtime.on is Place.BOX:
            raise ValueError("delivery is for sites on Kubernetes: a box installs its bundle; leave it out")
        if self.monitoring is not None and self.runtime.on is Place.BOX:
            raise ValueError(
                "monitoring is for sites on Kubernetes: a box's metrics stay on its loopback; leave it out"
            )
        return self
