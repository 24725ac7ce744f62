"""Entries of a user's catalogue that an estimate could not use."""

from dataclasses import replace

from aiinfra.catalogue.catalogue import SiteFigures
from aiinfra.catalogue.figure import Confidence, Figure, sources
from aiinfra.estimate.bill import Bill, Item
from aiinfra.estimate.estimate import estimate
from aiinfra.estimate.unused import unused
from aiinfra.estimate.value import exact
from aiinfra.estimate.whole import with_cloud

from .deployments import DAY, DIGEST, catalogue, deployment, measurement, site

PRICE = Figure(5.0, "USD/month", sources()["infracost"], Confidence.LOW)


def test_a_class_that_is_written_wrong_is_told_with_the_nearest() -> None:
    found = replace(catalogue(), sites={"lin": SiteFigures(), "line": SiteFigures()})
    (told,) = unused(estimate(deployment(), found, DAY), found, DIGEST)
    assert (told.id, told.path) == ("catalogue-unused", "catalogue.yaml: sites.lin")
    assert "did you mean 'line'" in told.message


def test_a_measurement_at_another_power_mode_is_told_and_one_that_is_used_is_not() -> None:
    found = catalogue(measurement(), measurement(power_mode="7W"), measurement(model="sha256:" + "b" * 64))
    at = deployment(site(tier={"power_mode": "25W"}))
    (told,) = unused(estimate(at, found, DAY), found, DIGEST)
    assert "at 7W is of another setting" in told.message


def test_a_monthly_price_of_nothing_is_told_once_the_bill_is_there() -> None:
    found = replace(
        catalogue(), monthly={"line-registry-key": PRICE, "line-registry-kee": PRICE, "aws:kms/key:Key": PRICE}
    )
    alone = estimate(deployment(), found, DAY)
    assert unused(alone, found, DIGEST) == ()
    bill = Bill(("us-east-1",), (Item("line-registry-key", "aws:kms/key:Key", exact(5.0, "USD/month")),), (), DAY)
    (told,) = unused(with_cloud(alone, deployment(), found, {"registry": bill}), found, DIGEST)
    assert "did you mean 'line-registry-key'" in told.message
