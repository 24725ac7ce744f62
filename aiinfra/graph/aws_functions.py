"""Plausible answers of the AWS provider's functions: where programs take zones by index, split tokens, or do arithmetic
with address ranges, a text such as ``getVpc.cidrBlock`` would make them fail.

Which words the provider uses for a region's zones: https://docs.aws.amazon.com/global-infrastructure/latest/regions/
"""

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any, Final

REGION: Final = "us-east-1"
"""Where nothing configures a region."""
ACCOUNT: Final = "123456789012"
"""The account of AWS's own examples."""
CIDR: Final = "172.31.0.0/16"
"""The range of every default VPC."""
ZONES: Final = "abc"

_PARTITIONS: Final = {"cn-": ("aws-cn", "amazonaws.com.cn", "cn.com.amazonaws"), "us-gov-": ("aws-us-gov", "", "")}


def plausible(token: str, arguments: Mapping[str, Any], settings: Mapping[str, Any], label: str) -> dict[str, Any]:
    """What is known of the answer; empty for most functions.

    Args:
        token: ``aws:ec2/getAmi:getAmi``.
        arguments: By their names on the wire.
        settings: The provider's: ``region``, ``allowedAccountIds``.
        label: What stands for this call in made-up texts.
    """
    region = next((text for text in (arguments.get("region"), settings.get("region")) if isinstance(text, str)), REGION)
    made = _ANSWERS.get(token.rpartition(":")[2])
    return {"region": region, **(made(region, arguments, settings, label) if made else {})}


def _zones(region: str, arguments: Mapping[str, Any], _settings: Mapping[str, Any], _label: str) -> dict[str, Any]:
    """Three zones, less those that the program excludes."""
    short = _short(region)
    zones = [(f"{region}{letter}", f"{short}-az{place}") for place, letter in enumerate(ZONES, 1)]
    names, ids = arguments.get("excludeNames") or (), arguments.get("excludeZoneIds") or ()
    kept = [zone for zone in zones if zone[0] not in names and zone[1] not in ids]
    return {
        "names": [zone[0] for zone in kept],
        "zoneIds": [zone[1] for zone in kept],
        "groupNames": [region],
        "id": region,
    }


def _zone(region: str, arguments: Mapping[str, Any], _settings: Mapping[str, Any], _label: str) -> dict[str, Any]:
    name = arguments.get("name") or f"{region}a"
    place = ZONES.find(str(name)[-1]) + 1 or 1
    zone_id = arguments.get("zoneId") or f"{_short(region)}-az{place}"
    return {"name": name, "id": name, "zoneId": zone_id, "nameSuffix": str(name)[-1], "groupName": region}


def _short(region: str) -> str:
    """``us-east-1`` -> ``use1``, as in zone ids."""
    first, *middle, number = region.split("-")
    return f"{first}{''.join(word[0] if word != 'gov' else 'g' for word in _split(middle))}{number}"


def _split(words: list[str]) -> list[str]:
    """``southeast`` -> ``south``, ``east``."""
    found: list[str] = []
    for word in words:
        ends = next((end for end in ("east", "west") if word.endswith(end) and word != end), "")
        found += [word.removesuffix(ends), ends] if ends else [word]
    return found


def _account(settings: Mapping[str, Any]) -> str:
    allowed = settings.get("allowedAccountIds")
    if isinstance(allowed, str):
        try:
            allowed = json.loads(allowed)
        except ValueError:
            allowed = None
    return str(allowed[0]) if isinstance(allowed, list) and len(allowed) == 1 else ACCOUNT


def _partition(region: str) -> tuple[str, str, str]:
    found = next((words for start, words in _PARTITIONS.items() if region.startswith(start)), ("aws", "", ""))
    return found[0], found[1] or "amazonaws.com", found[2] or "com.amazonaws"


def _caller(region: str, _arguments: Mapping[str, Any], settings: Mapping[str, Any], _label: str) -> dict[str, Any]:
    account = _account(settings)
    arn = f"arn:{_partition(region)[0]}:sts::{account}:assumed-role/review/review"
    return {"accountId": account, "id": account, "arn": arn, "userId": "AROAEXAMPLE:review"}


def _region(region: str, arguments: Mapping[str, Any], _settings: Mapping[str, Any], _label: str) -> dict[str, Any]:
    name = arguments.get("name") or region
    words = {"name": name, "region": name, "id": name}
    return {**words, "endpoint": f"ec2.{name}.{_partition(str(name))[1]}", "description": f"the region {name}"}


def _partitions(region: str, *_: Any) -> dict[str, Any]:
    name, suffix, reverse = _partition(region)
    return {"partition": name, "id": name, "dnsSuffix": suffix, "reverseDnsPrefix": reverse}


def _vpc(region: str, arguments: Mapping[str, Any], settings: Mapping[str, Any], label: str) -> dict[str, Any]:
    own = arguments.get("id") or f"{label}.id"
    arn = f"arn:{_partition(region)[0]}:ec2:{region}:{_account(settings)}:vpc/{own}"
    cidr = arguments.get("cidrBlock") or CIDR
    return {"id": own, "cidrBlock": cidr, "arn": arn, "state": "available", "enableDnsSupport": True}


def _subnet(region: str, arguments: Mapping[str, Any], _settings: Mapping[str, Any], label: str) -> dict[str, Any]:
    zone = arguments.get("availabilityZone") or f"{region}a"
    cidr = arguments.get("cidrBlock") or CIDR.replace("/16", "/20")
    return {"id": arguments.get("id") or f"{label}.id", "cidrBlock": cidr, "availabilityZone": zone}


def _subnets(_region: str, _arguments: Mapping[str, Any], _settings: Mapping[str, Any], label: str) -> dict[str, Any]:
    return {"ids": [f"{label}.ids[{place}]" for place in range(len(ZONES))]}


def _token(region: str, _arguments: Mapping[str, Any], settings: Mapping[str, Any], label: str) -> dict[str, Any]:
    """A registry's sign-in: base64 of ``AWS:PASSWORD``, which programs take apart."""
    endpoint = f"https://{_account(settings)}.dkr.ecr.{region}.{_partition(region)[1]}"
    token = base64.b64encode(f"AWS:{label}".encode()).decode()
    return {"authorizationToken": token, "userName": "AWS", "password": f"{label}.password", "proxyEndpoint": endpoint}


def _image(_region: str, _arguments: Mapping[str, Any], _settings: Mapping[str, Any], label: str) -> dict[str, Any]:
    """The name of a volume is what programs size disks by."""
    own = f"ami-{label}"
    return {"id": own, "imageId": own, "architecture": "x86_64", "rootDeviceName": "/dev/xvda", "state": "available"}


_Make = Callable[[str, Mapping[str, Any], Mapping[str, Any], str], dict[str, Any]]
_ANSWERS: Final[Mapping[str, _Make]] = {
    "getAvailabilityZones": _zones,
    "getAvailabilityZone": _zone,
    "getCallerIdentity": _caller,
    "getRegion": _region,
    "getPartition": _partitions,
    "getVpc": _vpc,
    "getSubnet": _subnet,
    "getSubnets": _subnets,
    "getAmi": _image,
    "getAuthorizationToken": _token,
    "getCredentials": _token,
}
