"""Who is told when money goes."""

import pulumi
import pulumi_aws as aws

from aiinfra.components.args import SpendingArgs
from aiinfra.components.aws.account_specs import SpendingSpec
from aiinfra.components.component import Component, parse_args
from aiinfra.tokens import SPENDING


class Spending(Component):
    """Alarms, not limits: AWS stops nothing by them. Children: ``budget``; ``habits`` and ``anomalies``."""

    budget: pulumi.Output[str]
    """Name of the budget; empty where there is none."""

    def __init__(self, name: str, args: SpendingArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        spec = parse_args(SpendingSpec, name, args)
        super().__init__(SPENDING, name, spec, opts)
        self.budget = pulumi.Output.from_input("")
        if spec.budget is not None:
            self.budget = self.child(aws.budgets.Budget, "budget", budget(spec, spec.budget.to("month"))).name
        if spec.anomalies is not None:
            by_service = {"name": f"{name}-habits", "monitor_type": "DIMENSIONAL", "monitor_dimension": "SERVICE"}
            monitor = self.child(aws.costexplorer.AnomalyMonitor, "habits", by_service, delete_before_replace=True)
            props = anomalies(spec, name, spec.anomalies.to("day"))
            wanted = {**props, "monitor_arn_lists": [monitor.arn]}
            self.child(aws.costexplorer.AnomalySubscription, "anomalies", wanted, delete_before_replace=True)

        self.done({"budget": self.budget})


def budget(spec: SpendingSpec, month: float) -> dict[str, object]:
    """Told at 80 % of it, at all of it, and when the month is forecast to pass it."""
    told = (("ACTUAL", 80), ("ACTUAL", 100), ("FORECASTED", 100))
    key, _, value = spec.tag.partition("=")
    counted = {"cost_filters": [{"name": "TagKeyValue", "values": [f"user:{key}${value}"]}]} if key else {}
    return {
        "budget_type": "COST",
        "time_unit": "MONTHLY",
        "limit_amount": f"{month:.2f}",
        "limit_unit": "USD",
        **counted,
        "notifications": [
            {
                "notification_type": kind,
                "comparison_operator": "GREATER_THAN",
                "threshold": share,
                "threshold_type": "PERCENTAGE",
                "subscriber_sns_topic_arns": [spec.topic],
            }
            for kind, share in told
        ],
    }


def anomalies(spec: SpendingSpec, name: str, day: float) -> dict[str, object]:
    """Told at once, where the difference is at least so many dollars."""
    at_least = {
        "key": "ANOMALY_TOTAL_IMPACT_ABSOLUTE",
        "match_options": ["GREATER_THAN_OR_EQUAL"],
        "values": [f"{day:.0f}"],
    }
    return {
        "name": name,
        "frequency": "IMMEDIATE",
        "threshold_expression": {"dimension": at_least},
        "subscribers": [{"type": "SNS", "address": spec.topic}],
    }
