"""One of everything that a registration can say; and, with `changed` and `renamed`, one of everything that can change.

Transcripts of the real engine are kept of it: change it, and record them again (make e2e, with --update-golden).
"""

import json

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as k8s

config = pulumi.Config()
word = config.require("word")
size = config.require_int("size")
changed = config.get_bool("changed") or False
renamed = config.get_bool("renamed") or False


class Part(pulumi.ComponentResource):
    def __init__(self, name, opts=None):
        super().__init__("kitchen:index:Part", name, {"size": size, "word": pulumi.Output.secret(word)}, opts)
        self.queue = aws.sqs.Queue(f"{name}-queue", opts=pulumi.ResourceOptions(parent=self))
        self.topic = aws.sns.Topic(
            f"{name}-topic",
            kms_master_key_id=self.queue.arn,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[self.queue]),
        )
        self.arn = self.topic.arn
        self.register_outputs({"arn": self.arn, "word": word})


west = aws.Provider("west", region="us-west-2", default_tags={"tags": {"a": "c" if changed else "b"}})
cluster = k8s.Provider(
    "cluster",
    kubeconfig=pulumi.Output.secret("{}"),
    enable_server_side_apply=True,
    opts=pulumi.ResourceOptions(depends_on=[west]),
)
plain = Part("plain")
inherited = Part(
    "renamed" if renamed else "inherited",
    pulumi.ResourceOptions(
        providers=[west, cluster],
        protect=not renamed,
        aliases=[pulumi.Alias(name="inherited" if renamed else "old-inherited")],
    ),
)
waits = Part("waits", pulumi.ResourceOptions(depends_on=[plain, inherited], provider=west))
moved = [pulumi.Alias(name="nested", parent=plain.queue)]
aliases = [pulumi.Alias(parent=pulumi.ROOT_STACK_RESOURCE), "urn:pulumi:production::kitchen::aws:sqs/queue:Queue::x"]
aws.sqs.Queue(
    "nested-moved" if changed else "nested",
    opts=pulumi.ResourceOptions(
        parent=None if changed else plain.queue,
        aliases=moved if changed else aliases,
    ),
)

bucket = aws.s3.Bucket(
    "bucket",
    bucket="fixed-name" if changed else None,
    tags={"word": "ignored" if changed else word, "$secret": "mine"},
    opts=pulumi.ResourceOptions(
        provider=west,
        retain_on_delete=True,
        ignore_changes=["tags"],
        replace_on_changes=["bucket"],
        delete_before_replace=True,
        additional_secret_outputs=["arn"],
        custom_timeouts=pulumi.CustomTimeouts(create="5m", delete="1h"),
    ),
)
aws.s3.BucketObjectv2(
    "object",
    bucket=bucket.id,
    source=pulumi.FileAsset("files/a.txt"),
    metadata={"n": bucket.bucket_domain_name.apply(lambda n: n.upper())},
    opts=pulumi.ResourceOptions(deleted_with=bucket, version="7.51.1"),
)
if changed:
    aws.sqs.Queue("new")
else:
    aws.s3.BucketObjectv2("text", bucket=bucket, source=pulumi.StringAsset("text"))
aws.lambda_.Function(
    "fn",
    role=pulumi.Output.secret("arn:aws:iam::1:role/x"),
    runtime="python3.12" if changed else "python3.11",
    handler="a.b",
    code=pulumi.AssetArchive(
        {"a.txt": pulumi.FileAsset("files/a.txt"), "dir": pulumi.FileArchive("files"), "s": pulumi.StringAsset("s")}
    ),
    timeout=size,
    environment={"variables": {"A": bucket.arn, "B": pulumi.Output.secret("b"), "C": json.dumps({"x": 1})}},
)
known = aws.s3.Bucket.get("known", "a-bucket-that-is-there", region="us-east-1")
imported = aws.s3.Bucket("imported", bucket="imported-bucket", opts=pulumi.ResourceOptions(import_="imported-bucket"))
aws.sqs.Queue(
    "after",
    name=known.region,
    delay_seconds=size,
    tags={"b": imported.arn},
    opts=pulumi.ResourceOptions(depends_on=[known, imported]),
)
aws.sqs.Queue("triggered", opts=pulumi.ResourceOptions(replacement_trigger="two" if changed else "one"))
namespace = k8s.core.v1.Namespace("namespace", opts=pulumi.ResourceOptions(provider=cluster))
k8s.core.v1.Secret(
    "secret",
    metadata={"namespace": "other" if changed else namespace.metadata.name},
    string_data={"k": pulumi.Output.secret("v"), "arn": bucket.arn},
    opts=pulumi.ResourceOptions(
        provider=cluster,
        transformations=[lambda a: pulumi.ResourceTransformationResult({**a.props, "type": "Opaque"}, a.opts)],
    ),
)
k8s.core.v1.ConfigMap(
    "late",
    data={"x": pulumi.Output.all(bucket.arn, plain.arn).apply(lambda v: "-".join(v)), "nothing": ""},
    opts=pulumi.ResourceOptions(provider=cluster),
)
k8s.apiextensions.CustomResource(
    "custom",
    api_version="example.com/v1",
    kind="Thing",
    spec={"a": 1.5, "b": [1, 2, {"c": namespace.metadata.name}]},
    metadata={"name": "x"},
    opts=pulumi.ResourceOptions(provider=cluster),
)
up = pulumi.StackReference("organization/upstream/production")
aws.sqs.Queue("from-upstream", name=up.get_output("name"), tags={"s": up.get_output("sealed")})
pulumi.export("arn", inherited.arn)
pulumi.export("sealed", pulumi.Output.secret({"a": [1, 2]}))
pulumi.export("number", 3)
pulumi.export("bucket", bucket)
