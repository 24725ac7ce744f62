"""Sensor streams into a runtime."""

from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes

from aiinfra.components.args import StreamsArgs
from aiinfra.components.component import Component, parse_args
from aiinfra.components.kubernetes import bridge_objects as objects
from aiinfra.components.kubernetes.labels import because, metadata
from aiinfra.components.kubernetes.operated import client_certificate
from aiinfra.components.kubernetes.specs import StreamsSpec
from aiinfra.tokens import STREAMS


class Streams(Component):
    """What sensors say, asked of the model.

    Children: ``way-STREAM`` for each stream (a network policy); where the bridge reads any, ``account``, ``config``,
    ``certificate`` and ``bridge``.
    """

    bridged: pulumi.Output[int]
    """How many streams the bridge reads; cameras are read by their gateways."""

    def __init__(self, name: str, args: StreamsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        spec = parse_args(StreamsSpec, name, args)
        super().__init__(STREAMS, name, spec, opts)
        core, workload = kubernetes.core.v1, objects.workload(spec)

        def meta(called: str = workload) -> dict[str, Any]:
            return metadata(called, spec.tags, namespace=spec.namespace, workload=workload)

        for stream in spec.streams:
            why = because(meta(f"{workload}-{stream.name}"), f"the stream {stream.name} is read")
            policy = {"metadata": why, "spec": objects.let_out(spec, stream)}
            self.child(kubernetes.networking.v1.NetworkPolicy, f"way-{stream.name}", policy)
        if objects.bridged(spec):
            self.child(core.ServiceAccount, "account", {"metadata": meta(), "automount_service_account_token": False})
            config = {"metadata": meta(objects.config_name(spec)), "data": objects.config_data(spec), "immutable": True}
            self.child(core.ConfigMap, "config", config)
            certificate = {"metadata": meta(), **client_certificate(spec, workload)}
            self.child(kubernetes.apiextensions.CustomResource, "certificate", certificate)
            made = {"metadata": meta(), "spec": objects.deployment(spec)}
            self.child(kubernetes.apps.v1.Deployment, "bridge", made)

        self.bridged = pulumi.Output.from_input(len(objects.bridged(spec)))
        self.done({"bridged": self.bridged})
