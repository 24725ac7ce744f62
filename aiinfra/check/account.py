"""What a user's AWS account has, from the file that ``aiinfra doctor --account`` writes beside the declaration."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, ValidationError

from aiinfra.catalogue.find import find_instance
from aiinfra.errors import BadInput
from aiinfra.findings import Finding, Severity
from aiinfra.spec.declaration import Declaration

FILE: Final = "account.facts.json"
SCHEMA: Final = "aiinfra.account-facts/1"
ON_DEMAND: Final = re.compile(r"Running On-Demand (?:Standard \()?(?P<families>[A-Za-z, ]+?)\)? instances$")
"""Name of a quota of virtual CPUs: ``Running On-Demand P instances``, ``... Standard (A, C, D, ...) instances``."""


class AccountFacts(BaseModel):
    """What was asked of one account in one region."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_: str
    account: str
    region: str
    date: str
    """When it was asked, ISO."""
    zones: tuple[str, ...]
    """Ids of the zones that the account sees."""
    offered: Mapping[str, tuple[str, ...]]
    """Instance type -> ids of the zones that have it; of those that were asked about."""
    quotas: Mapping[str, float] | None
    """Name of an EC2 quota -> virtual CPUs; None: the credentials were not allowed to ask."""

    def quota(self, instance: str) -> tuple[str, float] | None:
        """Name and size of the quota that an instance type on demand counts against."""
        family = (re.match(r"[a-z]+", instance) or [""])[0]
        for name, value in sorted((self.quotas or {}).items()):
            found = ON_DEMAND.fullmatch(name)
            listed = re.split(r", | and ", found["families"].lower()) if found else []
            if family in listed or (family in ("g", "gr", "vt") and "vt" in listed):
                return name, value
        return None

    def text(self) -> str:
        """The file."""
        data = {"schema": self.schema_, **self.model_dump(exclude={"schema_"})}
        return json.dumps(data, indent=1, sort_keys=True) + "\n"


def read_account_facts(file: Path) -> AccountFacts | None:
    """The file's facts; None where there is none.

    Raises:
        BadInput: ``account-facts-unreadable``.
    """
    if not file.is_file():
        return None
    try:
        data: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        if data.pop("schema", None) != SCHEMA:
            raise ValueError(f"its schema is not {SCHEMA}")
        return AccountFacts(schema_=SCHEMA, **data)
    except (OSError, ValueError, TypeError, AttributeError, ValidationError) as error:
        message = f"{file.name} cannot be read: {str(error).splitlines()[0]}"
        raise BadInput("account-facts-unreadable", message, "write it again: aiinfra doctor --account") from None


def fits_account(declaration: Declaration) -> Iterator[Finding]:
    """Zones, instance types and quotas are the account's; without its file, that they were not checked."""
    deployment = declaration.deployment
    cloud, training, serving = deployment.cloud, deployment.training, deployment.serving
    if cloud is None or (training is None and serving is None):
        return
    try:
        facts = read_account_facts(declaration.file.parent / FILE)
    except BadInput as error:
        yield Finding(error.code, Severity.ERROR, error.message, "cloud", remedy=error.remedy)
        return
    if facts is None:
        message = f"whether account {cloud.account} has these zones, machines and quotas was not checked"
        remedy = f"with credentials: aiinfra doctor --account {declaration.file.name}"
        yield Finding("account-unchecked", Severity.NOTE, message, "cloud", remedy=remedy)
        return
    if (facts.account, facts.region) != (cloud.account, cloud.region):
        message = (
            f"{FILE} is of {facts.account} in {facts.region}, and the deployment of {cloud.account} in {cloud.region}"
        )
        yield Finding("account-facts-of-another", Severity.ERROR, message, "cloud", remedy="write it again")
        return
    places = {f"cloud.zones[{index}]": zone for index, zone in enumerate(cloud.zones)}
    for path, zone in {**places, "cloud.control_zone": cloud.control_zone}.items():
        if zone and zone not in facts.zones:
            message = f"the account does not see zone {zone}"
            remedy = f"use {', '.join(facts.zones)}"
            yield Finding("zone-not-in-account", Severity.ERROR, message, path, remedy=remedy)
    if training is not None:
        yield from _machines(facts, training.instance, training.nodes, cloud.zones)
        on_demand = not training.capacity.reservation and not training.capacity.spot
        if on_demand:
            yield from _quota(facts, training.instance, training.nodes, "training.nodes")
    for index, group in enumerate(serving.machines if serving is not None else ()):
        yield from _spread(facts, group.instance, cloud.zones, f"serving.machines[{index}]")
        yield from _quota(facts, group.instance, group.count, f"serving.machines[{index}].count")


def _spread(facts: AccountFacts, instance: str, zones: tuple[str, ...], place: str) -> Iterator[Finding]:
    """Machines that serve are spread over all zones, so all of them offer these."""
    there = facts.offered.get(instance)
    if there is None:
        message = f"{FILE} knows nothing of {instance}: whether the zones have it was not checked"
        yield Finding("account-unchecked", Severity.NOTE, message, place, remedy="write it again")
        return
    lacking = [zone for zone in zones if zone not in there]
    if lacking:
        where = f"it is in {', '.join(there)}: name those zones, or" if there else "it is nowhere in the region:"
        message = f"{instance} is not offered in {', '.join(lacking)}, and machines that serve are in every zone"
        remedy = f"{where} choose another instance type"
        yield Finding("instance-not-offered", Severity.ERROR, message, f"{place}.instance", remedy=remedy)


def _machines(facts: AccountFacts, instance: str, nodes: int, zones: tuple[str, ...]) -> Iterator[Finding]:
    there = facts.offered.get(instance)
    if nodes and there is None:
        message = f"{FILE} knows nothing of {instance}: whether the zones have it was not checked"
        yield Finding("account-unchecked", Severity.NOTE, message, "training.instance", remedy="write it again")
    if nodes and there is not None and zones and zones[0] not in there:
        where = f"it is in {', '.join(there)}: put one of them first" if there else "choose another instance type"
        message = f"{instance} is not offered in {zones[0]}, the first zone, where machines that train are"
        yield Finding("instance-not-offered", Severity.ERROR, message, "training.instance", remedy=where)


def _quota(facts: AccountFacts, instance: str, nodes: int, place: str) -> Iterator[Finding]:
    if facts.quotas is None:
        message = (
            f"whether account {facts.account} may run {nodes} x {instance} was not checked: asking was not allowed"
        )
        remedy = "allow servicequotas:ListServiceQuotas, and write the file again"
        yield Finding("account-unchecked", Severity.NOTE, message, place, remedy=remedy)
        return
    found = facts.quota(instance)
    try:
        cores = find_instance(instance).vcpus * nodes
    except BadInput:
        return  # told by the check of instances
    if found is not None and cores > found[1]:
        name, value = found
        message = f"{nodes} x {instance} are {cores} virtual CPUs, and the quota {name!r} is {value:g}"
        yield Finding(
            "quota-short",
            Severity.WARNING,
            message,
            place,
            remedy="ask AWS to raise it before the first apply",
        )
