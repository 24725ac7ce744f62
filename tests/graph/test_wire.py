"""Values from the wire: nothing of a secret is left, the rest is what the program wrote."""

import json
import math

import pytest
from google.protobuf.struct_pb2 import Struct
from hypothesis import given
from hypothesis import strategies as st

from aiinfra.graph import wire
from aiinfra.graph.values import marker_of, markers, plain

TEXT = st.text(max_size=8)
KEYS = TEXT | st.sampled_from(["$secret", "$$secret", "$unknown", "$ref", "$$$ref", "$asset", "$", "__own", "a.b"])
LEAVES = (
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | TEXT
)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=12
)
BAGS = st.dictionaries(KEYS.filter(lambda key: not key.startswith("__")), VALUES, max_size=4)


def sent(values: dict) -> Struct:
    struct = Struct()
    struct.update(values)
    return struct


def whole(value: object) -> object:
    """Numbers without a fraction as integers, as a graph holds them."""
    if isinstance(value, float) and not math.isinf(value):
        return wire.plain_number(value)
    if isinstance(value, dict):
        return {key: whole(item) for key, item in value.items()}
    return [whole(item) for item in value] if isinstance(value, list) else value


@given(BAGS)
def test_plain_values_come_back_as_they_were_sent(values: dict) -> None:
    decoded = wire.Decoder().mapping(sent(values))
    assert plain(decoded) == whole(values)
    assert list(markers(decoded)) == []
    assert json.loads(json.dumps(decoded)) == decoded
    assert list(decoded) == sorted(decoded, key=wire.unescape)


@given(BAGS)
def test_encoding_is_the_inverse(values: dict) -> None:
    decoded = wire.Decoder().mapping(sent(values))
    assert wire.Decoder().mapping(sent(wire.encode(decoded, "x"))) == decoded


@given(VALUES, st.none() | st.binary(min_size=1, max_size=8))
def test_nothing_of_a_secret_is_left(value: object, key: bytes | None) -> None:
    text = "canary-4711"
    held = {"outer": [{"inner": wire.secret({"k": [value, text]})}], "whole": wire.secret(text)}
    decoder = wire.Decoder(key)
    decoded = decoder.mapping(sent(held))
    assert text not in json.dumps(decoded)
    assert [path for path, _ in markers(decoded)] == ["outer[0].inner", "whole"]
    assert decoder.scrub(f"it is {text}!") == "it is [secret]!"
    assert (decoded["whole"]["$secret"] == "") is (key is None)


@given(st.dictionaries(TEXT, LEAVES, min_size=1, max_size=3), st.dictionaries(TEXT, LEAVES, min_size=1, max_size=3))
def test_fingerprints_differ_where_values_do(one: dict, other: dict) -> None:
    def fingerprint(value: dict) -> str:
        return wire.Decoder(b"key").mapping(sent({"s": wire.secret(value)}))["s"]["$secret"]

    assert (fingerprint(one) == fingerprint(other)) is (
        json.dumps(whole(one), sort_keys=True) == json.dumps(whole(other), sort_keys=True)
    )
    assert len(fingerprint(one)) == 16


def test_an_unknown_secret_has_no_fingerprint() -> None:
    decoded = wire.Decoder(b"key").mapping(sent({"s": wire.secret(wire.UNKNOWN_VALUE)}))
    assert decoded == {"s": {"$secret": ""}}


def test_unknown_leaves_and_references() -> None:
    struct = sent(
        {
            "list": [1.0, wire.UNKNOWN_VALUE],
            "ref": {wire.SIGNATURE: wire.RESOURCE_SIGNATURE, "urn": "urn:x", "id": "i"},
            "known": {wire.SIGNATURE: wire.OUTPUT_SIGNATURE, "value": 1},
            "unknown": {wire.SIGNATURE: wire.OUTPUT_SIGNATURE},
            "hidden": {wire.SIGNATURE: wire.OUTPUT_SIGNATURE, "value": "v", "secret": True},
            "later": {wire.SIGNATURE: "a signature of a later version", "value": 1},
        }
    )
    assert wire.Decoder().mapping(struct) == {
        "list": [1, {"$unknown": True}],
        "ref": {"$ref": "urn:x"},
        "known": 1,
        "unknown": {"$unknown": True},
        "hidden": {"$secret": ""},
        "later": {"value": 1},
    }


@pytest.mark.parametrize(
    ("number", "said"),
    [(3.0, 3), (-0.0, 0), (0.5, 0.5), (1e300, 1e300), (2.0**53, 2**53), (math.nan, "nan"), (math.inf, "inf")],
)
def test_numbers(number: float, said: object) -> None:
    assert wire.plain_number(number) == said
    assert type(wire.plain_number(number)) is type(said)


@given(KEYS)
def test_escaped_keys_are_no_markers(key: str) -> None:
    assert wire.unescape(wire.escape(key)) == key
    assert marker_of({wire.escape(key): 1}) == ""


def test_scrub_replaces_the_longest_first_and_leaves_short_words() -> None:
    decoder = wire.Decoder()
    for secret in ("abc", "abcd", "abcdef"):
        decoder.remember(secret)
    assert decoder.scrub("abc abcd abcdef") == "abc [secret] [secret]"
