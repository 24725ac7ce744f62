"""What ``aiinfra up --local`` needs to know of a declaration, as plain values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from aiinfra.components.site_config import site_server_config
from aiinfra.errors import BadInput, did_you_mean
from aiinfra.model.facts import ModelFacts, TensorFacts
from aiinfra.server.config import ServerConfig
from aiinfra.spec.declaration import Declaration


class DeclaredTensor(Protocol):
    """An input or output as a declaration gives it."""

    @property
    def name(self) -> str:
        """As in the model file."""
        ...

    @property
    def dtype(self) -> str:
        """Datatype of the Open Inference Protocol."""
        ...

    @property
    def shape(self) -> tuple[int, ...]:
        """Dimensions, -1 for open ones."""
        ...


@dataclass(frozen=True, slots=True)
class LocalPlan:
    """One site's model and configuration."""

    name: str
    """The model's name: the deployment's."""
    model_file: Path
    declared_inputs: Sequence[DeclaredTensor]
    """Empty: the declaration does not say, and nothing is compared."""
    declared_outputs: Sequence[DeclaredTensor]
    golden_dir: Path | None
    """Golden inputs and outputs; None: the release records its own, and says so."""
    config: ServerConfig
    """What the site gets."""
    labels: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Output name -> labels of its last dimension."""
    version: str = "1"
    declaration: Path = Path("deployment.yaml")
    """The file it was read from; ``status`` and ``down`` find the server by it."""


def plan_of(declaration: Declaration, site_class: str | None = None) -> LocalPlan:
    """The plan of one class of sites; the first one where none is named.

    Raises:
        BadInput: ``site-unknown``: the declaration has no such class, or no sites at all.
    """
    deployment = declaration.deployment
    classes = [site.class_name for site in deployment.sites]
    wanted = site_class or (classes[0] if classes else "")
    if wanted not in classes:
        message = (
            f"{declaration.file.name} declares no site {wanted!r}"
            if wanted
            else f"{declaration.file.name} declares no sites"
        )
        raise BadInput(
            "site-unknown",
            message + did_you_mean(wanted, classes),
            f"name one of {', '.join(classes)}"
            if classes
            else "add 'sites': what is served here is a site's configuration",
        )
    model = deployment.model
    return LocalPlan(
        name=deployment.name,
        model_file=declaration.model_file,
        declared_inputs=model.inputs,
        declared_outputs=model.outputs,
        golden_dir=declaration.golden_dir,
        config=site_server_config(deployment, deployment.site(wanted)),
        labels={output.name: output.labels for output in model.outputs if output.labels},
        version=model.version,
        declaration=declaration.file,
    )


def check_declared(plan: LocalPlan, facts: ModelFacts) -> None:
    """Refuse a model that is not the one declared.

    Raises:
        BadInput: ``model-differs``, naming the first difference.
    """
    sides = (("input", plan.declared_inputs, facts.inputs), ("output", plan.declared_outputs, facts.outputs))
    for side, declared, found in sides:
        difference = _difference(side, declared, found) if declared else ""
        if difference:
            raise _differs(facts, difference)
    pinned = plan.config.models[plan.name].digest if plan.name in plan.config.models else ""
    if pinned and pinned != facts.digest:
        raise _differs(facts, f"its digest is {facts.digest[:19]}..., declared {pinned[:19]}...")


def _differs(facts: ModelFacts, difference: str) -> BadInput:
    return BadInput(
        "model-differs",
        f"{facts.file} is not the model that is declared: {difference}",
        "put the declared model back, or take this one in: aiinfra model inspect DEPLOYMENT --write",
    )


def _difference(side: str, declared: Sequence[DeclaredTensor], found: Sequence[TensorFacts]) -> str:
    names, there = [tensor.name for tensor in declared], [tensor.name for tensor in found]
    if sorted(names) != sorted(there):
        return f"its {side}s are {', '.join(there)}; declared {', '.join(names)}"
    by_name = {tensor.name: tensor for tensor in found}
    for tensor in declared:
        actual = by_name[tensor.name]
        shape = None if actual.shape is None else list(actual.shape)
        if (actual.dtype, shape) != (tensor.dtype, list(tensor.shape)):
            return f"{side} {tensor.name!r} is {actual.dtype} {shape}, declared {tensor.dtype} {list(tensor.shape)}"
    return ""
