import ml_dtypes
import numpy as np
import pytest
from onnx import TensorProto

from aiinfra.errors import BadInput
from aiinfra.model.facts import TensorFacts
from aiinfra.release.golden import GoldenSet, read_golden, read_tensor, tensor_bytes, write_golden


def fact(name, dtype, shape):
    return TensorFacts(name=name, dtype=dtype, shape=shape, onnx_type="")


@pytest.mark.parametrize(
    "value",
    [
        np.array([True, False]),
        np.array([0, 2**64 - 1], np.uint64),
        np.array([[-128], [127]], np.int8),
        np.array(3.5, np.float64),
        np.array([np.nan, np.inf, -0.0], np.float32),
        np.array([1.5, 2], np.float16),
        np.array([1.5, 2], ml_dtypes.bfloat16),
        np.array([b"\xff\x00", b""], np.object_),
        np.zeros((0, 4), np.float32),
    ],
    ids=lambda v: str(v.dtype),
)
def test_values_come_back(tmp_path, value):
    (tmp_path / "t.pb").write_bytes(tensor_bytes("t", value))
    back = read_tensor(tmp_path / "t.pb")
    assert (back.dtype, back.shape) == (value.dtype, value.shape)
    assert back.tobytes() == value.tobytes() if value.dtype != np.object_ else back.tolist() == value.tolist()


def test_sets_come_back_in_order(tmp_path):
    def one(n, v):
        return GoldenSet(f"test_data_set_{n}", {"x": np.array([v], np.float32)}, {"y": np.array([2 * v], np.float32)})

    write_golden(tmp_path, [one(10, 10), one(2, 2)])
    sets = read_golden(tmp_path, [fact("x", "FP32", (-1,))], [fact("y", "FP32", (-1,))])
    assert [(s.name, s.inputs["x"].item(), s.outputs["y"].item()) for s in sets] == [
        ("test_data_set_2", 2, 4),
        ("test_data_set_10", 10, 20),
    ]


@pytest.mark.parametrize(
    ("inputs", "code", "said"),
    [
        ([fact("x", "FP64", (-1, 3))], "golden-invalid", "holds FP32, but 'x' is FP64"),
        ([fact("x", "FP32", (-1, 4))], "golden-invalid", "shape is [1, 3], but 'x' is [-1, 4]"),
        ([fact("x", "FP32", (3,))], "golden-invalid", "but 'x' is [3]"),
        ([fact("x", "FP32", (-1, 3)), fact("z", "FP32", ())], "golden-missing", "(input 'z' of the model)"),
        ([], "golden-invalid", "the model has 0 inputs"),
    ],
)
def test_goldens_of_another_model(tmp_path, inputs, code, said):
    x = np.ones((1, 3), np.float32)
    write_golden(tmp_path, [GoldenSet("test_data_set_0", {"x": x}, {"y": x})])
    with pytest.raises(BadInput) as caught:
        read_golden(tmp_path, inputs, [fact("y", "FP32", (-1, 3))])
    assert caught.value.code == code
    assert said in caught.value.message


def test_no_sets(tmp_path):
    for folder in (tmp_path, tmp_path / "absent"):
        with pytest.raises(BadInput) as caught:
            read_golden(folder, [], [])
        assert caught.value.code == "golden-missing"


def proto(**fields):
    return TensorProto(**fields).SerializeToString()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"garbage",
        proto(data_type=1, dims=[2**40], raw_data=b"1234"),
        proto(data_type=1, dims=[-1], raw_data=b"1234"),
        proto(data_type=8, dims=[2], string_data=[b"a"]),
        proto(data_type=99, dims=[1], raw_data=b"1"),
        proto(data_type=1, dims=[1], data_location=1),
    ],
)
def test_not_a_tensor(tmp_path, content):
    (tmp_path / "t.pb").write_bytes(content)
    with pytest.raises(BadInput) as caught:
        read_tensor(tmp_path / "t.pb")
    assert caught.value.code == "golden-invalid"
