"""Everything that a cluster that serves has inside, beside its sites."""

import pulumi
import pulumi_kubernetes as kubernetes

from aiinfra.components.args import ServingPlatformArgs
from aiinfra.components.aws.key_policy import key_alias
from aiinfra.components.component import Component, parse_args
from aiinfra.components.kubernetes import serving_objects as objects
from aiinfra.components.kubernetes import volume_objects
from aiinfra.components.kubernetes.labels import metadata
from aiinfra.components.kubernetes.serving_specs import ServingPlatformSpec
from aiinfra.components.locked import missing, require_locked, told
from aiinfra.tokens import SERVING_PLATFORM


class ServingPlatform(Component):
    """What turns machines into a place to serve from.

    Children, each where the cluster needs it: the operators ``cert-manager``, ``nvidia`` and ``neuron`` (Helm
    releases), ``gpu-class`` (the runtime class of NVIDIA's GPUs), ``root``, ``root-certificate`` and ``issuer`` (an
    authority of the cluster's own), ``disks`` (StorageClass).
    """

    issuer: pulumi.Output[str]
    """``ClusterIssuer`` that sites may name; empty where none is made."""

    def __init__(self, name: str, args: ServingPlatformArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        spec = parse_args(ServingPlatformSpec, name, args)
        unlocked = missing(objects.locked_names(spec), spec.images)
        require_locked(unlocked)
        super().__init__(SERVING_PLATFORM, name, spec, opts)
        if unlocked:
            pulumi.log.warn(told(unlocked), self)
        releases = {
            row.name: self.child(kubernetes.helm.v3.Release, row.name, objects.release(row, spec))
            for row in objects.wanted(spec)
        }
        gpus = objects.runtime_class(spec)
        if gpus is not None:
            made = {"metadata": metadata("nvidia", spec.tags), **gpus}
            self.child(kubernetes.node.v1.RuntimeClass, "gpu-class", made)
        if spec.issuer is not None:
            self._authority(spec.issuer, spec, releases["cert-manager"])
        if spec.disks:
            meta = metadata("encrypted", spec.tags)
            meta["annotations"] = {"storageclass.kubernetes.io/is-default-class": "true"}
            disks = volume_objects.disk_class(key_alias(f"{spec.serving}-keys", "volumes"), spec.account, spec.region)
            self.child(kubernetes.storage.v1.StorageClass, "disks", {"metadata": meta, **disks})

        self.issuer = pulumi.Output.from_input(spec.issuer or "")
        self.done({"issuer": self.issuer})

    def _authority(self, issuer: str, spec: ServingPlatformSpec, signs: kubernetes.helm.v3.Release) -> None:
        custom, root = kubernetes.apiextensions.CustomResource, f"{issuer}-root"
        first = self.child(
            custom, "root", {"metadata": metadata(root, spec.tags), **objects.root_issuer()}, depends_on=[signs]
        )
        meta = metadata(root, spec.tags, namespace=objects.namespace())
        certificate = self.child(
            custom,
            "root-certificate",
            {"metadata": meta, **objects.root_certificate(issuer, spec.cluster)},
            depends_on=[first],
            protect=True,
        )
        made = {"metadata": metadata(issuer, spec.tags), **objects.issuer_of(issuer)}
        self.child(custom, "issuer", made, depends_on=[certificate])
