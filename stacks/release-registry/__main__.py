"""A release bucket, imported into a program that has other resources too.

`pulumi config set aiinfra:account` and `aiinfra:region` choose where; the provider refuses any other account.
"""

import pulumi
import pulumi_aws as aws

from aiinfra.components.aws.release_bucket import ReleaseBucket

config = pulumi.Config("aiinfra")
account = config.get("account") or "111122223333"
region = config.get("region") or "eu-central-1"

provider = aws.Provider(
    "aws",
    region=region,
    allowed_account_ids=[account],
    default_tags={"tags": {"owner": "ml-platform", "cost-center": "4711"}},
)
releases = ReleaseBucket(
    "vision-releases",
    {"account": account, "region": region, "keep_old_versions": 90},
    pulumi.ResourceOptions(provider=provider),
)

# Something of the program's own that uses what the component made.
upload = aws.s3.BucketObjectv2(
    "vision-releases-readme",
    bucket=releases.bucket,
    key="README.txt",
    content="Releases live below NAME/VERSION/.\n",
    kms_key_id=releases.key_arn,
    opts=pulumi.ResourceOptions(provider=provider),
)

pulumi.export("bucket", releases.bucket)
