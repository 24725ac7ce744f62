"""Pull delivery by Flux, as plain Kubernetes objects: what stands at every site, and the row that is its own. Pure.

The centre keeps one artifact a class. A site's objects name the artifact, the key it must be signed with, and a
ConfigMap of the site's own; so nothing at the centre grows with the number of sites.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from aiinfra.spec.delivery import Delivery
from aiinfra.spec.rows import columns, variable
from aiinfra.spec.site import Row
from aiinfra.spec.yaml import write

FLUX: Final = "flux-system"
"""Namespace that Flux runs in, as its own installation has it."""
ROW: Final = "aiinfra-site"
"""Name of the ConfigMap with a site's row."""
KEY: Final = "aiinfra-release-key"
PROPERTIES: Final = "site.properties"
"""Entry of the workload's ConfigMap that holds a site's row, a line a value. One text, because a substituted number
that stood alone would be read as a number, and a ConfigMap takes text only."""


def placeholders(rows: Iterable[Row]) -> dict[str, str]:
    """Values of the class's own site: each filled in by the site that fetches it; a column a row lacks is empty."""
    lines = ["site=${site}", *(f"{column}=${{{variable(column)}:-}}" for column in columns(rows))]
    return {PROPERTIES: "\n".join(lines) + "\n"}


def row_values(row: Row) -> dict[str, Any]:
    """The ConfigMap that a site fills its class's manifests in from: its own row and no other."""
    data = {"site": row.name, **{variable(key): value for key, value in sorted(row.values.items())}}
    return _object("v1", "ConfigMap", ROW, data=data)


def wave_folder(wave: int) -> str:
    """Folder of a wave's manifests in the class's artifact."""
    return f"wave-{wave}"


def everywhere(
    class_name: str, namespace: str, delivery: Delivery, signer: str, wave: int | None = None
) -> list[dict[str, Any]]:
    """What stands at every site of a class, or of one wave of it, the same bytes: the key, the source and what is made
    of it.

    Without a signer there is no key, and Flux takes nothing: the source still demands a signature.
    """
    key = _object("v1", "Secret", KEY, type="Opaque", stringData={"release.pub": signer})
    every = f"{max(1, round(delivery.every.seconds))}s"
    source = {
        "url": delivery.artifact,
        "ref": {"tag": delivery.tag},
        "interval": every,
        "timeout": "5m",
        "verify": {"provider": "cosign", "secretRef": {"name": KEY}},
    }
    made = {
        "sourceRef": {"kind": "OCIRepository", "name": class_name},
        "path": f"./{wave_folder(wave)}" if wave is not None else "./",
        "interval": every,
        "retryInterval": "2m",
        "timeout": "10m",
        "prune": True,
        "wait": True,
        "postBuild": {"substituteFrom": [{"kind": "ConfigMap", "name": ROW}]},
        "commonMetadata": {"labels": {"aiinfra.dev/class": class_name}},
    }
    flux = "toolkit.fluxcd.io/v1"
    return [
        *([key] if signer else []),
        _object(f"source.{flux}", "OCIRepository", class_name, spec=source),
        _object(f"kustomize.{flux}", "Kustomization", f"{class_name}-{namespace}"[:63].rstrip("-"), spec=made),
    ]


def stream(objects: Iterable[Mapping[str, Any]]) -> str:
    """One YAML stream."""
    return "".join(f"---\n{write(dict(item))}" for item in objects)


def _object(version: str, kind: str, name: str, **body: Any) -> dict[str, Any]:
    labels = {"app.kubernetes.io/managed-by": "aiinfra"}
    return {
        "apiVersion": version,
        "kind": kind,
        "metadata": {"name": name, "namespace": FLUX, "labels": labels},
        **body,
    }
