"""Element types: the names of the Open Inference Protocol, and what ONNX and numpy call them."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from onnx import TensorProto


class Dtype(StrEnum):
    """The tensor datatypes of the Open Inference Protocol v2."""

    BOOL = "BOOL"
    UINT8 = "UINT8"
    UINT16 = "UINT16"
    UINT32 = "UINT32"
    UINT64 = "UINT64"
    INT8 = "INT8"
    INT16 = "INT16"
    INT32 = "INT32"
    INT64 = "INT64"
    FP16 = "FP16"
    FP32 = "FP32"
    FP64 = "FP64"
    BF16 = "BF16"
    BYTES = "BYTES"


OF_ONNX: Final[Mapping[int, Dtype]] = MappingProxyType(
    {
        TensorProto.BOOL: Dtype.BOOL,
        TensorProto.UINT8: Dtype.UINT8,
        TensorProto.UINT16: Dtype.UINT16,
        TensorProto.UINT32: Dtype.UINT32,
        TensorProto.UINT64: Dtype.UINT64,
        TensorProto.INT8: Dtype.INT8,
        TensorProto.INT16: Dtype.INT16,
        TensorProto.INT32: Dtype.INT32,
        TensorProto.INT64: Dtype.INT64,
        TensorProto.FLOAT16: Dtype.FP16,
        TensorProto.FLOAT: Dtype.FP32,
        TensorProto.DOUBLE: Dtype.FP64,
        TensorProto.BFLOAT16: Dtype.BF16,
        TensorProto.STRING: Dtype.BYTES,
    }
)
"""ONNX element type -> protocol datatype. Complex, 8-bit float and 4-bit types have no name in the protocol."""

_BITS: Final[Mapping[int, int]] = MappingProxyType(
    {
        TensorProto.BOOL: 8,
        TensorProto.UINT8: 8,
        TensorProto.INT8: 8,
        TensorProto.UINT16: 16,
        TensorProto.INT16: 16,
        TensorProto.UINT32: 32,
        TensorProto.INT32: 32,
        TensorProto.UINT64: 64,
        TensorProto.INT64: 64,
        TensorProto.FLOAT16: 16,
        TensorProto.BFLOAT16: 16,
        TensorProto.FLOAT: 32,
        TensorProto.DOUBLE: 64,
        TensorProto.COMPLEX64: 64,
        TensorProto.COMPLEX128: 128,
        TensorProto.FLOAT8E4M3FN: 8,
        TensorProto.FLOAT8E4M3FNUZ: 8,
        TensorProto.FLOAT8E5M2: 8,
        TensorProto.FLOAT8E5M2FNUZ: 8,
        TensorProto.FLOAT8E8M0: 8,
        TensorProto.UINT4: 4,
        TensorProto.INT4: 4,
        TensorProto.FLOAT4E2M1: 4,
    }
)


def onnx_name(elem_type: int) -> str:
    """ONNX's own name of an element type in lower case: ``float``, ``int64``; ``type-99`` where it has none."""
    try:
        return TensorProto.DataType.Name(elem_type).lower()
    except ValueError:
        return f"type-{elem_type}"


def stored_bytes(elem_type: int, elements: int) -> int | None:
    """Bytes that ``elements`` values take, packed; None for strings and types without a fixed size."""
    bits = _BITS.get(elem_type)
    return None if bits is None else -(-elements * bits // 8)
