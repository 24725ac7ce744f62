"""What one operator computes, from the shapes of its operands: multiply-accumulates and other operations.

A multiply-accumulate (MAC) counts two floating-point operations (the convention of MLPerf and of the vendors' peak
figures). Beside MACs, an elementwise operator counts one operation for each element it writes, a reducing or
normalising one for each element it reads, a pool one for each element of each window, and moving data counts nothing.
Where the work depends on the data, or an operator is not in these tables, the answer is
:class:`Uncounted`, not a guess. Definitions of the operators: https://onnx.ai/onnx/operators/.
"""

import math
from collections.abc import Callable, Mapping
from typing import Final

from onnx import NodeProto

from aiinfra.model.call import Call, Count, Uncounted
from aiinfra.model.trees import tree_ensemble, trees

Rule = Callable[[Call], Count]


def _matmul(a: int) -> Rule:
    def rule(call: Call) -> Count:
        return Count(macs=math.prod(call.output()) * call.input(a)[-1])

    return rule


def _gemm(call: Call) -> Count:
    depth = call.input(0)[0 if call.attributes.get("transA", 0) else 1]
    size = math.prod(call.output())
    return Count(macs=size * depth, other=size if call.has(2) else 0)


def _conv(weight: int, bias: int) -> Rule:
    def rule(call: Call) -> Count:
        size = math.prod(call.output())
        return Count(macs=size * math.prod(call.input(weight)[1:]), other=size if call.has(bias) else 0)

    return rule


def _conv_transpose(call: Call) -> Count:
    return Count(
        macs=math.prod(call.input(0)) * math.prod(call.input(1)[1:]),
        other=math.prod(call.output()) if call.has(2) else 0,
    )


def _recurrent(call: Call) -> Count:
    """RNN, GRU, LSTM: W is [directions, gates*hidden, input], R is [directions, gates*hidden, hidden]."""
    steps = math.prod(call.input(0)[:2])
    weight, recurrence = call.input(1), call.input(2)
    return Count(macs=steps * (math.prod(weight) + math.prod(recurrence)), other=steps * math.prod(weight[:2]))


def _einsum(call: Call) -> Count:
    equation = call.attributes["equation"].decode().replace(" ", "")
    terms = equation.split("->")[0].split(",")
    if "..." in equation or len(terms) > 2:
        raise Uncounted("Einsum with more than two operands or an ellipsis")
    sizes = {letter: size for i, term in enumerate(terms) for letter, size in zip(term, call.input(i), strict=True)}
    total = math.prod(sizes.values())
    return Count(macs=total) if len(terms) == 2 else Count(other=total)


def _attention(call: Call) -> Count:
    if any(call.has(i) for i in (4, 5, 6)):
        raise Uncounted("Attention over a cache: its length is known when the model runs")
    query, key, value = (call.input(i) for i in range(3))
    if len(query) == 4:
        batch, heads, rows, width = query
        return Count(macs=batch * heads * rows * key[2] * (width + value[3]))
    heads = int(call.attributes["q_num_heads"])
    value_width = value[2] // int(call.attributes["kv_num_heads"])
    return Count(macs=query[0] * query[1] * key[1] * (query[2] + heads * value_width))


def _matmul_nbits(call: Call) -> Count:
    return Count(macs=math.prod(call.input(0)) * int(call.attributes["N"]))


def _elementwise(call: Call) -> Count:
    return Count(other=math.prod(call.output()))


def _reading(call: Call) -> Count:
    return Count(other=math.prod(call.input(0)))


def _pool(call: Call) -> Count:
    return Count(other=math.prod(call.output()) * math.prod(call.attributes["kernel_shape"]))


def _window(call: Call) -> Count:
    """LRN: sums over ``size`` neighbouring channels of each element."""
    return Count(other=math.prod(call.input(0)) * int(call.attributes["size"]))


def _moving(call: Call) -> Count:  # noqa: ARG001  # every rule takes the call
    return Count()


def _linear(call: Call) -> Count:
    rows = call.input(0)[0] if len(call.input(0)) > 1 else 1
    return Count(
        macs=rows * len(call.attributes["coefficients"]), other=rows * len(call.attributes.get("intercepts", ()))
    )


def _support_vectors(call: Call) -> Count:
    """One product of each row with each support vector, then one with each coefficient."""
    rows = call.input(0)[0] if len(call.input(0)) > 1 else 1
    vectors = len(call.attributes.get("support_vectors", ()))
    return Count(macs=rows * (vectors + len(call.attributes["coefficients"])))


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_MOVING: Final = _names("""
    BitCast Cast CastLike CenterCropPad Compress Concat Constant ConstantOfShape DepthToSpace Dropout Expand EyeLike
    Flatten Gather GatherElements GatherND Identity MaxUnpool OneHot Optional OptionalGetElement OptionalHasElement
    Pad Range Reshape ReverseSequence Scatter ScatterElements ScatterND SequenceAt SequenceConstruct SequenceEmpty
    SequenceErase SequenceInsert SequenceLength Shape Size Slice SpaceToDepth Split SplitToSequence Squeeze
    TensorScatter Tile Transpose Trilu Unsqueeze ConcatFromSequence
""")
_READING: Final = _names("""
    ArgMax ArgMin BatchNormalization CumProd CumSum DynamicQuantizeLinear GlobalAveragePool GlobalLpPool
    GlobalMaxPool GroupNormalization Hardmax InstanceNormalization LayerNormalization LogSoftmax LpNormalization
    MeanVarianceNormalization ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin
    ReduceProd ReduceSum ReduceSumSquare RMSNormalization Softmax TopK
""")
_ELEMENTWISE: Final = _names("""
    Abs Acos Acosh Add And Asin Asinh Atan Atanh BitShift BitwiseAnd BitwiseNot BitwiseOr BitwiseXor Ceil Celu Clip
    Cos Cosh DequantizeLinear Div Elu Equal Erf Exp Floor Gelu Greater GreaterOrEqual HardSigmoid HardSwish IsInf
    IsNaN LeakyRelu Less LessOrEqual Log Max Mean Min Mish Mod Mul Neg Not Or Pow PRelu QuantizeLinear Reciprocal
    Relu Resize Round Selu Shrink Sigmoid Sign Sin Sinh Softplus Softsign Sqrt Sub Sum Swish Tan Tanh
    ThresholdedRelu Upsample Where Xor GridSample RotaryEmbedding
""")

_RULES: Final[Mapping[tuple[str, str], Rule]] = {
    **{("", name): _moving for name in _MOVING},
    **{("", name): _reading for name in _READING},
    **{("", name): _elementwise for name in _ELEMENTWISE},
    **{("", name): _pool for name in ("AveragePool", "LpPool", "MaxPool")},
    **{("", name): _recurrent for name in ("RNN", "GRU", "LSTM")},
    ("", "LRN"): _window,
    ("", "MatMul"): _matmul(0),
    ("", "MatMulInteger"): _matmul(0),
    ("", "QLinearMatMul"): _matmul(0),
    ("", "Gemm"): _gemm,
    ("", "Conv"): _conv(1, 2),
    ("", "ConvInteger"): _conv(1, 4),
    ("", "QLinearConv"): _conv(3, 8),
    ("", "DeformConv"): _conv(1, 3),
    ("", "ConvTranspose"): _conv_transpose,
    ("", "Einsum"): _einsum,
    ("", "Attention"): _attention,
    **{("ai.onnx.ml", name): _linear for name in ("LinearClassifier", "LinearRegressor")},
    **{("ai.onnx.ml", name): _support_vectors for name in ("SVMClassifier", "SVMRegressor")},
    **{("ai.onnx.ml", name): trees for name in ("TreeEnsembleClassifier", "TreeEnsembleRegressor")},
    ("ai.onnx.ml", "TreeEnsemble"): tree_ensemble,
    **{("ai.onnx.ml", name): _reading for name in ("Binarizer", "Imputer", "LabelEncoder", "Normalizer", "Scaler")},
    **{
        ("ai.onnx.ml", name): _moving
        for name in ("ArrayFeatureExtractor", "FeatureVectorizer", "OneHotEncoder", "ZipMap")
    },
    ("com.microsoft", "FusedMatMul"): _matmul(0),
    ("com.microsoft", "FusedGemm"): _gemm,
    ("com.microsoft", "FusedConv"): _conv(1, 2),
    ("com.microsoft", "MatMulNBits"): _matmul_nbits,
    **{("com.microsoft", name): _elementwise for name in ("BiasGelu", "FastGelu", "Gelu", "QuickGelu")},
    **{("com.microsoft", name): _elementwise for name in ("DequantizeLinear", "QuantizeLinear")},
    **{("com.microsoft", name): _reading for name in ("SkipLayerNormalization", "SimplifiedLayerNormalization")},
}


def domain_of(node: NodeProto) -> str:
    """The operator's domain, the default one as the empty string (files also write it ``ai.onnx``)."""
    return "" if node.domain == "ai.onnx" else node.domain


def kind_of(node: NodeProto) -> str:
    """The operator's type, its domain in front where that is not the default one: ``com.microsoft.FusedMatMul``."""
    domain = domain_of(node)
    return f"{domain}.{node.op_type}" if domain else node.op_type


def count(call: Call) -> Count:
    """The work of one operator.

    Raises:
        Uncounted: it cannot be told from the file.
    """
    rule = _RULES.get((domain_of(call.node), call.node.op_type))
    if rule is None:
        raise Uncounted("its work depends on the data, or is not known here")
    try:
        return rule(call)
    except (KeyError, IndexError, ValueError, TypeError, ZeroDivisionError, AttributeError):
        raise Uncounted("its attributes or shapes do not fit its definition") from None
