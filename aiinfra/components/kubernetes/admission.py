"""What pods a trusted namespace admits, as a ValidatingAdmissionPolicy: CEL that the API server itself evaluates. Pure.

Pod Security ``restricted`` says nothing of where an image comes from, whether its file system can be written to, or who
signed what is served. These rules do. They are judged on pods, so whatever makes a pod meets them.
"""

import hashlib
from typing import Any, Final

from aiinfra.components.kubernetes.labels import metadata
from aiinfra.components.kubernetes.specs import TrustedNamespaceSpec

SIGNED_BY: Final = "aiinfra.dev/signed-by"
"""Annotation of pods that mount a release: fingerprint of the key whose signature the server in it demands."""

_TOKENLESS: Final = (
    "(has(object.spec.automountServiceAccountToken) && !object.spec.automountServiceAccountToken)"
    " || (has(object.spec.serviceAccountName) && object.spec.serviceAccountName != 'default')"
)
_DIGEST: Final = "'@sha256:[0-9a-f]{64}$'"

VARIABLES: Final = {
    "releases": "has(object.spec.volumes) ? object.spec.volumes.filter(v, has(v.image)) : []",
    "annotations": "has(object.metadata.annotations) ? object.metadata.annotations : {}",
}
"""Name -> expression; a rule reads it as ``variables.NAME``."""


def every_container(test: str) -> str:
    """``test`` of ``c`` for every container. The three lists have types of their own, so CEL cannot join them."""
    optional = (f"(!has(object.spec.{kind}) || object.spec.{kind}.all(c, {test}))" for kind in _MORE)
    return " && ".join([f"object.spec.containers.all(c, {test})", *optional])


_MORE: Final = ("initContainers", "ephemeralContainers")


def rules(spec: TrustedNamespaceSpec) -> dict[str, tuple[str, str]]:
    """Rule's name -> the expression that must hold, and what to do where it does not."""
    key = fingerprint(spec.signer) if spec.signer else ""
    signed = f"'{SIGNED_BY}' in variables.annotations && variables.annotations['{SIGNED_BY}'] == '{key}'"
    told = f"annotate the pod with {SIGNED_BY}: {key}" if key else "this namespace names no release key: name one"
    return {
        "image-by-digest": (
            every_container(f"c.image.matches({_DIGEST})"),
            "name every image by digest, like HOST/NAME@sha256:DIGEST",
        ),
        "read-only-root": (
            every_container(
                "has(c.securityContext) && has(c.securityContext.readOnlyRootFilesystem)"
                " && c.securityContext.readOnlyRootFilesystem"
            ),
            "set securityContext.readOnlyRootFilesystem: true on every container",
        ),
        "release-by-digest": (
            f"variables.releases.all(v, has(v.image.reference) && v.image.reference.matches({_DIGEST}))",
            "name every image volume by digest",
        ),
        "signed-release": (f"variables.releases.size() == 0 || ({signed if key else 'false'})", told),
        "no-token-by-default": (
            _TOKENLESS,
            "set automountServiceAccountToken: false, or name a service account of the pod's own",
        ),
    }


def policy(spec: TrustedNamespaceSpec) -> dict[str, Any]:
    """The policy: what cannot be judged is refused (``failurePolicy: Fail``)."""
    return {
        "failurePolicy": "Fail",
        "matchConstraints": {
            "resourceRules": [
                {
                    "apiGroups": [""],
                    "apiVersions": ["v1"],
                    "operations": ["CREATE", "UPDATE"],
                    "resources": ["pods", "pods/ephemeralcontainers"],
                }
            ]
        },
        "variables": [{"name": name, "expression": text} for name, text in VARIABLES.items()],
        "validations": [
            {"expression": expression, "message": f"{name}: {remedy}", "reason": "Forbidden"}
            for name, (expression, remedy) in rules(spec).items()
        ],
    }


def binding(spec: TrustedNamespaceSpec) -> dict[str, Any]:
    """The policy, in force in this namespace alone; what it refuses is in the audit log."""
    return {
        "policyName": name(spec),
        "validationActions": ["Deny", "Audit"],
        "matchResources": {
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": spec.namespace}},
        },
    }


def name(spec: TrustedNamespaceSpec) -> str:
    """Of the policy and its binding, which belong to no namespace: ``NAMESPACE.pods.aiinfra.dev``."""
    return f"{spec.namespace}.pods.aiinfra.dev"


def cluster_metadata(spec: TrustedNamespaceSpec) -> dict[str, Any]:
    """Metadata of both."""
    return metadata(name(spec), spec.tags, workload=spec.namespace)


def fingerprint(pem: str) -> str:
    """``sha256:`` and the hash of a public key's PEM text, as a release's verification names the key."""
    return f"sha256:{hashlib.sha256(pem.encode()).hexdigest()}"
