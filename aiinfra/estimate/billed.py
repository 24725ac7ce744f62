"""What one resource of a program bills: its fixed lines, what it costs by use, or why nobody knows.

Quantities come from the resource's own inputs. What a program leaves to a cloud, a scheduler or its users (nodes that
Karpenter makes, gigabytes that come and go) is not guessed: it is named as not priced.
"""

import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Protocol

from aiinfra.catalogue.catalogue import Catalogue
from aiinfra.catalogue.figure import read_data
from aiinfra.catalogue.services import PRICED_REGION, Service
from aiinfra.estimate.money import HOURS
from aiinfra.estimate.value import Value, exact, of_figure, unknown


class Resource(Protocol):
    """A recorded resource, as a graph holds it."""

    @property
    def type(self) -> str:
        """Its type token."""
        ...

    @property
    def name(self) -> str:
        """Its name in the program."""
        ...

    @property
    def inputs(self) -> Mapping[str, Any]:
        """What the program gave it."""
        ...


@dataclass(frozen=True, slots=True)
class Line:
    """One thing a resource bills every month."""

    what: str
    cost: Value
    """USD a month."""
    also: str = ""
    """What use adds."""
    by_use: bool = False
    """It has no fixed part: nobody can tell its price before it is used."""


@dataclass(frozen=True, slots=True)
class Place:
    """What a rule may look at beside the resource: prices, the region, and the program's launch templates."""

    catalogue: Catalogue
    region: str
    templates: Mapping[str, Mapping[str, Any]]
    """Inputs of launch templates by every word that refers to one: its id's stand-in and its own name."""
    holds: float | None = None
    """GiB that the resource is declared to hold, where the program tells (a bucket itself does not)."""

    def line(self, service: str, quantity: float, what: str = "") -> Line:
        """A month of ``quantity`` of a service."""
        found = self.catalogue.services[service]
        price = of_figure(found.price(self.region), f"price of {found.title} in {self.region or 'an unknown region'}")
        months = HOURS if found.unit == "hour" else 1.0
        also = found.also if self.region == PRICED_REGION else ""
        return Line(what or found.title, (price * quantity * months).unit_as("USD/month"), also)

    def machine(self, instance: Any, *, spot: bool = False) -> Line:
        """A month of an instance, on demand or spot."""
        found = self.catalogue.instances.get(instance) if isinstance(instance, str) else None
        if found is None:
            said = instance if isinstance(instance, str) else "an instance type that is not told"
            return Line(str(said), unknown("USD/month", f"{said} is not in the catalogue"))
        where = self.region or "an unknown region"
        if spot:
            price = of_figure(found.spot_price(self.region), f"spot price of {found.name} in {where}")
            return Line(f"{found.name} spot", (price * HOURS).unit_as("USD/month"))
        price = of_figure(found.price(self.region), f"price of {found.name} in {where}")
        return Line(found.name, (price * HOURS).unit_as("USD/month"))


Rule = Callable[[Mapping[str, Any], Place], Iterator[Line]]


def _number(value: Any, default: float | None = None) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return default
    return float(value)


def _listed(value: Any) -> list[Any]:
    return [*value] if isinstance(value, Sequence) and not isinstance(value, str) else []


def _mapped(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _count(inputs: Mapping[str, Any], least: str, wanted: str, most: str) -> Value:
    """Machines: as many as are wanted, between the fewest and the most; unknown where no number is plain."""
    low, value, high = (_number(inputs.get(key)) for key in (least, wanted, most))
    usual = value if value is not None else low
    if usual is None:
        return unknown("machines", "how many machines is not told")
    ends = [usual if edge is None else edge for edge in (low, high)]
    return Value(min(ends[0], usual), usual, max(ends[1], usual), "machines")


def _volume(disk: Mapping[str, Any], place: Place, size: str, kind: str) -> Iterator[Line]:
    """A volume: its size, and what is provisioned above what the size brings."""
    type_ = str(disk.get(kind) or "gp2")
    gigabytes = _number(disk.get(size))
    if f"ebs-{type_}" not in place.catalogue.services:
        yield Line(f"{type_} volume", unknown("USD/month", f"{type_} volumes have no price in the catalogue"))
        return
    if gigabytes is None:
        yield Line(f"{type_} volume", unknown("USD/month", "the size of a volume is not told"))
        return
    yield place.line(f"ebs-{type_}", gigabytes)
    extra = {
        "gp3": [("iops", 3000.0, "ebs-gp3-iops"), ("throughput", 125.0, "ebs-gp3-throughput")],
        "io1": [("iops", 0.0, "ebs-io1-iops")],
        "io2": [("iops", 0.0, "ebs-io2-iops")],
    }
    for key, free, service in extra.get(type_, ()):
        above = max((_number(disk.get(key)) or 0.0) - free, 0.0)
        if above:
            yield place.line(service, above)


def _together(what: str, lines: list[Line], count: Value) -> Line:
    """The lines of one machine, as often as there are machines."""
    total = exact(0.0, "USD/month")
    for line in lines:
        total = total + line.cost
    return Line(what, (total * count).unit_as("USD/month"))


def _template_disks(inputs: Mapping[str, Any], place: Place) -> Iterator[Line]:
    """The volumes of the launch template that machines are made from; their AMI's own size where it has none."""
    named = _mapped(inputs.get("launchTemplate"))
    template = place.templates.get(str(named.get("id") or named.get("name") or ""), {})
    disks = [_mapped(_mapped(item).get("ebs")) for item in _listed(template.get("blockDeviceMappings"))]
    for disk in disks:
        yield from _volume(disk, place, "volumeSize", "volumeType")
    if not disks:
        yield Line("root volume", unknown("USD/month", "the size of a root volume is not told"))


def _instance(inputs: Mapping[str, Any], place: Place) -> Iterator[Line]:
    yield place.machine(inputs.get("instanceType"), spot=bool(inputs.get("instanceMarketOptions")))
    root = _mapped(inputs.get("rootBlockDevice"))
    disks = [root] if root else []
    for disk in [*disks, *map(_mapped, _listed(inputs.get("ebsBlockDevices")))]:
        yield from _volume(disk, place, "volumeSize", "volumeType")
    if not root:
        yield Line("root volume", unknown("USD/month", "the root volume's size is the image's"))


def _node_group(inputs: Mapping[str, Any], place: Place) -> Iterator[Line]:
    kind = str(inputs.get("capacityType") or "ON_DEMAND")
    count = _count(_mapped(inputs.get("scalingConfig")), "minSize", "desiredSize", "maxSize")
    if kind == "CAPACITY_BLOCK":
        why = "a Capacity Block is paid when it is bought, at the price of its offer"
        yield Line("nodes", unknown("USD/month", why))
        return
    types = _listed(inputs.get("instanceTypes"))
    machine = place.machine(types[0] if types else "t3.medium", spot=kind == "SPOT")
    yield _together(machine.what, [machine, *_template_disks(inputs, place)], count)


def _group(inputs: Mapping[str, Any], place: Place) -> Iterator[Line]:
    if inputs.get("mixedInstancesPolicy"):
        yield Line("machines", unknown("USD/month", "a mixed policy chooses among instance types"))
        return
    count = _count(inputs, "minSize", "desiredCapacity", "maxSize")
    named = _mapped(inputs.get("launchTemplate"))
    template = place.templates.get(str(named.get("id") or named.get("name") or ""), {})
    machine = place.machine(template.get("instanceType"))
    yield _together(machine.what, [machine, *_template_disks(inputs, place)], count)


def _endpoint(inputs: Mapping[str, Any], place: Place) -> Iterator[Line]:
    zones = _listed(inputs.get("subnetIds")) or _listed(inputs.get("subnetConfigurations"))
    if inputs.get("vpcEndpointType") in ("Interface", "GatewayLoadBalancer"):
        if zones:
            yield place.line("interface-endpoint", float(len(zones)), f"interface endpoint in {len(zones)} zones")
        else:
            yield Line("interface endpoint", unknown("USD/month", "an endpoint's zones are not told"))


def _cluster(inputs: Mapping[str, Any], place: Place) -> Iterator[Line]:
    extended = _mapped(inputs.get("upgradePolicy")).get("supportType") == "EXTENDED"
    line = place.line("eks-cluster", 1.0)
    if extended and line.cost.known:
        top = place.line("eks-cluster-extended", 1.0).cost
        if top.known:
            why = "EKS charges more once a version is in extended support"
            cost = Value(
                line.cost.bounds[0], line.cost.bounds[1], top.bounds[2], "USD/month", (why,), line.cost.sources
            )
            line = Line(line.what, cost)
    yield line


def _balancer(inputs: Mapping[str, Any], place: Place) -> Iterator[Line]:
    kind = str(inputs.get("loadBalancerType") or "application")
    if kind not in ("application", "network"):
        yield Line(
            f"{kind} load balancer", unknown("USD/month", f"{kind} load balancers have no price in the catalogue")
        )
        return
    yield place.line(f"{kind}-balancer", 1.0)


def _lustre(inputs: Mapping[str, Any], place: Place) -> Iterator[Line]:
    size, speed = _number(inputs.get("storageCapacity")), _number(inputs.get("perUnitStorageThroughput"))
    kept = (
        str(inputs.get("deploymentType") or "").startswith("PERSISTENT") and inputs.get("storageType", "SSD") == "SSD"
    )
    service = f"lustre-{speed:g}" if speed else ""
    if kept and service in place.catalogue.services and size is not None:
        yield place.line(service, size)
        return
    shown = f"at {speed:g} MB/s/TiB" if speed else str(inputs.get("deploymentType") or "")
    yield Line("FSx for Lustre", unknown("USD/month", f"FSx for Lustre {shown} has no price in the catalogue"))


def _fixed(service: str) -> Rule:
    def rule(_: Mapping[str, Any], place: Place) -> Iterator[Line]:
        yield place.line(service, 1.0)

    return rule


def _by_use(service: str, what: str) -> Rule:
    def rule(_: Mapping[str, Any], place: Place) -> Iterator[Line]:
        found = place.catalogue.services[service]
        price = found.price(place.region)
        if place.holds is not None and price.known:
            full = place.line(service, place.holds).cost
            part = full * Value(0.0, 1.0, 1.0, "", ("as if filled to the size that is declared",))
            yield Line(what, part.unit_as("USD/month"), "requests, and old versions that are kept")
            return
        why = f"{what} bills by use{_each(found, price.value, place.region)}"
        yield Line(what, unknown("USD/month", why), by_use=True)

    return rule


def _each(service: Service, price: float | None, region: str) -> str:
    """``: 0.2 USD a million requests, 0.0000166667 USD a GB and second``; nothing where the price is unknown."""
    if price is None:
        return ""
    month = " and month" if service.unit.endswith("-month") else ""
    also = f", {service.also}" if service.also and region == PRICED_REGION else ""
    return f": {price:g} USD a {service.unit.removesuffix('-month')}{month}{also}"


def _build(inputs: Mapping[str, Any], place: Place) -> Iterator[Line]:
    """A CodeBuild project bills its minutes, by size of machine."""
    size = str(_mapped(inputs.get("environment")).get("computeType") or "")
    service = f"build-{size.removeprefix('BUILD_GENERAL1_').lower()}"
    if service in place.catalogue.services:
        yield from _by_use(service, "build project")(inputs, place)
    else:
        why = f"build project bills by use; {size or 'its size'} has no price"
        yield Line("build project", unknown("USD/month", why), by_use=True)


def _resolver(inputs: Mapping[str, Any], place: Place) -> Iterator[Line]:
    """A resolver endpoint bills each of its addresses."""
    count = len(_listed(inputs.get("ipAddresses")))
    if count:
        yield place.line("resolver-address", float(count), f"resolver endpoint with {count} addresses")
    else:
        yield Line("resolver endpoint", unknown("USD/month", "a resolver endpoint's addresses are not told"))


def _use(what: str) -> Rule:
    def rule(_: Mapping[str, Any], __: Place) -> Iterator[Line]:
        yield Line(what, unknown("USD/month", f"{what} bills by use"), by_use=True)

    return rule


def _disk(inputs: Mapping[str, Any], place: Place) -> Iterator[Line]:
    yield from _volume(inputs, place, "size", "type")


def _kubernetes_service(inputs: Mapping[str, Any], _: Place) -> Iterator[Line]:
    if _mapped(inputs.get("spec")).get("type") == "LoadBalancer":
        yield Line("load balancer", unknown("USD/month", "a load balancer that the cluster makes"), by_use=True)


def _made(what: str) -> Rule:
    def rule(_: Mapping[str, Any], __: Place) -> Iterator[Line]:
        yield Line(what, unknown("USD/month", what), by_use=True)

    return rule


RULES: Final[Mapping[str, Rule]] = {
    "aws:ec2/instance:Instance": _instance,
    "aws:eks/nodeGroup:NodeGroup": _node_group,
    "aws:autoscaling/group:Group": _group,
    "aws:eks/cluster:Cluster": _cluster,
    "aws:ec2/natGateway:NatGateway": _fixed("nat-gateway"),
    "aws:ec2/vpcEndpoint:VpcEndpoint": _endpoint,
    "aws:ec2/eip:Eip": _fixed("public-address"),
    "aws:ebs/volume:Volume": _disk,
    "aws:kms/key:Key": _fixed("kms-key"),
    "aws:kms/replicaKey:ReplicaKey": _fixed("kms-key"),
    "aws:secretsmanager/secret:Secret": _fixed("secret"),
    "aws:route53/zone:Zone": _fixed("hosted-zone"),
    "aws:lb/loadBalancer:LoadBalancer": _balancer,
    "aws:alb/loadBalancer:LoadBalancer": _balancer,
    "aws:fsx/lustreFileSystem:LustreFileSystem": _lustre,
    "aws:s3/bucket:Bucket": _by_use("s3-storage", "S3 bucket"),
    "aws:s3/bucketV2:BucketV2": _by_use("s3-storage", "S3 bucket"),
    "aws:ecr/repository:Repository": _by_use("ecr-storage", "ECR repository"),
    "aws:cloudwatch/logGroup:LogGroup": _by_use("log-ingest", "log group"),
    "aws:efs/fileSystem:FileSystem": _by_use("efs-storage", "EFS file system"),
    "aws:sqs/queue:Queue": _by_use("queue-requests", "queue"),
    "aws:sns/topic:Topic": _by_use("topic-requests", "topic"),
    "aws:lambda/function:Function": _by_use("function-requests", "function"),
    "aws:codebuild/project:Project": _build,
    "aws:dynamodb/table:Table": _use("DynamoDB table"),
    "aws:cloudtrail/trail:Trail": _by_use("trail-events", "trail"),
    "aws:guardduty/detector:Detector": _use("GuardDuty detector"),
    "aws:cfg/recorder:Recorder": _by_use("config-items", "Config recorder"),
    "aws:cloudwatch/metricAlarm:MetricAlarm": _fixed("alarm"),
    "aws:ec2transitgateway/vpcAttachment:VpcAttachment": _fixed("transit-attachment"),
    "aws:ec2/vpnConnection:VpnConnection": _fixed("vpn-connection"),
    "aws:route53/resolverEndpoint:ResolverEndpoint": _resolver,
    "aws:grafana/workspace:Workspace": _by_use("grafana-editor", "Grafana workspace"),
    "aws:amp/workspace:Workspace": _use("Prometheus workspace"),
    "aws:amp/scraper:Scraper": _use("managed scraper"),
    "kubernetes:core/v1:Service": _kubernetes_service,
    "kubernetes:core/v1:PersistentVolumeClaim": _made("a volume that the cluster makes"),
    "kubernetes:karpenter.sh/v1:NodePool": _made("nodes that Karpenter makes"),
    "aws:fsx/dataRepositoryAssociation:DataRepositoryAssociation": _use("transfer between file system and bucket"),
}
"""Type -> what it bills."""


@cache
def free() -> tuple[str, ...]:
    """How the types begin that bill nothing themselves; those with a rule come first."""
    return tuple(tomllib.loads(read_data("billing.toml"))["free"])


@cache
def at_once() -> Mapping[str, str]:
    """Types whose creation spends money at once and cannot be undone, with what that buys."""
    found: Mapping[str, str] = tomllib.loads(read_data("billing.toml"))["at_once"]
    return found
