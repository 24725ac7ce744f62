"""How a site's spec is divided between its parts, and how a declaration's row becomes a site. Pure."""

from aiinfra.catalogue.room import suits
from aiinfra.components.kubernetes.delivery import PROPERTIES, placeholders, wave_folder
from aiinfra.components.kubernetes.runtime_objects import scraper_secret
from aiinfra.components.kubernetes.specs import (
    InferenceRuntimeSpec,
    SiteMonitoringSpec,
    SiteSpec,
    StreamsSpec,
    TrustedNamespaceSpec,
)
from aiinfra.components.site_config import most_replicas
from aiinfra.images import release_image
from aiinfra.spec.class_file import wave_tag
from aiinfra.spec.declaration import Declaration
from aiinfra.spec.monitoring import Collector, Monitoring
from aiinfra.spec.site import Place, Row, Runtime
from aiinfra.spec.site import Site as DeclaredSite
from aiinfra.units import DataSize

OCI = "oci://"
"""Scheme of a class file's address where releases are in a registry."""


def site_of(declaration: Declaration, class_name: str, row: Row) -> SiteSpec:
    """The spec of one row of a class: it serves the declared model, or what the class file names for its wave."""
    found = declaration.classes.get(class_name)
    wave = found.wave_of(class_name, row.name, row.wave) if found else None
    return _site(declaration, class_name, row, wave)


def _site(declaration: Declaration, class_name: str, row: Row, wave: int | None) -> SiteSpec:
    deployment = declaration.deployment
    site = deployment.site(class_name)
    model, images, runtime = deployment.model, dict(declaration.images), site.runtime
    if wave is not None:
        found = declaration.classes[class_name]
        told = found.waves[wave]
        # The release says its model's digest itself, under its signature: the declared one is another version's.
        if runtime.updates is None:
            model = model.model_copy(update={"version": told.version, "digest": ""})
        elif found.uri.startswith(OCI):  # its pods ask for the tag of their wave: a promotion changes no manifest
            source = f"{found.uri.removeprefix(OCI)}:{wave_tag(class_name, wave)}"
            updates = runtime.updates.model_copy(update={"source": source})
            runtime = runtime.model_copy(update={"updates": updates})
        if runtime.updates is None and found.uri.startswith(OCI):
            images[release_image(deployment.name)] = f"{found.uri.removeprefix(OCI)}@{told.digest}"
    return SiteSpec(
        class_name=class_name,
        site=row.name,
        model_name=deployment.name,
        model=model,
        tier=site.tier,
        runtime=runtime,
        tags=deployment.tags,
        objective=deployment.objective,
        caps=deployment.caps,
        offline=site.offline,
        egress=deployment.network.egress,
        k3s=site.k3s,
        monitoring=site.monitoring,
        streams=site.streams,
        values=row.values,
        images=images,
        signer=declaration.signer,
        machines=_machines(declaration, site),
        # Machines that join say which site they are of, by the file that is compiled for them.
        zone=("${site}" if PROPERTIES in row.values else row.name) if site.hybrid else "",
    )


def _machines(declaration: Declaration, site: DeclaredSite) -> tuple[str, ...]:
    """Instance types of the serving cluster that have room for its servers; none where the cluster is another."""
    serving = declaration.deployment.serving
    if serving is None or site.runtime.on is not Place.EKS:
        return ()
    return suits((group.instance for group in serving.machines), site)


def class_of(declaration: Declaration, class_name: str, wave: int | None = None) -> SiteSpec:
    """The spec that all sites of a delivered class share, or of one wave of it: each site fills in its own row."""
    rows = declaration.rows[class_name]
    return _site(declaration, class_name, Row(name=class_name, values=placeholders(rows)), wave)


def waves_of(declaration: Declaration, class_name: str) -> dict[str, SiteSpec]:
    """Folder of a delivered class's artifact -> the spec its sites share: one a wave, or one for all where no class
    file has waves."""
    found = declaration.classes.get(class_name)
    if found is None:
        return {class_name: class_of(declaration, class_name)}
    return {wave_folder(wave): class_of(declaration, class_name, wave) for wave in found.waves}


def namespace_of(spec: SiteSpec) -> TrustedNamespaceSpec:
    """A namespace with room for the runtime, for one more server while it rolls, and for a little beside it."""
    servers = most_replicas(spec.runtime) + 1
    beside = 1024 + (1024 if _collects(spec) else 0)
    each = 2 if spec.runtime.updates else 1  # what tries a release runs it as the server does
    memory = DataSize.of(servers * each * spec.runtime.memory.bytes // 1024**2 + beside, "MiB")
    return TrustedNamespaceSpec(
        namespace=spec.namespace,
        tags=spec.tags,
        egress=spec.egress,
        cores=servers * (spec.runtime.cores + each - 1) + 1,
        memory=memory,
        pods=servers + 8,
        signer=spec.signer,
    )


def runtime_of(spec: SiteSpec) -> InferenceRuntimeSpec:
    """The runtime of the site. Who reads its streams may ask; a collector of its own is the scraper, if no other is."""
    runtime, collects = spec.runtime, _collects(spec)
    readers = dict.fromkeys(stream.gateway or f"{spec.model_name}-bridge" for stream in spec.streams)
    more = tuple(name for name in readers if not {name, f"{spec.namespace}/{name}"} & set(runtime.callers))
    if more:
        runtime = runtime.model_copy(update={"callers": (*runtime.callers, *more)})
    if collects and runtime.scraper is None:
        own = f"{spec.namespace}/{spec.model_name}-metrics"
        runtime = Runtime.model_validate({**runtime.model_dump(), "scraper": own})
    return InferenceRuntimeSpec(
        namespace=spec.namespace,
        model_name=spec.model_name,
        model=spec.model,
        tier=spec.tier,
        runtime=runtime,
        tags=spec.tags,
        objective=spec.objective,
        offline=spec.offline,
        images=spec.images,
        signer=spec.signer,
        machines=spec.machines,
        zone=spec.zone,
        operator=not collects,
    )


def monitoring_of(spec: SiteSpec, monitoring: Monitoring) -> SiteMonitoringSpec:
    """What watches the runtime. A delivered site fills its own name in."""
    delivered = PROPERTIES in spec.values
    return SiteMonitoringSpec(
        namespace=spec.namespace,
        class_name=spec.class_name,
        site="${site}" if delivered else spec.site,
        model_name=spec.model_name,
        model=spec.model,
        tier=spec.tier,
        engine=spec.runtime.engine,
        monitoring=monitoring,
        tags=spec.tags,
        objective=spec.objective,
        caps=spec.caps,
        offline=spec.offline,
        secret=scraper_secret(spec.model_name),
        issued=spec.runtime.issuer is not None,
        images=spec.images,
    )


def streams_of(spec: SiteSpec) -> StreamsSpec | None:
    """What reads the site's sensors; None without streams, or without anybody to sign for who reads them."""
    if not spec.streams or spec.runtime.issuer is None:
        return None
    return StreamsSpec(
        namespace=spec.namespace,
        model_name=spec.model_name,
        model=spec.model,
        tier=spec.tier,
        runtime=spec.runtime,
        streams=spec.streams,
        issuer=spec.runtime.issuer,
        tags=spec.tags,
        offline=spec.offline,
        delivered=PROPERTIES in spec.values,
        images=spec.images,
    )


def _collects(spec: SiteSpec) -> bool:
    return spec.monitoring is not None and spec.monitoring.by is not Collector.OPERATOR
