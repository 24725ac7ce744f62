"""What every pod of ours has in common: Pod Security `restricted`, no token, not root. Pure."""

from typing import Any

SERVER_UID = 65532
"""The user of the server's image: not root, and not a user of the node."""


def restricted(account: str, user: int = SERVER_UID) -> dict[str, Any]:
    """Keys of a pod that runs as ``user`` under the service account ``account``, without its token."""
    return {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "serviceAccountName": account,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": user,
            "runAsGroup": user,
            "fsGroup": user,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
    }


def confined() -> dict[str, Any]:
    """The security context of a container: nothing to gain, nothing to write outside its volumes."""
    return {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


def stays() -> list[dict[str, str]]:
    """A node that lost its link keeps its pods: without seconds, the toleration has no end."""
    return [
        {"key": f"node.kubernetes.io/{taint}", "operator": "Exists", "effect": "NoExecute"}
        for taint in ("not-ready", "unreachable")
    ]
