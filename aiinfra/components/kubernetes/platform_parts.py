"""How a platform's spec is divided between its parts, and how a declaration becomes one. Pure."""

from aiinfra.catalogue.eks import newest
from aiinfra.components.aws.cluster_settings import cluster_name
from aiinfra.components.kubernetes.platform_specs import (
    MachinesSpec,
    OperatorsSpec,
    PlatformSpec,
    PreflightSpec,
    QueueingSpec,
    TrainingJobsSpec,
    VolumesSpec,
)
from aiinfra.components.spec import Given
from aiinfra.errors import BadInput
from aiinfra.images import reference, trainer_image
from aiinfra.spec.declaration import Declaration


def platform_of(declaration: Declaration, mounted: Given) -> PlatformSpec:
    """What runs inside the training cluster of a declaration; ``mounted`` is the training project's output ``files``.

    Raises:
        BadInput: ``no-training``: the declaration's stack declares none.
    """
    deployment = declaration.deployment
    cloud, training = deployment.cloud, deployment.training
    if training is None or cloud is None:
        raise BadInput(
            "no-training",
            f"stack {declaration.stack!r} of {declaration.file} declares no training",
            "add 'training', or choose a stack that has it",
        )
    name = f"{declaration.prefix}-training"
    files, there, network = deployment.storage.files, training.existing, deployment.network.existing
    home = network.zone(cloud.zones[0]) if network else None
    return PlatformSpec(
        account=cloud.account,
        region=cloud.region,
        zone=cloud.zones[0],
        name=deployment.name,
        training=name,
        key=cloud.keys.volumes or "",
        subnet=home.nodes.id if home is not None and home.nodes is not None else "",
        group=there.nodes_group if there else "",
        operators=there.operators if there else (),
        cluster=there.cluster if there else cluster_name(f"{name}-cluster"),
        version=training.kubernetes or newest(),
        tags=deployment.tags,
        instance=training.instance,
        nodes=training.nodes,
        capacity=training.capacity,
        scale_to_zero=training.scale_to_zero,
        watched=training.observability is not None,
        preflight=training.preflight,
        files=files.size if files else None,
        images=dict(declaration.images),
        **_mounted(mounted) if files else {},
    )


def _mounted(files: Given) -> dict[str, Given]:
    named = {"file_system": "id", "dns_name": "dnsName", "mount_name": "mountName"}
    return {field: files[key] for field, key in named.items()}


def operators_of(spec: PlatformSpec) -> OperatorsSpec:
    """The operators, with the images that they need alone."""
    return OperatorsSpec(
        cluster=spec.cluster,
        instance=spec.instance,
        namespace=spec.name,
        scale_to_zero=spec.scale_to_zero,
        watched=spec.watched,
        existing=spec.operators,
        images=spec.images,
    )


def machines_of(spec: PlatformSpec) -> MachinesSpec:
    """Machines that come and go."""
    return MachinesSpec(
        account=spec.account,
        region=spec.region,
        zone=spec.zone,
        training=spec.training,
        key=spec.key,
        subnet=spec.subnet,
        group=spec.group,
        version=spec.version,
        tags=spec.tags,
        instance=spec.instance,
        nodes=spec.nodes,
        capacity=spec.capacity,
    )


def queueing_of(spec: PlatformSpec) -> QueueingSpec:
    """The queue. Machines that are not there yet have no place, so places count only where they stay."""
    return QueueingSpec(
        namespace=spec.name,
        tags=spec.tags,
        instance=spec.instance,
        nodes=spec.nodes,
        topology=not spec.scale_to_zero,
    )


def jobs_of(spec: PlatformSpec) -> TrainingJobsSpec:
    """The namespace and the runtime of training jobs."""
    return TrainingJobsSpec(
        namespace=spec.name,
        tags=spec.tags,
        instance=spec.instance,
        nodes=spec.nodes,
        image=_image(spec),
        files=spec.files is not None,
    )


def volumes_of(spec: PlatformSpec) -> VolumesSpec:
    """Disks, and the file system where there is one."""
    return VolumesSpec(
        account=spec.account,
        region=spec.region,
        key_alias=spec.disks_key,
        namespace=spec.name,
        tags=spec.tags,
        size=spec.files,
        file_system=spec.file_system,
        dns_name=spec.dns_name,
        mount_name=spec.mount_name,
    )


def preflight_of(spec: PlatformSpec) -> PreflightSpec | None:
    """The preflight; None where none is wanted."""
    if not spec.preflight:
        return None
    return PreflightSpec(
        namespace=spec.name, tags=spec.tags, instance=spec.instance, nodes=spec.nodes, image=_image(spec)
    )


def _image(spec: PlatformSpec) -> str:
    return reference(spec.images, trainer_image(spec.name))
