"""What the Kubernetes components are declared with. Needs no Pulumi."""

from pydantic import Field

from aiinfra.components.spec import ComponentSpec
from aiinfra.spec.base import Name
from aiinfra.spec.engine import Engine
from aiinfra.spec.issuer import Issuer
from aiinfra.spec.model import Model
from aiinfra.spec.monitoring import Monitoring
from aiinfra.spec.network import Egress
from aiinfra.spec.nodes import K3s
from aiinfra.spec.objective import Caps, Objective
from aiinfra.spec.site import Runtime
from aiinfra.spec.streams import Stream
from aiinfra.spec.tags import Tags
from aiinfra.spec.tier import Tier
from aiinfra.units import DataSize, Duration


class TrustedNamespaceSpec(ComponentSpec):
    """A namespace closed by default: nothing enters, nothing leaves but name lookups, pods are restricted."""

    namespace: Name
    """Name of the namespace."""
    tags: Tags
    """Become labels."""
    egress: tuple[Egress, ...] = ()
    """Ways out; none by default."""
    cores: int = Field(default=16, ge=1)
    """CPU cores all its pods may use together."""
    memory: DataSize = DataSize("32 GiB")
    """Memory all its pods may use together."""
    pods: int = Field(default=50, ge=1)
    """Pods it may hold."""
    signer: str = ""
    """PEM text of the public key that releases are signed with; empty: no pod may mount a release."""


class InferenceRuntimeSpec(ComponentSpec):
    """The bundled server, serving one model in a namespace that is there already."""

    namespace: Name
    """Namespace it runs in."""
    model_name: Name
    """Name the model is served under."""
    model: Model
    """What is served."""
    tier: Tier
    """What it runs on."""
    runtime: Runtime
    """How it is run."""
    tags: Tags
    """Become labels."""
    objective: Objective = Objective()
    """What serving aims for."""
    offline: Duration = Duration("0 h")
    """How long it must go on without its link."""
    images: dict[str, str] = Field(default_factory=dict)
    """Image name -> reference by digest; a missing one is reported as ``unlocked`` and cannot be pulled."""
    signer: str = ""
    """PEM text of the public key that releases are signed with; empty: the server refuses every release."""
    machines: tuple[str, ...] = ()
    """EC2 instance types of the machines its servers run on; none named: any machine that has what they ask for."""
    zone: str = ""
    """Site whose machines its servers run on, by the label ``topology.kubernetes.io/zone``; empty: any zone."""
    operator: bool = True
    """Whether a Prometheus operator finds what is scraped (ServiceMonitor); else the scraper is told by itself."""


class SiteMonitoringSpec(ComponentSpec):
    """Alarms, dashboards and the collector of one runtime, in its namespace."""

    namespace: Name
    """Namespace of the runtime."""
    class_name: Name
    """Class the site belongs to."""
    site: str
    """Name of the site; a label of all it sends on."""
    model_name: Name
    """Name the model is served under."""
    model: Model
    """What is served."""
    tier: Tier
    """What it runs on; decides which exporters are read."""
    engine: Engine = Engine()
    """What serves it; decides which series there are."""
    monitoring: Monitoring
    """How metrics are kept and sent on."""
    tags: Tags
    """Become labels."""
    objective: Objective = Objective()
    """What serving aims for; alarms ring where it is missed."""
    caps: Caps = Caps()
    """Limits; an alarm rings above the watts."""
    offline: Duration = Duration("0 h")
    """How long it must go on without its link."""
    secret: str = Field(min_length=1)
    """Secret with the certificate that metrics are read with."""
    issued: bool = False
    """Whether cert-manager renews the certificates."""
    images: dict[str, str] = Field(default_factory=dict)
    """Image name -> reference by digest."""


class StreamsSpec(ComponentSpec):
    """Sensor streams into one runtime, from its namespace."""

    namespace: Name
    """Namespace of the runtime."""
    model_name: Name
    """Name the model is served under."""
    model: Model
    """What is served; its inputs are what readings fill."""
    tier: Tier
    """What the runtime runs on; the bridge runs on the same architecture."""
    runtime: Runtime
    """How it is run; names the trust domain."""
    streams: tuple[Stream, ...] = Field(min_length=1)
    """What is read."""
    issuer: Issuer
    """Signs the bridge's certificate."""
    tags: Tags
    """Become labels."""
    offline: Duration = Duration("0 h")
    """How long it must go on without its link."""
    delivered: bool = False
    """Whether Flux fills placeholders in on the way."""
    images: dict[str, str] = Field(default_factory=dict)
    """Image name -> reference by digest."""


class SiteSpec(ComponentSpec):
    """One site: its namespace and the runtime in it."""

    class_name: Name
    """Class the site belongs to."""
    site: Name
    """Name of the site."""
    model_name: Name
    """Name the model is served under; also the namespace, unless ``runtime.namespace`` names one."""
    model: Model
    """What is served."""
    tier: Tier
    """What it runs on."""
    runtime: Runtime
    """How it is run."""
    tags: Tags
    """Become labels."""
    objective: Objective = Objective()
    """What serving aims for."""
    caps: Caps = Caps()
    """Limits that must not be passed."""
    offline: Duration = Duration("0 h")
    """How long it must go on without its link."""
    egress: tuple[Egress, ...] = ()
    """Ways out of the namespace; none by default."""
    k3s: K3s | None = None
    """How its machines are set up; with a window they are upgraded in it."""
    monitoring: Monitoring | None = None
    """How its metrics are kept; none: by nobody of ours."""
    streams: tuple[Stream, ...] = ()
    """Sensors whose readings become requests; none by default."""
    values: dict[str, str] = Field(default_factory=dict)
    """What else is particular to this site; becomes a ConfigMap."""
    images: dict[str, str] = Field(default_factory=dict)
    """Image name -> reference by digest."""
    signer: str = ""
    """PEM text of the public key that releases are signed with."""
    machines: tuple[str, ...] = ()
    """EC2 instance types of the machines its servers run on; none named: any machine that has what they ask for."""
    zone: str = ""
    """Label ``topology.kubernetes.io/zone`` of its machines; empty: any zone."""

    @property
    def namespace(self) -> str:
        """Namespace the site's workloads run in."""
        return self.runtime.namespace or self.model_name
