"""Asks a user's AWS account for its zones, machines and quotas, with the credentials that boto3 finds."""

import importlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from aiinfra.check.account import FILE, ON_DEMAND, SCHEMA, AccountFacts
from aiinfra.errors import AiinfraError, BadInput, Refused
from aiinfra.spec.declaration import Declaration
from aiinfra.spec.deployment import Deployment

CALLS: Final = {
    "sts.GetCallerIdentity": ((), ("Account",)),
    "ec2.DescribeAvailabilityZones": (("AllAvailabilityZones",), ("AvailabilityZones",)),
    "ec2.DescribeInstanceTypeOfferings": (("LocationType", "Filters"), ("InstanceTypeOfferings",)),
    "service-quotas.ListServiceQuotas": (("ServiceCode",), ("Quotas",)),
}
"""What is asked, with the members that are sent and read; all of it only reads."""

RIGHTS: Final = (
    "ec2:DescribeAvailabilityZones",
    "ec2:DescribeInstanceTypeOfferings",
    "servicequotas:ListServiceQuotas",
)
"""What must be allowed for that; asking for one's own identity always is."""

Clients = Callable[[str], Any]
"""Name of a service -> its client in the declaration's region."""


def clients_of(region: str) -> Clients:
    """boto3's clients.

    Raises:
        BadInput: ``boto3-missing``.
    """
    try:
        boto3 = importlib.import_module("boto3")
    except ImportError:
        message = "boto3 is not installed, and asking an AWS account needs it"
        raise BadInput("boto3-missing", message, "pip install 'aiinfra[aws]'") from None
    made: Clients = boto3.session.Session(region_name=region).client
    return made


def ask(declaration: Declaration, clients: Clients | None = None) -> AccountFacts:
    """The facts of the account that a declaration names.

    Raises:
        BadInput: ``no-cloud``, ``boto3-missing``, and what :func:`refusal` makes of AWS's own words.
        Refused: ``account-facts-of-another``: the credentials are another account's.
    """
    cloud = declaration.deployment.cloud
    if cloud is None:
        message = f"{declaration.file.name} names no cloud account"
        raise BadInput("no-cloud", message, "add 'cloud' with account and region")
    try:
        get = clients or clients_of(cloud.region)
        account = str(get("sts").get_caller_identity()["Account"])
        if account != cloud.account:
            message = f"these credentials are of account {account}, and the deployment is for {cloud.account}"
            raise Refused("account-facts-of-another", message, "use a profile of that account (AWS_PROFILE)")
        ec2 = get("ec2")
        zones = ec2.describe_availability_zones(AllAvailabilityZones=False)["AvailabilityZones"]
        offered = {instance: _offered(ec2, instance) for instance in _instances(declaration.deployment)}
        quotas = _quotas(get("service-quotas"))
    except AiinfraError:
        raise
    except Exception as error:  # noqa: BLE001 - boto3 is optional, so its errors cannot be named; each is told as it is
        raise refusal(error, cloud.region) from None
    return AccountFacts(
        schema_=SCHEMA,
        account=account,
        region=cloud.region,
        date=datetime.now(UTC).date().isoformat(),
        zones=tuple(sorted(zone["ZoneId"] for zone in zones if zone.get("ZoneType") in (None, "availability-zone"))),
        offered=offered,
        quotas=quotas,
    )


def _instances(deployment: Deployment) -> list[str]:
    """Types of the machines that train and that serve."""
    trains = [deployment.training.instance] if deployment.training is not None else []
    serves = [group.instance for group in deployment.serving.machines] if deployment.serving is not None else []
    return sorted({*trains, *serves})


def write_account_facts(declaration: Declaration, clients: Clients | None = None) -> Path:
    """Ask, and write the file beside the declaration; what was there is replaced.

    Raises:
        BadInput: ``account-facts-unwritable``, and what :func:`ask` raises.
    """
    facts = ask(declaration, clients)
    file = declaration.file.parent / FILE
    try:
        file.write_text(facts.text(), encoding="utf-8", newline="\n")
    except OSError as error:
        message = f"{file} cannot be written: {error.strerror}"
        raise BadInput("account-facts-unwritable", message, "let this user write beside the declaration") from None
    return file


def _offered(ec2: Any, instance: str) -> tuple[str, ...]:
    wanted = [{"Name": "instance-type", "Values": [instance]}]
    pages = ec2.get_paginator("describe_instance_type_offerings").paginate(
        LocationType="availability-zone-id", Filters=wanted
    )
    return tuple(sorted(one["Location"] for page in pages for one in page["InstanceTypeOfferings"]))


def _quotas(client: Any) -> dict[str, float] | None:
    """Name -> virtual CPUs; None where the credentials may not ask, which is no reason to lose the rest."""
    try:
        pages = list(client.get_paginator("list_service_quotas").paginate(ServiceCode="ec2"))
    except Exception as error:
        if _code(error) in _FORBIDDEN:
            return None
        raise
    found = {one["QuotaName"]: float(one["Value"]) for page in pages for one in page["Quotas"]}
    return {name: value for name, value in sorted(found.items()) if ON_DEMAND.fullmatch(name)}


_FORBIDDEN: Final = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "Client.Unauthorized"})
_BAD_CREDENTIALS: Final = frozenset(
    {
        *("AuthFailure", "ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "RequestExpired"),
        *("SignatureDoesNotMatch", "UnrecognizedClientException"),
        *("ConfigParseError", "CredentialRetrievalError", "NoCredentialsError", "PartialCredentialsError"),
        *("ProfileNotFound", "SSOTokenLoadError", "TokenRetrievalError", "UnauthorizedSSOTokenError"),
    }
)
"""Codes of AWS's refusals, and the names of botocore's own errors."""


def refusal(error: Exception, region: str) -> BadInput:
    """What to say of an error of boto3's: ``account-credentials``, ``account-forbidden`` or ``account-unreachable``."""
    code, words = _code(error), " ".join(str(error).split()) or type(error).__name__
    if code in _FORBIDDEN:
        asked = getattr(error, "operation_name", "")
        message = f"these credentials may not {'call ' + asked if asked else 'ask'}: {words}"
        return BadInput("account-forbidden", message, f"allow {', '.join(RIGHTS)}; nothing else is called")
    if code in _BAD_CREDENTIALS:
        message = f"AWS takes no credentials of this machine: {words}"
        return BadInput(
            "account-credentials",
            message,
            f"log in (aws sso login), or name a profile (AWS_PROFILE); {region} must be enabled in the account",
        )
    message = f"the account could not be asked: {words}"
    return BadInput("account-unreachable", message, "check region and network (aws sts get-caller-identity)")


def _code(error: Exception) -> str:
    """The code of AWS's refusal; for other errors, the name of their class."""
    answer = getattr(error, "response", None)
    told = answer.get("Error", {}).get("Code", "") if isinstance(answer, dict) else ""
    return str(told or type(error).__name__)
