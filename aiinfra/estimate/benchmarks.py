"""The work of the models that published results use, counted from their declared architectures.

ResNet-50 v1.5 at 224 x 224 (He et al. 2015, stride in the 3x3 convolution); RetinaNet with ResNeXt-50 32x4d and a
feature pyramid at 800 x 800 and 264 classes (the MLPerf reference of OpenImages); BERT-large (Devlin et al. 2018)
over 180 tokens, which is what is left of SQuAD's 384 once padding is removed: an assumption, and the one number here
that is not architecture.
"""

import math
from collections.abc import Iterator
from typing import Final

from aiinfra.estimate.language import Language
from aiinfra.estimate.work import WIDTH, Work

BERT_TOKENS: Final = 180
_STAGES: Final = ((3, 1), (4, 2), (6, 2), (3, 2))
"""Blocks and stride of ResNet-50's four stages."""


def _backbone(size: int, groups: int, base: int) -> Iterator[tuple[float, float]]:
    """(multiply-accumulates, parameters) of every convolution of a ResNet-50-shaped backbone."""
    side, inputs = math.ceil(size / 2), 64
    yield 49 * 3 * 64 * side**2, 49 * 3 * 64
    side = math.ceil(side / 2)
    for stage, (blocks, stride) in enumerate(_STAGES):
        inner, outputs = base * 2**stage, 256 * 2**stage
        for block in range(blocks):
            before, step = side, stride if block == 0 else 1
            side = math.ceil(side / step)
            kernels = [inputs * inner, 9 * inner * inner // groups, inner * outputs]
            yield from zip([kernels[0] * before**2, kernels[1] * side**2, kernels[2] * side**2], kernels, strict=True)
            if block == 0:
                yield inputs * outputs * side**2, inputs * outputs
            inputs = outputs


def _resnet50() -> list[tuple[float, float]]:
    return [*_backbone(224, 1, 64), (2048 * 1000, 2048 * 1000)]


def _retinanet() -> list[tuple[float, float]]:
    layers = list(_backbone(800, 32, 128))
    sides = (100, 50, 25, 13, 7)
    layers += [(c * 256 * s**2, c * 256) for c, s in zip((512, 1024, 2048), sides[:3], strict=True)]
    layers += [(9 * 256 * 256 * s**2, 9 * 256 * 256) for s in sides[:3]]
    layers += [(9 * 2048 * 256 * 13**2, 9 * 2048 * 256), (9 * 256 * 256 * 7**2, 9 * 256 * 256)]
    heads = [9 * 256 * 256] * 8 + [9 * 256 * 9 * 264, 9 * 256 * 9 * 4]
    for level, s in enumerate(sides):
        layers += [(k * s**2, k if level == 0 else 0) for k in heads]
    return layers


def _bert_large() -> list[tuple[float, float]]:
    h, t, layers = 1024, BERT_TOKENS, 24
    block: list[tuple[float, float]] = [(3 * h * h * t, 3 * h * h), (t * t * h, 0), (t * t * h, 0), (h * h * t, h * h)]
    block += [(4 * h * h * t, 4 * h * h)] * 2
    return block * layers + [(0, 30522 * h)]


def _work(name: str, layers: list[tuple[float, float]], convolution: float, dtype: str) -> Work:
    parameters = sum(p for _, p in layers)
    kernels = sum(1 for macs, _ in layers if macs)
    return Work(
        name=name,
        operations=2 * sum(macs for macs, _ in layers),
        parameters=parameters,
        weights=parameters * WIDTH[dtype],
        activations=0.0,
        traffic=0.0,
        layers=kernels,
        operators=kernels,
        convolution=convolution,
        dtype=dtype,
    )


def vision_or_text(name: str, dtype: str) -> Work | None:
    """The work of ``resnet50``, ``retinanet`` or ``bert-99``; None for any other name."""
    known = {"resnet50": (_resnet50, 1.0), "retinanet": (_retinanet, 1.0), "bert-99": (_bert_large, 0.0)}
    if name not in known:
        return None
    layers, convolution = known[name]
    return _work(name, layers(), convolution, dtype)


LANGUAGE: Final = {
    "llama2-70b-99": Language("llama2-70b-99", 69e9, 80, 8192, 8, 128, 294, 294),
    "llama3.1-8b": Language("llama3.1-8b", 8.03e9, 32, 4096, 8, 128, 778, 128),
    "llama3.1-405b": Language("llama3.1-405b", 405e9, 126, 16384, 8, 128, 9400, 684),
}
"""Language models of published results, from their model cards; mean prompt and answer of each benchmark's data set."""
