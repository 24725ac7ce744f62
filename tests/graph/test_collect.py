"""One run of a program gives every resource as the engine would be asked for it."""

import asyncio
import contextvars
import gc
import json
import os
import weakref
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pulumi
import pulumi.dynamic
import pulumi_aws as aws
import pulumi_kubernetes as k8s
import pytest
from hypothesis import given
from hypothesis import settings as settings_of_hypothesis
from hypothesis import strategies as st
from pulumi.runtime import settings

from aiinfra.errors import AiinfraError, BadInput
from aiinfra.graph.collect import collect
from aiinfra.graph.node import Graph, Mode
from aiinfra.graph.values import markers, unknowns

STACK = "urn:pulumi:production::mixed::pulumi:pulumi:Stack::mixed-production"
RUNTIME = "urn:pulumi:production::mixed::mixed:index:Runtime::runtime"
AWS_HOME = "urn:pulumi:production::mixed::pulumi:providers:aws::home"
EDGE = "urn:pulumi:production::mixed::pulumi:providers:kubernetes::edge"
STORE = "urn:pulumi:production::mixed::mixed:index:Store"


@pytest.fixture(scope="module")
def graphs() -> dict[Mode, Graph]:
    mixed = Path(__file__).parent.parent / "data" / "programs" / "mixed"
    return {mode: collect(mixed, mode=mode) for mode in Mode}


def test_urns_hold_the_whole_parent_chain_without_the_stack(graphs) -> None:
    assert list(graphs[Mode.SYMBOLIC].nodes) == [
        "urn:pulumi:production::mixed::aws:ec2/securityGroupRule:SecurityGroupRule::from-cluster",
        "urn:pulumi:production::mixed::aws:eks/cluster:Cluster::cluster",
        "urn:pulumi:production::mixed::aws:rds/instance:Instance::db",
        "urn:pulumi:production::mixed::mixed:index:Runtime$kubernetes:apps/v1:Deployment::runtime-server",
        "urn:pulumi:production::mixed::mixed:index:Runtime$kubernetes:core/v1:Namespace::runtime-namespace",
        "urn:pulumi:production::mixed::mixed:index:Runtime$kubernetes:core/v1:Secret::runtime-token",
        RUNTIME,
        f"{STORE}$aws:iam/policy:Policy::store-read",
        f"{STORE}$aws:s3/bucket:Bucket::store-bucket",
        f"{STORE}::store",
        AWS_HOME,
        EDGE,
        STACK,
    ]


def test_a_resource_is_recorded_whole(graphs) -> None:
    node = graphs[Mode.SYMBOLIC].one("kubernetes:apps/v1:Deployment")
    assert node.as_json() | {"aliases": [], "version": ""} == {
        "urn": f"{RUNTIME.removesuffix('::runtime')}$kubernetes:apps/v1:Deployment::runtime-server",
        "type": "kubernetes:apps/v1:Deployment",
        "name": "runtime-server",
        "parent": RUNTIME,
        "provider": EDGE,
        "dependencies": [
            f"{RUNTIME.removesuffix('::runtime')}$kubernetes:core/v1:Namespace::runtime-namespace",
            f"{RUNTIME.removesuffix('::runtime')}$kubernetes:core/v1:Secret::runtime-token",
            f"{STORE}$aws:s3/bucket:Bucket::store-bucket",
        ],
        "property_dependencies": {
            "metadata": [f"{RUNTIME.removesuffix('::runtime')}$kubernetes:core/v1:Namespace::runtime-namespace"],
            "spec": [f"{STORE}$aws:s3/bucket:Bucket::store-bucket"],
        },
        "inputs": {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "server", "namespace": "line"},
            "spec": {
                "replicas": 2,
                "selector": {"matchLabels": {"app": "server"}},
                "template": {
                    "metadata": {"labels": {"app": "server"}},
                    "spec": {
                        "containers": [
                            {
                                "name": "server",
                                "image": "registry.example/server@sha256:0",
                                "ports": [{"containerPort": 8080}],
                                "env": [
                                    {"name": "BUCKET", "value": "store-bucket_id"},
                                    {"name": "MODE", "value": "closed"},
                                    {"name": "TOKEN", "value": {"$secret": ""}},
                                ],
                            }
                        ]
                    },
                },
            },
        },
        "aliases": [],
        "version": "",
        "source": "program/parts.py:34",
    }


def test_options_are_recorded(graphs) -> None:
    graph = graphs[Mode.SYMBOLIC]
    cluster = graph.one("aws:eks/cluster:Cluster")
    assert cluster.protect
    assert cluster.aliases == ("urn:pulumi:production::mixed::aws:eks/cluster:Cluster::old-cluster", "urn:other")
    rule = graph.one("aws:ec2/securityGroupRule:SecurityGroupRule")
    assert (rule.delete_before_replace, rule.retain_on_delete) == (True, True)
    assert (rule.ignore_changes, rule.replace_on_changes) == (("description",), ("fromPort",))
    assert rule.options == {"customTimeouts": {"create": "5m"}, "deletedWith": cluster.urn}
    assert graph.one("mixed:index:Store").providers == {"aws": AWS_HOME}
    assert graph.one("aws:rds/instance:Instance").additional_secret_outputs == ("password", "passwordWo")


def test_components_keep_their_inputs_and_outputs(graphs) -> None:
    runtime = graphs[Mode.SYMBOLIC].one("mixed:index:Runtime")
    assert not runtime.custom
    assert runtime.inputs == {"replicas": 2, "token": {"$secret": ""}}
    assert runtime.outputs == {"namespace": "line"}


def test_stack_outputs(graphs) -> None:
    assert graphs[Mode.SYMBOLIC].outputs == {"cluster_arn": "cluster.arn", "kubeconfig": {"$secret": ""}, "size": 3}
    assert graphs[Mode.PREVIEW].outputs["cluster_arn"] == {"$unknown": True}


def test_symbolic_leaves_nothing_unknown_and_runs_every_apply(graphs) -> None:
    graph = graphs[Mode.SYMBOLIC]
    assert unknowns(graph) == {}
    assert graph.one("aws:iam/policy:Policy").inputs["policy"] == '{"Resource": "store-bucket.arn/*"}'
    rule = graph.one("aws:ec2/securityGroupRule:SecurityGroupRule")
    assert rule.inputs["securityGroupId"] == "cluster.vpcConfig.clusterSecurityGroupId"


def test_preview_taints_leaves_alone(graphs) -> None:
    assert unknowns(graphs[Mode.PREVIEW]) == {
        "urn:pulumi:production::mixed::aws:ec2/securityGroupRule:SecurityGroupRule::from-cluster": ("securityGroupId",),
        f"{RUNTIME.removesuffix('::runtime')}$kubernetes:apps/v1:Deployment::runtime-server": (
            "spec.template.spec.containers[0].env[0].value",
        ),
        f"{STORE}$aws:iam/policy:Policy::store-read": ("policy",),
    }


def test_both_modes_see_the_same_resources(graphs) -> None:
    assert list(graphs[Mode.SYMBOLIC].nodes) == list(graphs[Mode.PREVIEW].nodes)


def test_json_is_read_back_the_same(graphs) -> None:
    for graph in graphs.values():
        assert Graph.from_json(json.loads(graph.to_text())) == graph


def test_a_second_run_gives_the_same_bytes(graphs, mixed) -> None:
    assert collect(mixed).to_text() == graphs[Mode.SYMBOLIC].to_text()


def test_secrets_are_in_no_serialisation(mixed) -> None:
    config = {"token": "canary-4711"}
    graphs = [
        collect(mixed, mode=mode, config=config, secret_config=["token"], fingerprint_key=key)
        for mode in Mode
        for key in (None, b"key")
    ]
    assert not [graph for graph in graphs if "canary" in graph.to_text() or "canary" in repr(graph)]


def test_fingerprints_tell_changed_from_same(mixed) -> None:
    def token(value: str, key: bytes) -> str:
        graph = collect(mixed, config={"token": value}, secret_config=["token"], fingerprint_key=key)
        return graph.one("mixed:index:Runtime").inputs["token"]["$secret"]

    assert token("one", b"k") == token("one", b"k")
    assert len({token("one", b"k"), token("two", b"k"), token("one", b"other")}) == 3


# Failures


def test_a_program_that_raises_says_where(project) -> None:
    folder = project(
        "import helper\nhelper.go()\n", files={"helper.py": "def go():\n    raise ValueError('no zones')\n"}
    )
    with pytest.raises(AiinfraError) as caught:
        collect(folder)
    assert caught.value.code == "program-failed"
    assert caught.value.message == "helper.py:2: ValueError: no zones"


def test_an_error_inside_an_apply_says_where(project) -> None:
    main = "import pulumi_aws as aws\nb = aws.s3.Bucket('b')\nb.arn.apply(lambda arn: arn['x'])\n"
    with pytest.raises(AiinfraError, match=r"__main__.py:3: TypeError"):
        collect(project(main))


def test_an_error_of_the_sdk_names_the_line_that_made_the_resource(project) -> None:
    main = "import pulumi_aws as aws\n\naws.s3.Bucket('b', tags=object())\n"
    with pytest.raises(AiinfraError, match=r"^__main__.py:3: "):
        collect(project(main))


def test_our_own_errors_pass_through() -> None:
    def program() -> None:
        raise BadInput("declaration-invalid", "site 'x' has no tier", "add one")

    with pytest.raises(BadInput) as caught:
        collect(program)
    assert caught.value.code == "declaration-invalid"


def test_error_texts_hold_no_secret() -> None:
    def program() -> None:
        token = pulumi.Config().require_secret("token")
        token.apply(int)

    with pytest.raises(AiinfraError) as caught:
        collect(program, config={"token": "canary-4711"}, secret_config=["token"])
    assert "canary" not in caught.value.message
    assert "[secret]" in caught.value.message


def test_exit_is_an_error(project) -> None:
    with pytest.raises(AiinfraError, match=r"__main__.py:1: the program ended itself with sys.exit\(0\)"):
        collect(project("import sys; sys.exit(0)"))


def test_after_an_exception_the_next_run_is_clean(graphs, mixed, capfd) -> None:
    def failing() -> None:
        bucket = aws.s3.Bucket("b")
        for index in range(20):
            bucket.arn.apply(lambda arn, index=index: arn + index)
            pulumi.export(f"arn-{index}", bucket.arn)
        raise RuntimeError("stop")

    with pytest.raises(AiinfraError, match="RuntimeError: stop"):
        collect(failing)
    gc.collect()
    assert collect(mixed).to_text() == graphs[Mode.SYMBOLIC].to_text()
    assert capfd.readouterr() == ("", "")


def test_duplicate_urns_name_both_lines(project) -> None:
    main = "import pulumi_aws as aws\naws.s3.Bucket('b')\n\naws.s3.Bucket('b')\n"
    with pytest.raises(AiinfraError) as caught:
        collect(project(main))
    assert caught.value.code == "duplicate-urn"
    assert caught.value.message == (
        "two resources are urn:pulumi:production::small::aws:s3/bucket:Bucket::b: "
        "one made at __main__.py:2, one at __main__.py:4"
    )


@pytest.mark.parametrize("wait", ["await asyncio.sleep(100)", "while True: pass", "while True: await asyncio.sleep(0)"])
def test_a_program_that_hangs_is_stopped(project, wait) -> None:
    main = f"import asyncio, pulumi\nasync def main():\n    {wait}\npulumi.run(main)\n"
    with pytest.raises(AiinfraError) as caught:
        collect(project(main), timeout=1)
    assert caught.value.code == "program-timeout"
    assert collect(lambda: None).one("pulumi:pulumi:Stack")


# What only an engine or a cloud could answer


def test_functions_of_providers_are_recorded_and_answered() -> None:
    def program() -> None:
        region = aws.get_region()
        zones = aws.get_availability_zones_output(state="available")
        aws.s3.Bucket("b", tags={"region": region.region, "zone": zones.names[0]})

    def answer(token: str, arguments: dict) -> dict:
        if token == "aws:index/getRegion:getRegion":
            return {"region": "eu-west-1", "id": "eu-west-1"}
        assert arguments == {"state": "available"}
        return {"names": ["euw1-az1"]}

    graph = collect(program, invoke=answer)
    assert graph.one("aws:s3/bucket:Bucket").inputs == {"tags": {"region": "eu-west-1", "zone": "euw1-az1"}}
    assert graph.invokes == (
        "aws:index/getAvailabilityZones:getAvailabilityZones",
        "aws:index/getRegion:getRegion",
    )


def test_an_unanswered_function_is_an_error_even_where_nobody_waits_for_it() -> None:
    def program() -> None:
        aws.get_region_output()

    with pytest.raises(AiinfraError, match="aws:index/getRegion:getRegion") as caught:
        collect(program)
    assert caught.value.code == "invoke-unanswered"


def test_an_unanswered_function_names_the_line_that_waits_for_it(project) -> None:
    main = "import pulumi_aws as aws\n\nregion = aws.get_region()\n"
    with pytest.raises(AiinfraError, match=r"^__main__.py:3: the program calls the provider function aws:index/getReg"):
        collect(project(main))


def test_methods_of_providers_are_refused() -> None:
    def program() -> None:
        pulumi.runtime.call("eks:index:Cluster/getKubeconfig", {"name": "c"})

    with pytest.raises(AiinfraError, match="getKubeconfig") as caught:
        collect(program)
    assert caught.value.code == "call-refused"


@pytest.mark.parametrize("mode", Mode)
def test_what_is_read_is_marked_so(mode) -> None:
    def program() -> None:
        vpc = aws.ec2.Vpc.get("shared", "vpc-0123")
        aws.ec2.Subnet("a", vpc_id=vpc.id, cidr_block=vpc.cidr_block)

    graph = collect(program, mode=mode)
    vpc = graph.one("aws:ec2/vpc:Vpc")
    assert (vpc.read, vpc.id) == (True, "vpc-0123")
    inputs = graph.one("aws:ec2/subnet:Subnet").inputs
    assert inputs["vpcId"] == "vpc-0123"
    assert inputs["cidrBlock"] == ("shared.cidrBlock" if mode is Mode.SYMBOLIC else {"$unknown": True})


def downstream() -> None:
    training = pulumi.StackReference("org/training/production")
    aws.s3.Bucket(
        "b",
        tags={"cluster": training.require_output("cluster"), "zone": training.get_output("zones")[0]},
        bucket=training.get_output("token"),
    )


@pytest.mark.parametrize("key", ["org/training/production", "training/production", "training"])
@pytest.mark.parametrize("mode", Mode)
def test_stack_references_are_answered_from_a_graph(key, mode) -> None:
    def upstream() -> None:
        pulumi.export("cluster", aws.eks.Cluster("c", role_arn="r", vpc_config={"subnet_ids": []}).arn)
        pulumi.export("zones", ["use1-az1"])
        pulumi.export("token", pulumi.Output.secret("canary"))

    graph = collect(downstream, mode=mode, references={key: collect(upstream, project="training")})
    assert graph.one("aws:s3/bucket:Bucket").inputs == {
        "tags": {"cluster": "c.arn", "zone": "use1-az1"},
        "bucket": {"$secret": ""},
    }
    assert graph.findings == ()


@pytest.mark.parametrize("mode", Mode)
def test_a_missing_upstream_gives_unknowns(mode) -> None:
    graph = collect(downstream, mode=mode, references={"other": collect(lambda: None)})
    assert graph.one("aws:s3/bucket:Bucket").inputs == {
        "tags": {"cluster": {"$unknown": True}, "zone": {"$unknown": True}},
        "bucket": {"$unknown": True},
    }
    assert [finding.id for finding in graph.findings] == ["upstream-missing"]


def test_a_resolver_may_record_the_upstream_itself() -> None:
    def resolve(name: str) -> Graph:
        return collect(lambda: pulumi.export("cluster", name), project="training")

    def program() -> None:
        aws.s3.Bucket("b", bucket=pulumi.StackReference("org/training/production").require_output("cluster"))

    graph = collect(program, references=resolve)
    assert graph.one("aws:s3/bucket:Bucket").inputs == {"bucket": "org/training/production"}


def test_transforms_and_logged_errors_are_findings(project) -> None:
    main = (
        "import pulumi, pulumi_aws as aws\n"
        "pulumi.runtime.register_resource_transform(lambda args: None)\n"
        "aws.s3.Bucket('b', opts=pulumi.ResourceOptions(transforms=[lambda args: None]))\n"
        "pulumi.log.error('too small: ' + pulumi.Config().require('token'))\n"
    )
    graph = collect(project(main), config={"token": "canary"}, secret_config=["token"])
    assert [(finding.id, finding.source) for finding in graph.findings] == [
        ("logged-error", "__main__.py:4"),
        ("transform-not-run", "__main__.py:2"),
        ("transform-not-run", "__main__.py:3"),
    ]
    assert graph.findings[0].message == "too small: [secret]"
    assert Graph.from_json(graph.as_json()).findings == graph.findings


def test_deprecated_classes_are_findings(project) -> None:
    graph = collect(project("import pulumi_aws as aws\n\naws.s3.BucketV2('b')\n"))
    assert [(finding.id, finding.source) for finding in graph.findings] == [("logged-warning", "__main__.py:3")]
    assert "BucketV2 is deprecated" in graph.findings[0].message


def test_legacy_transformations_run() -> None:
    def tag(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult:
        return pulumi.ResourceTransformationResult({**args.props, "tags": {"owner": "ml"}}, args.opts)

    def program() -> None:
        aws.s3.Bucket("b", opts=pulumi.ResourceOptions(transformations=[tag]))

    assert collect(program).one("aws:s3/bucket:Bucket").inputs == {"tags": {"owner": "ml"}}


def test_hooks_are_recorded_and_not_run() -> None:
    def program() -> None:
        hook = pulumi.ResourceHook("say", lambda args: 1 / 0)
        options = pulumi.ResourceOptions(hooks=pulumi.ResourceHookBinding(before_create=[hook]))
        aws.s3.Bucket("b", opts=options)

    assert collect(program).one("aws:s3/bucket:Bucket").options == {"hooks": {"before_create": ["say"]}}


# Values


@pytest.mark.parametrize("mode", Mode)
def test_references_assets_numbers_and_reserved_keys(mode, tmp_path) -> None:
    (tmp_path / "code.py").write_text("pass\n")

    class Holder(pulumi.ComponentResource):
        def __init__(self, name: str, bucket: aws.s3.Bucket) -> None:
            super().__init__("test:index:Holder", name, {"bucket": bucket, "$ref": "mine", "n": 3.0, "x": 0.5, "$$": 1})
            self.register_outputs({})

    def program() -> None:
        bucket = aws.s3.Bucket("b")
        Holder("h", bucket)
        aws.s3.BucketObjectv2("text", bucket=bucket.id, source=pulumi.StringAsset("hello"))
        aws.s3.BucketObjectv2("file", bucket=bucket.id, source=pulumi.FileAsset(str(tmp_path / "code.py")))
        aws.lambda_.Function(
            "f",
            role="r",
            code=pulumi.AssetArchive({"a.py": pulumi.StringAsset("hello"), "lib": pulumi.FileArchive("./lib")}),
        )

    graph = collect(program, mode=mode, root=tmp_path)
    hello = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
    assert graph.one("test:index:Holder").inputs == {
        "bucket": {"$ref": "urn:pulumi:production::project::aws:s3/bucket:Bucket::b"},
        "$$ref": "mine",
        "$$": 1,
        "n": 3,
        "x": 0.5,
    }
    assert isinstance(graph.one("test:index:Holder").inputs["n"], int)
    objects = {node.name: node.inputs["source"] for node in graph.of_type("aws:s3/bucketObjectv2:BucketObjectv2")}
    assert objects["text"] == {"$asset": {"kind": "asset", "sha256": hello}}
    assert objects["file"]["$asset"]["path"] == "code.py"
    code = graph.one("aws:lambda/function:Function").inputs["code"]["$asset"]
    assert code["kind"] == "archive"
    assert code["assets"]["a.py"] == {"$asset": {"kind": "asset", "sha256": hello}}


def test_an_object_given_where_the_sdk_says_text_is_taken() -> None:
    def program() -> None:
        role = aws.iam.Role("r", assume_role_policy={"Version": "2012-10-17"})
        role.assume_role_policy.apply(lambda text: text.upper())

    graph = collect(program)
    assert graph.one("aws:iam/role:Role").inputs == {"assumeRolePolicy": {"Version": "2012-10-17"}}
    assert collect(program, mode=Mode.PREVIEW).one("aws:iam/role:Role").inputs == graph.one("aws:iam/role:Role").inputs


@pytest.mark.parametrize("mode", Mode)
def test_outputs_the_sdk_holds_secret_stay_secret(mode) -> None:
    def program() -> None:
        key = aws.iam.AccessKey("k", user="u")
        k8s.core.v1.ConfigMap("c", metadata={"name": "c"}, data={"key": key.secret, "id": key.id})

    graph = collect(program, mode=mode)
    data = graph.one("kubernetes:core/v1:ConfigMap").inputs["data"]
    assert data == {"key": {"$secret": ""}, "id": "k_id" if mode is Mode.SYMBOLIC else {"$unknown": True}}


def test_objects_without_a_name_have_an_unknown_one_in_preview() -> None:
    def program() -> None:
        namespace = k8s.core.v1.Namespace("n", metadata={"labels": {"a": "b"}})
        labels = namespace.metadata.labels
        k8s.core.v1.ConfigMap("c", metadata={"name": "c", "namespace": namespace.metadata.name, "labels": labels})

    metadata = collect(program, mode=Mode.PREVIEW).one("kubernetes:core/v1:ConfigMap").inputs["metadata"]
    assert metadata == {"name": "c", "namespace": {"$unknown": True}, "labels": {"a": "b"}}
    assert collect(program).one("kubernetes:core/v1:ConfigMap").inputs["metadata"]["namespace"] == "n.metadata.name"


def test_stand_ins_of_every_kind() -> None:
    seen = {}

    def program() -> None:
        service = k8s.core.v1.Service("s", metadata={"name": "s"}, spec={"ports": [{"port": 80}]})
        cluster = aws.eks.Cluster("c", role_arn="r", vpc_config={"subnet_ids": ["x"]})
        key = aws.kms.Key("k")
        watched = {
            "nested": cluster.certificate_authority.data,
            "list": service.status.load_balancer.ingress[0].hostname,
            "given": cluster.vpc_config.subnet_ids,
            "filled": service.spec.cluster_ip,
            "integer": key.deletion_window_in_days,
            "boolean": key.enable_key_rotation,
            "map": key.tags_all,
            "id": key.id,
        }
        for name, value in watched.items():
            value.apply(lambda v, name=name: seen.update({name: v}))

    collect(program)
    assert seen == {
        "nested": "c.certificateAuthority.data",
        "list": "s.status.loadBalancer.ingress[0].hostname",
        "given": ["x"],
        "filled": "s.spec.clusterIP",
        "integer": 1,
        "boolean": False,
        "map": {},
        "id": "k_id",
    }


# Ways to call, and what is left behind


def test_coroutines_and_pulumi_run() -> None:
    async def later() -> None:
        await asyncio.sleep(0)
        aws.s3.Bucket("b")

    def module() -> None:
        async def main() -> dict:
            await later()
            return {"done": True}

        pulumi.run(main)

    assert collect(later).one("aws:s3/bucket:Bucket")
    graph = collect(module)
    assert graph.one("aws:s3/bucket:Bucket")
    assert graph.outputs == {"done": True}


def test_within_a_running_event_loop() -> None:
    async def caller() -> Graph:
        return collect(lambda: aws.s3.Bucket("b") and None)

    assert asyncio.run(caller()).one("aws:s3/bucket:Bucket")


def test_environment_and_working_directory_are_not_seen_and_not_changed(project, monkeypatch) -> None:
    monkeypatch.setenv("AWS_REGION", "mars-1")
    monkeypatch.setenv("PULUMI_CONFIG", '{"small:size": "9"}')
    folder = project(
        "import os, pulumi, pulumi_aws as aws\n"
        "os.environ['LEFT'] = 'behind'\n"
        "aws.Provider('p')\n"
        "pulumi.export('size', pulumi.Config().get('size'))\n"
        "pulumi.export('here', os.path.basename(os.getcwd()))\n"
    )
    before = (Path.cwd(), dict(os.environ))
    graph = collect(folder)
    assert (Path.cwd(), dict(os.environ)) == before
    assert "region" not in graph.one("pulumi:providers:aws").inputs
    assert graph.outputs == {"here": "small"}


def test_nothing_of_a_run_stays_in_the_sdk() -> None:
    seen: list[weakref.ref] = []

    def program() -> None:
        seen.append(weakref.ref(settings.SETTINGS.monitor))

    before = contextvars.Context().run(lambda: settings.SETTINGS.monitor)
    collect(program)
    gc.collect()
    assert contextvars.Context().run(lambda: settings.SETTINGS.monitor) is before
    assert seen[0]() is None


def test_several_threads_may_collect_at_once() -> None:
    def program(name: str) -> None:
        aws.s3.Bucket(name, tags={"name": pulumi.get_project()})

    with ThreadPoolExecutor(4) as pool:
        names = [f"p{index}" for index in range(8)]
        graphs = list(pool.map(lambda name: collect(lambda: program(name), project=name), names))
    assert [graph.one("aws:s3/bucket:Bucket", name).inputs for graph, name in zip(graphs, names, strict=True)] == [
        {"tags": {"name": name}} for name in names
    ]


class Part(pulumi.ComponentResource):
    def __init__(self, name: str, kind: str, parts: list, parent: "Part | None") -> None:
        super().__init__(f"tree:index:{kind}", name, {}, pulumi.ResourceOptions(parent=parent))
        for child in parts:
            Part(*child, self)
        self.register_outputs({})


TREES = st.recursive(
    st.tuples(st.text(min_size=1, max_size=4), st.sampled_from("AB"), st.just([])),
    lambda inner: st.tuples(st.text(min_size=1, max_size=4), st.sampled_from("AB"), st.lists(inner, max_size=3)),
    max_leaves=6,
)


@settings_of_hypothesis(max_examples=25, deadline=None)
@given(TREES)
def test_any_tree_of_components_is_recorded_or_its_twins_are_named(tree) -> None:
    expected: dict[str, str] = {}
    twins = False

    def walk(part: tuple, parent: str, chain: str) -> None:
        nonlocal twins
        name, kind, parts = part
        types = f"{chain}$tree:index:{kind}" if chain else f"tree:index:{kind}"
        urn = f"urn:pulumi:production::project::{types}::{name}"
        twins = twins or urn in expected
        expected[urn] = parent
        for child in parts:
            walk(child, urn, types)

    walk(tree, "urn:pulumi:production::project::pulumi:pulumi:Stack::project-production", "")
    if twins:
        with pytest.raises(AiinfraError, match="two resources are"):
            collect(lambda: Part(*tree, None) and None)
        return
    graph = collect(lambda: Part(*tree, None) and None)
    assert {node.urn: node.parent for node in graph if node.parent} == expected


def test_imports_and_dynamic_providers() -> None:
    class Own(pulumi.dynamic.ResourceProvider):
        def create(self, props: dict) -> pulumi.dynamic.CreateResult:
            return pulumi.dynamic.CreateResult("x", props)

    class Thing(pulumi.dynamic.Resource):
        def __init__(self, name: str, size: int) -> None:
            super().__init__(Own(), name, {"size": size})

    def program() -> None:
        aws.s3.Bucket("b", opts=pulumi.ResourceOptions(import_="existing-bucket"))
        Thing("t", 3)

    graph = collect(program)
    assert (graph.one("aws:s3/bucket:Bucket").id, graph.one("aws:s3/bucket:Bucket").read) == ("existing-bucket", False)
    (thing,) = [node for node in graph if node.name == "t"]
    assert thing.inputs == {"size": 3}


def test_remote_components_are_opaque_and_said_to_be() -> None:
    class Remote(pulumi.ComponentResource):
        def __init__(self, name: str) -> None:
            super().__init__("other:index:Thing", name, {"a": 1, "endpoint": None}, None, True)

    def program() -> None:
        thing = Remote("t")
        aws.s3.Bucket("b", bucket=thing.endpoint)

    graph = collect(program, mode=Mode.PREVIEW)
    assert graph.one("other:index:Thing").remote
    assert graph.one("aws:s3/bucket:Bucket").inputs == {"bucket": {"$unknown": True}}
    assert [finding.id for finding in graph.findings] == ["remote-component"]


def test_a_program_must_be_one() -> None:
    with pytest.raises(TypeError, match="a program is"):
        collect(42)


def test_no_marker_of_the_wire_is_left(graphs) -> None:
    for graph in graphs.values():
        assert "4dabf18193072939515e22adb298388d" not in graph.to_text()
        assert {marker for node in graph for _, marker in markers(node.inputs)} <= {"$secret", "$unknown"}
