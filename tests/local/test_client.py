import json

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiinfra.local.client import answer_of, request_of
from aiinfra.local.prediction import in_words


def echoed(inputs):
    """What a server that answers with its inputs would send: the request's own tensors, as outputs."""
    head, body = request_of(inputs)
    outputs = json.dumps({"outputs": json.loads(head)["inputs"]}).encode()
    return answer_of(outputs + body, str(len(outputs)) if body else None)


@pytest.mark.parametrize(
    ("value", "binary"),
    [
        (np.array([[1.5, -2]], np.float32), False),
        (np.array([2**64 - 1], np.uint64), False),
        (np.array([True, False]), False),
        (np.array(7, np.int8), False),
        (np.array([b"caf\xc3\xa9", b""], np.object_), False),
        (np.array([b"\xff\x00", b"x"], np.object_), True),
        (np.array([1, np.nan], np.float32), True),
        (np.array([np.inf], np.float64), True),
        (np.array([1.5], np.float16), True),
        (np.array([1.5, 2], ml_dtypes.bfloat16), True),
    ],
    ids=str,
)
def test_values_come_back_whatever_they_are(value, binary):
    assert bool(request_of({"x": value})[1]) == binary
    back = echoed({"x": value})["x"]
    assert (back.dtype, back.shape) == (value.dtype, value.shape)
    assert back.tolist() == value.tolist() or back.tobytes() == value.tobytes()


@given(st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=1))
def test_json_keeps_every_bit_of_a_float(values):
    value = np.array(values, np.float32)
    assert echoed({"x": value})["x"].tobytes() == value.tobytes()


@pytest.mark.parametrize(
    ("value", "labels", "words"),
    [
        (np.array([[0.1, 0.7, 0.2]], np.float32), ("a", "b", "c"), "b (0.7)"),
        (np.array([2], np.int64), ("a", "b", "c"), "c (2)"),
        (np.array([9], np.int64), ("a", "b", "c"), "[9]"),
        (np.array([[1, 2], [3, 4]], np.int32), (), "[1, 2]"),
        (np.arange(9, dtype=np.float32), (), "[0, 1, 2, 3, 4, 5, ...]"),
        (np.array([b"yes"], np.object_), (), "[yes]"),
        (np.array(True), (), "[true]"),
        (np.zeros((1, 0), np.float32), ("a",), "[]"),
    ],
)
def test_outputs_in_words(value, labels, words):
    assert in_words(value, labels) == words
