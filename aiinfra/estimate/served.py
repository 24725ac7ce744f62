"""A site on a cluster that the declaration makes: which machines are its own, and its part of what all share."""

from aiinfra.catalogue.catalogue import Catalogue
from aiinfra.catalogue.instances import Instance
from aiinfra.catalogue.room import suits
from aiinfra.estimate.money import HOURS, control_plane
from aiinfra.estimate.value import Value, of_figure, unknown
from aiinfra.spec.deployment import Deployment
from aiinfra.spec.serving import SYSTEM_MACHINE, MachineGroup
from aiinfra.spec.site import Place, Site


def machines_of(deployment: Deployment, site: Site) -> tuple[MachineGroup, ...]:
    """The declared machines that have room for the site's servers; none where the cluster is another."""
    if deployment.serving is None or site.runtime.on is not Place.EKS:
        return ()
    found = suits((group.instance for group in deployment.serving.machines), site)
    return tuple(group for group in deployment.serving.machines if group.instance in found)


def cheapest_of(machines: tuple[MachineGroup, ...], catalogue: Catalogue, region: str) -> Instance | None:
    """The cheapest instance among them; None where the catalogue has none."""
    known = [catalogue.instances[group.instance] for group in machines if group.instance in catalogue.instances]
    priced = [(found.price(region).value or float("inf"), found.name, found) for found in known]
    return min(priced)[-1] if priced else None


def cost_of(deployment: Deployment, site: Site, catalogue: Catalogue, boxes: Value) -> Value:
    """USD a month: the site's machines, shared by servers with others that run on the same; and of the control plane
    and the machines of the cluster's own services the part of one site among all on the cluster.

    ``boxes`` is what its servers would cost on machines of their own, for a site that no declared machine suits.
    """
    region = deployment.cloud.region if deployment.cloud else ""
    own = machines_of(deployment, site)
    on_cluster = [other for other in deployment.sites if other.runtime.on is Place.EKS]
    sharers = [other for other in on_cluster if machines_of(deployment, other) == own]
    share = site.runtime.fewest / sum(other.runtime.fewest for other in sharers)
    common = control_plane(catalogue, region) + _price(SYSTEM_MACHINE, catalogue, region)
    found = (common / float(len(on_cluster))).unit_as("USD/month")
    if not own:
        return (found + boxes).unit_as("USD/month")
    for group in own:
        found = found + (_price(group, catalogue, region) * share).unit_as("USD/month")
    return found


def _price(group: MachineGroup, catalogue: Catalogue, region: str) -> Value:
    instance = catalogue.instances.get(group.instance)
    if instance is None:
        return unknown("USD/month", f"{group.instance} is not in the catalogue")
    price = of_figure(instance.price(region), f"price of {instance.name} in {region}")
    return (price * (HOURS * group.count)).unit_as("USD/month")
