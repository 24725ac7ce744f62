"""Quantities keep what was written and compare by value."""

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiinfra.units import DataSize, Duration, Increase, Power, Quantity, Rate, Share, Spend, Temperature

KINDS: list[type[Quantity]] = [Duration, Power, DataSize, Rate, Share, Increase, Spend]


@given(data=st.data(), kind=st.sampled_from(KINDS))
def test_round_trips_to_the_letter(data: st.DataObject, kind: type[Quantity]) -> None:
    amount = data.draw(st.decimals(0, 100, places=3, allow_nan=False))
    unit = data.draw(st.sampled_from(sorted(kind.units)))
    quantity = kind(f"{amount:f}{kind.separator}{unit}")
    assert str(quantity) == f"{amount:f}{kind.separator}{unit}"
    assert kind(str(quantity)) == quantity
    assert hash(kind(str(quantity))) == hash(quantity)


def test_compares_by_value() -> None:
    assert Duration("1000 ms") == Duration("1s")
    assert Duration("72 h") == Duration("3 d")
    assert DataSize("1 TiB") > DataSize("1 TB")
    assert Power("0.5 kW") < Power("501 W")
    assert Spend("730 USD/month").base == Decimal(1)
    assert Duration("1 s") != Power("1 W")
    assert DataSize("1.5 B").bytes == 2


def test_currencies_do_not_mix() -> None:
    assert Spend("1 USD/month") != Spend("1 EUR/month")
    with pytest.raises(ValueError, match="different currencies"):
        assert Spend("1 USD/month") < Spend("2 EUR/month")


@pytest.mark.parametrize(
    ("kind", "text", "message"),
    [
        (Power, "25", "'25' has no unit: write it like '25 W' (units: mW, W, kW, MW)"),
        (Power, "25 w", "'w' is not a unit of power: use one of mW, W, kW, MW"),
        (Duration, "-1 s", "'-1 s' is not a duration: write a number and a unit, like '20 ms'"),
        (Share, "101 %", "'101 %' is more than 100 %"),
        (Increase, "20000 %", "'20000 %' is more than 10000 %: a hundred times as much in a year"),
        (Spend, "3 usd/month", "'usd' is not a currency code: write three capitals, like 'USD' or 'EUR'"),
        (Spend, "3 USD/week", "'week' is not a period: use one of hour, day, month, year"),
    ],
)
def test_says_what_is_wrong_and_what_is_right(kind: type[Quantity], text: str, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        kind(text)


def test_a_temperature_may_be_below_zero():
    assert Temperature("-20 C").celsius == -20
    assert str(Temperature("-20 C")) == "-20 C"
    assert Temperature("-20 C") < Temperature("5 C")
    with pytest.raises(ValueError, match="not a unit of temperature"):
        Temperature("300 K")
