"""The checks of the machines that train. What one lacks is refused with those that have it, the nearest first."""

import math
from collections.abc import Callable, Iterator
from typing import Final

from aiinfra.catalogue.eks import find_cluster_version, newest
from aiinfra.catalogue.find import find_instance
from aiinfra.catalogue.instances import Instance
from aiinfra.catalogue.trainers import memory, nearest, refused, shown, trains
from aiinfra.check.needed import operators_of
from aiinfra.errors import BadInput
from aiinfra.findings import Finding, Severity
from aiinfra.images import FILE, trainer_image
from aiinfra.spec.declaration import Declaration
from aiinfra.spec.language import Weights
from aiinfra.spec.training import Training

PLACE: Final = "training.instance"

_STORED: Final = {Weights.BF16: 2.0, Weights.FP16: 2.0, Weights.FP8: 1.0, Weights.INT8: 1.0, Weights.FP4: 0.5}
"""Bytes of one stored weight."""
_TRAINED: Final = 16
"""Bytes that Adam keeps of one parameter in mixed precision: weight and gradient in two bytes each, and in four bytes
each the master weight, momentum and variance (Rajbhandari et al. 2020, "ZeRO", section 3.1). Activations come
on top."""
_ON_MACHINES: Final = ("nvidia", "neuron", "efa")
"""Operators whose images run on the machines that train; the others' run beside the control plane."""


def version_known(declaration: Declaration) -> Iterator[Finding]:
    """The version matrix has the cluster's version."""
    training = declaration.deployment.training
    try:
        find_cluster_version(training.kubernetes or newest() if training else newest())
    except BadInput as error:
        yield Finding(error.code, Severity.ERROR, error.message, "training.kubernetes", remedy=error.remedy)


def can_train(declaration: Declaration) -> Iterator[Finding]:
    """The machines that train have accelerators that do, and network cards for collectives where there are several."""
    training = declaration.deployment.training
    if training is None:
        return
    try:
        instance = find_instance(training.instance)
    except BadInput as error:
        yield Finding(error.code, Severity.ERROR, error.message, PLACE, remedy=error.remedy)
        return
    if not trains(instance):
        error = refused(instance)
        yield Finding(error.code, Severity.ERROR, error.message, PLACE, remedy=error.remedy)
    elif training.nodes > 1 and not instance.efa:
        yield Finding(
            "instance-without-efa",
            Severity.ERROR,
            f"{training.nodes} x {instance.name}: it has no EFA card, so its accelerators would wait for the network",
            PLACE,
            remedy=_instead(instance, lambda other: other.efa > 0, "train on one machine, or choose one that has"),
        )


def holds_the_model(declaration: Declaration) -> Iterator[Finding]:
    """The accelerators of all machines together hold what training keeps of the model, as far as its facts say."""
    training, instance = declaration.deployment.training, _known(declaration)
    if training is None or instance is None:
        return
    try:
        parameters, stored = _size(declaration)
    except BadInput as error:
        yield Finding(error.code, Severity.ERROR, error.message, "model.file", remedy=error.remedy)
        return
    have = (memory(instance) or math.inf) * training.nodes
    for code, severity, need, what in (
        ("instance-memory-short", Severity.ERROR, stored, "as stored weights alone"),
        (
            "instance-memory-tight",
            Severity.WARNING,
            parameters * _TRAINED,
            f"as Adam keeps them ({_TRAINED} bytes each)",
        ),
    ):
        if need > have:
            yield Finding(
                code,
                severity,
                f"{training.nodes} x {instance.name}: accelerators of {_gib(have)} in all; {parameters:,.0f} "
                f"parameters take {_gib(need)} {what}",
                PLACE,
                remedy=_larger(training, instance, need),
            )
            return


def images_run_on_machines(declaration: Declaration) -> Iterator[Finding]:
    """The locked images that run on the machines that train are for their architecture."""
    training, instance = declaration.deployment.training, _known(declaration)
    if training is None or instance is None:
        return
    rows = [row for row in operators_of(training) if row.name in _ON_MACHINES]
    for name in (trainer_image(declaration.deployment.name), *(image.name for row in rows for image in row.images)):
        locked = declaration.architectures.get(name, ())
        if locked and instance.architecture not in locked:
            yield Finding(
                "image-architecture",
                Severity.ERROR,
                f"{instance.name} is {instance.architecture}, and the locked image {name!r} is for {', '.join(locked)}",
                PLACE,
                remedy=_instead(
                    instance,
                    _like(training, lambda other, has=locked: other.architecture in has),
                    f"build it for {instance.architecture} too and lock it again in {FILE}, or choose one of its own",
                ),
            )


def _known(declaration: Declaration) -> Instance | None:
    training = declaration.deployment.training
    try:
        found = find_instance(training.instance) if training is not None else None
    except BadInput:
        return None  # told already
    return found if found is not None and trains(found) else None


def _size(declaration: Declaration) -> tuple[float, float]:
    """Parameters, and the bytes their weights take as they are stored; zeros where nothing says it."""
    language = declaration.deployment.model.language
    if language is not None:
        return language.parameters, language.parameters * _STORED[language.weights]
    from aiinfra.model.facts import facts_path, load_facts  # noqa: PLC0415 - only where there is training

    path = facts_path(declaration.model_file)
    if not path.is_file():
        return 0.0, 0.0
    facts = load_facts(path)
    return float(facts.parameters), float(facts.parameter_bytes or 0)


def _like(training: Training, wanted: Callable[[Instance], bool]) -> Callable[[Instance], bool]:
    return lambda other: (training.nodes == 1 or other.efa > 0) and wanted(other)


def _instead(instance: Instance, wanted: Callable[[Instance], bool], first: str) -> str:
    found = nearest(instance, wanted)
    return f"{first}, the nearest first: {shown(found)}" if found else first.partition(", or ")[0]


def _larger(training: Training, instance: Instance, need: float) -> str:
    have = memory(instance) or math.inf
    wanted = _like(training, lambda other: (memory(other) or 0) * training.nodes >= need)
    more = f"take {math.ceil(need / have)} of them, or " if instance.efa else ""
    return _instead(instance, wanted, f"{more}choose one with more memory")


def _gib(size: float) -> str:
    return f"{size / 2**30:,.0f} GiB" if size >= 2**30 else f"{size / 2**20:,.0f} MiB"
