"""Misspelt keys are found at any depth; keys of the user's own are left alone."""

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as k8s
import pytest

from aiinfra.graph.child import collect_in_subprocess
from aiinfra.graph.collect import collect
from aiinfra.graph.lint import lint
from aiinfra.graph.node import Graph, Mode


def found(graph: Graph) -> list[tuple[str, str]]:
    """``(path, suggestion)``."""
    return [(f.path, f.message.partition("did you mean ")[2].strip("'?")) for f in lint(graph)]


def test_aws() -> None:
    def program() -> None:
        aws.ec2.SecurityGroup("sg", ingress=[{"fromport": 1, "to_port": 2, "cidrBlocks": [], "protocl": "tcp"}])
        aws.eks.Cluster("c", role_arn="r", vpc_config={"subnet_ids": [], "endpoint_privat_access": True})
        aws.s3.BucketLifecycleConfiguration("l", bucket="b", rules=[{"id": "a", "expiration": {"dayz": 3}}])
        aws.Provider("p", default_tags={"tag": {"a": "b"}})

    assert sorted(found(collect(program))) == [
        ("defaultTags.tag", "tags"),
        ("ingress[0].fromport", "from_port"),
        ("ingress[0].protocl", "protocol"),
        ("rules[0].expiration.dayz", "days"),
        ("vpcConfig.endpoint_privat_access", "endpoint_private_access"),
    ]


def test_kubernetes_in_snake_and_camel_case() -> None:
    def program() -> None:
        container = {
            "name": "a",
            "imagePullpolicy": "Always",
            "ports": [{"containerport": 1}],
            "liveness_probe": {"httpGet": {"path": "/", "port": 1}},
            "resource": {},
        }
        k8s.apps.v1.Deployment(
            "d",
            metadata={"name": "x", "label": {}},
            spec={"replica": 1, "template": {"spec": {"containers": [container]}}, "selector": {}},
        )

    place = "spec.template.spec.containers[0]"
    assert sorted(found(collect(program))) == [
        ("metadata.label", "labels"),
        ("spec.replica", "replicas"),
        (f"{place}.imagePullpolicy", "imagePullPolicy"),
        (f"{place}.ports[0].containerport", "container_port"),
        (f"{place}.resource", "resources"),
    ]


def test_a_finding_says_where_and_what_there_is() -> None:
    def program() -> None:
        k8s.core.v1.Service("s", metadata={"name": "s"}, spec={"ports": [{"port": 1, "targetport": 2}]})

    (finding,) = lint(collect(program))
    assert finding.render() == (
        f"  error: {finding.source}: spec.ports[0].targetport: kubernetes:core/v1:Service has no such key; "
        "did you mean 'target_port'? [dropped-key]\n"
        "    fix: use one of app_protocol, name, node_port, port, protocol, target_port"
    )
    assert finding.source.startswith("test_lint.py:")


def test_no_false_findings() -> None:
    def program() -> None:
        aws.iam.Role("r", assume_role_policy={"Version": "1", "statement": []}, tags={"any_thing": "x"})
        aws.lambda_.Function("f", role="r", environment={"variables": {"A_b": "c"}}, code=pulumi.FileArchive("."))
        k8s.core.v1.ConfigMap("c", metadata={"name": "c", "labels": {"a.b/c_d": "e"}}, data={"some_key": "v"})
        k8s.core.v1.Secret("s", metadata={"name": "s"}, string_data={"some_key": "v"})
        k8s.core.v1.ResourceQuota("q", metadata={"name": "q"}, spec={"hard": {"requests.nvidia.com/gpu": "1"}})
        k8s.helm.v3.Release("h", chart="kueue", values={"some_key": {"x": 1}})
        k8s.apiextensions.CustomResource(
            "cr", api_version="karpenter.sh/v1", kind="NodePool", metadata={"name": "x"}, spec={"some_thing": {"x": 1}}
        )
        schema = {
            "type": "object",
            "x_kubernetes_preserve_unknown_fields": True,
            "properties": {"some_key": {"type": "string", "$ref": "#/x"}},
        }
        k8s.apiextensions.v1.CustomResourceDefinition(
            "crd",
            metadata={"name": "x"},
            spec={
                "group": "a",
                "names": {"kind": "A", "plural": "as"},
                "scope": "Namespaced",
                "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"open_apiv3_schema": schema}}],
            },
        )
        aws.ec2.Vpc.get("v", "vpc-1")
        aws.Provider("p", assume_roles=[{"role_arn": "r", "sessionName": "s"}])

    for mode in Mode:
        assert found(collect(program, mode=mode)) == []


def test_schemas_are_looked_into_through_their_own_names() -> None:
    def program() -> None:
        k8s.apiextensions.v1.CustomResourceDefinition(
            "crd",
            metadata={"name": "x"},
            spec={
                "group": "a",
                "names": {},
                "scope": "Namespaced",
                "versions": [{"schema": {"openAPIV3Schema": {"properties": {"spec": {"propertes": {}}}}}}],
            },
        )

    assert found(collect(program)) == [
        ("spec.versions[0].schema.openAPIV3Schema.properties.spec.propertes", "properties")
    ]


def test_metadata_of_custom_resources_is_looked_into() -> None:
    def program() -> None:
        k8s.apiextensions.CustomResource("x", api_version="a.b/v1", kind="K", metadata={"name": "x", "lables": {}})

    assert found(collect(program)) == [("metadata.lables", "labels")]


def test_a_graph_from_elsewhere_has_its_types_looked_up(project) -> None:
    main = (
        "import pulumi_aws as aws, pulumi_kubernetes as k8s\n"
        "aws.lambda_.Function('f', role='r', environment={'variable': {}})\n"
        "aws.cloudwatch.MetricAlarm('m', comparison_operator='x', evaluation_periods=1,\n"
        "  metric_queries=[{'ids': 'a'}])\n"
        "k8s.flowcontrol.v1.FlowSchema('s', metadata={'name': 's'}, spec={'matching_precedenc': 1})\n"
    )
    graph = collect_in_subprocess(project(main))
    assert sorted(found(graph)) == [
        ("environment.variable", "variables"),
        ("metricQueries[0].ids", "id"),
        ("spec.matching_precedenc", "matching_precedence"),
    ]


@pytest.mark.parametrize("mode", Mode)
def test_the_mixed_program_is_clean(mixed, mode) -> None:
    assert found(collect(mixed, mode=mode)) == []
