"""Tags: who owns it, who pays, how secret it is."""

from enum import StrEnum

from pydantic import Field

from aiinfra.spec.base import Spec


class DataClass(StrEnum):
    """How sensitive the data is that passes through."""

    PUBLIC = "public"
    INTERNAL = "internal"
    CONFIDENTIAL = "confidential"
    REGULATED = "regulated"


class Tags(Spec):
    """Required of every deployment; they become tags and labels of every resource."""

    owner: str = Field(min_length=1, max_length=63)
    """Team that answers for it."""
    cost_center: str = Field(min_length=1, max_length=63)
    """Where the money comes from; text, so write ``"4711"`` in quotes."""
    data_class: DataClass
    """How sensitive the data is."""
    more: dict[str, str] = Field(default_factory=dict)
    """Further tags, as they are."""

    def as_labels(self) -> dict[str, str]:
        """Key -> value, as providers take them."""
        return {
            "owner": self.owner,
            "cost-center": self.cost_center,
            "data-class": self.data_class.value,
            **dict(sorted(self.more.items())),
        }
