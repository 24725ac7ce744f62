import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from aiinfra.errors import AiinfraError
from aiinfra.release.manifest import Tolerance
from aiinfra.release.record import on_cpu
from aiinfra.release.trial import compare, try_release


def test_the_real_runtime_passes(release):
    trial = try_release(release, on_cpu(release / "model.onnx"))
    assert (trial.passed, trial.origin, trial.self_recorded, trial.problem) == (True, "numpy 2", False, "")
    assert trial.max_difference < 1e-5
    trial.require()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda y: y + 0.1, "differs in 6 of 6 values; largest difference 0.1"),
        (lambda y: np.where(y == y[1, 1], np.float32("nan"), y), "differs in 1 of 6 values; largest difference inf"),
        (lambda y: y[:1], "has shape [1, 3], golden has [2, 3]"),
        (lambda y: y.astype(np.float64), "is FP64, golden is FP32"),
    ],
)  # fmt: skip
def test_a_wrong_answer(release, change, said):
    run = on_cpu(release / "model.onnx")
    trial = try_release(release, lambda inputs: {"y": change(run(inputs)["y"])})
    assert not trial.passed
    assert said in trial.problem
    with pytest.raises(AiinfraError) as caught:
        trial.require()
    assert caught.value.code == "golden-mismatch"


def test_no_answer(release):
    assert try_release(release, lambda inputs: {}).problem == "test_data_set_0: 'y' is not in the answer"


def test_a_model_that_raises(release):
    def run(inputs):
        raise RuntimeError("out of memory\nwith a traceback")

    assert try_release(release, run).problem == "test_data_set_0: 'y' failed: out of memory"


def one(expected, answered, **tolerance):
    (result,) = compare("s", {"y": np.asarray(expected)}, {"y": np.asarray(answered)}, Tolerance(**tolerance))
    return result


def test_integers_and_texts_are_exact():
    assert one(np.array([2**63], np.uint64), np.array([0], np.uint64)).max_difference == float(2**63)
    assert one([1, 2, 3], [1, 2, 4]).wrong == 1
    texts = np.array([b"a", b"b"], np.object_)
    assert one(texts, np.array(["a", "b"], np.object_)).problem == ""
    assert one(texts, np.array([b"a", b"c"], np.object_)).wrong == 1
    assert one([True, False], [True, True]).wrong == 1


@given(hnp.arrays(np.float32, hnp.array_shapes(max_dims=3, max_side=4), elements=st.floats(width=32)))
def test_anything_equals_itself(value):
    result = one(value, value.copy(), absolute=0, relative=0)
    assert (result.problem, result.max_difference) == ("", 0.0)


@given(st.floats(-1e6, 1e6), st.floats(0, 1e3), st.floats(0, 2))
def test_the_tolerance_is_the_stated_formula(expected, absolute, factor):
    answered = expected + absolute * factor
    result = one([expected], [answered], absolute=absolute, relative=0)
    assert (result.problem == "") == (abs(answered - expected) <= absolute)
