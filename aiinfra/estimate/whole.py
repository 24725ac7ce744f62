"""The whole estimate of a declaration: its sites and training, and the bill of every project it compiles to."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from aiinfra.catalogue.catalogue import Catalogue
from aiinfra.estimate.ages import old_of
from aiinfra.estimate.bill import Bill, Item
from aiinfra.estimate.cloud_bill import CloudBill
from aiinfra.estimate.estimate import TRANSFER, Estimate, behind
from aiinfra.estimate.judge import judge_caps
from aiinfra.estimate.value import Value, unknown
from aiinfra.spec.deployment import Deployment
from aiinfra.spec.objective import Scope
from aiinfra.spec.site import Place


def with_cloud(found: Estimate, deployment: Deployment, catalogue: Catalogue, bills: Mapping[str, Bill]) -> Estimate:
    """The estimate with what AWS bills in it: its cost is then that of sites elsewhere and of all that AWS bills.

    ``bills`` are those of the projects that ``deployment`` compiles to, by folder. The cost stays unknown where that of
    a box or of the training nodes is: a sum without its largest part reads like a sum. A cap on the cost of the whole
    deployment is judged again, and fails closed where a resource that does not bill by use has no price.
    """
    if found.training is not None and found.training.come_and_go:
        bills = {name: _without_pools(one) for name, one in bills.items()}
    bill = CloudBill(bills, tuple(_machines(found)))
    cost = _with_sites(bill.cost, found)
    verdicts = dict(found.verdicts)
    if deployment.caps.scope is Scope.DEPLOYMENT:
        verdicts["deployment"] = tuple(judge_caps(deployment, catalogue, found.watts, _with_sites(bill.fixed, found)))
    # The bill of the project that makes a site's cluster says what it does not price.
    elsewhere = [site for site in found.sites if not site.served]
    rest = tuple(name for site in elsewhere for name in site.not_priced) + ((TRANSFER,) if found.sites else ())
    rest += tuple(f"{item.name}: {'; '.join(item.cost.drivers)}" for item in _nodes(found) if not item.cost.known)
    things = sum(site.billable for site in elsewhere) + (1 if found.sites else 0) + len(list(_nodes(found)))
    return replace(
        found,
        cloud=bill,
        cost=cost,
        verdicts=verdicts,
        priced=sum(one.priced for one in bills.values()) + things - len(rest),
        billable=sum(len(one.items) for one in bills.values()) + things,
        not_priced=bill.not_priced + rest,
        old=old_of((*behind(found.sites, found.training, verdicts), *(item.cost for item in bill.items)), found.as_of),
    )


def _with_sites(cost: Value, found: Estimate) -> Value:
    """What AWS bills and the sites elsewhere cost; unknown where the estimate's own sum is."""
    for site in found.sites:
        cost = cost + site.all_cost if site.place is not Place.EKS else cost
    return (cost if found.cost.known else unknown("USD/month", *found.cost.drivers)).unit_as("USD/month")


_POOL: Final = "kubernetes:karpenter.sh/v1:NodePool"


def _without_pools(bill: Bill) -> Bill:
    """The bill without what makes the training nodes: those are on it from the estimate."""
    return replace(bill, items=tuple(item for item in bill.items if item.type != _POOL))


def _machines(found: Estimate) -> Iterator[Item]:
    """Machines that no project registers."""
    for site in found.sites:
        if site.place is Place.EKS and not site.served:
            many = f", {site.sites} sites" if site.sites and site.sites > 1 else ""
            words = f"{site.class_name}: {site.declared} x {site.title}, and its cluster's control plane{many}"
            yield Item(words, "", site.all_cost)
    yield from _nodes(found)


def _nodes(found: Estimate) -> Iterator[Item]:
    """Training nodes that come and go, which no project registers."""
    training = found.training
    if training is not None and training.come_and_go:
        yield Item(f"training: at most {training.nodes} x {training.instance}", "", training.nodes_cost)
