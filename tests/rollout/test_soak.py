import math

import pytest

from aiinfra.rollout.observe import Seen, look
from aiinfra.rollout.soak import Limits, watch
from aiinfra.units import Duration, Share
from tests.rollout.conftest import Timeline
from tests.server.conftest import affine, floats

LIMITS = Limits(Duration("1 min"), Duration("10 s"), Share("1 %"), Duration("20 ms"))


def seen(answered=0, failed=0, *, version="2", started=1.0, slow=0):
    """``slow`` of the answers took between 25 and 50 ms, the rest up to 10."""
    fast = answered - slow
    return Seen(
        started, version, answered, failed, ((0.01, fast), (0.025, fast), (0.05, answered), (math.inf, answered))
    )


@pytest.mark.parametrize(
    ("looks", "keep", "why"),
    [
        ([seen()], True, "served for 1 min; nobody asked it anything"),
        ([seen(), seen(500, 2)], True, "served for 1 min: 502 requests, 2 failed"),
        ([None, seen(version="1"), seen(5)], True, "served for 1 min: 5 requests, 0 failed"),
        ([seen(), None, None, seen(3)], True, "served for 1 min: 3 requests, 0 failed"),
        ([seen(500, slow=5)], True, "served for 1 min: 500 requests, 0 failed"),
        ([seen(), seen(5, 14)], False, "14 of 19 requests failed (73.7%; allowed: 1 %)"),
        ([seen(), seen(19, 1)], False, "1 of 20 requests failed (5.0%; allowed: 1 %)"),
        ([seen(500, slow=6)], False, "of 500 requests, one in a hundred took over 25 ms (allowed: 20 ms)"),
        ([seen(), None], False, "the server stopped answering"),
        ([seen(), seen(started=2.0)], False, "the server ended and was started again"),
        ([seen(), seen(version="1")], False, "the server went over to version 1 by itself"),
        ([None], False, "no server answered within 10 s"),
        (
            [seen(version="1")],
            False,
            "the server still serves version 1 after 10 s: its log says why it dropped 2",
        ),
        ([seen(version="")], False, "the server serves no version after 10 s: its log says why it dropped 2"),
    ],
)
def test_what_keeps_a_version_and_what_does_not(looks, keep, why):
    line = Timeline(*looks)
    verdict = watch(line.look, "2", LIMITS, line.clock)
    assert (verdict.keep, verdict.why) == (keep, why)


def test_a_bad_one_is_not_watched_to_the_end():
    line = Timeline(seen(), seen(10, 10))
    watch(line.look, "2", LIMITS, line.clock)
    assert line.time < 10


def test_a_good_one_is_watched_for_the_whole_time():
    line = Timeline(seen())
    watch(line.look, "2", LIMITS, line.clock)
    assert 60 <= line.time < 63


def test_a_quantile_is_the_lower_bound_of_its_class():
    assert seen(100).quantile(0.99) == 0.0
    assert seen(100, slow=1).quantile(0.99) == 0.0
    assert seen(100, slow=2).quantile(0.99) == 0.025
    assert Seen(1.0, "2").quantile(0.99) == 0.0


def test_a_running_server_is_read(serve, tmp_path):
    affine(tmp_path / "models" / "m" / "7" / "model.onnx")
    server = serve(watch={"address": "127.0.0.1:0"})
    address = server.server.addresses["watch"]
    first = look(address, "m")
    assert first is not None
    assert (first.version, first.requests, first.started > 1e9) == ("7", 0, True)
    for _ in range(3):
        assert server.infer({"inputs": [floats(1, 2, 3, 4)]})[0] == 200
    then = look(address, "m")
    assert then is not None
    assert (then.answered, then.failed, then.started) == (3, 0, first.started)
    assert then.latency[-1] == (math.inf, 3)
    assert look(address, "other").version == ""


def test_nobody_answers():
    assert look("127.0.0.1:9", "m") is None


def test_watch_is_for_this_machine_alone():
    from pydantic import ValidationError

    from aiinfra.server.config import Watch

    with pytest.raises(ValidationError, match="can be reached from other machines"):
        Watch(address="0.0.0.0:9091")
