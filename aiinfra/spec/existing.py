"""What is there already, by id: it is used, and neither made, changed nor deleted."""

import re
from collections.abc import Callable
from ipaddress import IPv4Network
from itertools import combinations
from typing import Annotated, Final, Self

from pydantic import AfterValidator, Field, field_serializer, model_validator
from pydantic_core import PydanticCustomError

from aiinfra.spec.base import Name, Spec, unique
from aiinfra.spec.zone import Zone

ENDPOINTS: Final = ("ec2", "ecr.api", "ecr.dkr", "eks", "eks-auth", "sts", "logs", "kms", "sqs", "ssm", "s3")
"""Services of AWS that a closed network reaches through endpoints, by the last part of their names."""
GATEWAY: Final = "s3"
"""The one of them that is reached by route, not by an interface of its own."""


def _id(prefix: str, what: str) -> Callable[[str], str]:
    form, example = re.compile(rf"{prefix}-[0-9a-f]{{8,17}}"), f"{prefix}-0a1b2c3d4e5f60718"

    def check(value: str) -> str:
        if not form.fullmatch(value):
            told = {"value": repr(value), "what": what, "example": example}
            raise PydanticCustomError("id", "{value} is not the id of {what}: write it like {example}", told)
        return value

    return check


VpcId = Annotated[str, AfterValidator(_id("vpc", "a VPC"))]
SubnetId = Annotated[str, AfterValidator(_id("subnet", "a subnet"))]
GroupId = Annotated[str, AfterValidator(_id("sg", "a security group"))]
RouteTableId = Annotated[str, AfterValidator(_id("rtb", "a route table"))]
EndpointId = Annotated[str, AfterValidator(_id("vpce", "a VPC endpoint"))]
PrefixListId = Annotated[str, AfterValidator(_id("pl", "a prefix list"))]

_KEY: Final = re.compile(r"arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/(mrk-)?[0-9a-f-]{32,36}")


def _key(value: str) -> str:
    if ":alias/" in value:
        message = "{value} is an alias, which log groups, clusters and file systems do not take: give the key's own ARN"
        raise PydanticCustomError("key", message, {"value": repr(value)})
    if not _KEY.fullmatch(value):
        example = "arn:aws:kms:us-east-1:111122223333:key/1a2b3c4d-1111-2222-3333-1a2b3c4d5e6f"
        message = "{value} is not the ARN of a key: write it like {example}"
        raise PydanticCustomError("key", message, {"value": repr(value), "example": example})
    return value


KeyArn = Annotated[str, AfterValidator(_key)]


class ExistingKeys(Spec):
    """Keys that are there already, by ARN. Each that is left out is made."""

    cluster: KeyArn | None = None
    """Encrypts what the cluster keeps; none: one is made."""
    data: KeyArn | None = None
    """Encrypts buckets and file systems; none: one is made."""
    logs: KeyArn | None = None
    """Encrypts log groups; none: one is made."""
    volumes: KeyArn | None = None
    """Encrypts disks of machines; none: one is made."""

    @property
    def named(self) -> dict[str, str]:
        """Noun -> ARN, of those that are there."""
        return {noun: arn for noun in ("cluster", "data", "logs", "volumes") if (arn := getattr(self, noun))}


class ExistingSubnet(Spec):
    """A subnet that is there already."""

    id: SubnetId
    """Its id."""
    cidr: IPv4Network = Field(examples=["10.20.0.0/20"])
    """Its addresses; what must fit into it is counted."""

    @field_serializer("cidr")
    def _text(self, value: IPv4Network) -> str:
        return str(value)

    @property
    def room(self) -> int:
        """Addresses that can be given out: AWS keeps five of each subnet (VPC user guide, "Subnet CIDR blocks")."""
        return self.cidr.num_addresses - 5


class ExistingZone(Spec):
    """The subnets of one zone, none of them with a route to the internet."""

    zone: Zone = Field(min_length=1, examples=["use1-az1"])
    """Availability zone id."""
    services: ExistingSubnet
    """Control plane, endpoints, file system."""
    nodes: ExistingSubnet | None = None
    """Machines; none: there are none in this zone."""
    pods: ExistingSubnet | None = None
    """Pods; none: there are none in this zone, or the cluster is there already and has its own."""

    @property
    def subnets(self) -> dict[str, ExistingSubnet]:
        """What for -> subnet."""
        each = {"services": self.services, "nodes": self.nodes, "pods": self.pods}
        return {what: subnet for what, subnet in each.items() if subnet is not None}


class ExistingNetwork(Spec):
    """A VPC that is there already. Security groups in it are made all the same: they are what closes it."""

    vpc: VpcId = Field(examples=["vpc-0a1b2c3d4e5f60718"])
    """Its id."""
    zones: tuple[ExistingZone, ...] = Field(min_length=1)
    """Its subnets, zone by zone: those of ``cloud.zones``, and of ``cloud.control_zone`` where there is one."""
    routes: tuple[RouteTableId, ...] = ()
    """Route tables of these subnets, which the gateway to S3 is entered in; none where ``endpoints`` names one."""
    endpoints: dict[str, EndpointId] = Field(default_factory=dict, examples=[{"sts": "vpce-0a1b2c3d4e5f60718"}])
    """Service -> endpoint that is there already. Those that are needed and not named are made."""
    endpoints_group: GroupId | None = None
    """Security group of those endpoints: machines are let into it. Required where ``endpoints`` names any but S3's."""
    s3_prefixes: PrefixListId | None = None
    """AWS's prefix list of S3 in the region (``aws ec2 describe-prefix-lists``). Required with ``endpoints.s3``."""
    recorded: bool = False
    """Flow logs and DNS query logs of the VPC are there already. They are made by default."""

    @property
    def interfaces(self) -> dict[str, str]:
        """Endpoints but for S3's."""
        return {service: each for service, each in self.endpoints.items() if service != GATEWAY}

    def zone(self, name: str) -> ExistingZone | None:
        """The subnets of that zone."""
        return next((each for each in self.zones if each.zone == name), None)

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        unique(tuple(each.zone for each in self.zones), "zone")
        subnets = [(each.zone, what, subnet) for each in self.zones for what, subnet in each.subnets.items()]
        for (zone, what, one), (other, also, two) in combinations(subnets, 2):
            if one.id != two.id and one.cidr.overlaps(two.cidr):
                raise ValueError(f"{what} of {zone} and {also} of {other} overlap: {one.cidr} and {two.cidr}")
            if one.id == two.id and (zone != other or one.cidr != two.cidr):
                raise ValueError(f"{one.id} is both {what} of {zone} and {also} of {other}: a subnet is in one zone")
        for service in self.endpoints:
            if service not in ENDPOINTS:
                raise ValueError(f"endpoints: there is no use for {service!r}: name those of {', '.join(ENDPOINTS)}")
        if self.interfaces and self.endpoints_group is None:
            raise ValueError(
                f"endpoints of {', '.join(sorted(self.interfaces))} are there, and nothing says which security group"
                " lets machines into them: add 'endpoints_group', like sg-0a1b2c3d4e5f60718"
            )
        if GATEWAY in self.endpoints and self.s3_prefixes is None:
            raise ValueError(
                "the endpoint of s3 is there, and machines are let out to its prefix list alone: add 's3_prefixes', "
                "like pl-63a5400a (aws ec2 describe-prefix-lists)"
            )
        return self


class ExistingCluster(Spec):
    """An EKS cluster that is there already. Machines that train join it; nothing else of it is touched."""

    cluster: str = Field(pattern=r"^[0-9A-Za-z][A-Za-z0-9_-]{0,99}$", examples=["research"])
    """Its name."""
    endpoint: str = Field(
        pattern=r"^https://[A-Za-z0-9.-]+$", examples=["https://0123ABCD.gr7.us-east-1.eks.amazonaws.com"]
    )
    """Address of its API."""
    certificate_authority: str = Field(pattern=r"^LS0t[A-Za-z0-9+/=]+$", examples=["LS0tLS1CRUdJTi..."])
    """Certificate that its API is known by, PEM in base 64 (``aws eks describe-cluster``)."""
    node_role: str = Field(
        pattern=r"^arn:aws[a-z-]*:iam::\d{12}:role/.+$", examples=["arn:aws:iam::111122223333:role/research-nodes"]
    )
    """ARN of the role that its machines have: those that train have it too."""
    nodes_group: GroupId
    """Security group of its machines and pods; EFA needs everything open inside it."""
    operators: tuple[Name, ...] = ()
    """Operators of the table (docs/existing.md) that it has already. Those that are needed and not named are
    installed."""


class ExistingBucket(Spec):
    """A bucket of the same account that is there already."""

    bucket: str = Field(pattern=r"^[a-z0-9][a-z0-9.\-]{1,61}[a-z0-9]$", examples=["acme-datasets"])
    """Its name."""
    key: KeyArn | None = None
    """ARN of the KMS key that encrypts it, which training is let use; none: S3's own."""
