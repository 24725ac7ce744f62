"""What an engine can serve, where, and what it cannot keep apart."""

from collections.abc import Iterator
from typing import Final

from aiinfra.catalogue.find import find_accelerator
from aiinfra.errors import BadInput
from aiinfra.findings import Finding, Severity
from aiinfra.spec.declaration import Declaration
from aiinfra.spec.engine import EngineKind, served_by
from aiinfra.spec.site import Place, Site
from aiinfra.units import DataSize

_VLLM_KINDS: Final = ("gpu", "soc", "cpu")
_VLLM_MEMORY: Final = DataSize("8 GiB")
"""The least: its processes, PyTorch and pinned buffers take several GiB before the first weight (decision 0086)."""


def is_language(declaration: Declaration) -> bool:
    """Whether vLLM serves the model everywhere, so that there is no ONNX file to read."""
    deployment = declaration.deployment
    kinds = {served_by(deployment.model, site.runtime.engine) for site in deployment.sites}
    return kinds == {EngineKind.VLLM} or (not kinds and deployment.model.language is not None)


def engines_fit(declaration: Declaration) -> Iterator[Finding]:
    """Each class has an engine that can serve the model on its place and tier."""
    model = declaration.deployment.model
    for index, site in enumerate(declaration.deployment.sites):
        place, kind = f"sites[{index}].runtime.engine", served_by(model, site.runtime.engine)
        if kind is EngineKind.VLLM:
            yield from _vllm(declaration, site, index)
        elif model.language is not None:
            yield Finding(
                "engine-not-for-language",
                Severity.WARNING,
                f"{site.class_name}: onnxruntime answers a language model one pass at a time: no batch goes on",
                place,
                remedy="leave engine.kind out, and vLLM serves it",
            )
        if site.runtime.demand is not None and declaration.deployment.objective.p99 is not None:
            yield Finding(
                "scales-to-zero",
                Severity.NOTE,
                f"{site.class_name}: no server runs while nothing waits, so the first answers wait for one to start",
                f"sites[{index}].runtime.demand",
                remedy="leave demand out where the p99 must hold for every request",
            )


def _vllm(declaration: Declaration, site: Site, index: int) -> Iterator[Finding]:
    place = f"sites[{index}].runtime"
    if site.runtime.on is Place.BOX:
        yield Finding(
            "engine-place",
            Severity.ERROR,
            f"{site.class_name}: no engine for language models is made for boxes",
            f"{place}.on",
            remedy="run it on k3s, eks or hybrid",
        )
    if declaration.deployment.model.language is None:
        yield Finding(
            "engine-needs-language",
            Severity.ERROR,
            f"{site.class_name}: vLLM serves language models, and model.language is not declared",
            "model.language",
            remedy="declare its architecture (parameters, layers, hidden, kv_heads, head_size), or use another engine",
        )
    if site.runtime.updates is not None:
        yield Finding(
            "engine-updates",
            Severity.ERROR,
            f"{site.class_name}: vLLM does not watch for a new version, so nothing would be served that is pulled",
            f"{place}.updates",
            remedy="leave updates out: a release comes with the manifests",
        )
    if site.runtime.memory < _VLLM_MEMORY:
        yield Finding(
            "engine-memory",
            Severity.ERROR,
            f"{site.class_name}: vLLM does not start in {site.runtime.memory}",
            f"{place}.memory",
            remedy=f"give it {_VLLM_MEMORY} or more; the weights themselves are in the accelerator's memory",
        )
    try:
        part = find_accelerator(site.tier.accelerator)
    except BadInput:
        return  # told already
    if part.kind not in _VLLM_KINDS:
        yield Finding(
            "tier-not-served",
            Severity.ERROR,
            f"vLLM's image has no backend for {part.title}",
            f"sites[{index}].tier.accelerator",
            remedy="choose a GPU (aiinfra tiers shows which fit)",
        )
    yield Finding(
        "engine-callers",
        Severity.NOTE,
        f"{site.class_name}: vLLM takes every certificate of its authority and checks no signature of weights",
        f"{place}.callers",
        remedy="let its issuer sign for these callers alone; the network policy lets no other one reach it",
    )
