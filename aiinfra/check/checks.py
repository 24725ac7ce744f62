"""The checks of one declaration, in the order their findings are worth reading."""

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from aiinfra.catalogue.eks import has_control_plane
from aiinfra.catalogue.find import find_accelerator
from aiinfra.check.account import fits_account
from aiinfra.check.delivery import (
    can_be_delivered,
    charts_are_those_of_the_table,
    class_files_fit,
    images_run_there,
)
from aiinfra.check.engines import engines_fit, is_language
from aiinfra.check.existing import fits_what_is_there, not_checked
from aiinfra.check.machines import can_train, holds_the_model, images_run_on_machines, version_known
from aiinfra.check.monitoring import metrics_are_kept
from aiinfra.check.offline import (
    accelerators_are_there,
    callers_are_there,
    certificates_outlive_outages,
    goes_on_alone,
)
from aiinfra.check.residency import copied_inside_residency, has_copies, inside_residency
from aiinfra.check.serving import (
    can_serve,
    has_machines,
    is_whole,
    joins_the_cluster,
    shares_no_namespace,
    stands_in_every_stack,
)
from aiinfra.check.streams import streams_fit
from aiinfra.errors import BadInput
from aiinfra.findings import Finding, Severity
from aiinfra.spec.declaration import Declaration
from aiinfra.spec.engine import EngineKind, served_by
from aiinfra.spec.rows import columns, variable
from aiinfra.spec.site import Place
from aiinfra.spec.training import Runner


def check(declaration: Declaration) -> tuple[Finding, ...]:
    """Every problem of ``declaration`` that needs more than one value to see; empty: nothing wrong.

    Reads the catalogue and the files the declaration names; touches no network and no clock.
    """
    found = [finding for rule in RULES for finding in rule(declaration)]
    return tuple(sorted(found, key=lambda finding: finding.sort_key))


def known_tiers(declaration: Declaration) -> Iterator[Finding]:
    """Accelerators and power modes are in the catalogue, and onnxruntime can use them."""
    for index, site in enumerate(declaration.deployment.sites):
        place = f"sites[{index}].tier"
        try:
            part = find_accelerator(site.tier.accelerator)
            part.mode(site.tier.power_mode)
        except BadInput as error:
            key = "accelerator" if error.code == "tier-unknown" else "power_mode"
            yield Finding(error.code, Severity.ERROR, error.message, f"{place}.{key}", remedy=error.remedy)
            continue
        kind = served_by(declaration.deployment.model, site.runtime.engine)
        if not part.execution_providers and kind is not EngineKind.VLLM:
            yield Finding(
                "tier-not-served",
                Severity.ERROR,
                f"onnxruntime has no execution provider for {part.title}",
                f"{place}.accelerator",
                remedy=f"choose a tier that it can use; {part.compiler or 'its vendor'} compiles models for this one",
            )


def known_model(declaration: Declaration) -> Iterator[Finding]:
    """The model is pinned and its tensors are declared; the file, where present, says the same.

    A language model that vLLM serves comes as weights, by the digest of their image: it has no tensors of its own here.
    """
    if is_language(declaration):
        return
    model = declaration.deployment.model
    inspect = f"aiinfra model inspect --write {declaration.file}"
    if not model.digest or not model.inputs or not model.outputs:
        missing = [key for key in ("digest", "inputs", "outputs") if not getattr(model, key)]
        yield Finding(
            "model-not-pinned",
            Severity.ERROR,
            f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} not declared",
            "model",
            remedy=f"let the file say it: {inspect}",
        )
    golden = declaration.golden_dir
    if golden is None:
        yield Finding(
            "no-golden",
            Severity.WARNING,
            "no golden inputs are named: a release can only be compared with itself",
            "model.golden",
            remedy="put inputs and the training framework's answers into FOLDER/test_data_set_0/, and name FOLDER",
        )
    elif not golden.is_dir():
        yield Finding(
            "golden-missing", Severity.ERROR, f"{golden} is not there", "model.golden", remedy="name a folder"
        )


def same_as_file(declaration: Declaration) -> Iterator[Finding]:
    """Where the model's file is at hand, its digest is the declared one."""
    model, file = declaration.deployment.model, declaration.model_file
    if is_language(declaration):
        return
    if not file.is_file():
        if not model.digest:
            yield Finding(
                "model-missing", Severity.ERROR, f"{file} is not there", "model.file", remedy="name the ONNX file"
            )
        return
    from aiinfra.model.digest import file_digest  # noqa: PLC0415 - only where there is a file to read

    actual = file_digest(file)
    if model.digest and actual != model.digest:
        yield Finding(
            "model-differs",
            Severity.ERROR,
            f"{file} is {actual}, declared is {model.digest}",
            "model.digest",
            remedy=f"if the new file is meant: aiinfra model inspect --write {declaration.file}",
        )


def has_a_runtime(declaration: Declaration) -> Iterator[Finding]:
    """A board's accelerator can be used by the onnxruntime that would be installed on it."""
    for index, site in enumerate(declaration.deployment.sites):
        try:
            part = find_accelerator(site.tier.accelerator)
        except BadInput:
            continue  # told already
        more = [name for name in part.execution_providers if name != "CPUExecutionProvider"]
        on_board = site.runtime.on is Place.BOX and part.architecture == "arm64"
        if on_board and more and not site.runtime.runtime_wheel:
            yield Finding(
                "no-runtime-wheel",
                Severity.WARNING,
                f"PyPI has no onnxruntime for {part.architecture} with {', '.join(more)}: the server would not start",
                f"sites[{index}].runtime.runtime_wheel",
                remedy="name the wheel built for this board, as its vendor publishes it",
            )


def rows_can_be_filled_in(declaration: Declaration) -> Iterator[Finding]:
    """Values of rows that sites fill in by themselves are one line each, and their columns keep names of their own."""
    for index, site in enumerate(declaration.deployment.sites):
        if site.delivery is None:
            continue
        place = f"sites[{index}].rows"
        rows = declaration.rows[site.class_name]
        names: dict[str, str] = {"site": "site"}
        for column in columns(rows):
            other = names.setdefault(variable(column), column)
            if other != column or column == "site":
                message = f"columns {other!r} and {column!r} are one name where a site fills them in"
                yield Finding("row-column-clash", Severity.ERROR, message, place, remedy="rename one of them")
        for row in rows:
            wrong = [key for key, value in row.values.items() if not value.isprintable() or "${" in value]
            if wrong:
                yield Finding(
                    "row-value-unsafe",
                    Severity.ERROR,
                    f"site {row.name!r}: {', '.join(wrong)} has a line break, an unprintable sign or '${{'",
                    place,
                    remedy="write one line of plain text: it is filled into manifests at the site",
                )


def can_be_reached(declaration: Declaration) -> Iterator[Finding]:
    """Something reaches the cluster's API: else its inside can never be made."""
    deployment = declaration.deployment
    if deployment.cloud is None or deployment.cloud.state is not None:
        return
    lost = "it is not made, and nothing reaches the API"
    for key, cluster in (("training", deployment.training), ("serving", deployment.serving)):
        if cluster is not None and cluster.api_access.runner is Runner.IN_VPC:
            yield Finding(
                "no-state",
                Severity.WARNING,
                f"a runner inside keeps state in a bucket, and none is named: {lost}",
                "cloud.state",
                remedy=f"make bucket and key by hand (docs/first-apply.md), or say {key}.api_access.runner: vpn",
            )


def has_a_way_out(declaration: Declaration) -> Iterator[Finding]:
    """What cloud networks may reach outside of themselves has a route."""
    deployment = declaration.deployment
    network, serving = deployment.network, deployment.serving
    made = deployment.training is not None and network.existing is None
    if network.transit_gateway or not (made or serving):
        return
    own = [cidr for cidr in (network.cidr, deployment.serving_cidr) if cidr is not None]
    named = [(way.to, f"network.egress[{index}]") for index, way in enumerate(network.egress)]
    named += [(block, "serving.hybrid.nodes") for block in (serving.hybrid.nodes if serving and serving.hybrid else ())]
    for block, place in named:
        if not any(block.network_address in cidr and block.broadcast_address in cidr for cidr in own):
            yield Finding(
                "no-route",
                Severity.WARNING,
                f"{block} is outside of the cloud network, and no route leads out of it",
                place,
                remedy="name network.transit_gateway, which is attached and routed; or make that route yourself",
            )


def is_watched(declaration: Declaration) -> Iterator[Finding]:
    """Where something is made in an account, something records what is done in it."""
    cloud = declaration.deployment.cloud
    makes = declaration.deployment.training or declaration.deployment.serving
    if cloud is not None and cloud.guard is None and makes is not None:
        yield Finding(
            "no-guard",
            Severity.WARNING,
            "nothing says that the account has a trail, threat detection and a recorder",
            "cloud.guard",
            remedy="declare guard: {existing: true} where a landing zone has them, or guard: {} to make them",
        )


def has_control_planes(declaration: Declaration) -> Iterator[Finding]:
    """EKS runs control planes in two of the zones at least; it leaves a few of AWS's oldest out."""
    deployment = declaration.deployment
    training = deployment.training
    makes = (training is not None and training.existing is None) or deployment.serving is not None
    if deployment.cloud is None or not makes:
        return
    places = {f"cloud.zones[{index}]": zone for index, zone in enumerate(deployment.cloud.zones)}
    for path, zone in {**places, "cloud.control_zone": deployment.cloud.control_zone}.items():
        if not has_control_plane(zone):
            message = f"EKS puts no control plane into {zone}"
            yield Finding("zone-without-eks", Severity.ERROR, message, path, remedy="choose another zone of the region")


Rule = Callable[[Declaration], Iterable[Finding]]
RULES: Final[tuple[Rule, ...]] = (
    known_tiers,
    inside_residency,
    copied_inside_residency,
    has_copies,
    known_model,
    same_as_file,
    can_be_delivered,
    charts_are_those_of_the_table,
    images_run_there,
    class_files_fit,
    version_known,
    can_train,
    holds_the_model,
    images_run_on_machines,
    can_serve,
    has_machines,
    shares_no_namespace,
    is_whole,
    joins_the_cluster,
    stands_in_every_stack,
    has_control_planes,
    fits_what_is_there,
    not_checked,
    fits_account,
    has_a_runtime,
    engines_fit,
    accelerators_are_there,
    callers_are_there,
    certificates_outlive_outages,
    goes_on_alone,
    metrics_are_kept,
    streams_fit,
    rows_can_be_filled_in,
    can_be_reached,
    has_a_way_out,
    is_watched,
)
