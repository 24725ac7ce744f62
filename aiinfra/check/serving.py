"""The checks of a cluster that serves: machines for every site, room on them, what nobody puts into it."""

from collections import defaultdict
from collections.abc import Iterator

from aiinfra.catalogue.eks import find_cluster_version, image_type, newest
from aiinfra.catalogue.find import find_instance, vendor_of
from aiinfra.catalogue.instances import instances
from aiinfra.catalogue.room import machines_for, servers_on, spare, suits
from aiinfra.errors import BadInput, did_you_mean
from aiinfra.findings import Finding, Severity
from aiinfra.names import fit, role_name
from aiinfra.spec.declaration import Declaration
from aiinfra.spec.engine import EngineKind, served_by
from aiinfra.spec.issuer import IssuerKind
from aiinfra.spec.monitoring import Collector
from aiinfra.spec.serving import MachineGroup, Serving
from aiinfra.spec.site import Place, Site


def can_serve(declaration: Declaration) -> Iterator[Finding]:
    """The version and the machines are known, and something is served."""
    serving = declaration.deployment.serving
    if serving is None:
        return
    try:
        find_cluster_version(serving.kubernetes or newest())
    except BadInput as error:
        yield Finding(error.code, Severity.ERROR, error.message, "serving.kubernetes", remedy=error.remedy)
    for index, group in enumerate(serving.machines):
        yield from _known(group, f"serving.machines[{index}].instance")
    sites = declaration.deployment.sites
    if not any(site.runtime.on in (Place.EKS, Place.HYBRID) for site in sites):
        yield Finding(
            "serving-unused",
            Severity.WARNING,
            "a cluster that serves is made, and no site is on it",
            "serving",
            remedy="leave serving out, or run a site on: eks",
        )


def _known(group: MachineGroup, place: str) -> Iterator[Finding]:
    try:
        instance = find_instance(group.instance)
    except BadInput as error:
        yield Finding(error.code, Severity.ERROR, error.message, place, remedy=error.remedy)
        return
    if image_type(vendor_of(instance), instance.architecture) is None or instance.share != 1.0:
        yield Finding(
            "instance-not-supported",
            Severity.ERROR,
            f"{instance.name}: this version does not know how it is set up on EKS",
            place,
            remedy="choose another, like g6.xlarge, or c7i.xlarge for CPUs",
        )


def has_machines(declaration: Declaration) -> Iterator[Finding]:
    """Each site on the cluster has machines with its accelerator, and room for its servers."""
    deployment = declaration.deployment
    serving, cloud = deployment.serving, deployment.cloud
    if serving is None or cloud is None:
        return
    together: dict[tuple[str, ...], list[Site]] = defaultdict(list)
    for index, site in enumerate(deployment.sites):
        if site.runtime.on is not Place.EKS:
            continue
        try:
            found = suits((group.instance for group in serving.machines), site)
        except BadInput:
            continue  # told already
        if found:
            together[found].append(site)
        else:
            yield _no_machine(site, index, cloud.region)
    used = {name for names in together for name in names}
    for index, group in enumerate(serving.machines):
        if group.instance not in used and group.instance in instances():
            yield Finding(
                "machines-unused",
                Severity.WARNING,
                f"no site has servers that run on {group.instance}: {group.count} are paid for nothing",
                f"serving.machines[{index}]",
                remedy="leave it out, or declare a site whose tier it has",
            )
    for names, sites in together.items():
        groups = [group for group in serving.machines if group.instance in names]
        yield from _too_few(groups, sites)


def _no_machine(site: Site, index: int, region: str) -> Finding:
    tier, runtime = site.tier, site.runtime
    found = machines_for(site, region, runtime.fewest + spare(site))
    asked = (
        f"{tier.count} x {tier.accelerator}, {runtime.cores} core{'s' if runtime.cores > 1 else ''}, {runtime.memory}"
    )
    if found is None:
        message = f"{site.class_name}: the catalogue has no instance for one server ({asked})"
        remedy = "choose another tier (aiinfra tiers shows which), or ask for less"
        return Finding("no-machine-for-site", Severity.ERROR, message, f"sites[{index}].tier", remedy=remedy)
    message = f"{site.class_name}: none of serving.machines has room for one server ({asked})"
    remedy = f"add to serving.machines: {{instance: {found[0]}, count: {found[1]}}}"
    return Finding("no-machine-for-site", Severity.ERROR, message, "serving.machines", remedy=remedy)


def _too_few(groups: list[MachineGroup], sites: list[Site]) -> Iterator[Finding]:
    """Sites that share machines, against the room on these, with what they need while they roll."""
    names = ", ".join(site.class_name for site in sites)
    have = " and ".join(f"{group.count} x {group.instance}" for group in groups)
    for most, severity, code in (
        (False, Severity.ERROR, "too-few-machines"),
        (True, Severity.WARNING, "too-few-machines-at-most"),
    ):
        taken = 0.0
        for site in sites:
            room = sum(group.count * servers_on(find_instance(group.instance), site) for group in groups)
            taken += ((site.runtime.most if most else site.runtime.fewest) + spare(site)) / room
        if taken > 1:
            when = "that they may grow to" if most else "that always run"
            yield Finding(
                code,
                severity,
                f"{names}: {have} have {1 / taken:.0%} of the room for the servers {when}, and to roll them",
                "serving.machines",
                remedy=f"{_enough(groups[0], taken)} or more, or run fewer servers",
            )
            return


def _enough(group: MachineGroup, taken: float) -> str:
    return f"count: {-(-int(group.count * taken * 1000) // 1000)} of {group.instance}"


def shares_no_namespace(declaration: Declaration) -> Iterator[Finding]:
    """One cluster serves them all, so two sites in one namespace would be one another."""
    if declaration.deployment.serving is None:
        return
    there: dict[str, str] = {}
    for index, site in enumerate(declaration.deployment.sites):
        if not declaration.deployment.is_served(site):
            continue
        namespace = site.runtime.namespace or declaration.deployment.name
        for row in declaration.rows[site.class_name]:
            other = there.setdefault(namespace, row.name)
            if other != row.name:
                yield Finding(
                    "namespace-shared",
                    Severity.ERROR,
                    f"{other} and {row.name} are both in namespace {namespace!r} of the cluster that serves",
                    f"sites[{index}].runtime.namespace",
                    remedy="give each its own class and namespace; one cluster serves a class once",
                )


def is_whole(declaration: Declaration) -> Iterator[Finding]:
    """What sites ask of the cluster is put into it by somebody."""
    serving = declaration.deployment.serving
    if serving is None:
        return
    for index, site in enumerate(declaration.deployment.sites):
        if declaration.deployment.is_served(site):
            yield from _issuer(serving, site, index)
            yield from _brought(declaration, site, index)


def _issuer(serving: Serving, site: Site, index: int) -> Iterator[Finding]:
    issuer, place = site.runtime.issuer, f"sites[{index}].runtime.issuer"
    if issuer is None:
        return
    if serving.issuer is None:
        yield Finding(
            "no-cert-manager",
            Severity.WARNING,
            f"{site.class_name} asks {issuer.name} for certificates, and nothing puts cert-manager into the cluster",
            place,
            remedy=f"say serving.issuer: {issuer.name} to have it made, or bring cert-manager and that issuer",
        )
    elif issuer.kind is IssuerKind.CLUSTER_ISSUER and issuer.name != serving.issuer:
        yield Finding(
            "issuer-unknown",
            Severity.ERROR,
            f"{site.class_name} asks {issuer.name!r}, and the cluster's is {serving.issuer!r}"
            f"{did_you_mean(issuer.name, (serving.issuer,))}",
            f"{place}.name",
            remedy=f"name {serving.issuer}",
        )


def _brought(declaration: Declaration, site: Site, index: int) -> Iterator[Finding]:
    runtime = site.runtime
    watched = site.monitoring is not None and site.monitoring.by is not Collector.OPERATOR
    lacking = {
        "the Prometheus operator (runtime.scraper)": runtime.scraper is not None and not watched,
        "KServe": served_by(declaration.deployment.model, runtime.engine) is EngineKind.KSERVE,
        "KEDA (runtime.demand)": runtime.demand is not None,
        "Flux (delivery)": site.delivery is not None,
    }
    named = [what for what, asked in lacking.items() if asked]
    if named:
        yield Finding(
            "operator-brought",
            Severity.NOTE,
            f"{site.class_name} needs {', '.join(named)} in the cluster, and nothing here installs it",
            f"sites[{index}].runtime",
            remedy="install it before the site, from a mirror: nothing inside the network can fetch it from elsewhere",
        )


def joins_the_cluster(declaration: Declaration) -> Iterator[Finding]:
    """What machines of sites are told agrees with the cluster that they join."""
    deployment = declaration.deployment
    serving, cloud = deployment.serving, deployment.cloud
    if serving is None or serving.hybrid is None or cloud is None:
        return
    name = f"{declaration.prefix}-serving"
    wanted = {
        "cluster": fit(f"{name}-cluster", "aws:eks/cluster:Cluster"),
        "region": cloud.region,
        "role": role_name(f"{name}-hybrid", cloud.region),
    }
    for index, site in enumerate(deployment.sites):
        if site.hybrid is None:
            continue
        said = site.hybrid
        told = {"cluster": said.cluster, "region": said.region, "role": said.role.rpartition("/")[2]}
        for key, value in wanted.items():
            if told[key] != value:
                yield Finding(
                    "hybrid-differs",
                    Severity.ERROR,
                    f"{site.class_name}: machines are told {told[key]!r}, and the cluster's is {value!r}",
                    f"sites[{index}].hybrid.{key}",
                    remedy="write what 'pulumi stack output hybrid' of the serving project prints",
                )


def stands_in_every_stack(declaration: Declaration) -> Iterator[Finding]:
    """A site's program is compiled once: its cluster is ours in every stack, or in none."""
    whole = declaration.whole
    for stack in whole.stacks:
        other = whole.for_stack(stack)
        word = "without" if other.serving is None else "with"
        main = {site.class_name: whole.is_served(site) for site in whole.sites}
        if any(main.get(site.class_name, other.is_served(site)) != other.is_served(site) for site in other.sites):
            yield Finding(
                "serving-in-some-stacks",
                Severity.ERROR,
                f"stack {stack} has a site {word} serving, unlike the main one",
                f"environments.{stack}.serving",
                remedy="declare serving in all stacks with such a site, or remove the site from that stack",
            )
