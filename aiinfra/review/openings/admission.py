"""Admission policies: what a cluster refused before, and would take now."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from aiinfra.findings import Finding
from aiinfra.graph.diff import Operation, ResourceChange
from aiinfra.graph.node import Node
from aiinfra.review.openings.rule import get, items, opening

_GROUP: Final = "kubernetes:admissionregistration.k8s.io/v1:"
_POLICY: Final = f"{_GROUP}ValidatingAdmissionPolicy"
_BINDING: Final = f"{_GROUP}ValidatingAdmissionPolicyBinding"


def admission(change: ResourceChange) -> Iterator[Finding]:
    """A policy or binding that goes, loses a rule, no longer denies, or lets pass what it cannot judge."""
    if change.node.type not in (_POLICY, _BINDING) or change.before is None:
        return
    if change.operation is Operation.DELETE:
        what = "the admission policy" if change.node.type == _POLICY else "the binding that puts the policy in force"
        yield opening("opening-admission", change, f"removes {what}: what it refused is taken")
        return
    if get(change.before, "spec.failurePolicy") != "Ignore" and get(change.after, "spec.failurePolicy") == "Ignore":
        words = "what cannot be judged is let through"
        yield opening("opening-admission", change, words, path="spec.failurePolicy", before="Fail", after="Ignore")
    denied = "Deny" in items(get(change.before, "spec.validationActions"))
    if denied and "Deny" not in items(get(change.after, "spec.validationActions")):
        yield opening("opening-admission", change, "no longer denies: it only tells", path="spec.validationActions")
    after = _rules(change.after)
    for message, expression in sorted(_rules(change.before).items()):
        if after.get(message) is None:
            yield opening("opening-admission", change, f"drops the rule {message!r}", path="spec.validations")
        elif after[message] != expression:
            words = f"the rule {message!r} is judged by another expression"
            yield opening(
                "opening-admission", change, words, path="spec.validations", before=expression, after=after[message]
            )


def _rules(node: Node | None) -> dict[str, Any]:
    """Name of a rule (its message up to the colon) -> its expression."""
    found = [item for item in items(get(node, "spec.validations")) if isinstance(item, Mapping)]
    return {str(item.get("message", "")).partition(":")[0]: item.get("expression") for item in found}
