"""Components of the mixed program."""

import json

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as k8s


class Store(pulumi.ComponentResource):
    def __init__(self, name, days, opts=None):
        super().__init__("mixed:index:Store", name, {"days": days}, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.bucket = aws.s3.Bucket(f"{name}-bucket", tags={"owner": "ml", "Owner": "ML"}, opts=child)
        self.policy = aws.iam.Policy(
            f"{name}-read",
            policy=self.bucket.arn.apply(lambda arn: json.dumps({"Resource": f"{arn}/*"}, sort_keys=True)),
            opts=child,
        )
        self.register_outputs({"arn": self.bucket.arn})


class Runtime(pulumi.ComponentResource):
    def __init__(self, name, store, token, replicas, opts=None):
        super().__init__("mixed:index:Runtime", name, {"replicas": replicas, "token": token}, opts)
        child = pulumi.ResourceOptions(parent=self)
        namespace = k8s.core.v1.Namespace(f"{name}-namespace", metadata={"name": "line"}, opts=child)
        secret = k8s.core.v1.Secret(
            f"{name}-token",
            metadata={"name": "token", "namespace": namespace.metadata["name"]},
            string_data={"token": token},
            opts=child,
        )
        k8s.apps.v1.Deployment(
            f"{name}-server",
            metadata={"name": "server", "namespace": namespace.metadata["name"]},
            spec={
                "replicas": replicas,
                "selector": {"match_labels": {"app": "server"}},
                "template": {
                    "metadata": {"labels": {"app": "server"}},
                    "spec": {
                        "containers": [
                            {
                                "name": "server",
                                "image": "registry.example/server@sha256:0",
                                "ports": [{"container_port": 8080}],
                                "env": [
                                    {"name": "BUCKET", "value": store.bucket.id},
                                    {"name": "MODE", "value": "closed"},
                                    {"name": "TOKEN", "value": token},
                                ],
                            }
                        ]
                    },
                },
            },
            opts=pulumi.ResourceOptions(parent=self, depends_on=[secret]),
        )
        self.register_outputs({"namespace": namespace.metadata["name"]})
