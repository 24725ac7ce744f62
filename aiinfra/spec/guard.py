"""What watches over the account: records, findings, budgets. Once per account, whoever uses it."""

from pydantic import Field, model_validator

from aiinfra.spec.base import Spec
from aiinfra.units import Spend


class Guard(Spec):
    """Trail, threat detection, configuration records, budget. Made once an account, by one deployment in it."""

    existing: bool = False
    """A landing zone has them already: nothing is made. They are made by default, where a guard is declared."""
    budget: Spend | None = Field(default=None, examples=["20000 USD/month"])
    """Alarm when the whole account spends more; none: no budget. In USD."""
    anomalies: Spend | None = Field(default=None, examples=["500 USD/day"])
    """Alarm when a service's spending differs from its habit by more than this a day; none: no such alarm. In USD."""

    organization: bool = False
    """This account administers threat detection for its organization: every member is watched. Not by default; the
    management account must have said so (``aws guardduty enable-organization-admin-account``)."""

    @model_validator(mode="after")
    def _in_dollars(self) -> "Guard":
        for name in ("budget", "anomalies"):
            found = getattr(self, name)
            if found is not None and found.currency != "USD":
                raise ValueError(f"{name}: AWS counts in USD; write it in USD")
        if self.existing and (self.budget or self.anomalies):
            raise ValueError("existing: nothing is made, so budget and anomalies would be nowhere: leave them out")
        return self
