"""Openings: who may newly reach or do what, and which safeguard goes. Exact rules over one change each.

A rule is a pure function of one resource's change; it yields findings. What only the whole graph shows is told from the
difference of access edges (:mod:`aiinfra.review.openings.reach`).
"""

from collections.abc import Iterator
from itertools import chain

from aiinfra.findings import Finding
from aiinfra.graph.diff import ResourceChange
from aiinfra.review.openings import (
    admission,
    endpoints,
    guards,
    hardening,
    iam,
    money,
    network_policies,
    pods,
    security_groups,
    unseen,
)
from aiinfra.review.openings.rule import Rule

RULES: tuple[Rule, ...] = (
    money.purchase,
    security_groups.security_group,
    endpoints.endpoint,
    endpoints.public_route,
    iam.policy_document,
    iam.managed_policy,
    iam.certificate_access,
    iam.cluster_access,
    iam.kubernetes_role,
    pods.pod_security_level,
    pods.privileged_pod,
    admission.admission,
    hardening.hardening,
    guards.public_access_block,
    guards.encryption,
    guards.watching,
    guards.protection,
    guards.overrides,
    unseen.unseen,
)


def openings(change: ResourceChange, closed_before: frozenset[tuple[str, str]]) -> Iterator[Finding]:
    """What one resource's change opens; the same statement once.

    ``closed_before``: the namespaces that had a network policy (``network_policies.closed_namespaces``).
    """
    seen: set[tuple[str, str, str]] = set()
    found = (finding for rule in RULES for finding in rule(change))
    for finding in chain(network_policies.network_policy(change, closed_before), found):
        key = (finding.id, finding.path, finding.message)
        if key not in seen:
            seen.add(key)
            yield finding
