"""Policies of what watches a training cluster. Pure."""

from aiinfra.components.aws.key_policy import administer, use_through
from aiinfra.components.aws.policy import allow, document


def metrics_key(account: str, region: str, partition: str) -> str:
    """For metrics: used through managed Prometheus in this region and account."""
    return document(administer(account, partition), use_through("aps", account, region, partition))


def reader(account: str, region: str, partition: str) -> str:
    """Grafana reads metrics and alarms of the account's workspaces, and its records by query; it writes nothing."""
    workspaces = f"arn:{partition}:aps:{region}:{account}:workspace/*"
    groups = ("/aiinfra/*", "/aws/eks/*")
    records = [f"arn:{partition}:logs:{region}:{account}:log-group:{name}" for name in groups]
    queries = ("aps:GetLabels", "aps:GetMetricMetadata", "aps:GetSeries", "aps:ListRules", "aps:QueryMetrics")
    return document(
        allow("Find", ("aps:ListWorkspaces",), "*"),
        allow("Query", ("aps:DescribeWorkspace", *queries), [workspaces]),
        allow("AlarmsOfAws", ("cloudwatch:GetMetricData", "cloudwatch:ListMetrics"), "*"),
        allow("AskRecords", ("logs:GetQueryResults", "logs:StartQuery"), records),
        allow("StopAsking", ("logs:StopQuery",), "*"),
    )
