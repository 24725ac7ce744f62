"""Names fit their service and stay apart."""

from hypothesis import given
from hypothesis import strategies as st

from aiinfra.names import DNS_LABEL, bucket_name, fit

LABEL = st.from_regex(DNS_LABEL, fullmatch=True)


@given(st.text("abcdefghijklmnop-", min_size=1, max_size=200).map(lambda s: f"a{s}z"))
def test_fit_never_exceeds_and_keeps_what_fits(name: str) -> None:
    fitted = fit(name)
    assert len(fitted) <= 63
    assert DNS_LABEL.fullmatch(fitted)
    assert len(name) > 63 or fitted == name


def test_two_long_names_stay_apart() -> None:
    assert fit("a" * 80) != fit("a" * 81)


@given(LABEL)
def test_bucket_names_are_valid_whatever_the_purpose(purpose: str) -> None:
    name = bucket_name(purpose, "111122223333", "ap-southeast-1")
    assert 3 <= len(name) <= 63
    assert DNS_LABEL.fullmatch(name)
    assert name != bucket_name(purpose, "111122223334", "ap-southeast-1")
