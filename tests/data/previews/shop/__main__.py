import json
import pulumi
import pulumi_aws as aws

data = aws.s3.Bucket("data", bucket="acme-datasets", opts=pulumi.ResourceOptions(protect=False))
key = aws.kms.Key("key", description="data")
role = aws.iam.Role("reader", assume_role_policy=json.dumps({"Version": "2012-10-17", "Statement": []}))
policy = aws.iam.RolePolicy("reader-policy", role=role.id, policy=data.arn.apply(lambda arn: json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:*"], "Resource": f"{arn}/*"}]})))
password = aws.ssm.Parameter("password", type="SecureString", value=pulumi.Output.secret("hunter3-hidden"))
group = aws.ec2.SecurityGroup("api", description="api")
rule = aws.vpc.SecurityGroupIngressRule("api-https", security_group_id=group.id, ip_protocol="tcp", from_port=443, to_port=443, cidr_ipv4="0.0.0.0/0")
new = aws.sqs.Queue("jobs", kms_master_key_id=key.id)
topic = aws.sns.Topic("events", kms_master_key_id=aws.kms.Key("topic-key").arn)
logs = aws.cloudwatch.LogGroup("logs", retention_in_days=90)
