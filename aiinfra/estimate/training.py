"""The estimate of a training cluster: memory, network, watts, money and carbon of the nodes, against its own budget."""

from dataclasses import dataclass
from typing import Final

from aiinfra.catalogue.catalogue import Catalogue
from aiinfra.estimate.hosts import host_of, node_power
from aiinfra.estimate.money import HOURS, Ground, carbon, cloud_ground, control_plane, energy
from aiinfra.estimate.value import Value, of_figure, unknown, within
from aiinfra.spec.deployment import Deployment
from aiinfra.spec.training import Training

NOT_PRICED: Final = (
    "datasets and checkpoints (storage and requests)",
    "network endpoints and traffic",
    "keys, logs and audit",
)
"""What a training cluster also bills and the catalogue has no price for."""


@dataclass(frozen=True, slots=True)
class TrainingEstimate:
    """All nodes and the control plane, running all month: what is kept on is paid, busy or not."""

    instance: str
    nodes: int
    accelerators: int
    """Of all nodes."""
    efa: int
    """Network cards for collectives, a node."""
    watts: Value
    nodes_cost: Value
    """USD a month of the nodes alone."""
    cost: Value
    """USD a month of the nodes and the control plane."""
    carbon: Value
    not_priced: tuple[str, ...]
    come_and_go: bool = False
    """The nodes come and go with the jobs: no program registers them."""


def estimate_training(deployment: Deployment, training: Training, catalogue: Catalogue) -> TrainingEstimate | None:
    """The estimate of ``training``; None where the instance is not in the catalogue."""
    instance = catalogue.instances.get(training.instance)
    if instance is None or deployment.cloud is None:
        return None
    ground = cloud_ground(catalogue, deployment.cloud.region, instance)
    draw = unknown("W", f"{instance.name} holds no accelerator whose power is known")
    if instance.accelerator is not None:
        part = catalogue.accelerator(instance.accelerator)
        limit = of_figure(part.power, f"power of {part.title}")
        draw = limit
        if limit.value is not None:
            found = node_power(limit.value, instance.accelerators, host_of(part, instance.accelerators))
            draw = within(found.watts, found.factor, "W", "published nodes of this class of host")
    watts = (draw * float(training.nodes)).unit_as("W")
    emitted = carbon(energy(watts, ground), ground)
    nodes = (_price(training, ground, deployment.cloud.region) * (HOURS * training.nodes)).unit_as("USD/month")
    if training.scale_to_zero:
        some = Value(0.0, 1.0, 1.0, "", ("the nodes come and go with the jobs: from none to all, all month",))
        nodes, emitted = nodes * some, emitted * some
    # A cluster that is there already is paid by whoever has it.
    cost = nodes if training.existing else nodes + control_plane(catalogue, deployment.cloud.region)
    return TrainingEstimate(
        instance=instance.name,
        nodes=training.nodes,
        accelerators=instance.accelerators * training.nodes,
        efa=instance.efa,
        watts=watts,
        nodes_cost=nodes,
        cost=cost,
        carbon=emitted,
        not_priced=NOT_PRICED if cost.known else (f"{training.nodes} x {instance.name}", *NOT_PRICED),
        come_and_go=training.scale_to_zero,
    )


def _price(training: Training, ground: Ground, region: str) -> Value:
    """USD an hour of one node. A capacity reservation bills on-demand rates, used or not (AWS's EC2 user guide,
    "Capacity Reservations pricing and billing"); spot and Capacity Blocks have prices of their own."""
    capacity = training.capacity
    if capacity.spot:
        found = None if ground.instance is None else ground.instance.spot_price(region)
        why = "spot: its price changes by the hour, and no file of yours says what it was"
        return of_figure(found, "spot") if found is not None and found.known else unknown("USD/hour", why)
    if capacity.is_block:
        named = capacity.offering or capacity.reservation
        return unknown("USD/hour", f"Capacity Block {named}: it is paid when it is bought, at the price of its offer")
    return ground.price if ground.price is not None else unknown("USD/hour", "no price")
