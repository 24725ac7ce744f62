"""The work of an ONNX model, from its facts."""

from typing import Final

from aiinfra.estimate.work import Work
from aiinfra.model.facts import ModelFacts

CONVOLUTIONS: Final = frozenset({"Conv", "ConvInteger", "ConvTranspose", "FusedConv", "QLinearConv", "DeformConv"})
PRODUCTS: Final = frozenset(
    {"Attention", "Einsum", "FusedGemm", "FusedMatMul", "GRU", "Gemm", "LSTM", "MatMul", "MatMulInteger", "MatMulNBits",
     "MultiHeadAttention", "QAttention", "QGemm", "QLinearMatMul", "RNN"}
)  # fmt: skip
INTEGER: Final = frozenset({"ConvInteger", "MatMulInteger", "QAttention", "QGemm", "QLinearConv", "QLinearMatMul"})


def of_facts(facts: ModelFacts) -> Work:
    """The work of an ONNX model, scaled to one item from the batch its facts were taken at."""
    profile = facts.work.profile
    heavy = [item for item in profile if _kind(item.op) in CONVOLUTIONS | PRODUCTS]
    total = facts.work.counted_flops or 1
    convolved = sum(item.flops or 0 for item in profile if _kind(item.op) in CONVOLUTIONS)
    batch = facts.work.batch
    weights = facts.parameter_bytes if facts.parameter_bytes is not None else facts.total_size
    return Work(
        name=facts.file,
        operations=facts.work.counted_flops / batch,
        parameters=float(facts.parameters),
        weights=float(weights),
        activations=(facts.work.peak_activation_bytes or 0) / batch,
        traffic=(facts.work.bytes or 0) / batch,
        layers=max(sum(item.count for item in heavy), 1),
        operators=sum(item.count for item in profile),
        convolution=convolved / total,
        dtype=_dtype(facts),
        complete=facts.work.flops is not None,
    )


def _kind(op: str) -> str:
    return op.rpartition(".")[2]


def _dtype(facts: ModelFacts) -> str:
    """The type most of the heavy work is done in; quantise-dequantise pairs around it make it int8."""
    heavy = [item for item in facts.work.profile if _kind(item.op) in CONVOLUTIONS | PRODUCTS]
    if not heavy:
        return "fp32"
    integer = sum(item.flops or 0 for item in heavy if _kind(item.op) in INTEGER)
    pairs = facts.operators.get("DequantizeLinear", 0)
    if integer * 2 > sum(item.flops or 0 for item in heavy) or pairs >= 2 * sum(item.count for item in heavy):
        return "int8"
    top = max(heavy, key=lambda item: item.flops or 0)
    return {"FP16": "fp16", "BF16": "bf16", "INT8": "int8", "UINT8": "int8"}.get(top.dtype, "fp32")
