"""A language model's architecture, declared: what its size, speed and memory follow from."""

from enum import StrEnum

from pydantic import Field

from aiinfra.spec.base import Spec


class Weights(StrEnum):
    """Element types of stored weights."""

    BF16 = "bf16"
    FP16 = "fp16"
    FP8 = "fp8"
    INT8 = "int8"
    FP4 = "fp4"


class LanguageModel(Spec):
    """As in the model's configuration file and model card."""

    parameters: float = Field(gt=0, examples=[8.03e9])
    """Parameters. The formulas are for dense models, where every token uses all of them."""
    layers: int = Field(gt=0)
    """Decoder layers."""
    hidden: int = Field(gt=0)
    """Size of the hidden state."""
    kv_heads: int = Field(gt=0)
    """Heads that keys and values have."""
    head_size: int = Field(gt=0)
    """Size of one head."""
    weights: Weights = Weights.BF16
    """Element type the weights are stored in; bf16 by default."""
    prompt: int = Field(default=512, gt=0)
    """Tokens a request brings, on average; 512 by default."""
    answer: int = Field(default=256, gt=0)
    """Tokens a request gets, on average; 256 by default."""
