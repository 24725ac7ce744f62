"""Volumes of a training cluster."""

import pulumi
import pulumi_kubernetes as kubernetes

from aiinfra.components.args import VolumesArgs
from aiinfra.components.component import Component, parse_args
from aiinfra.components.kubernetes import volume_objects as objects
from aiinfra.components.kubernetes.labels import metadata
from aiinfra.components.kubernetes.platform_specs import VolumesSpec
from aiinfra.components.kubernetes.training_pods import CLAIM
from aiinfra.tokens import VOLUMES


class Volumes(Component):
    """Encrypted disks, the default where a claim names no class; and the file system where there is one.

    Children: ``disks`` (StorageClass); ``files`` (PersistentVolume) and ``claim`` where there is a file system.
    """

    storage_class: pulumi.Output[str]
    """Name of the class of encrypted disks."""

    def __init__(self, name: str, args: VolumesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        spec = parse_args(VolumesSpec, name, args)
        super().__init__(VOLUMES, name, spec, opts)
        meta = metadata("encrypted", spec.tags)
        meta["annotations"] = {"storageclass.kubernetes.io/is-default-class": "true"}
        made = objects.disk_class(spec.key_alias, spec.account, spec.region)
        disks = self.child(kubernetes.storage.v1.StorageClass, "disks", {"metadata": meta, **made})
        if spec.size is not None:
            called = f"{spec.namespace}-{CLAIM}"
            volume = {"metadata": metadata(called, spec.tags), "spec": objects.file_system(spec, spec.size, CLAIM)}
            files = self.child(kubernetes.core.v1.PersistentVolume, "files", volume)
            wanted = {
                "metadata": metadata(CLAIM, spec.tags, namespace=spec.namespace),
                "spec": objects.claim(spec.size, called),
            }
            self.child(kubernetes.core.v1.PersistentVolumeClaim, "claim", wanted, depends_on=[files])

        self.storage_class = disks.metadata.apply(lambda made: str(made.name))
        self.done({"storageClass": self.storage_class})
