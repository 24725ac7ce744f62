"""An inference site on Kubernetes, closed by default."""

import pulumi
import pulumi_kubernetes as kubernetes

from aiinfra.components.kubernetes.site import Site

config = pulumi.Config()
context = config.require("context")
model = config.require("model")
cluster = kubernetes.Provider("cluster", context=context, cluster_identifier=context)

site = Site(
    f"{model}-{context}",
    {
        "class_name": "site",
        "site": context,
        "model_name": model,
        "model": {"file": f"{model}.onnx"},
        "tier": {"accelerator": config.require("accelerator")},
        "runtime": {"on": "k3s", "callers": []},
        "tags": {"owner": "me", "cost_center": "none", "data_class": "internal"},
    },
    pulumi.ResourceOptions(provider=cluster),
)

pulumi.export("http", site.http)
