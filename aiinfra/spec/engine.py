"""What serves the model, as a parameter of the same declaration."""

from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from aiinfra.images import SERVER, VLLM, release_image
from aiinfra.spec.base import Name, Spec
from aiinfra.spec.model import Model
from aiinfra.units import Duration


class EngineKind(StrEnum):
    """A program that serves models."""

    BUNDLED = "bundled"
    """The server that comes with aiinfra, on onnxruntime."""
    KSERVE = "kserve"
    """The same server under KServe, for clusters that run it."""
    VLLM = "vllm"
    """vLLM, for language models: OpenAI's API, continuous batching."""


class Engine(Spec):
    """The engine and what is particular to it."""

    kind: EngineKind | None = None
    """Which; none: vLLM for a model with ``language``, else the bundled server."""
    context: int | None = Field(default=None, ge=1, le=10_000_000)
    """vLLM: most tokens of a prompt and its answer together; none: as many as the model was made for."""
    claim: Name | None = None
    """vLLM: PersistentVolumeClaim in the model's namespace that holds the weights; none: the release image does."""

    @model_validator(mode="after")
    def _only_for_vllm(self) -> Self:
        strays = [key for key in ("context", "claim") if getattr(self, key) is not None]
        if strays and self.kind not in (None, EngineKind.VLLM):
            raise ValueError(f"{', '.join(strays)}: for vllm alone; leave it out, or set kind: vllm")
        return self


class Demand(Spec):
    """Demand for predictions, counted outside of the server: while there is none, no server runs.

    A closed server cannot be woken by the request that needs it: a proxy that waits would have to open the callers'
    TLS. So the count is of what stands before the server, such as a broker's queue.
    """

    prometheus: str = Field(pattern=r"^https?://[^\s?#]+$", examples=["http://prometheus.monitoring:9090"])
    """Prometheus of the cluster that KEDA asks."""
    query: str = Field(min_length=1, examples=["sum(mosquitto_queue_messages)"])
    """PromQL whose one value is the demand."""
    each: float = Field(gt=0)
    """Demand that one server takes: one more is started for each."""
    idle: Duration = Duration("10 min")
    """Time without demand after which the last server ends."""
    fallback: int = Field(default=1, ge=1, le=1000)
    """Servers that run while the demand cannot be read."""


def served_by(model: Model, engine: Engine) -> EngineKind:
    """The engine of a model: as declared, else by what the model is."""
    return engine.kind or (EngineKind.VLLM if model.language is not None else EngineKind.BUNDLED)


def images_needed(deployment: str, model: Model, engine: Engine, *, pulled: bool = False) -> tuple[str, ...]:
    """Names in ``images.lock`` of what a Kubernetes site pulls to serve the model; where its pods pull releases by
    themselves (``pulled``), the release is none of them."""
    if served_by(model, engine) is not EngineKind.VLLM:
        return (SERVER,) if pulled else (SERVER, release_image(deployment))
    return (VLLM,) if engine.claim else (VLLM, release_image(deployment))
