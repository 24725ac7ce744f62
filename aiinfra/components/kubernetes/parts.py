"""How a site's spec is divided between its parts, and how a declaration's row becomes a site. Pure."""

from aiinfra.components.kubernetes.delivery import placeholders
from aiinfra.components.kubernetes.specs import InferenceRuntimeSpec, SiteSpec, TrustedNamespaceSpec
from aiinfra.components.site_config import most_replicas
from aiinfra.spec.declaration import Declaration
from aiinfra.spec.site import Row
from aiinfra.units import DataSize


def site_of(declaration: Declaration, class_name: str, row: Row) -> SiteSpec:
    """The spec of one row of a class."""
    deployment = declaration.deployment
    site = deployment.site(class_name)
    return SiteSpec(
        class_name=class_name,
        site=row.name,
        model_name=deployment.name,
        model=deployment.model,
        tier=site.tier,
        runtime=site.runtime,
        tags=deployment.tags,
        objective=deployment.objective,
        caps=deployment.caps,
        offline=site.offline,
        egress=deployment.network.egress,
        k3s=site.k3s,
        values=row.values,
        images=dict(declaration.images),
        signer=declaration.signer,
    )


def class_of(declaration: Declaration, class_name: str) -> SiteSpec:
    """The spec that all sites of a delivered class share: each fills in its own row."""
    rows = declaration.rows[class_name]
    return site_of(declaration, class_name, Row(name=class_name, values=placeholders(rows)))


def namespace_of(spec: SiteSpec) -> TrustedNamespaceSpec:
    """A namespace with room for the runtime, for one more server while it rolls, and for a little beside it."""
    servers = most_replicas(spec.runtime) + 1
    memory = DataSize.of(servers * spec.runtime.memory.bytes // 1024**2 + 1024, "MiB")
    return TrustedNamespaceSpec(
        namespace=spec.namespace,
        tags=spec.tags,
        egress=spec.egress,
        cores=servers * spec.runtime.cores + 1,
        memory=memory,
        pods=servers + 8,
        signer=spec.signer,
    )


def runtime_of(spec: SiteSpec) -> InferenceRuntimeSpec:
    """The runtime of the site."""
    return InferenceRuntimeSpec(
        namespace=spec.namespace,
        model_name=spec.model_name,
        model=spec.model,
        tier=spec.tier,
        runtime=spec.runtime,
        tags=spec.tags,
        objective=spec.objective,
        offline=spec.offline,
        images=spec.images,
        signer=spec.signer,
    )
