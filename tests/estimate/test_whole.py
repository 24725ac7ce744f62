"""The estimate with the bill of what a declaration compiles to."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from aiinfra.catalogue.catalogue import shipped
from aiinfra.estimate.bill import Bill, bill
from aiinfra.estimate.estimate import Estimate, estimate
from aiinfra.estimate.report import data, text
from aiinfra.estimate.verdict import Outcome
from aiinfra.estimate.whole import with_cloud
from aiinfra.spec.deployment import Deployment

from .deployments import DAY, catalogue, deployment, site

TRAINING = {
    "instance": "p5.48xlarge",
    "nodes": 2,
    "administrators": ["arn:aws:iam::111122223333:role/platform"],
}
RATE = {"rate": "5/s"}


@dataclass(frozen=True)
class Made:
    type: str
    name: str = "it"
    inputs: dict[str, Any] = field(default_factory=dict)


KEY = Made("aws:kms/key:Key", "line-registry-key")
BUCKET = Made("aws:s3/bucket:Bucket", "line-training-storage-datasets-bucket")
CLUSTER = Made("aws:eks/cluster:Cluster", "line-training-cluster")


def billed(*resources: Made, holds: dict[str, float] | None = None) -> Bill:
    return bill(resources, shipped(), lambda _: "us-east-1", DAY, holds)


def whole(declared: Deployment, **bills: Bill) -> tuple[Estimate, Estimate]:
    alone = estimate(declared, catalogue(), DAY)
    return alone, with_cloud(alone, declared, catalogue(), bills)


def test_the_cost_is_that_of_sites_elsewhere_and_of_all_that_aws_bills() -> None:
    declared = deployment(site(), objective=RATE, training=TRAINING)
    alone, found = whole(declared, registry=billed(KEY), training=billed(CLUSTER, BUCKET))
    assert found.cost.value == pytest.approx(alone.sites[0].figures["cost"].bounds[1] + 1 + 73)
    assert found.billable == 3 + 2  # key, cluster, bucket; the box, and the transfer to the site
    assert found.priced == 3
    assert found.not_priced == (
        "training: S3 bucket bills by use: 0.023 USD a GB and month",
        "a model's and images' transfer to the sites",
    )


def test_machines_of_a_cluster_that_no_project_makes_are_on_the_bill_once() -> None:
    declared = deployment(site("l4", "eks", runtime={"replicas": 2}), objective=RATE)
    alone, found = whole(declared, registry=billed(KEY))
    assert found.cost.value == pytest.approx(alone.cost.bounds[1] + 1)
    assert found.cloud is not None
    assert [item.name for item in found.cloud.machines] == [
        "line: 2 x NVIDIA L4 in g6.xlarge, and its cluster's control plane"
    ]


def test_training_nodes_that_come_and_go_cost_from_nothing_to_all() -> None:
    declared = deployment(training=TRAINING | {"scale_to_zero": True}, sites=[])
    pool = Made("kubernetes:karpenter.sh/v1:NodePool", "line-platform-pool")
    alone, found = whole(declared, training=billed(CLUSTER), platform=billed(pool))
    assert (found.priced, found.billable) == (2, 2)  # the control plane, and the nodes instead of what makes them
    low, value, high = found.cost.bounds
    assert (low, value, high) == pytest.approx((73, 73 + 2 * 55.04 * 730, 73 + 2 * 55.04 * 730))
    assert alone.cost.bounds == pytest.approx(found.cost.bounds)


def test_a_bucket_costs_up_to_the_size_that_is_declared() -> None:
    found = billed(BUCKET, holds={BUCKET.name: 2048.0})
    assert found.cost.bounds == pytest.approx((0, 2048 * 0.023, 2048 * 0.023))
    assert "old versions" in found.also[0]


def test_a_cap_on_the_whole_counts_what_projects_bill() -> None:
    caps = {"cost": "50 USD/month", "scope": "deployment"}
    declared = deployment(site(), objective=RATE, caps=caps)
    alone, found = whole(declared, training=billed(CLUSTER))
    assert alone.verdicts["deployment"][0].outcome is Outcome.MEETS
    assert found.verdicts["deployment"][0].finding == "cap-broken"


@pytest.mark.parametrize("training", [{"capacity": {"spot": True}}, {"instance": "p9.huge"}])
def test_a_sum_without_its_largest_part_is_unknown_and_its_cap_fails_closed(training: dict[str, Any]) -> None:
    caps = {"cost": "500000 USD/month", "scope": "deployment"}
    alone, found = whole(deployment(training=TRAINING | training, caps=caps), training=billed(CLUSTER))
    for one in (alone, found):
        assert not one.cost.known
        assert one.verdicts["deployment"][0].finding == "cap-unknown"
    assert found.cloud is not None
    assert found.cloud.cost.value == pytest.approx(73)


def test_a_reservation_bills_on_demand_rates_used_or_not() -> None:
    declared = deployment(training=TRAINING | {"capacity": {"reservation": "cr-0123"}}, sites=[])
    assert estimate(declared, catalogue(), DAY).cost.value == pytest.approx(73 + 2 * 55.04 * 730)


def test_as_people_and_machines_read_it() -> None:
    declared = deployment(site(), objective=RATE)
    _, found = whole(declared, registry=billed(KEY, Made("aws:kms/key:Key", "line-registry-other")))
    shown = text(found)
    assert "2 x Key" in shown
    assert "priced 3 of 4 billable resources" in shown
    plain = data(found)["cloud"]
    assert plain["cost"]["value"] == 2
    assert plain["projects"]["registry"]["priced"] == 2
    assert data(estimate(declared, catalogue(), DAY))["cloud"] is None


def test_in_a_region_without_prices_nothing_is_counted_as_priced() -> None:
    cloud = {"region": "eu-central-1", "account": "111122223333", "zones": ["euc1-az1", "euc1-az2"]}
    declared = deployment(site("l4", "eks", runtime={"replicas": 2}), cloud=cloud, caps={"cost": "900 USD/month"})
    alone, found = whole(declared)
    assert (alone.priced, alone.billable) == (found.priced, found.billable) == (0, 4)
    cap = next(verdict for verdict in found.verdicts["line"] if verdict.key == "caps.cost")
    assert cap.finding == "cap-unknown"
    assert cap.proof == "aiinfra catalogue add --region eu-central-1"


def test_a_cap_on_the_whole_fails_closed_on_a_resource_without_a_price_but_not_on_what_bills_by_use() -> None:
    declared = deployment(site(), objective=RATE, caps={"cost": "500 USD/month", "scope": "deployment"})
    _, by_use = whole(declared, registry=billed(KEY, BUCKET))
    assert by_use.verdicts["deployment"][0].outcome is Outcome.MEETS
    database = Made("aws:rds/instance:Instance", "db")
    _, lost = whole(declared, registry=billed(KEY, BUCKET, database))
    assert lost.verdicts["deployment"][0].finding == "cap-unknown"
    assert "aws:rds/instance:Instance" in lost.verdicts["deployment"][0].reason
    assert "by use" not in lost.verdicts["deployment"][0].reason
    assert lost.cost.known  # what is priced is told all the same
