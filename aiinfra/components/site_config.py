"""The server configuration of a site: one pure function for Kubernetes, the box bundle and the local plane.

Needs no Pulumi. What a box gets and what ``aiinfra up --local`` starts from are the same bytes.
"""

from dataclasses import dataclass

from aiinfra.catalogue.find import find_accelerator
from aiinfra.server.config import (
    Allow,
    Endpoint,
    Limits,
    ModelSettings,
    Repository,
    ServerConfig,
    Tls,
    Verb,
    Watch,
)
from aiinfra.spec.deployment import Deployment
from aiinfra.spec.model import Model
from aiinfra.spec.site import Place, Runtime, Site
from aiinfra.spec.tier import Tier


@dataclass(frozen=True, slots=True)
class Paths:
    """Where things are on the machine that serves."""

    models: str
    tls: str
    signers: str


IN_POD = Paths(models="/models", tls="/run/aiinfra/tls", signers="/etc/aiinfra/signers")
ON_BOX = Paths(models="/var/lib/aiinfra/models", tls="/etc/aiinfra/tls", signers="/etc/aiinfra/signers")

HTTP_PORT = 8443
GRPC_PORT = 8444
HEALTH_PORT = 8081
METRICS_PORT = 9090
WATCH_PORT = 9091
SIGNER_FILE = "release.pem"

_EVERYWHERE = "0.0.0.0"  # noqa: S104 - mutual TLS guards these ports; the network policy names who gets there


def site_server_config(deployment: Deployment, site: Site) -> ServerConfig:
    """The configuration that every site of a class runs with; rows do not change it."""
    return server_config(deployment.name, deployment.model, site.tier, site.runtime)


def server_config(name: str, model: Model, tier: Tier, runtime: Runtime) -> ServerConfig:
    """TLS with client certificates on every data port, callers by SPIFFE id, the digest pinned, the tier's providers.

    Health (live and ready only) has a port of its own, since probes carry no certificate; metrics are on loopback of
    the pod or box unless a scraper is declared. Where a site pulls its releases, their signature says which are fine,
    so no digest is pinned, and the pull watches the server on loopback.
    """
    paths = ON_BOX if runtime.on is Place.BOX else IN_POD
    domain = runtime.trust_domain or name
    return ServerConfig(
        repository=Repository(dir=paths.models, signers=(f"{paths.signers}/{SIGNER_FILE}",)),
        http=Endpoint(address=f"{_EVERYWHERE}:{HTTP_PORT}"),
        grpc=Endpoint(address=f"{_EVERYWHERE}:{GRPC_PORT}"),
        metrics=Endpoint(address=f"{_EVERYWHERE if runtime.scraper else '127.0.0.1'}:{METRICS_PORT}"),
        health=Endpoint(address=f"{'127.0.0.1' if runtime.on is Place.BOX else _EVERYWHERE}:{HEALTH_PORT}"),
        watch=Watch(address=f"127.0.0.1:{WATCH_PORT}") if runtime.updates else None,
        tls=Tls(
            certificate=f"{paths.tls}/tls.crt",
            key=f"{paths.tls}/tls.key",
            client_ca=f"{paths.tls}/ca.crt",
            trust_domain=domain,
        ),
        limits=Limits(),
        allow=tuple(
            Allow(identity=identity(domain, caller, runtime, name), models=(name,), verbs=(Verb.INFER, Verb.READ))
            for caller in runtime.callers
        ),
        models={
            name: ModelSettings(
                digest="" if runtime.updates else model.digest,
                execution_providers=find_accelerator(tier.accelerator).execution_providers,
            )
        },
    )


def identity(domain: str, caller: str, runtime: Runtime, deployment: str) -> str:
    """The SPIFFE id of a caller: by namespace and service account on Kubernetes, by name on a box."""
    namespace, slash, workload = caller.rpartition("/")
    if runtime.on is Place.BOX:
        return f"spiffe://{domain}/caller/{workload}"
    return f"spiffe://{domain}/ns/{namespace if slash else runtime.namespace or deployment}/sa/{workload}"


def replicas(runtime: Runtime) -> int:
    """Servers a site runs: as declared, else two on EKS and one elsewhere."""
    return runtime.fewest


def most_replicas(runtime: Runtime) -> int:
    """Servers a site may grow to."""
    return runtime.most
