"""Element types: the names of the Open Inference Protocol, and what ONNX calls them."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from onnx import TensorProto

from aiinfra.spec.model import DType

OF_ONNX: Final[Mapping[int, DType]] = MappingProxyType(
    {
        TensorProto.BOOL: DType.BOOL,
        TensorProto.UINT8: DType.UINT8,
        TensorProto.UINT16: DType.UINT16,
        TensorProto.UINT32: DType.UINT32,
        TensorProto.UINT64: DType.UINT64,
        TensorProto.INT8: DType.INT8,
        TensorProto.INT16: DType.INT16,
        TensorProto.INT32: DType.INT32,
        TensorProto.INT64: DType.INT64,
        TensorProto.FLOAT16: DType.FP16,
        TensorProto.FLOAT: DType.FP32,
        TensorProto.DOUBLE: DType.FP64,
        TensorProto.BFLOAT16: DType.BF16,
        TensorProto.STRING: DType.BYTES,
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
