"""Which versions of an EKS cluster's parts go together, and where EKS runs no control plane."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from types import MappingProxyType
from typing import Any, Final

from aiinfra.catalogue.figure import read_data
from aiinfra.errors import BadInput

_IMAGES: Final = {
    ("", "amd64"): "AL2023_x86_64_STANDARD",
    ("", "arm64"): "AL2023_ARM_64_STANDARD",
    ("NVIDIA", "amd64"): "AL2023_x86_64_NVIDIA",
    ("NVIDIA", "arm64"): "AL2023_ARM_64_NVIDIA",
    ("AWS", "amd64"): "AL2023_x86_64_NEURON",
}
"""Vendor of the accelerators and architecture -> EKS's image type (EKS API reference, Nodegroup, amiType)."""


def image_type(vendor: str, architecture: str) -> str | None:
    """EKS's image type for machines with accelerators of that vendor, or with none (empty); None: it has none."""
    return _IMAGES.get((vendor, architecture))


@dataclass(frozen=True, slots=True)
class ClusterVersion:
    """One row of the version matrix."""

    kubernetes: str
    """Minor version, like ``1.35``."""
    image: str
    """Release of the EKS-optimised machine image."""
    addons: Mapping[str, str]
    """Add-on -> version."""
    read: date
    """The day these were read."""


@cache
def cluster_versions() -> Mapping[str, ClusterVersion]:
    """Every Kubernetes version that ships, the newest last."""
    found = {
        name: ClusterVersion(name, row["image"], MappingProxyType(dict(row["addons"])), row["date"])
        for name, row in _table().items()
        if name != "zones"
    }
    return MappingProxyType(dict(sorted(found.items(), key=lambda item: tuple(map(int, item[0].split("."))))))


def newest() -> str:
    """The Kubernetes version that a new cluster gets."""
    return list(cluster_versions())[-1]


def find_cluster_version(kubernetes: str) -> ClusterVersion:
    """The row of that Kubernetes version.

    Raises:
        BadInput: ``cluster-version-unknown``.
    """
    known = cluster_versions()
    if kubernetes not in known:
        raise BadInput(
            "cluster-version-unknown",
            f"the catalogue does not say what goes with Kubernetes {kubernetes}",
            f"use one of {', '.join(known)}",
        )
    return known[kubernetes]


def has_control_plane(zone: str) -> bool:
    """Whether EKS can put a control plane into the zone of that id."""
    return zone not in _table()["zones"]["without_control_plane"]


@cache
def _table() -> Mapping[str, Any]:
    return tomllib.loads(read_data("eks.toml"))
