import json

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as k8s

from parts import Runtime, Store

config = pulumi.Config()
region = aws.Provider("home", region=config.require("region"), allowed_account_ids=["111122223333"])
cluster = aws.eks.Cluster(
    "cluster",
    role_arn="arn:aws:iam::111122223333:role/cluster",
    vpc_config={"subnet_ids": ["subnet-1"], "endpoint_private_access": True},
    opts=pulumi.ResourceOptions(provider=region, protect=True, aliases=[pulumi.Alias(name="old-cluster"), "urn:other"]),
)
kubeconfig = pulumi.Output.secret(
    pulumi.Output.all(cluster.name, cluster.endpoint, cluster.certificate_authority.data).apply(json.dumps)
)
edge = k8s.Provider("edge", kubeconfig=kubeconfig)
store = Store("store", 30, pulumi.ResourceOptions(providers=[region]))
Runtime(
    "runtime",
    store,
    config.require_secret("token"),
    config.require_int("replicas"),
    pulumi.ResourceOptions(providers=[edge], depends_on=[store]),
)
rule = aws.ec2.SecurityGroupRule(
    "from-cluster",
    type="ingress",
    protocol="tcp",
    from_port=443,
    to_port=443,
    security_group_id=cluster.vpc_config.cluster_security_group_id,
    source_security_group_id="sg-1",
    opts=pulumi.ResourceOptions(
        provider=region,
        delete_before_replace=True,
        ignore_changes=["description"],
        replace_on_changes=["fromPort"],
        retain_on_delete=True,
        custom_timeouts=pulumi.CustomTimeouts(create="5m"),
        deleted_with=cluster,
    ),
)
password = aws.rds.Instance(
    "db", instance_class="db.t4g.micro", password=config.require_secret("token"), opts=pulumi.ResourceOptions(provider=region)
)
pulumi.export("cluster_arn", cluster.arn)
pulumi.export("kubeconfig", kubeconfig)
pulumi.export("size", 3)
