"""Which images and charts a deployment needs, by their names in ``images.lock``. Pure."""

from collections.abc import Iterator

from aiinfra.catalogue.find import find_instance
from aiinfra.catalogue.instances import instances
from aiinfra.catalogue.operators import Operator, operators_for, operators_to_serve
from aiinfra.errors import BadInput
from aiinfra.images import BRIDGE, K3S_UPGRADE, RUNNER, release_image, trainer_image
from aiinfra.spec.deployment import Deployment
from aiinfra.spec.engine import images_needed
from aiinfra.spec.monitoring import collector_images
from aiinfra.spec.serving import Serving
from aiinfra.spec.site import Place, Site
from aiinfra.spec.training import Runner, Training


def needed(deployment: Deployment) -> tuple[str, ...]:
    """All of them, sorted."""
    served = (image for site in deployment.sites for image in needed_at(deployment, site))
    return tuple(sorted({*served, *needed_to_train(deployment), *needed_to_serve(deployment)}))


def pulled(deployment: Deployment) -> tuple[str, ...]:
    """Repositories of what sites pull by themselves, which nobody locks: the release, where its boxes or pods do."""
    return (release_image(deployment.name),) if any(site.runtime.updates for site in deployment.sites) else ()


def needed_at(deployment: Deployment, site: Site) -> Iterator[str]:
    """What a site pulls; a box pulls none."""
    if site.runtime.on is Place.BOX:
        return
    pulled = site.runtime.updates is not None
    yield from images_needed(deployment.name, deployment.model, site.runtime.engine, pulled=pulled)
    if site.monitoring is not None:
        yield from collector_images(site.monitoring)
    if any(stream.gateway is None for stream in site.streams):
        yield BRIDGE
    if site.k3s is not None and site.k3s.window is not None:
        yield K3S_UPGRADE


def needed_to_train(deployment: Deployment) -> tuple[str, ...]:
    """What a training cluster pulls."""
    if deployment.training is None:
        return ()
    rows = operators_of(deployment.training)
    inside = (RUNNER,) if deployment.training.api_access.runner is Runner.IN_VPC else ()
    return (trainer_image(deployment.name), *inside, *(lock for row in rows for lock in row.locks))


def needed_to_serve(deployment: Deployment) -> tuple[str, ...]:
    """What a cluster that serves pulls beside its sites."""
    if deployment.serving is None:
        return ()
    inside = (RUNNER,) if deployment.serving.api_access.runner is Runner.IN_VPC else ()
    return (*inside, *(lock for row in operators_beside(deployment.serving) for lock in row.locks))


def operators_beside(serving: Serving) -> tuple[Operator, ...]:
    """The operators of a cluster that serves; a machine that is not in the catalogue has none, which a check tells."""
    known = [found for group in serving.machines if (found := instances().get(group.instance)) is not None]
    return operators_to_serve(known, issues=serving.issuer is not None)


def operators_of(training: Training) -> tuple[Operator, ...]:
    """The operators that a training cluster lacks; none for a machine that is not in the catalogue, which a check
    tells."""
    try:
        watched = training.observability is not None
        rows = operators_for(find_instance(training.instance), scale_to_zero=training.scale_to_zero, watched=watched)
    except BadInput:
        return ()
    there = training.existing.operators if training.existing else ()
    return tuple(row for row in rows if row.name not in there)
