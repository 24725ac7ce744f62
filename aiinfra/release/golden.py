"""Golden inputs and outputs in ONNX's own test-data layout: ``test_data_set_0/input_0.pb``, ``output_0.pb``, ..."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from google.protobuf.message import DecodeError
from onnx import TensorProto, numpy_helper

from aiinfra.errors import BadInput
from aiinfra.model.dtypes import OF_ONNX
from aiinfra.model.facts import TensorFacts

_SET: Final = re.compile(r"test_data_set_(\d+)")
_LARGEST: Final = 256 * 2**20
_MOST_SETS: Final = 64


@dataclass(frozen=True, slots=True)
class GoldenSet:
    """One example: inputs and what the model must answer, by tensor name."""

    name: str
    inputs: Mapping[str, np.ndarray]
    outputs: Mapping[str, np.ndarray]


def read_golden(folder: Path, inputs: Sequence[TensorFacts], outputs: Sequence[TensorFacts]) -> tuple[GoldenSet, ...]:
    """Read every set of ``folder``; file ``input_I.pb`` holds the model's input number I.

    Raises:
        BadInput: ``golden-missing`` (no sets, or a file of one is absent), ``golden-invalid`` (a file is not a tensor,
            or does not fit the model's input or output).
    """
    if not folder.is_dir():
        raise _missing(folder, "is not a folder")
    found = {int(match[1]): path for path in folder.iterdir() if (match := _SET.fullmatch(path.name)) and path.is_dir()}
    if not found:
        raise _missing(folder, "holds no folder test_data_set_0")
    if len(found) > _MOST_SETS:
        raise BadInput(
            "golden-invalid", f"{folder} holds {len(found)} sets; at most {_MOST_SETS} are tried", "keep a few"
        )
    return tuple(
        GoldenSet(path.name, _side(path, "input", inputs), _side(path, "output", outputs))
        for _, path in sorted(found.items())
    )


def _missing(place: Path, reason: str) -> BadInput:
    remedy = "keep goldens as ONNX does: FOLDER/test_data_set_0/input_0.pb and output_0.pb"
    return BadInput("golden-missing", f"{place} {reason}", remedy)


def _side(folder: Path, side: str, tensors: Sequence[TensorFacts]) -> dict[str, np.ndarray]:
    values = {}
    for index, tensor in enumerate(tensors):
        file = folder / f"{side}_{index}.pb"
        if not file.is_file():
            raise _missing(file, f"is not there ({side} {tensor.name!r} of the model)")
        values[tensor.name] = _fitting(read_tensor(file), tensor, file)
    extra = folder / f"{side}_{len(tensors)}.pb"
    if extra.exists():
        raise _invalid(extra, f"the model has {len(tensors)} {side}{'s' if len(tensors) != 1 else ''}")
    return values


def _invalid(file: Path, reason: str) -> BadInput:
    return BadInput("golden-invalid", f"{file}: {reason}", "record the golden inputs and outputs again")


def _fitting(value: np.ndarray, tensor: TensorFacts, file: Path) -> np.ndarray:
    if tensor.dtype != dtype_of(value):
        raise _invalid(file, f"it holds {dtype_of(value)}, but {tensor.name!r} is {tensor.dtype}")
    shape = tensor.shape
    if shape is not None and (
        len(shape) != value.ndim or any(s not in (-1, n) for s, n in zip(shape, value.shape, strict=True))
    ):
        raise _invalid(file, f"its shape is {list(value.shape)}, but {tensor.name!r} is {list(shape)}")
    return value


def dtype_of(value: np.ndarray) -> str:
    """The protocol's datatype of an array; ``BYTES`` for arrays of texts or bytes."""
    if value.dtype.kind in "OSU":
        return "BYTES"
    found = OF_ONNX.get(numpy_helper.helper.np_dtype_to_tensor_dtype(value.dtype))
    return found.value if found is not None else str(value.dtype)


def read_tensor(file: Path) -> np.ndarray:
    """One tensor from an ONNX ``TensorProto`` file; texts come as an object array of ``bytes``.

    Raises:
        BadInput: ``golden-invalid``.
    """
    tensor = TensorProto()
    try:
        if file.stat().st_size > _LARGEST:
            raise _invalid(file, f"it is larger than {_LARGEST} bytes")
        tensor.ParseFromString(file.read_bytes())
    except (OSError, DecodeError):
        raise _invalid(file, "it is not an ONNX tensor") from None
    if tensor.data_location == TensorProto.EXTERNAL:
        raise _invalid(file, "it keeps its data in another file")
    if tensor.data_type not in OF_ONNX or any(size < 0 for size in tensor.dims):
        raise _invalid(file, "it is not a tensor that the protocol can carry")
    if tensor.data_type == TensorProto.STRING:
        if len(tensor.string_data) != math.prod(tensor.dims):
            raise _invalid(file, "its shape does not fit its data")
        return np.array(list(tensor.string_data), dtype=np.object_).reshape(tuple(tensor.dims))
    try:
        return numpy_helper.to_array(tensor)
    except (ValueError, TypeError, KeyError, OverflowError):
        raise _invalid(file, "its shape does not fit its data") from None


def tensor_bytes(name: str, value: np.ndarray) -> bytes:
    """The bytes of an ONNX ``TensorProto`` file: the same value always gives the same bytes."""
    if dtype_of(value) == "BYTES":
        tensor = TensorProto(name=name, data_type=TensorProto.STRING, dims=value.shape)
        tensor.string_data.extend(v.encode() if isinstance(v, str) else bytes(v) for v in value.reshape(-1).tolist())
    else:
        tensor = numpy_helper.from_array(np.asarray(value, order="C"), name)
    return tensor.SerializeToString(deterministic=True)


def write_golden(folder: Path, sets: Sequence[GoldenSet]) -> None:
    """Write ``sets`` under ``folder``, in the order of each set's tensors."""
    for golden in sets:
        place = folder / golden.name
        place.mkdir(parents=True)
        for side, values in (("input", golden.inputs), ("output", golden.outputs)):
            for index, (name, value) in enumerate(values.items()):
                (place / f"{side}_{index}.pb").write_bytes(tensor_bytes(name, value))
