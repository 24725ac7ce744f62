"""The model card: what a person writes beside the declaration, and the CycloneDX ML-BOM it becomes in a release.

::

    purpose: Flags cell samples that a pathologist should look at again.
    limits: [Not for samples of patients under 18; none were in the data.]
    affects_people: true
    metrics: [{name: sensitivity, value: 0.953, low: 0.871, high: 0.984, data: 171 held-out patients}]
    by_group: [{name: sensitivity, group: "age under 50", value: 0.949, data: 61 patients}]
    oversight: {name: Pathology duty desk, email: duty@example.com, how: "Stop it: aiinfra down, or unload the model."}
"""

from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from aiinfra.errors import BadInput
from aiinfra.spec import yaml

CARD: Final = "modelcard.json"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Metric(_Part):
    """One measured property."""

    name: str = Field(min_length=1)
    value: float = Field(allow_inf_nan=False)
    low: float | None = Field(default=None, allow_inf_nan=False)
    """Lower end of its confidence interval; none: not stated."""
    high: float | None = Field(default=None, allow_inf_nan=False)
    data: str = ""
    """What it was measured on."""


class GroupMetric(Metric):
    """The same for one group of people."""

    group: str = Field(min_length=1)


class Oversight(_Part):
    """Who can be asked, and can stop it."""

    name: str = Field(min_length=1)
    email: str = Field(pattern=r"^[^@\s]+@[^@\s]+$")
    how: str = ""
    """How it is stopped or overruled."""


class Card(_Part):
    """What the file beside the declaration holds."""

    purpose: str = Field(min_length=10)
    """What it is for."""
    users: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    """Where it must not be used, and where it is known to be weak."""
    affects_people: bool
    """Whether its answers bear on people; then metrics by group are needed."""
    metrics: tuple[Metric, ...] = Field(min_length=1)
    by_group: tuple[GroupMetric, ...] = ()
    oversight: Oversight

    @model_validator(mode="after")
    def _groups_where_people_are(self) -> "Card":
        if self.affects_people and not self.by_group:
            raise ValueError("affects_people is true and by_group is empty: measure it for each group of people")
        return self


def read_card(file: Path) -> Card:
    """Read ``card.yaml``.

    Raises:
        BadInput: ``card-invalid``.
    """
    try:
        return Card.model_validate(yaml.read(file.read_text(encoding="utf-8"), str(file)).data)
    except OSError as error:
        reason = f"cannot be read: {error.strerror}"
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        reason = f"{'.'.join(map(str, first['loc'])) or 'the card'}: {first['msg'].removeprefix('Value error, ')}"
    raise BadInput("card-invalid", f"{file}: {reason}", "write purpose, affects_people, metrics, by_group, oversight")


def model_card(card: Card, inputs: list[str], outputs: list[str], data: str) -> dict[str, Any]:
    """CycloneDX's ``modelCard`` object; ``data`` is the BOM reference of the training data, or empty."""
    metrics = [_metric(metric) for metric in (*card.metrics, *card.by_group)]
    considered: dict[str, Any] = {
        "useCases": [card.purpose],
        **({"users": list(card.users)} if card.users else {}),
        **({"technicalLimitations": list(card.limits)} if card.limits else {}),
    }
    properties = {
        "aiinfra:affects-people": str(card.affects_people).lower(),
        "aiinfra:oversight:name": card.oversight.name,
        "aiinfra:oversight:email": card.oversight.email,
        "aiinfra:oversight:how": card.oversight.how,
    }
    return {
        "modelParameters": {
            **({"datasets": [{"ref": data}]} if data else {}),
            "inputs": [{"format": text} for text in inputs],
            "outputs": [{"format": text} for text in outputs],
        },
        "quantitativeAnalysis": {"performanceMetrics": metrics},
        "considerations": considered,
        "properties": [{"name": name, "value": value} for name, value in properties.items() if value],
    }


def _metric(metric: Metric) -> dict[str, Any]:
    slices = [metric.group] if isinstance(metric, GroupMetric) else []
    slices += [metric.data] if metric.data else []
    ends = {"lowerBound": metric.low, "upperBound": metric.high}
    interval = {name: repr(end) for name, end in ends.items() if end is not None}
    return {
        "type": metric.name,
        "value": repr(metric.value),
        **({"slice": "; ".join(slices)} if slices else {}),
        **({"confidenceInterval": interval} if interval else {}),
    }
