"""Where a network's records go: names and policies. Pure."""

from aiinfra.components.aws.policy import allow, document

FLOW_LOG_FORMAT = (
    "${version} ${vpc-id} ${subnet-id} ${interface-id} ${srcaddr} ${dstaddr} ${pkt-srcaddr} ${pkt-dstaddr} "
    "${srcport} ${dstport} ${protocol} ${packets} ${bytes} ${start} ${end} ${action} ${tcp-flags} ${flow-direction} "
    "${pkt-dst-aws-service} ${log-status}"
)
"""Fields of version 5 (VPC user guide, "Flow log records"): the packet's own addresses beside the interface's, so that
a pod's traffic can be told from its machine's."""


def group_name(name: str, what: str) -> str:
    """The name of one log group of a component."""
    return f"/aiinfra/{name}/{what}"


def group_arn(group: str, account: str, region: str, partition: str) -> str:
    """ARN of a log group, as CloudWatch Logs gives it (without the ``:*`` of older interfaces)."""
    return f"arn:{partition}:logs:{region}:{account}:log-group:{group}"


def flow_policy(arn: str) -> str:
    """What the flow log's role may do: write streams of its group. The group itself is made and kept by the program."""
    actions = ("logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents")
    return document(allow("WriteFlows", actions, [arn, f"{arn}:log-stream:*"]))


def delivery_policy(arn: str, account: str) -> str:
    """Lets AWS's log delivery write name lookups to the group, for this account only."""
    return document(
        allow(
            "WriteLookups",
            ("logs:CreateLogStream", "logs:PutLogEvents"),
            [f"{arn}:log-stream:*"],
            Principal={"Service": "delivery.logs.amazonaws.com"},
            Condition={"StringEquals": {"aws:SourceAccount": account}},
        )
    )
