"""Rights: IAM policies, managed policies, access to clusters, Kubernetes roles."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from aiinfra.findings import Finding
from aiinfra.graph.diff import ResourceChange
from aiinfra.graph.node import Node
from aiinfra.review.openings.rule import get, inputs, items, managed, opening
from aiinfra.review.policy import statements, widened

_BROAD: Final = re.compile(r"(?:AdministratorAccess|PowerUserAccess|IAMFullAccess|FullAccess|ClusterAdminPolicy)$")
_EVERYONE: Final = ("system:anonymous", "system:unauthenticated", "system:authenticated")


def policy_document(change: ResourceChange) -> Iterator[Finding]:
    """Statements with wildcards that are new, conditions and denials that are gone, in any property with a policy."""
    if not managed(change):
        if change.node.package == "aws":
            yield from _denials_gone(change)
        return
    for key in sorted(inputs(change.after)):
        before, after = inputs(change.before).get(key), inputs(change.after)[key]
        if before == after or (change.before is not None and statements(before) is None and statements(after) is None):
            continue
        for reason, statement in widened(before, after):
            words = f"{reason}: {statement.words()}"
            yield opening("opening-iam", change, words, path=key)


def _denials_gone(change: ResourceChange) -> Iterator[Finding]:
    for key in sorted(inputs(change.before)):
        for statement in statements(inputs(change.before)[key]) or ():
            if statement.effect == "Deny":
                yield opening("opening-iam", change, f"no longer denied: {statement.words()}", path=key)


_MANAGED: Final = {
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": "the role",
    "aws:iam/userPolicyAttachment:UserPolicyAttachment": "the user",
    "aws:iam/groupPolicyAttachment:GroupPolicyAttachment": "the group",
    "aws:iam/policyAttachment:PolicyAttachment": "those it names",
}


def managed_policy(change: ResourceChange) -> Iterator[Finding]:
    """A managed policy of broad rights that is newly attached."""
    if not managed(change):
        return
    type_ = change.node.type
    if type_ in _MANAGED:
        policy = str(get(change.after, "policyArn") or "")
        if _BROAD.search(policy) and policy != get(change.before, "policyArn"):
            words = f"{_MANAGED[type_]} gets the managed policy {policy.rpartition('/')[2]}"
            yield opening("opening-iam", change, words, path="policyArn")
    elif type_ == "aws:iam/role:Role":
        before = {str(item) for item in items(get(change.before, "managedPolicyArns"))}
        for policy in map(str, items(get(change.after, "managedPolicyArns"))):
            if _BROAD.search(policy) and policy not in before:
                words = f"the role gets the managed policy {policy.rpartition('/')[2]}"
                yield opening("opening-iam", change, words, path="managedPolicyArns")


def cluster_access(change: ResourceChange) -> Iterator[Finding]:
    """Somebody who may newly enter an EKS cluster, or do everything in it."""
    if not managed(change):
        return
    who = str(get(change.after, "principalArn") or "someone not known yet")
    if change.node.type == "aws:eks/accessEntry:AccessEntry":
        if str(get(change.before, "principalArn")) != who:
            yield opening("opening-cluster-access", change, f"{who} may sign in to the cluster", path="principalArn")
        before = {str(item) for item in items(get(change.before, "kubernetesGroups"))}
        if change.before is not None and (
            more := [str(i) for i in items(get(change.after, "kubernetesGroups")) if str(i) not in before]
        ):
            words = f"{who} joins the Kubernetes group {', '.join(more)}"
            yield opening("opening-cluster-access", change, words, path="kubernetesGroups")
    elif change.node.type == "aws:eks/accessPolicyAssociation:AccessPolicyAssociation":
        now = _association(change.after)
        if _association(change.before) != now:
            yield opening("opening-cluster-access", change, f"{who} gets {now[1]} {now[2]}", path="policyArn")


def certificate_access(change: ResourceChange) -> Iterator[Finding]:
    """An authority whose certificates newly open roles (IAM Roles Anywhere), and the roles that they open."""
    if not managed(change):
        return
    if change.node.type == "aws:rolesanywhere/trustAnchor:TrustAnchor":
        now, before = _anchor(change.after), _anchor(change.before)
        if now is not None and now != before:
            words = "whoever has a certificate of this authority may take the roles of Roles Anywhere's profiles"
            yield opening("opening-iam", change, words, path="source")
    elif change.node.type == "aws:rolesanywhere/profile:Profile" and get(change.after, "enabled") is not False:
        known = set(items(get(change.before, "roleArns"))) if get(change.before, "enabled") is not False else set()
        for role in (str(item) for item in items(get(change.after, "roleArns")) if item not in known):
            yield opening("opening-iam", change, f"holders of certificates may take {role}", path="roleArns")


def _anchor(node: Node | None) -> Any:
    """What it trusts; None where it is not there or turned off."""
    return None if node is None or get(node, "enabled") is False else get(node, "source")


def _association(node: Node | None) -> tuple[str, str, str]:
    spaces = items(get(node, "accessScope.namespaces"))
    where = f"in namespace {', '.join(map(str, spaces))}" if spaces else "in the whole cluster"
    return str(get(node, "principalArn")), str(get(node, "policyArn") or "").rpartition("/")[2], where


_RBAC: Final = "kubernetes:rbac.authorization.k8s.io/v1:"


def kubernetes_role(change: ResourceChange) -> Iterator[Finding]:
    """Kubernetes rights with wildcards, cluster-admin, or for everyone."""
    if not managed(change) or not change.node.type.startswith(_RBAC):
        return
    if change.node.type.endswith("Binding"):
        before, after = _grants(change.before), _grants(change.after)
        for role, subject in sorted(after - before):
            if role == "cluster-admin" or subject.rpartition(" ")[2] in _EVERYONE:
                yield opening("opening-rbac", change, f"{subject} gets the role {role}", path="subjects")
        return
    before_rules = [_rule(item) for item in items(get(change.before, "rules"))]
    for rule in (_rule(item) for item in items(get(change.after, "rules"))):
        wide = [name for name, values in rule if "*" in values and name in ("verbs", "resources")]
        if wide and rule not in before_rules:
            parts = dict(rule)
            verbs, what = ", ".join(parts.get("verbs", ())), ", ".join(parts.get("resources", ()))
            words = f"the role allows {verbs.replace('*', 'everything')} on {what.replace('*', 'every kind')}"
            yield opening("opening-rbac", change, words, path="rules")


def _rule(item: Any) -> tuple[tuple[str, tuple[str, ...]], ...]:
    pairs = item.items() if isinstance(item, Mapping) else ()
    return tuple(sorted((str(key), tuple(sorted(map(str, items(values))))) for key, values in pairs))


def _grants(node: Node | None) -> set[tuple[str, str]]:
    role = str(get(node, "roleRef.name"))
    subjects = [subject for subject in items(get(node, "subjects")) if isinstance(subject, Mapping)]
    return {(role, f"{subject.get('kind')} {subject.get('name')}") for subject in subjects}
