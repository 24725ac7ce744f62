"""An inference site on a k3s cluster, without a declaration file: the component takes the same words.

The last argument shows the escape hatch: what the component decided for one child is laid over, and the review says so.
"""

import pulumi
import pulumi_kubernetes as kubernetes

from aiinfra.components.kubernetes.site import Site

config = pulumi.Config()
cluster = kubernetes.Provider(
    "hall-3", kubeconfig=config.get_secret("kubeconfig"), context="hall-3", cluster_identifier="hall-3"
)

site = Site(
    "weld-check-hall-3",
    {
        "class_name": "hall",
        "site": "hall-3",
        "model_name": "weld-check",
        "model": {
            "file": "weld-check.onnx",
            "digest": "sha256:" + "0" * 63 + "1",
            "inputs": [{"name": "image", "dtype": "FP32", "shape": [-1, 3, 224, 224]}],
            "outputs": [{"name": "defect", "dtype": "FP32", "shape": [-1, 2], "labels": ["sound", "defect"]}],
        },
        "tier": {"accelerator": "cpu-x86-64"},
        "runtime": {"on": "k3s", "callers": ["line-controller", "quality/dashboard"], "replicas": 2},
        "tags": {"owner": "welding", "cost_center": "0815", "data_class": "internal"},
        "objective": {"p99": "50 ms", "rate": "20/s"},
        "offline": "24 h",
        "egress": [{"to": "10.30.0.0/24", "port": 4317, "why": "traces go to the plant's collector"}],
        "overrides": {"runtime": {"deployment": {"spec": {"revisionHistoryLimit": 10}}}},
    },
    pulumi.ResourceOptions(provider=cluster),
)

pulumi.export("http", site.http)
pulumi.export("grpc", site.grpc)
