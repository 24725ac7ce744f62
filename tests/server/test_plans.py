"""Reading by plan and reading anew give the same, whatever the second request holds."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiinfra.server import plans as plans_module
from aiinfra.server.config import Limits
from aiinfra.server.datatypes import DATATYPES
from aiinfra.server.plans import Plans
from aiinfra.server.ports import Port
from aiinfra.server.refusal import Refusal
from aiinfra.server.requests import InferRequest
from aiinfra.server.rest_decode import decode


class Shaped:
    """The ports of a model with one input and one output, and nothing behind them."""

    def __init__(self, name: str = "x", datatype: str = "FP32", shape: tuple[int | None, ...] = (None,)) -> None:
        self.inputs = (Port(name, DATATYPES[datatype], shape, ("",) * len(shape)),)
        self.outputs = (Port("y", DATATYPES[datatype], shape, ("",) * len(shape)),)
        self.by_input = {name: self.inputs[0]}
        self.by_output = {"y": self.outputs[0]}
        self.output_names = ["y"]
        self.providers = ()
        self.runtime = ""

    def run(self, feed: Any, names: list[str], options: Any = None) -> list[np.ndarray]:
        raise NotImplementedError


def outcome(text: bytes, model: Shaped, plans: Plans | None, header_length: int | None = None) -> Any:
    """Everything that a reader makes of a body, comparable."""
    try:
        request = decode(text, header_length, model, Limits(), plans)
    except Refusal as refusal:
        return refusal.kind, refusal.message
    feed = {name: (array.dtype.str, array.shape, array.tolist()) for name, array in request.feed.items()}
    return feed, request.id, request.outputs, request.binary, request.parameters, request.timeout


WORDINGS = [
    '{"inputs":[{"name":"x","shape":[2],"datatype":"FP32","data":[#]}]}',
    '{"inputs": [{"data" : [#], "datatype": "FP32", "shape": [2], "name": "x"}], "outputs": [{"name": "y"}]}',
    '{"parameters":{"binary_data_output":false,"timeout":5},"inputs":[{"name":"x","shape":[2],"datatype":"FP32","data":\n[#]}]}',
    '{"id":"one","inputs":[{"name":"x","shape":[2],"datatype":"FP32","data":[#]}]}',
    '{"inputs":[{"name":"x","shape":[1],"parameters":{"data":[#]},"datatype":"FP32","\\u0064ata":[1]}]}',
    '{"inputs":[{"name":"x","shape":[1],"parameters":{"data":[#]},"datatype":"FP32","data":[1]}]}',
    '{"inputs":[{"name":"x","shape":[1],"parameters":{"a\\"data":[#]},"datatype":"FP32","data":[1]}]}',
    '{"inputs":[{"name":"x","shape":[1],"datatype":"FP32","data":[1]}],"parameters":{"data":"[#]"}}',
]
DATA = st.one_of(
    st.lists(st.one_of(st.floats(), st.integers(), st.sampled_from([True, None, "a", "]", [1], {"a": 1}, 1e39]))),
    st.tuples(st.floats(-1e3, 1e3, width=32), st.floats(-1e3, 1e3, width=32)).map(list),
).map(lambda data: json.dumps(data)[1:-1])


@pytest.mark.parametrize("wording", WORDINGS)
@given(first=st.sampled_from(["1", "1,2", "1.5,-2"]), second=DATA | st.text('1,]["{}:x ', max_size=8))
def test_json_by_plan_is_json_read_anew(wording: str, first: str, second: str) -> None:
    plans = Plans()
    model = Shaped()
    outcome(wording.replace("#", first).encode(), model, plans)
    text = wording.replace("#", second).encode()
    assert outcome(text, model, plans) == outcome(text, model, None)


def test_an_input_called_data_is_not_mistaken_for_data() -> None:
    plans = Plans()
    model = Shaped("data")
    wording = '{"inputs":[{"name":"data","shape":[%d],"datatype":"FP32","data":[1]}]}'
    outcome((wording % 1).encode(), model, plans)
    text = (wording % 5).encode()
    assert outcome(text, model, plans) == outcome(text, model, None)


@given(raw=st.binary(max_size=12), header=st.integers(-2, 2))
def test_binary_by_plan_is_binary_read_anew(raw: bytes, header: int) -> None:
    plans = Plans()
    model = Shaped(shape=(2,))
    tensor = {"name": "x", "shape": [2], "datatype": "FP32", "parameters": {"binary_data_size": 8}}
    text = json.dumps({"inputs": [tensor], "parameters": {"binary_data_output": True}}).encode()
    outcome(text + bytes(8), model, plans, len(text))
    assert plans.read_binary(text + bytes(8), len(text)) is not None
    length = len(text) + header
    assert outcome(text + raw, model, plans, length) == outcome(text + raw, model, None, length)


def test_plans_are_few_and_short(monkeypatch: pytest.MonkeyPatch) -> None:
    plans = Plans()
    body = '{"inputs":[{"name":"x","shape":[1],"datatype":"FP32","data":[1]}],"parameters":{"a":"%s"}}'

    def known(text: str) -> InferRequest | None:
        decode(text.encode(), None, Shaped(), Limits(), plans)
        return plans.read_json(text.encode())

    assert known(body % "") is not None
    assert known(body % ("a" * 3000)) is None
    assert known('{"id":"a","inputs":[{"name":"x","shape":[1],"datatype":"FP32","data":[1]}]}') is None
    monkeypatch.setattr(plans_module, "_MOST", 3)
    for number in range(10):
        assert known(body % number) is not None
    assert len(plans._json) <= 3
