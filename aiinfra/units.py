"""Quantities that carry their unit: read and printed as people write them, compared by value.

A quantity keeps the number and the unit it was written with, so a declaration round-trips to the letter; equality,
order and hash use the exact value in the base unit (``Decimal``, no rounding). A bare number is refused: ``20`` is
not a duration, ``20 ms`` is.
"""

import math
import re
from collections.abc import Mapping
from decimal import Decimal
from functools import total_ordering
from typing import Any, ClassVar, Self

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

_NUMBER = r"(?P<amount>\d+(?:\.\d+)?)"

HOURS_PER_MONTH = Decimal(730)
"""Hours in a month as AWS prices it (8,760 hours a year over twelve months)."""


@total_ordering
class Quantity:
    """Base of all quantities: an amount (at least zero) and one of the units of its kind."""

    kind: ClassVar[str]
    example: ClassVar[str]
    units: ClassVar[Mapping[str, Decimal]]
    """Unit -> its size in the base unit, which is the one of size 1."""
    separator: ClassVar[str] = " "

    __slots__ = ("amount", "unit")

    def __init__(self, text: str) -> None:
        """Parse ``text``.

        Raises:
            ValueError: naming the text, the rule and an example.
        """
        amount, unit = self._split(text)
        self.amount = amount
        self.unit = unit

    @classmethod
    def _split(cls, text: str) -> tuple[Decimal, str]:
        match = re.fullmatch(rf"{_NUMBER}\s*(?P<unit>\S*)", text.strip())
        if match is None:
            raise ValueError(f"{text!r} is not a {cls.kind}: write a number and a unit, like {cls.example!r}")
        unit = match["unit"]
        if not unit:
            raise ValueError(f"{text!r} has no unit: write it like {cls.example!r} (units: {', '.join(cls.units)})")
        if unit not in cls.units:
            raise ValueError(f"{unit!r} is not a unit of {cls.kind}: use one of {', '.join(cls.units)}")
        return Decimal(match["amount"]), unit

    @classmethod
    def of(cls, amount: Decimal | float | str, unit: str) -> Self:
        """Build from a number and a unit: ``Power.of(25, "W")``."""
        return cls(f"{Decimal(str(amount)).normalize():f}{cls.separator}{unit}")

    @property
    def base(self) -> Decimal:
        """The exact value in the base unit."""
        return self.amount * self.units[self.unit]

    def to(self, unit: str) -> float:
        """The value in ``unit``, for arithmetic."""
        return float(self.base / self.units[unit])

    def __str__(self) -> str:
        return f"{self.amount:f}{self.separator}{self.unit}"

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self.base == other.base  # type: ignore[attr-defined]

    def __lt__(self, other: Self) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self.base < other.base

    def __hash__(self) -> int:
        return hash((type(self).__name__, self.base))

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        def validate(value: Any) -> Self:
            if isinstance(value, cls):
                return value
            if isinstance(value, int | float) and not isinstance(value, bool):
                value = str(value)
            if not isinstance(value, str):
                raise PydanticCustomError(
                    "quantity", "write a {kind} as text, like '{example}'", {"kind": cls.kind, "example": cls.example}
                )
            try:
                return cls(value)
            except ValueError as error:
                raise PydanticCustomError("quantity", "{reason}", {"reason": str(error)}) from None

        return core_schema.no_info_plain_validator_function(
            validate, serialization=core_schema.plain_serializer_function_ser_schema(str)
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        units = "|".join(re.escape(unit) for unit in cls.units)
        return {"type": "string", "pattern": rf"^\d+(\.\d+)?\s*({units})$", "examples": [cls.example]}


def _scale(**units: str | int) -> dict[str, Decimal]:
    return {unit: Decimal(size) for unit, size in units.items()}


class Duration(Quantity):
    """A span of time; base unit second."""

    kind = "duration"
    example = "20 ms"
    units = _scale(us="0.000001", ms="0.001", s=1, min=60, h=3600, d=86400)

    @property
    def seconds(self) -> float:
        """The span in seconds."""
        return self.to("s")


class Power(Quantity):
    """Electrical power; base unit watt."""

    kind = "power"
    example = "25 W"
    units = _scale(mW="0.001", W=1, kW=1000, MW=1000000)

    @property
    def watts(self) -> float:
        """The power in watts."""
        return self.to("W")


class DataSize(Quantity):
    """An amount of data; base unit byte. Decimal and binary multiples are both accepted and kept apart."""

    kind = "data size"
    example = "2 TiB"
    units: ClassVar[Mapping[str, Decimal]] = {
        "B": Decimal(1),
        **{f"{p}B": Decimal(1000) ** n for n, p in enumerate(("k", "M", "G", "T", "P"), start=1)},
        **{f"{p}iB": Decimal(1024) ** n for n, p in enumerate(("K", "M", "G", "T", "P"), start=1)},
    }

    @property
    def bytes(self) -> int:
        """The whole number of bytes (rounded up)."""
        return math.ceil(self.base)


class Throughput(Quantity):
    """Data in a time; base unit byte per second."""

    kind = "throughput"
    example = "500 MB/s"
    units: ClassVar[Mapping[str, Decimal]] = {f"{unit}/s": size for unit, size in DataSize.units.items()}


class Rate(Quantity):
    """Requests in a time; base unit per second."""

    kind = "rate"
    example = "50/s"
    separator = ""
    units: ClassVar[Mapping[str, Decimal]] = {
        "/s": Decimal(1),
        "/min": Decimal(1) / 60,
        "/h": Decimal(1) / 3600,
        "/d": Decimal(1) / 86400,
    }

    @property
    def per_second(self) -> float:
        """Requests a second."""
        return self.to("/s")


class Share(Quantity):
    """A part of a whole, written as a percentage from 0 to 100; base value 1 is all of it."""

    kind = "percentage"
    example = "99.9 %"
    units: ClassVar[Mapping[str, Decimal]] = {"%": Decimal("0.01")}

    def __init__(self, text: str) -> None:
        super().__init__(text)
        if self.amount > 100:
            raise ValueError(f"{text!r} is more than 100 %")

    @property
    def fraction(self) -> float:
        """The share as a number from 0 to 1."""
        return float(self.base)


class Increase(Quantity):
    """How much more there is after a year, written as a percentage: ``30 %``, ``200 %`` (three times as much)."""

    kind = "increase"
    example = "30 %"
    units: ClassVar[Mapping[str, Decimal]] = {"%": Decimal("0.01")}

    def __init__(self, text: str) -> None:
        super().__init__(text)
        if self.amount > 10_000:
            raise ValueError(f"{text!r} is more than 10000 %: a hundred times as much in a year")

    @property
    def fraction(self) -> float:
        """What is added, as a part of what was there: 0.3, 2.0."""
        return float(self.base)


class Temperature(Quantity):
    """A temperature in degrees Celsius, the one quantity that may be below zero: ``-20 C``, ``45 C``."""

    kind = "temperature"
    example = "45 C"
    units = _scale(C=1)

    @classmethod
    def _split(cls, text: str) -> tuple[Decimal, str]:
        below = text.strip().startswith("-")
        amount, unit = super()._split(text.strip().removeprefix("-"))
        return (-amount if below else amount), unit

    @property
    def celsius(self) -> float:
        """Degrees Celsius."""
        return self.to("C")

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"type": "string", "pattern": r"^-?\d+(\.\d+)?\s*C$", "examples": [cls.example]}


_CURRENCY = re.compile(r"[A-Z]{3}")
_PERIODS = {"hour": Decimal(1), "day": Decimal(24), "month": HOURS_PER_MONTH, "year": HOURS_PER_MONTH * 12}


class Spend(Quantity):
    """Money over time, like ``300 USD/month``; base unit: that currency per hour, a month being 730 hours.

    Two spends in different currencies are never equal, and comparing them raises ``ValueError``: a rate between
    currencies has a date, and this module has none.
    """

    kind = "spend"
    example = "300 USD/month"
    units: ClassVar[Mapping[str, Decimal]] = {f"USD/{period}": Decimal(1) / hours for period, hours in _PERIODS.items()}

    __slots__ = ("currency", "period")

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.currency, _, self.period = self.unit.partition("/")

    @classmethod
    def _split(cls, text: str) -> tuple[Decimal, str]:
        match = re.fullmatch(rf"{_NUMBER}\s*(?P<currency>\S+?)\s*/\s*(?P<period>\S+)", text.strip())
        if match is None:
            raise ValueError(f"{text!r} is not a {cls.kind}: write amount, currency and period, like {cls.example!r}")
        if not _CURRENCY.fullmatch(match["currency"]):
            raise ValueError(f"{match['currency']!r} is not a currency code: write three capitals, like 'USD' or 'EUR'")
        if match["period"] not in _PERIODS:
            raise ValueError(f"{match['period']!r} is not a period: use one of {', '.join(_PERIODS)}")
        return Decimal(match["amount"]), f"{match['currency']}/{match['period']}"

    @property
    def base(self) -> Decimal:
        """The exact amount per hour, in ``currency``."""
        return self.amount / _PERIODS[self.period]

    def to(self, unit: str) -> float:
        """The amount per ``unit`` of time ("hour", "month", "year"), in ``currency``."""
        return float(self.base * _PERIODS[unit])

    def __eq__(self, other: object) -> bool:
        return super().__eq__(other) and self.currency == other.currency  # type: ignore[attr-defined]

    def __lt__(self, other: Self) -> bool:
        if type(other) is type(self) and other.currency != self.currency:
            raise ValueError(f"cannot compare {self} with {other}: different currencies")
        return super().__lt__(other)

    def __hash__(self) -> int:
        return hash((self.currency, super().__hash__()))

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        periods = "|".join(_PERIODS)
        return {
            "type": "string",
            "pattern": rf"^\d+(\.\d+)?\s*[A-Z]{{3}}\s*/\s*({periods})$",
            "examples": [cls.example],
        }
