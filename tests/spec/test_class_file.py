"""Class files: what each wave serves, and which wave a site is in."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiinfra.errors import BadInput
from aiinfra.spec.class_file import ClassFile, boundaries, default_boundaries, parse_class, wave_of

KEY = "-----BEGIN PUBLIC KEY-----\nx\n-----END PUBLIC KEY-----\n"
DIGEST = "sha256:" + "a" * 64


def made(*shares: str | None, **more: object) -> ClassFile:
    waves = {
        n: {"version": "4", "digest": DIGEST, **({"share": s} if s else {})} for n, s in enumerate((*shares, None), 1)
    }
    return ClassFile.model_validate({"uri": "oci://r.example.com/x", "public_key": KEY, "waves": waves, **more})


def test_without_shares_each_wave_makes_ten_times_as_many() -> None:
    assert made(None, None).boundaries == (Decimal("0.01"), Decimal("0.1"), Decimal(1))
    assert made("5 %", "20 %").boundaries == (Decimal("0.05"), Decimal("0.25"), Decimal(1))
    assert made().boundaries == (Decimal(1),)


def test_a_sites_wave_is_the_same_for_ever() -> None:
    """Published: another answer would move sites between waves."""
    names = ["hall-1", "hall-2", "junction-12", "site-57", "site-161"]
    assert [wave_of("press-line", name, default_boundaries(3)) for name in names] == [3, 3, 3, 3, 3]
    assert [n for n in range(400) if wave_of("press-line", f"site-{n}", default_boundaries(3)) == 1] == [
        13,
        254,
        290,
        336,
        356,
    ]


def test_a_named_wave_wins_and_is_at_most_the_last() -> None:
    file = made(None, None)
    assert [file.wave_of("press-line", "hall-1", named) for named in (None, 1, 2, 9)] == [3, 1, 2, 3]


@given(st.lists(st.decimals("0.001", "0.2", places=3), min_size=1, max_size=4), st.text(min_size=1, max_size=20))
def test_every_site_has_one_wave_and_keeps_it_when_the_wave_grows(shares: list[Decimal], site: str) -> None:
    ends = boundaries(shares)
    wave = wave_of("c", site, ends)
    assert 1 <= wave <= len(ends)
    grown = boundaries([shares[0] * 2, *shares[1:]])
    assert wave_of("c", site, grown) <= wave


def test_about_as_many_as_the_share_says() -> None:
    inside = sum(wave_of("c", f"s-{n}", (Decimal("0.1"), Decimal(1))) == 1 for n in range(20_000))
    assert 1880 < inside < 2120


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("uri: x", "waves: is required"),
        ("uri: x\nwaves: {1: {version: 4}}", "4 is a number, not text"),
        ("uri: x\nwaves: {2: {version: '4', digest: D}}", "waves are numbered 1, 2, ... without a gap, not [2]"),
        ("uri: x\nwaves: {1: {version: '4', digest: D, share: 5 %}}", "wave 1 is the last and takes the rest"),
        (
            (
                "uri: x\nwaves: {1: {version: '4', digest: D, share: 50 %}, 2: {version: '4', digest: D}, "
                "3: {version: '4', digest: D}}"
            ),
            "either every wave but the last names its share, or none does",
        ),
        (
            (
                "uri: x\nwaves: {1: {version: '4', digest: D, share: 60 %}, 2: {version: '4', digest: D, share: 60 %}, "
                "3: {version: '4', digest: D}}"
            ),
            "the shares 60 %, 60 % are more than 100 %",
        ),
        ("uri: x\nwaves: {1: {version: '4', digest: D}}\ngate: {a: {query: b}}", "write at_most, at_least or both"),
        ("uri: x\nwaves: {1: {version: '4', digest: D}}\ngate: {a: {query: b, at_most: .nan}}", "gate.a.at_most"),
        (
            "uri: x\nwaves: {1: {version: '4', digest: D}}\ngate: {a: {query: b, at_most: 1, at_least: 2}}",
            "no number is at least 2 and at most 1",
        ),
    ],
)
def test_what_is_wrong_is_said(text: str, said: str) -> None:
    indented = KEY.replace("\n", "\n  ").rstrip()
    with pytest.raises(BadInput) as caught:
        parse_class(f"public_key: |\n  {indented}\n{text.replace('D', DIGEST)}\n", "c.yaml")
    assert caught.value.code == "class-file-invalid"
    assert said in caught.value.render()


def test_a_private_key_is_refused() -> None:
    with pytest.raises(ValueError, match="this is a private key"):
        made(public_key="-----BEGIN PRIVATE KEY-----\n")
