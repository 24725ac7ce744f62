"""Labels and names that every Kubernetes object of ours carries (Kubernetes' recommended labels)."""

from typing import Any, Final

from aiinfra.spec.tags import Tags

POD_SECURITY_VERSION: Final = "v1.35"
"""Pod Security is pinned: a newer cluster does not silently refuse, or allow, what was reviewed."""

CALLER_LABEL: Final = "app.kubernetes.io/name"


def labels(tags: Tags, name: str) -> dict[str, str]:
    """Labels of an object that belongs to the workload ``name``."""
    return {
        CALLER_LABEL: name,
        "app.kubernetes.io/managed-by": "aiinfra",
        **{f"aiinfra.dev/{key}": label_value(value) for key, value in tags.as_labels().items()},
    }


def label_value(text: str) -> str:
    """``text`` as a label's value: at most 63 of letters, digits and ``-_.``, none of these at its ends."""
    safe = "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "-" for c in text)
    return safe[:63].strip("-_.")


def because(meta: dict[str, Any], why: str) -> dict[str, Any]:
    """Metadata that carries the reason: what the picture of who may talk to whom says beside an edge."""
    return {**meta, "annotations": {"aiinfra.dev/why": why}}


def metadata(name: str, tags: Tags, *, namespace: str = "", workload: str = "") -> dict[str, Any]:
    """``metadata`` with a fixed name: manifests shipped by GitOps need one, and a policy can name it."""
    place = {"namespace": namespace} if namespace else {}
    return {"name": name, **place, "labels": labels(tags, workload or name)}
