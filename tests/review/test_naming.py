import pytest

from aiinfra.graph.diff import diff
from aiinfra.review.naming import Names, kind
from tests.graphs import component, graph, node


@pytest.mark.parametrize(
    ("type_", "words"),
    [
        ("aws:s3/bucket:Bucket", "S3 bucket"),
        ("aws:ec2/vpc:Vpc", "VPC"),
        ("aws:ec2/vpcEndpoint:VpcEndpoint", "VPC endpoint"),
        ("aws:iam/rolePolicyAttachment:RolePolicyAttachment", "IAM role policy attachment"),
        ("aws:cloudwatch/logGroup:LogGroup", "CloudWatch log group"),
        ("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "security group ingress rule"),
        ("aws:lb/loadBalancer:LoadBalancer", "load balancer"),
        ("aws:efs/fileSystem:FileSystem", "EFS file system"),
        ("kubernetes:apps/v1:Deployment", "Deployment"),
        ("kubernetes:karpenter.sh/v1:NodePool", "NodePool"),
        ("pulumi:providers:kubernetes", "kubernetes provider"),
        ("aiinfra:index:Site", "Site"),
        ("random:index/randomId:RandomId", "RandomId"),
    ],
)
def test_kinds(type_, words):
    assert kind(type_) == words


def test_paths():
    site = component("aiinfra:index:Site", "line-1")
    runtime = component("aiinfra:index:InferenceRuntime", "line-1-runtime", parent=site.urn)
    deployment = node("kubernetes:apps/v1:Deployment", "line-1-runtime-deployment", parent=runtime.urn)
    other = node("aws:s3/bucket:Bucket", "own-name", parent=runtime.urn)
    names = Names(diff(graph(), graph(site, runtime, deployment, other)))
    assert names.path(deployment.urn) == "line-1/runtime/deployment"
    assert names.path(other.urn) == "line-1/runtime/own-name"
    assert names.called(site.urn) == "line-1 (Site)"
