"""The model: its file, and what the file says of itself, kept beside it as plain values."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, model_validator

from aiinfra.spec.base import FileBeside, Spec, unique
from aiinfra.spec.language import LanguageModel
from aiinfra.spec.origin import Origin


class DType(StrEnum):
    """Tensor element types in the words of the Open Inference Protocol."""

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


Dimension = Annotated[int, Field(ge=-1)]


class Tensor(Spec):
    """One input or output."""

    name: str = Field(min_length=1, max_length=256)
    """As in the model file."""
    dtype: DType
    """Element type."""
    shape: tuple[Dimension, ...]
    """Sizes; -1 where the caller decides (a leading -1 is the batch)."""


class Output(Tensor):
    """One output."""

    labels: tuple[str, ...] = ()
    """What the last dimension's values stand for, in words; none: numbers are shown as they are."""

    @model_validator(mode="after")
    def _one_label_a_value(self) -> "Output":
        size = self.shape[-1] if self.shape else -1
        if self.labels and size >= 0 and len(self.labels) != max(size, 1) and size != 1:
            raise ValueError(f"{len(self.labels)} labels for a last dimension of {size}: write one a value")
        return self


class Model(Spec):
    """What is served. ``digest``, ``inputs`` and ``outputs`` are written by ``aiinfra model inspect --write``."""

    file: str = Field(min_length=1, examples=["vibration.onnx"])
    """ONNX file, relative to the declaration."""
    digest: str = Field(default="", pattern=r"^(sha256:[0-9a-f]{64})?$")
    """SHA-256 of the file; empty: not pinned, which compile and review report."""
    inputs: tuple[Tensor, ...] = ()
    """The tensors it takes; empty: not known until the file is inspected."""
    outputs: tuple[Output, ...] = ()
    """The tensors it gives."""
    golden: str = ""
    """Folder in ONNX's test-data layout (``test_data_set_0/input_0.pb``): inputs, and what the framework that trained
    the model answered. Empty: none, and a release records its own, labelled ``self-recorded``."""
    language: LanguageModel | None = None
    """Architecture of a language model, for the estimate; none: the work is read from the file."""
    origin: Origin = Origin()
    """Where it comes from: training data, code, run; nothing stated by default."""
    card: str = ""
    """Model card beside the declaration (``card.yaml``): purpose, metrics, oversight. Empty: none, and a release says
    nothing of what the model is for."""
    version: str = Field(default="1", pattern=r"^[0-9]+$")
    """Version to serve; a whole number, as the Open Inference Protocol's clients expect."""
    signer: FileBeside = ""
    """PEM file with the public key that releases are signed with. Empty: none named yet, which compile reports; the
    local plane uses a development key of its own."""

    @model_validator(mode="after")
    def _tensors_once(self) -> "Model":
        unique(tuple(t.name for t in self.inputs), "input")
        unique(tuple(t.name for t in self.outputs), "output")
        return self
