import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiinfra.catalogue import additions
from aiinfra.catalogue.catalogue import shipped
from aiinfra.estimate.bill import Bill, bill, data, text
from aiinfra.estimate.remedies import remedies

from .deployments import DAY


@dataclass(frozen=True)
class Made:
    type: str
    name: str = "it"
    inputs: dict[str, Any] = field(default_factory=dict)


def priced(*resources: Made, region: str = "us-east-1") -> Bill:
    return bill(resources, shipped(), lambda _: region, DAY)


NODES = {"instanceTypes": ["m7i.xlarge"], "scalingConfig": {"desiredSize": 2, "minSize": 1, "maxSize": 5}}
TEMPLATE = Made(
    "aws:ec2/launchTemplate:LaunchTemplate",
    "disks",
    {"blockDeviceMappings": [{"ebs": {"volumeSize": 100, "volumeType": "gp3"}}]},
)
NODE_GROUP = Made("aws:eks/nodeGroup:NodeGroup", "nodes", NODES | {"launchTemplate": {"id": "disks_id"}})


@pytest.mark.parametrize(
    ("resource", "month"),
    [
        (Made("aws:eks/cluster:Cluster"), 73.0),
        (Made("aws:ec2/natGateway:NatGateway"), 32.85),
        (
            Made("aws:ec2/vpcEndpoint:VpcEndpoint", inputs={"vpcEndpointType": "Interface", "subnetIds": ["a", "b"]}),
            14.6,
        ),
        (Made("aws:kms/key:Key"), 1.0),
        (Made("aws:lb/loadBalancer:LoadBalancer", inputs={"loadBalancerType": "network"}), 16.425),
        (Made("aws:ebs/volume:Volume", inputs={"size": 40, "type": "gp3", "iops": 4000, "throughput": 130}), 8.4),
        (Made("aws:ebs/volume:Volume", inputs={"size": 30, "type": "io1", "iops": 300}), 23.25),
        (
            Made(
                "aws:fsx/lustreFileSystem:LustreFileSystem",
                inputs={"deploymentType": "PERSISTENT_2", "perUnitStorageThroughput": 125, "storageCapacity": 1200},
            ),
            174.0,
        ),
    ],
)
def test_what_a_month_of_a_resource_costs(resource: Made, month: float):
    found = priced(resource)
    assert (found.priced, found.not_priced) == (1, ())
    assert found.cost.bounds[1] == pytest.approx(month)


def test_nodes_cost_their_machines_and_volumes_as_often_as_they_scale():
    each = 0.2016 * 730 + 8.0
    found = priced(TEMPLATE, NODE_GROUP)
    assert [item.name for item in found.items] == ["nodes"]
    assert found.cost.bounds == pytest.approx((each, 2 * each, 5 * each))


@pytest.mark.parametrize(
    ("resource", "reason"),
    [
        (Made("aws:s3/bucket:Bucket"), "S3 bucket bills by use: 0.023 USD a GB and month"),
        (Made("aws:ec2/instance:Instance", inputs={"instanceType": "z9.huge"}), "z9.huge is not in the catalogue"),
        (
            Made("aws:eks/nodeGroup:NodeGroup", inputs=NODES | {"capacityType": "SPOT"}),
            "spot price of m7i.xlarge in us-east-1 is unknown",
        ),
        (Made("aws:eks/nodeGroup:NodeGroup", inputs=NODES | {"capacityType": "CAPACITY_BLOCK"}), "a Capacity Block is"),
        (Made("aws:rds/instance:Instance"), "no price of aws:rds/instance:Instance is in the catalogue"),
        (Made("gcp:compute/instance:Instance"), "gcp: its prices are not in the catalogue"),
        (Made("aws:ebs/volume:Volume", inputs={"type": "gp3", "size": {"$unknown": True}}), "the size of a volume"),
        (Made("kubernetes:core/v1:Service", inputs={"spec": {"type": "LoadBalancer"}}), "a load balancer that the"),
    ],
)
def test_what_has_no_price_is_counted_with_its_reason(resource: Made, reason: str):
    found = priced(resource, Made("aws:kms/key:Key"))
    assert (found.priced, len(found.items)) == (1, 2)
    assert found.not_priced[0].startswith(reason)
    assert "priced 1 of 2 billable resources" in text(found, "p")


@pytest.mark.parametrize(
    "type_",
    ["aws:iam/role:Role", "aws:s3/bucketPolicy:BucketPolicy", "kubernetes:apps/v1:Deployment", "pulumi:pulumi:Stack",
     "aws:ec2/vpcEndpoint:VpcEndpoint", "kubernetes:core/v1:Service"],
)  # fmt: skip
def test_what_bills_nothing_is_not_counted(type_: str):
    assert priced(Made(type_)).items == ()


@pytest.mark.parametrize("region", ["eu-central-1", ""])
def test_where_no_table_names_the_region_there_is_no_price(region: str):
    found = priced(Made("aws:kms/key:Key"), NODE_GROUP, TEMPLATE, region=region)
    assert found.priced == 0
    assert all((region or "an unknown region") in why for why in found.not_priced)


def test_money_that_is_spent_at_once_stands_apart():
    offer = {"capacityBlockOfferingId": "cb-0123"}
    found = priced(Made("aws:ec2/capacityBlockReservation:CapacityBlockReservation", "block", offer))
    assert found.at_once == ("block: a Capacity Block (cb-0123)",)
    assert text(found, "p").splitlines()[1].strip().startswith("at once, when it is applied: block: a Capacity Block")
    assert data(found)["at_once"] == list(found.at_once)


SOME = [
    Made("aws:kms/key:Key"), Made("aws:eks/cluster:Cluster"), NODE_GROUP, Made("aws:s3/bucket:Bucket"),
    Made("aws:rds/instance:Instance"), Made("aws:ec2/natGateway:NatGateway"), Made("aws:iam/role:Role"),
    Made("aws:ebs/volume:Volume", inputs={"size": 10}),
]  # fmt: skip


@settings(deadline=None)
@given(st.lists(st.sampled_from(SOME), max_size=12), st.lists(st.sampled_from(SOME), max_size=12))
def test_more_resources_never_cost_less(first: list[Made], more: list[Made]):
    few, many = priced(TEMPLATE, *first), priced(TEMPLATE, *first, *more)
    assert few.priced <= many.priced
    low, value, high = many.cost.bounds
    assert few.cost.bounds[1] <= value * (1 + 1e-9)
    assert few.cost.bounds[2] <= high * (1 + 1e-9)
    assert low <= value <= high


PRODUCTS = {
    "offerCode": "AmazonEC2",
    "publicationDate": "2026-10-01T00:00:00Z",
    "products": {
        "N": {
            "attributes": {
                "usagetype": "EUC1-NatGateway-Hours",
                "regionCode": "eu-central-1",
                "operation": "NatGateway",
            }
        },
        "V": {"attributes": {"usagetype": "EUC1-EBS:VolumeUsage.gp3", "regionCode": "eu-central-1"}},
        "X": {"attributes": {"usagetype": "EUC1-NatGateway-Bytes", "regionCode": "eu-central-1"}},
    },
    "terms": {
        "OnDemand": {
            sku: {"t": {"priceDimensions": {"d": {"unit": unit, "pricePerUnit": {"USD": price}, "beginRange": "0"}}}}
            for sku, unit, price in (("N", "Hrs", "0.052"), ("V", "GB-Mo", "0.0952"), ("X", "GB", "0.052"))
        }
    },
}


def test_aws_price_lists_price_other_regions(tmp_path: Path):
    (tmp_path / "offer.json").write_text(json.dumps(PRODUCTS), encoding="utf-8")
    own = "services: {kms-key: {eu-central-1: {value: 1, source: bill}}}\n"
    own += 'sources: {bill: {title: Last bill, date: "2026-10-31"}}\nprice_lists: [offer.json]\n'
    (tmp_path / "catalogue.yaml").write_text(own, encoding="utf-8")
    resources = [
        Made("aws:ec2/natGateway:NatGateway"),
        Made("aws:ebs/volume:Volume", inputs={"size": 100, "type": "gp3"}),
        Made("aws:kms/key:Key"),
    ]
    found = bill(resources, additions.beside(tmp_path), lambda _: "eu-central-1", DAY)
    assert found.not_priced == ()
    assert found.cost.bounds[1] == pytest.approx(0.052 * 730 + 9.52 + 1)
    assert found.old == ()


def test_a_users_own_bill_prices_what_has_no_list_price(tmp_path: Path) -> None:
    (tmp_path / "catalogue.yaml").write_text(
        """
sources: {bill: {title: Bill of October, date: "2026-11-01"}}
monthly:
  aws:rds/instance:Instance: {value: 120, source: bill}
  special: {value: 7, source: bill}
spot: {m7i.xlarge: {us-east-1: {value: 0.08, low: 0.06, high: 0.1, source: bill}}}
blocks: {cb-01: {value: 1510.27, source: bill}}
"""
    )
    catalogue = additions.beside(tmp_path)
    disks = {"launchTemplate": {"id": "disks_id"}}
    found = bill(
        [
            Made("aws:rds/instance:Instance"),
            Made("aws:rds/instance:Instance", "special"),
            Made("gcp:compute/instance:Instance", "special"),
            TEMPLATE,
            Made("aws:eks/nodeGroup:NodeGroup", "spot", NODES | disks | {"capacityType": "SPOT"}),
            Made(
                "aws:ec2/capacityBlockReservation:CapacityBlockReservation", "b", {"capacityBlockOfferingId": "cb-01"}
            ),
        ],
        catalogue,
        lambda _: "us-east-1",
        DAY,
    )
    assert [item.cost.value for item in found.items[:3]] == [120, 7, 7]
    assert found.items[3].cost.value == pytest.approx(2 * (0.08 * 730 + 8))
    assert found.spent == ("b: a Capacity Block (cb-01): 1,510 USD",)
    assert found.not_priced == ()


@pytest.mark.parametrize(
    ("reasons", "expected"),
    [
        ((), ()),
        (
            ("price of g6.xlarge in eu-west-1 is unknown",),
            ("prices of eu-west-1: aiinfra catalogue add --region eu-west-1",),
        ),
        (("spot price of x.y in us-east-1 is unknown",), ("spot prices: aws ec2 describe-spot-price-history",)),
        (("no price of aws:a/b:C is in the catalogue",), ("what your own bills say: monthly in catalogue.yaml",)),
    ],
)
def test_what_has_no_price_comes_with_what_gives_it_one(reasons: tuple[str, ...], expected: tuple[str, ...]) -> None:
    found = remedies(reasons)
    assert len(found) == len(expected)
    assert all(line.startswith(start) for line, start in zip(found, expected, strict=True))


@pytest.mark.parametrize(
    ("speed", "low", "high"), [(125, 174, 174), (250, 228, 276), (500, 372, 456), (1000, 672, 828)]
)
def test_a_lustre_file_system_costs_by_its_throughput(speed: int, low: float, high: float) -> None:
    size = {"storageCapacity": 1200, "perUnitStorageThroughput": speed, "deploymentType": "PERSISTENT_2"}
    found = priced(Made("aws:fsx/lustreFileSystem:LustreFileSystem", inputs=size)).cost
    assert (found.bounds[0], found.bounds[2]) == pytest.approx((low, high))


def test_every_type_that_our_own_programs_register_is_priced_free_or_said_in_words() -> None:
    seen = {
        type_
        for file in (Path(__file__).parent.parent / "golden/graphs").rglob("*.json")
        for type_ in re.findall(r'"type": "(aws:[^"]+)"', file.read_text(encoding="utf-8"))
    }
    assert len(seen) > 50
    found = priced(*(Made(type_, type_) for type_ in sorted(seen)))
    assert not [why for why in found.not_priced if why.startswith("no price of")]
