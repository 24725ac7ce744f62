from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiinfra.catalogue.accelerators import accelerators
from aiinfra.estimate.benchmarks import LANGUAGE
from aiinfra.estimate.language import FABRIC_BYTES, Language
from aiinfra.estimate.language_box import roof
from aiinfra.estimate.language_time import Cards, answer, at_once, first_token, most, next_token
from aiinfra.estimate.published import Row, rate_of, read
from aiinfra.estimate.value import exact
from aiinfra.estimate.work import WIDTH

FILE = Path(__file__).parent.parent / "data" / "mlperf_validation.csv"
ROWS = [
    row
    for row in read(FILE.read_text(encoding="utf-8"), accelerators())
    if row.benchmark in LANGUAGE and row.metric == "throughput_offline" and row.part and row.part.kind != "cpu"
]
MODEL = Language("m", 8e9, 32, 4096, 8, 128, 512, 256)


def cards(count: int = 1, *, rate: float = 9e14, bandwidth: float = 3e12, memory: float = 8e10) -> Cards:
    return Cards(count, exact(rate, "operations/s"), exact(bandwidth, "B/s"), memory, FABRIC_BYTES)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.name}-{row.benchmark}-{row.system[:20]}")
def test_no_published_rate_passes_what_memory_and_peak_allow(row: Row):
    assert row.part is not None
    model, width, rate = LANGUAGE[row.benchmark], WIDTH[row.dtype], rate_of(row)
    memory, bandwidth = row.part.memory.value, row.part.bandwidth.value
    assert rate is not None
    assert memory is not None
    assert bandwidth is not None
    fewest = model.cards(memory * 1e9, width, row.count)
    assert fewest is not None
    held = cards(fewest, rate=rate, bandwidth=bandwidth * 1e9, memory=memory * 1e9)
    assert row.value <= roof(row.count, model, held, width)


@settings(deadline=None)
@given(st.floats(1e13, 1e16), st.floats(1.0, 4.0), st.floats(1e11, 1e13), st.floats(1.0, 4.0))
def test_a_faster_card_never_answers_later(rate: float, more: float, bandwidth: float, wider: float):
    slow = cards(rate=rate, bandwidth=bandwidth)
    quick = cards(rate=rate * more, bandwidth=bandwidth * wider)
    for said in (first_token, lambda m, c: next_token(m, c, 2.0), lambda m, c: answer(m, c, 2.0)):
        assert said(MODEL, quick).bounds[1] <= said(MODEL, slow).bounds[1] * (1 + 1e-9)
    assert most(MODEL, quick, 2.0) >= most(MODEL, slow, 2.0) * (1 - 1e-9)


@settings(deadline=None)
@given(st.integers(1, 500), st.integers(1, 500))
def test_more_requests_together_never_shorten_a_token(a: int, b: int):
    few, many = sorted((a, b))
    assert next_token(MODEL, cards(), 2.0, few).bounds[1] <= next_token(MODEL, cards(), 2.0, many).bounds[1]


def test_requests_at_once_are_what_memory_holds_beside_the_weights():
    each = (512 + 128) * 2 * 32 * 8 * 128 * 2
    free = 0.84 * 8e10 - 2.3 * 2**30 - 1.07 * 16e9
    assert at_once(MODEL, cards(), 2.0) == int(free / each)
    assert at_once(MODEL, cards(memory=1e10), 2.0) == 0
    assert most(MODEL, cards(memory=1e10), 2.0) == 0.0
