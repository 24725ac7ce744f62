"""Real-life changes, each a small story: two versions, and the verdict a person would give, written by hand."""

import json
from dataclasses import dataclass
from typing import Any

from aiinfra.graph.node import Graph, Node
from aiinfra.review.document import Level
from tests.graphs import component, graph, node, own

BUCKET = "aws:s3/bucket:Bucket"
DEPLOYMENT = "kubernetes:apps/v1:Deployment"
POLICY = "kubernetes:networking.k8s.io/v1:NetworkPolicy"
INGRESS_RULE = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"


@dataclass(frozen=True)
class Story:
    name: str
    before: Graph
    after: Graph
    level: Level
    verdict: str
    preview: Graph | None = None


def bucket(name: str, physical: str, **fields: Any) -> Node:
    return node(BUCKET, name, {"bucket": physical}, source="__main__.py:12", **fields)


def renamed_bucket() -> Story:
    def version(physical: str) -> Graph:
        data = bucket("datasets", physical)
        block = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
        blocked = dict.fromkeys(
            ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"), True
        )
        return graph(
            data,
            node(
                block,
                "datasets-block",
                {"bucket": "datasets.id", **blocked},
                property_dependencies={"bucket": (data.urn,)},
            ),
        )

    return Story(
        "renamed-bucket",
        version("acme-data"),
        version("acme-datasets"),
        Level.LOSES_DATA,
        "datasets (S3 bucket) is replaced; lost with it: its objects "
        "(the delete fails while it holds any, since forceDestroy is not set).",
    )


def widened_cidr() -> Story:
    def version(cidr: str) -> Graph:
        rule = {"securityGroupId": "api_id", "cidrIpv4": cidr, "ipProtocol": "tcp", "fromPort": 443, "toPort": 443}
        group = node("aws:ec2/securityGroup:SecurityGroup", "api")
        machine = node("aws:ec2/instance:Instance", "gateway", {"vpcSecurityGroupIds": ["api_id"]})
        return graph(group, machine, node(INGRESS_RULE, "api-https", rule))

    return Story(
        "widened-cidr",
        version("10.20.0.0/16"),
        version("0.0.0.0/0"),
        Level.OPENS,
        "Nothing is destroyed or replaced, but 1 thing opens.",
    )


def bumped_eks_version() -> Story:
    def version(number: str, ami: str) -> Graph:
        closed = {"endpointPrivateAccess": True, "endpointPublicAccess": False}
        cluster = node("aws:eks/cluster:Cluster", "training-cluster", {"version": number, "vpcConfig": closed})
        group = {"clusterName": "training-cluster.name", "version": number, "amiType": ami}
        return graph(cluster, node("aws:eks/nodeGroup:NodeGroup", "training-system", group))

    return Story(
        "bumped-eks-version",
        version("1.33", "AL2_x86_64"),
        version("1.34", "AL2023_x86_64_STANDARD"),
        Level.REPLACES,
        "training-system (EKS node group) is replaced; it holds no data.",
    )


def removed_network_policy() -> Story:
    space = node("kubernetes:core/v1:Namespace", "shop", {"metadata": {"name": "shop"}})
    closed = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    policy = node(POLICY, "shop-closed", {"metadata": {"name": "closed", "namespace": "shop"}, "spec": closed})
    return Story(
        "removed-network-policy",
        graph(space, policy),
        graph(space),
        Level.DESTROYS,
        "shop-closed (NetworkPolicy) is destroyed; it holds no data. It also opens 1 thing.",
    )


def rotated_secret() -> Story:
    def version(mark: str) -> Graph:
        inputs = {"name": "db/password", "secretString": {"$secret": mark}}
        return graph(
            node(
                "aws:ssm/parameter:Parameter",
                "db-password",
                {"name": "db/password", "value": {"$secret": mark}, "type": "SecureString"},
            ),
            node("aws:secretsmanager/secret:Secret", "db", {"name": inputs["name"]}),
        )

    return Story(
        "rotated-secret",
        version("0123456789abcdef"),
        version("fedcba9876543210"),
        Level.SAFE,
        "Nothing is destroyed or replaced, and nothing opens.",
    )


def moved_with_alias() -> Story:
    def inside(name: str, **fields: Any) -> Graph:
        store = component("aiinfra:index:ReleaseBucket", name, {"name": "releases"}, **fields)
        held = node(BUCKET, f"{name}-bucket", {"bucket": "acme-releases"}, parent=store.urn, protect=True)
        return graph(
            store, held, node("aws:s3/bucketVersioning:BucketVersioning", f"{name}-versioning", parent=store.urn)
        )

    alias = own("aiinfra:index:ReleaseBucket", "models")
    return Story(
        "moved-with-alias",
        inside("models"),
        inside("releases", aliases=(alias,)),
        Level.SAFE,
        "Nothing is destroyed or replaced, and nothing opens.",
    )


def renamed_without_alias() -> Story:
    def version(name: str) -> Graph:
        table = {"hashKey": "id", "attributes": [{"name": "id", "type": "S"}], "billingMode": "PAY_PER_REQUEST"}
        return graph(
            node("aws:dynamodb/table:Table", name, table, source="state.py:4"), bucket("datasets", "acme-data")
        )

    return Story(
        "renamed-without-alias",
        version("jobs"),
        version("work"),
        Level.LOSES_DATA,
        "jobs (DynamoDB table) is destroyed; lost with it: its items.",
    )


def protected_deleted() -> Story:
    key = node("aws:kms/key:Key", "data-key", {"description": "datasets"}, protect=True, source="keys.py:7")
    return Story(
        "protected-deleted",
        graph(key, bucket("datasets", "acme-data")),
        graph(bucket("datasets", "acme-data")),
        Level.BLOCKED,
        "Blocked: data-key (KMS key) would be destroyed, and is protected.",
    )


def unknown_value() -> Story:
    def version(*, encrypted: bool, value: Any = "logs-key.arn") -> Graph:
        group: dict[str, Any] = {"name": "/acme/api", "retentionInDays": 30}
        role = node("aws:iam/role:Role", "writer", {"name": "writer"})
        if not encrypted:
            return graph(role, node("aws:cloudwatch/logGroup:LogGroup", "api-logs", group))
        key = node("aws:kms/key:Key", "logs-key", {"description": "logs"})
        group["kmsKeyId"] = value
        depends = {"kmsKeyId": (key.urn,)}
        return graph(
            role, key, node("aws:cloudwatch/logGroup:LogGroup", "api-logs", group, property_dependencies=depends)
        )

    return Story(
        "unknown-value",
        version(encrypted=False),
        version(encrypted=True),
        Level.SAFE,
        "Nothing is destroyed or replaced, and nothing opens.",
        preview=version(encrypted=True, value={"$unknown": True}),
    )


def override_used() -> Story:
    def version(overrides: dict[str, Any] | None) -> Graph:
        inputs: dict[str, Any] = {"model": "vibration"}
        replicas = 1
        if overrides:
            inputs["overrides"] = overrides
            replicas = 3
        runtime = component("aiinfra:index:InferenceRuntime", "press-line", inputs)
        spec = {"metadata": {"name": "press-line"}, "spec": {"replicas": replicas}}
        return graph(runtime, node(DEPLOYMENT, "press-line-deployment", spec, parent=runtime.urn))

    return Story(
        "override-used",
        version(None),
        version({"deployment": {"spec": {"replicas": 3}}}),
        Level.OPENS,
        "Nothing is destroyed or replaced, but 1 thing opens.",
    )


def sites(count: int, image: str) -> list[Node]:
    found: list[Node] = []
    for number in range(1, count + 1):
        name = f"line-{number:02}"
        site = component("aiinfra:index:Site", name, {"address": f"10.0.0.{number}", "image": image})
        runtime = component("aiinfra:index:InferenceRuntime", f"{name}-runtime", {"image": image}, parent=site.urn)
        spec = {
            "metadata": {"name": f"{name}-runtime", "namespace": name},
            "spec": {"template": {"spec": {"containers": [{"name": "server", "image": image}]}}},
        }
        deployment = node(DEPLOYMENT, f"{name}-runtime-deployment", spec, parent=runtime.urn)
        found += [site, runtime, deployment]
    return found


def forty_identical_sites() -> Story:
    old, new = "registry.acme/server@sha256:" + "a" * 64, "registry.acme/server@sha256:" + "b" * 64
    return Story(
        "forty-identical-sites",
        graph(*sites(40, old)),
        graph(*sites(40, new)),
        Level.SAFE,
        "Nothing is destroyed or replaced, and nothing opens.",
    )


def image_change() -> Story:
    def version(image: str, env: list[dict[str, str]]) -> Graph:
        server = {"name": "server", "image": image, "env": env}
        spec = {
            "metadata": {"name": "api", "namespace": "shop"},
            "spec": {"template": {"spec": {"containers": [{"name": "proxy", "image": "envoy:1"}, server]}}},
        }
        return graph(node(DEPLOYMENT, "api", spec, source="__main__.py:31"))

    return Story(
        "image-change",
        version(
            "acme/api:1.4.0", [{"name": "LOG_LEVEL", "value": "info"}, {"name": "DB_PASSWORD", "value": "hunter2"}]
        ),
        version(
            "acme/api:1.5.0", [{"name": "LOG_LEVEL", "value": "debug"}, {"name": "DB_PASSWORD", "value": "hunter3"}]
        ),
        Level.SAFE,
        "Nothing is destroyed or replaced, and nothing opens.",
    )


def iam_statement_widened() -> Story:
    def version(actions: list[str], resource: str) -> Graph:
        read = {
            "Sid": "Read",
            "Effect": "Allow",
            "Action": ["s3:GetObject"],
            "Resource": ["arn:aws:s3:::acme-models/*"],
        }
        use = {"Sid": "Use", "Effect": "Allow", "Action": actions, "Resource": resource}
        document = json.dumps({"Version": "2012-10-17", "Statement": [read, use]})
        return graph(node("aws:iam/policy:Policy", "serving", {"name": "serving", "policy": document}))

    return Story(
        "iam-statement-widened",
        version(["kms:Decrypt"], "arn:aws:kms:us-east-1:111122223333:key/k"),
        version(["kms:*"], "*"),
        Level.OPENS,
        "Nothing is destroyed or replaced, but 1 thing opens.",
    )


def no_op() -> Story:
    same = graph(*sites(2, "a"), bucket("datasets", "acme-data"))
    return Story("no-op", same, same, Level.NOTHING, "No changes: 3 resources stay as before.")


def encryption_removed() -> Story:
    queue = "aws:sqs/queue:Queue"
    return Story(
        "encryption-removed",
        graph(node(queue, "jobs", {"name": "jobs", "kmsMasterKeyId": "alias/jobs"}, protect=True)),
        graph(node(queue, "jobs", {"name": "jobs"})),
        Level.OPENS,
        "Nothing is destroyed or replaced, but 2 things open.",
    )


def replaced_network() -> Story:
    def version(cidr: str) -> Graph:
        net = component("acme:index:Network", "net", {"cidr": cidr})
        vpc = node("aws:ec2/vpc:Vpc", "net-vpc", {"cidrBlock": cidr}, parent=net.urn, source="net.py:8")
        subnet = node(
            "aws:ec2/subnet:Subnet",
            "net-a",
            {"vpcId": "net-vpc.id", "cidrBlock": cidr.replace("/16", "/20"), "availabilityZoneId": "use1-az1"},
            parent=net.urn,
            property_dependencies={"vpcId": (vpc.urn,)},
        )
        table = node(
            "aws:rds/subnetGroup:SubnetGroup",
            "net-db",
            {"subnetIds": ["net-a.id"]},
            parent=net.urn,
            property_dependencies={"subnetIds": (subnet.urn,)},
        )
        cluster = node(
            "aws:eks/cluster:Cluster",
            "training",
            {"vpcConfig": {"subnetIds": ["net-a.id"], "endpointPublicAccess": False}},
            property_dependencies={"vpcConfig": (subnet.urn,)},
        )
        return graph(net, vpc, subnet, table, cluster)

    return Story(
        "replaced-network",
        version("10.20.0.0/16"),
        version("10.30.0.0/16"),
        Level.REPLACES,
        "2 resources are replaced; none of them holds data.",
    )


def sites_added() -> Story:
    return Story(
        "sites-added",
        graph(*sites(2, "a")),
        graph(*sites(1000, "a")),
        Level.SAFE,
        "Nothing is destroyed or replaced, and nothing opens.",
    )


def provider_upgraded() -> Story:
    def version(number: str, period: int) -> Graph:
        key = {"description": "datasets", "rotationPeriodInDays": period}
        return graph(
            node("aws:kms/key:Key", "data-key", key, version=number),
            node(BUCKET, "datasets", {"bucket": "acme-data"}, version=number),
        )

    return Story(
        "provider-upgraded",
        version("7.50.0", 365),
        version("7.51.1", 180),
        Level.SAFE,
        "Nothing is destroyed or replaced, and nothing opens.",
    )


def imported_bucket() -> Story:
    found = node(BUCKET, "archive", {"bucket": "acme-archive"}, id="acme-archive", protect=True)
    return Story(
        "imported-bucket",
        graph(bucket("datasets", "acme-data")),
        graph(bucket("datasets", "acme-data"), found),
        Level.SAFE,
        "Nothing is destroyed or replaced, and nothing opens.",
    )


def cheaper_gpu() -> Story:
    def version(instance: str) -> Graph:
        group = {"clusterName": "training-cluster.name", "instanceTypes": [instance], "scalingConfig": {"maxSize": 4}}
        return graph(node("aws:eks/nodeGroup:NodeGroup", "training-gpu", group, source="__main__.py:40"))

    return Story(
        "cheaper-gpu",
        version("p5.48xlarge"),
        version("g6e.12xlarge"),
        Level.REPLACES,
        "training-gpu (EKS node group) is replaced; it holds no data.",
    )


def public_database() -> Story:
    def version(*, public: bool) -> Graph:
        inputs = {"engine": "postgres", "instanceClass": "db.t4g.medium", "publiclyAccessible": public}
        return graph(node("aws:rds/instance:Instance", "orders", {**inputs, "storageEncrypted": True}))

    return Story(
        "public-database",
        version(public=False),
        version(public=True),
        Level.OPENS,
        "Nothing is destroyed or replaced, but 1 thing opens.",
    )


def internal_service_published() -> Story:
    def version(kind: str) -> Graph:
        spec = {"type": kind, "ports": [{"port": 8000}], "selector": {"app": "server"}}
        inputs = {"metadata": {"name": "server", "namespace": "shop"}, "spec": spec}
        return graph(node("kubernetes:core/v1:Service", "server", inputs))

    return Story(
        "internal-service-published",
        version("ClusterIP"),
        version("LoadBalancer"),
        Level.OPENS,
        "Nothing is destroyed or replaced, but 1 thing opens.",
    )


def left_in_the_cloud() -> Story:
    kept = bucket("archive", "acme-archive", retain_on_delete=True)
    return Story(
        "left-in-the-cloud",
        graph(kept, bucket("datasets", "acme-data")),
        graph(bucket("datasets", "acme-data")),
        Level.SAFE,
        "Nothing is destroyed or replaced, and nothing opens.",
    )


def protected_table_deleted() -> Story:
    table = {"hashKey": "id", "attributes": [{"name": "id", "type": "S"}], "deletionProtectionEnabled": True}
    return Story(
        "deletion-protected-table-deleted",
        graph(node("aws:dynamodb/table:Table", "jobs", table), bucket("datasets", "acme-data")),
        graph(bucket("datasets", "acme-data")),
        Level.LOSES_DATA,
        "jobs (DynamoDB table) is destroyed; lost with it: its items "
        "(the delete fails while deletionProtectionEnabled is set).",
    )


def volume_claim_grown() -> Story:
    def version(size: str) -> Graph:
        claim = {"metadata": {"name": "data"}, "spec": {"resources": {"requests": {"storage": size}}}}
        spec = {"serviceName": "db", "volumeClaimTemplates": [claim]}
        return graph(
            node(
                "kubernetes:apps/v1:StatefulSet", "db", {"metadata": {"name": "db", "namespace": "shop"}, "spec": spec}
            )
        )

    return Story(
        "volume-claim-grown",
        version("10Gi"),
        version("20Gi"),
        Level.REPLACES,
        "db (StatefulSet) is replaced; it holds no data.",
    )


def capacity_block_bought() -> Story:
    block = node(
        "aws:ec2/capacityBlockReservation:CapacityBlockReservation",
        "training-block",
        {"capacityBlockOfferingId": "cb-0a1b2c3d4e5f67890", "instancePlatform": "Linux/UNIX"},
        source="__main__.py:52",
    )
    group = node("aws:eks/nodeGroup:NodeGroup", "training-gpu", {"clusterName": "training-cluster.name"})
    return Story(
        "capacity-block-bought",
        graph(group),
        graph(group, block),
        Level.OPENS,
        "Spends money at once: training-block buys the Capacity Block cb-0a1b2c3d4e5f67890: paid in full at once, "
        "for good. Nothing is destroyed or replaced, but 1 thing opens.",
    )


STORIES = [
    make()
    for make in (
        renamed_bucket,
        widened_cidr,
        bumped_eks_version,
        removed_network_policy,
        rotated_secret,
        moved_with_alias,
        renamed_without_alias,
        protected_deleted,
        unknown_value,
        override_used,
        forty_identical_sites,
        image_change,
        iam_statement_widened,
        no_op,
        encryption_removed,
        replaced_network,
        sites_added,
        provider_upgraded,
        imported_bucket,
        cheaper_gpu,
        public_database,
        internal_service_published,
        left_in_the_cloud,
        protected_table_deleted,
        volume_claim_grown,
        capacity_block_bought,
    )
]
