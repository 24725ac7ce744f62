"""The dashboards of a declaration's centre. Pure, but for writing them."""

from collections.abc import Mapping
from pathlib import Path

from aiinfra.catalogue.find import find_instance
from aiinfra.catalogue.operators import exporters_of
from aiinfra.components.aws.account_parts import log_group
from aiinfra.components.aws.cluster_settings import cluster_name
from aiinfra.components.aws.network_log import group_name
from aiinfra.components.kubernetes.monitoring_objects import watched
from aiinfra.components.kubernetes.parts import monitoring_of, site_of
from aiinfra.components.monitoring.centre import Centre, boards
from aiinfra.errors import BadInput
from aiinfra.spec.declaration import Declaration
from aiinfra.spec.site import Row


def dashboards(declaration: Declaration) -> dict[str, str]:
    """File name -> Grafana's JSON.

    Raises:
        BadInput: ``no-dashboards``: nothing in it is measured.
    """
    made = {f"{name}.json": text for name, text in boards(centre_of(declaration)).items()}
    if not made:
        raise BadInput(
            "no-dashboards",
            f"{declaration.file.name} keeps no metrics and has no cloud, so there is nothing to show",
            "add sites[].monitoring, training.observability or cloud.guard",
        )
    return made


def write(made: Mapping[str, str], out: Path) -> list[Path]:
    """Write them into a folder, over those of the same name.

    Raises:
        BadInput: ``out-not-writable``.
    """
    files = [out / name for name in made]
    try:
        out.mkdir(parents=True, exist_ok=True)
        for file, text in zip(files, made.values(), strict=True):
            file.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise BadInput("out-not-writable", f"{out}: {error.strerror}", "name a folder that can be written to") from None
    return files


def centre_of(declaration: Declaration) -> Centre:
    """What the centre sees of a declaration."""
    deployment = declaration.deployment
    cloud, training = deployment.cloud, deployment.training
    name, keeps = f"{declaration.prefix}-training", training is not None and training.observability is not None
    sites = [site_of(declaration, one.class_name, Row(name=one.class_name)) for one in deployment.sites]
    own = cloud is not None and cloud.guard is not None and not cloud.guard.existing
    lent = training.existing if training is not None else None
    cluster = lent.cluster if lent else cluster_name(f"{name}-cluster")
    return Centre(
        name=declaration.prefix,
        region=cloud.region if cloud else "",
        trains=keeps,
        exporters=exporters_of(find_instance(training.instance)) if training is not None and keeps else (),
        runtimes=tuple(watched(monitoring_of(one, one.monitoring)) for one in sites if one.monitoring is not None),
        trail=log_group(f"{declaration.prefix}-account") if own else "",
        flows=group_name(f"{name}-network", "flow") if training and deployment.network.existing is None else "",
        api=f"/aws/eks/{cluster}/cluster" if training else "",
    )
