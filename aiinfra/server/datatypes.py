"""The protocol's tensor datatypes: their width, their numpy and onnxruntime names, and how JSON writes them.

Source: Open Inference Protocol v2 (github.com/kserve/open-inference-protocol), "Tensor Data Types". BF16 has no numpy
type; its elements travel as ``uint16`` bit patterns. BYTES elements are text, because onnxruntime's are.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Datatype:
    """One row of the protocol's table. ``width`` is bytes an element, 0 where elements differ in length."""

    name: str
    onnx: str
    numpy: np.dtype
    width: int
    typecode: str = ""
    """``array`` typecode of floats that JSON can carry; empty for the others."""

    @property
    def in_json(self) -> bool:
        """Whether JSON may carry it; FP16 and BF16 travel as binary only."""
        return self.name not in ("FP16", "BF16")


_TABLE = (
    Datatype("BOOL", "tensor(bool)", np.dtype(np.bool_), 1),
    Datatype("UINT8", "tensor(uint8)", np.dtype("<u1"), 1),
    Datatype("UINT16", "tensor(uint16)", np.dtype("<u2"), 2),
    Datatype("UINT32", "tensor(uint32)", np.dtype("<u4"), 4),
    Datatype("UINT64", "tensor(uint64)", np.dtype("<u8"), 8),
    Datatype("INT8", "tensor(int8)", np.dtype("<i1"), 1),
    Datatype("INT16", "tensor(int16)", np.dtype("<i2"), 2),
    Datatype("INT32", "tensor(int32)", np.dtype("<i4"), 4),
    Datatype("INT64", "tensor(int64)", np.dtype("<i8"), 8),
    Datatype("FP16", "tensor(float16)", np.dtype("<f2"), 2),
    Datatype("BF16", "tensor(bfloat16)", np.dtype("<u2"), 2),
    Datatype("FP32", "tensor(float)", np.dtype("<f4"), 4, "f"),
    Datatype("FP64", "tensor(double)", np.dtype("<f8"), 8, "d"),
    Datatype("BYTES", "tensor(string)", np.dtype(object), 0),
)

DATATYPES = {datatype.name: datatype for datatype in _TABLE}
"""By the protocol's name."""

BY_ONNX = {datatype.onnx: datatype for datatype in _TABLE}
"""By onnxruntime's name of the type."""
