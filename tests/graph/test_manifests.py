"""Kubernetes objects as manifests: in order, nothing unknown, nothing secret."""

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as k8s
import pytest
import yaml as pyyaml

from aiinfra.errors import BadInput
from aiinfra.graph.collect import collect
from aiinfra.graph.manifests import ORDER, files, manifests_of, stream
from aiinfra.graph.node import Graph, Mode


def recorded(program) -> Graph:
    return collect(program, mode=Mode.PREVIEW)


def whole() -> None:
    pod = {"containers": [{"name": "a", "image": "x@sha256:0"}]}
    k8s.apps.v1.Deployment(
        "d",
        metadata={"name": "server", "namespace": "line"},
        spec={"replicas": 1, "selector": {"match_labels": {"a": "b"}}, "template": {"spec": pod}},
    )
    k8s.apiextensions.CustomResource(
        "cr", api_version="karpenter.sh/v1", kind="NodePool", metadata={"name": "x"}, spec={"limits": {"cpu": 3.0}}
    )
    k8s.core.v1.ConfigMap(
        "c",
        metadata={"name": "c", "namespace": "line"},
        data={"on": "yes", "short": "1e3", "text": "a\nb\n", "$ref": "x"},
    )
    k8s.core.v1.Namespace("n", metadata={"name": "line"})
    k8s.core.v1.Namespace.get("old", "old")
    aws.s3.Bucket("b")


def test_one_stream_in_the_order_to_apply() -> None:
    found, notes = manifests_of(recorded(whole))
    assert notes == []
    text = stream(found)
    assert text == (
        "---\napiVersion: v1\nkind: Namespace\nmetadata:\n  name: line\n"
        "---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c\n  namespace: line\n"
        "data:\n  $ref: x\n  'on': 'yes'\n  short: '1e3'\n  text: |\n    a\n    b\n"
        "---\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: server\n  namespace: line\n"
        "spec:\n  replicas: 1\n  selector:\n    matchLabels:\n      a: b\n  template:\n    spec:\n      containers:\n"
        "        - image: x@sha256:0\n          name: a\n"
        "---\napiVersion: karpenter.sh/v1\nkind: NodePool\nmetadata:\n  name: x\nspec:\n  limits:\n    cpu: 3\n"
    )
    assert [document["kind"] for document in pyyaml.safe_load_all(text)] == [m.kind for m in found]


def test_one_file_an_object_in_the_order_of_names() -> None:
    found, _ = manifests_of(recorded(whole))
    written = files(found)
    assert list(written) == [
        "00-namespace-line.yaml",
        "12-configmap-line-c.yaml",
        "23-deployment-line-server.yaml",
        f"{len(ORDER)}-nodepool-x.yaml",
    ]
    assert list(written) == sorted(written)
    assert "".join(f"---\n{text}" for text in written.values()) == stream(found)


def test_a_symbolic_graph_is_refused() -> None:
    with pytest.raises(BadInput) as caught:
        manifests_of(collect(whole))
    assert caught.value.code == "manifests-need-preview"


def test_everything_that_cannot_be_written_is_named_at_once() -> None:
    def program() -> None:
        bucket = aws.s3.Bucket("b")
        k8s.core.v1.ConfigMap("u", metadata={"name": "u"}, data={"arn": bucket.arn})
        k8s.core.v1.ConfigMap("s", metadata={"name": "s"}, data={"k": pulumi.Output.secret("canary")})
        k8s.core.v1.ConfigMap("n", metadata={"labels": {"a": "b"}})
        k8s.core.v1.ConfigMap("none", data={})

    with pytest.raises(BadInput) as caught:
        manifests_of(recorded(program))
    assert caught.value.code == "manifests-refused"
    assert [(finding.id, finding.path, finding.message) for finding in caught.value.findings] == [
        ("manifest-unnamed", "metadata.name", "of ConfigMap n is not set: Pulumi would make up a random name"),
        ("manifest-unnamed", "metadata.name", "of ConfigMap none is not set: Pulumi would make up a random name"),
        ("manifest-secret", "data.k", "of ConfigMap s is a secret"),
        ("manifest-unknown", "data.arn", "of ConfigMap u is unknown until something else has been created"),
    ]
    assert "canary" not in caught.value.render()


def test_objects_with_secrets_can_be_left_out() -> None:
    def program() -> None:
        k8s.core.v1.Namespace("n", metadata={"name": "line"})
        k8s.core.v1.Secret("s", metadata={"name": "s"}, string_data={"k": "canary"})

    found, notes = manifests_of(recorded(program), omit_secrets=True)
    assert "canary" not in stream(found)
    assert [manifest.name for manifest in found] == ["line"]
    assert [(note.id, note.message) for note in notes] == [
        ("manifest-left-out", "Secret s is left out: its stringData is a secret")
    ]


def test_what_is_no_object_is_left_out_and_said() -> None:
    def program() -> None:
        k8s.helm.v3.Release("kueue", chart="kueue")
        k8s.core.v1.ConfigMapPatch("p", metadata={"name": "p"}, data={"a": "b"})

    found, notes = manifests_of(recorded(program))
    assert found == []
    assert [note.message for note in notes] == [
        "p is a patch of an object that others own; it is not in the manifests",
        "kueue (kubernetes:helm.sh/v3:Release) is no Kubernetes object; it is not in the manifests",
    ]


def test_two_clusters_go_to_two_folders_and_not_to_one_stream() -> None:
    def program() -> None:
        for name in ("east", "west"):
            provider = k8s.Provider(name, context=name)
            k8s.core.v1.Namespace(name, metadata={"name": "line"}, opts=pulumi.ResourceOptions(provider=provider))

    found, _ = manifests_of(recorded(program))
    assert list(files(found)) == ["east/00-namespace-line.yaml", "west/00-namespace-line.yaml"]
    with pytest.raises(BadInput, match="2 clusters: east, west") as caught:
        stream(found)
    assert caught.value.code == "manifests-clusters"


def test_one_kind_of_two_groups_gets_two_files() -> None:
    def program() -> None:
        k8s.core.v1.Service("s", metadata={"name": "a"}, spec={})
        k8s.apiextensions.CustomResource(
            "k", api_version="serving.knative.dev/v1", kind="Service", metadata={"name": "a"}
        )
        k8s.rbac.v1.ClusterRole("r", metadata={"name": "system:reader"}, rules=[])

    found, _ = manifests_of(recorded(program))
    assert list(files(found)) == [
        "15-clusterrole-system_reader.yaml",
        "19-service-a.yaml",
        "19-service-a.v1.yaml",
    ]
