"""Which images and charts a deployment needs, by their names in ``images.lock``. Pure."""

from aiinfra.catalogue.find import find_instance
from aiinfra.catalogue.operators import operators_for
from aiinfra.errors import BadInput
from aiinfra.images import RUNNER, SERVER, release_image, trainer_image
from aiinfra.spec.deployment import Deployment
from aiinfra.spec.site import Place
from aiinfra.spec.training import Runner, Training


def needed(deployment: Deployment) -> tuple[str, ...]:
    """All of them, sorted."""
    on_kubernetes = any(site.runtime.on is not Place.BOX for site in deployment.sites)
    served = (SERVER, release_image(deployment.name)) if on_kubernetes else ()
    return tuple(sorted({*served, *_trained(deployment.name, deployment.training)}))


def _trained(name: str, training: Training | None) -> tuple[str, ...]:
    if training is None:
        return ()
    try:
        rows = operators_for(find_instance(training.instance), scale_to_zero=training.scale_to_zero)
    except BadInput:
        rows = ()  # an unknown machine is told by a check
    inside = (RUNNER,) if training.api_access.runner is Runner.IN_VPC else ()
    return (trainer_image(name), *inside, *(lock for row in rows for lock in row.locks))
