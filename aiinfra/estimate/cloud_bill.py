"""What AWS bills a month for all that a declaration makes there: what its projects register, and the machines that no
project of its registers (those of EKS sites, and training nodes that come and go)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from aiinfra.estimate.bill import Bill, Item, counted, grouped, money, priced_sum
from aiinfra.estimate.bill import data as bill_data
from aiinfra.estimate.value import Value, unknown

_TOLD: Final = 3
"""Reasons told of a sum that is unknown."""


@dataclass(frozen=True, slots=True)
class CloudBill:
    """One bill of all projects."""

    projects: Mapping[str, Bill]
    """By the compiled project's folder: ``registry``, ``training``."""
    machines: tuple[Item, ...]
    """Boxes of EKS sites and their control planes, and training nodes that come and go: from the estimate."""

    @property
    def items(self) -> tuple[Item, ...]:
        """All billable resources."""
        return (*self.machines, *(item for bill in self.projects.values() for item in bill.items))

    @property
    def cost(self) -> Value:
        """USD a month of what is priced."""
        return priced_sum(self.items)

    @property
    def fixed(self) -> Value:
        """USD a month of all that does not bill by use; unknown where one of it has no price: what a cap judges."""
        lost = [item for item in self.items if not item.cost.known and not item.by_use]
        if not lost:
            return self.cost
        why = counted("; ".join(item.cost.drivers) for item in lost)
        return unknown("USD/month", *why[:_TOLD], *((f"and {len(why) - _TOLD} more",) if len(why) > _TOLD else ()))

    @property
    def regions(self) -> tuple[str, ...]:
        """Where it is billed, as far as a provider tells."""
        return tuple(sorted({region for bill in self.projects.values() for region in bill.regions if region}))

    @property
    def priced(self) -> int:
        """Resources with a price."""
        return sum(item.cost.known for item in self.items)

    @property
    def not_priced(self) -> tuple[str, ...]:
        """Reasons by project, each with how many resources it stands for; machines say theirs in the estimate."""
        return tuple(f"{name}: {why}" for name, bill in self.projects.items() for why in bill.not_priced)

    @property
    def also(self) -> tuple[str, ...]:
        """What use adds to what is priced."""
        return counted(words for item in self.items for words in item.also)

    @property
    def at_once(self) -> tuple[str, ...]:
        """What is paid when a project is applied."""
        return tuple(words for bill in self.projects.values() for words in bill.at_once)


def text(found: CloudBill, name: str) -> list[str]:
    """The bill of the deployment ``name`` for people: machines, then what each project registers, dearest first."""
    where = f", in {', '.join(found.regions)}" if found.regions else ""
    lines = [f"AWS bills a month, at list prices{where}"]
    lines += [f"  at once, when it is applied: {words}" for bill in found.projects.values() for words in bill.spent]
    lines += [_row(item.cost, item.name) for item in found.machines]
    for folder, bill in found.projects.items():
        if bill.items:
            said = f"{folder}: priced {bill.priced} of {len(bill.items)} resources"
            lines.append(_row(bill.cost if bill.priced else None, said))
            lines += [f"  {_row(cost, words)}" for words, cost in grouped(bill.items, f"{name}-{folder}-")]
    lines.append(_row(found.cost if found.priced else None, "in all"))
    return lines


def _row(cost: Value | None, words: str) -> str:
    return f"  {'not priced' if cost is None or not cost.known else money(cost):<36} {words}"


def data(found: CloudBill) -> dict[str, Any]:
    """Plain data for ``--json``."""
    return {
        "regions": list(found.regions),
        "cost": found.cost.as_json(),
        "priced": found.priced,
        "billable": len(found.items),
        "not_priced": list(found.not_priced),
        "at_once": list(found.at_once),
        "also": list(found.also),
        "machines": [{"name": item.name, "cost": item.cost.as_json()} for item in found.machines],
        "projects": {name: bill_data(bill) for name, bill in found.projects.items()},
    }
