"""Classes whose sites fetch their manifests: what all of them get, and what one of them gets. Pure."""

from aiinfra.components.kubernetes import delivery
from aiinfra.components.kubernetes.parts import site_of
from aiinfra.errors import BadInput, did_you_mean
from aiinfra.spec.class_file import ClassFile, wave_tag
from aiinfra.spec.declaration import Declaration
from aiinfra.spec.delivery import Delivery
from aiinfra.spec.site import Place, Row, Site


def sync(declaration: Declaration, site: Site, how: Delivery, wave: int | None = None) -> str:
    """``sync.yaml`` of a class: the same at every site of a wave, however many there are."""
    namespace = site_of(declaration, site.class_name, Row(name=site.class_name)).namespace
    return delivery.stream(delivery.everywhere(site.class_name, namespace, how, declaration.signer, wave))


def environment(told: ClassFile, class_name: str, row: Row) -> str:
    """``/etc/aiinfra/site.env`` of a box: where its wave's releases are."""
    tag = wave_tag(class_name, told.wave_of(class_name, row.name, row.wave))
    return f"# {row.name}: /etc/aiinfra/site.env\nAIINFRA_SOURCE={told.uri.removeprefix('oci://')}:{tag}\n"


def enrolment(declaration: Declaration, name: str) -> str:
    """What one site is enrolled with.

    Raises:
        BadInput: ``row-unknown``; ``site-pushed`` for one whose class is applied by Pulumi.
    """
    for site in declaration.deployment.sites:
        for row in declaration.rows[site.class_name]:
            if row.name != name:
                continue
            pulls = site.runtime.on is Place.BOX and site.runtime.updates is not None
            if pulls and site.class_name in declaration.classes:
                return environment(declaration.classes[site.class_name], site.class_name, row)
            if site.delivery is None:
                raise BadInput(
                    "site-pushed",
                    f"{name} is of class {site.class_name}, which names no delivery: Pulumi applies it, or it is a box",
                    f"add sites[].delivery to {site.class_name}, or use the folder site-{site.class_name} of a compile",
                )
            told = declaration.classes.get(site.class_name)
            # The waves of a class with one wave are one folder, and so none.
            wave = told.wave_of(site.class_name, row.name, row.wave) if told and len(told.waves) > 1 else None
            return sync(declaration, site, site.delivery, wave) + delivery.stream([delivery.row_values(row)])
    known = [row.name for rows in declaration.rows.values() for row in rows]
    listed = ", ".join(known[:5]) + (f" and {len(known) - 5} more" if len(known) > 5 else "")
    raise BadInput("row-unknown", f"there is no site {name!r}{did_you_mean(name, known)}", f"sites: {listed or 'none'}")
