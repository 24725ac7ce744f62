"""Who may do what: the grants that the IAM, resource and trust policies of a graph make.

One edge for each action a statement allows on each resource, under its condition. What a permissions boundary does not
let through is left out, and what it may narrow is said so; so it is with denials. Edges begin at a role or user of the
graph, a service, an account or anyone.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final

from aiinfra.access.aws.decisions import Policies, account_of, is_account
from aiinfra.access.aws.documents import ANYONE, Statement, statements
from aiinfra.access.aws.patterns import covers, matches, overlap
from aiinfra.access.aws.references import References
from aiinfra.access.edge import ACTION, Edge
from aiinfra.graph.node import Graph, Node

ROLE, USER, GROUP = "aws:iam/role:Role", "aws:iam/user:User", "aws:iam/group:Group"
Conditions = tuple[tuple[str, str, tuple[str, ...]], ...]
_KINDS: Final = {ROLE: "role", USER: "user", GROUP: "group"}
POLICY: Final = "aws:iam/policy:Policy"
_INLINE: Final = {
    "aws:iam/rolePolicy:RolePolicy": ("role", ROLE),
    "aws:iam/userPolicy:UserPolicy": ("user", USER),
    "aws:iam/groupPolicy:GroupPolicy": ("group", GROUP),
}
_ATTACHED: Final = {
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": ("role", ROLE),
    "aws:iam/userPolicyAttachment:UserPolicyAttachment": ("user", USER),
    "aws:iam/groupPolicyAttachment:GroupPolicyAttachment": ("group", GROUP),
}
RESOURCES: Final = {
    "aws:s3/bucketPolicy:BucketPolicy": ("policy", "bucket"),
    "aws:kms/key:Key": ("policy", ""),
    "aws:kms/keyPolicy:KeyPolicy": ("policy", "keyId"),
    "aws:sqs/queue:Queue": ("policy", ""),
    "aws:sqs/queuePolicy:QueuePolicy": ("policy", "queueUrl"),
    "aws:sns/topic:Topic": ("policy", ""),
    "aws:sns/topicPolicy:TopicPolicy": ("policy", "arn"),
    "aws:ecr/repositoryPolicy:RepositoryPolicy": ("policy", "repository"),
    "aws:secretsmanager/secret:Secret": ("policy", ""),
    "aws:secretsmanager/secretPolicy:SecretPolicy": ("policy", "secretArn"),
    "aws:opensearch/domain:Domain": ("accessPolicies", ""),
    "aws:efs/fileSystemPolicy:FileSystemPolicy": ("policy", "fileSystemId"),
    "aws:cloudwatch/logResourcePolicy:LogResourcePolicy": ("policyDocument", ""),
}
"""Type -> the property with a resource's policy, and the one that says whose; empty: its own."""
_PERMISSION: Final = "aws:lambda/permission:Permission"
_EVERYTHING: Final = Statement(allows=True, actions=("*",), resources=("*",))
_MANAGED: Final = {"AdministratorAccess": _EVERYTHING}
"""AWS's own policies whose words never change; what the others allow is AWS's to say."""


@dataclass(slots=True)
class Identity:
    """A role, user or group of the graph, with all its policies."""

    node: Node
    name: str
    policies: list[tuple[str, tuple[Statement, ...] | None]] = field(default_factory=list)
    """URN of a policy, and its statements where they are known."""
    managed: list[tuple[str, str]] = field(default_factory=list)
    """URN of an attachment, and the ARN of a policy that is not in the graph."""
    boundary: tuple[Statement, ...] | bool | None = False

    def statements(self) -> tuple[Statement, ...] | None:
        """All of them; None where a policy is not known."""
        if self.managed or any(found is None for _, found in self.policies):
            return None
        return tuple(one for _, found in self.policies for one in found or ())


class Identities:
    """The identities of a graph and the policies of its resources."""

    def __init__(self, graph: Graph) -> None:
        self._graph, self._references = graph, References(graph)
        self.found = {
            node.urn: Identity(node, f"{kind}/{node.name}")
            for type_, kind in _KINDS.items()
            for node in graph.of_type(type_)
        }
        self._by_name = {
            str(node.inputs["name"]): node.urn
            for type_ in _KINDS
            for node in graph.of_type(type_)
            if "name" in node.inputs
        }
        self._policies = {str(node.inputs["name"]): node for node in graph.of_type(POLICY) if "name" in node.inputs}
        for identity in self.found.values():
            self._own(identity)
        for type_, (key, wanted) in _INLINE.items():
            for node in graph.of_type(type_):
                for urn in self._owners(node, key, wanted):
                    self.found[urn].policies.append((node.urn, statements(node.inputs.get("policy"))))
        for type_, (key, wanted) in _ATTACHED.items():
            for node in graph.of_type(type_):
                for urn in self._owners(node, key, wanted):
                    self._attach(self.found[urn], node, "policyArn", node.inputs.get("policyArn"))
        for node in graph.of_type("aws:iam/policyAttachment:PolicyAttachment"):
            for key, wanted in (("roles", ROLE), ("users", USER), ("groups", GROUP)):
                for value in node.inputs.get(key) or ():
                    for urn in self._owners(node, key, wanted, value):
                        self._attach(self.found[urn], node, "policyArn", node.inputs.get("policyArn"))

    def of_resources(self) -> Iterator[tuple[Node, str, tuple[Statement, ...] | None]]:
        """Policies of resources: the node that holds it, whose it is, its statements."""
        for type_, (key, whose) in RESOURCES.items():
            for node in self._graph.of_type(type_):
                if node.inputs.get(key) is not None:
                    yield node, self._subject(node, whose), statements(node.inputs[key])
        for node in self._graph.of_type(_PERMISSION):
            yield node, self._subject(node, "function"), (_permission(node),)

    def policies_for(self, urn: str, resource: str) -> Policies:
        """What applies where an identity asks for a resource, by its ARN."""
        identity = self.found[urn]
        theirs: list[Statement] = []
        known, key = True, ":key/" in resource
        for node, subject, listed in self.of_resources():
            own = resource in (f"{node.name}.arn", f"{subject.partition('/')[2]}.arn")
            if listed is None:
                known = False
                continue
            if own and node.type.startswith("aws:kms/"):
                key = True
            theirs += [one for one in listed if own or (one.resources and one.resources != ("*",))]
        return Policies(identity.statements(), tuple(theirs) if known else None, identity.boundary, key)

    def _own(self, identity: Identity) -> None:
        inputs = identity.node.inputs
        for item in inputs.get("inlinePolicies") or ():
            identity.policies.append((identity.node.urn, statements(item.get("policy"))))
        for value in inputs.get("managedPolicyArns") or ():
            self._attach(identity, identity.node, "managedPolicyArns", value)
        limit = inputs.get("permissionsBoundary")
        if limit is not None:
            made = self._policy(identity.node, "permissionsBoundary", limit)
            identity.boundary = statements(made.inputs.get("policy")) if made is not None else _managed(limit)

    def _attach(self, identity: Identity, owner: Node, key: str, value: Any) -> None:
        made = self._policy(owner, key, value)
        if made is not None:
            identity.policies.append((made.urn, statements(made.inputs.get("policy"))))
        elif (listed := _managed(value)) is not None:
            identity.policies.append((owner.urn, listed))
        else:
            identity.managed.append((owner.urn, value if isinstance(value, str) else "a policy not known until apply"))

    def _policy(self, owner: Node, key: str, value: Any) -> Node | None:
        found = self._references.node(owner, key, value, (POLICY,), properties=("arn",))
        if found is None and isinstance(value, str) and ":policy/" in value and ":aws:policy/" not in value:
            found = self._policies.get(value.rpartition("/")[2])
        return found

    def _owners(self, node: Node, key: str, wanted: str, value: Any = None) -> list[str]:
        given = node.inputs.get(key) if value is None else value
        found = self._references.node(node, key, given, (wanted,), properties=("name", "arn"))
        urn = found.urn if found is not None else self._by_name.get(given if isinstance(given, str) else "")
        return [urn] if urn in self.found else []

    def _subject(self, node: Node, key: str) -> str:
        kind = node.type.split(":")[1].partition("/")[0]
        if not key:
            return f"{kind}/{node.name}"
        value = node.inputs.get(key)
        types = {one.type for one in self._graph if one.package == "aws" and one.custom}
        found = self._references.node(
            node, key, value, types, properties=("arn", "name", "bucket", "url", "id", "keyId")
        )
        named = [
            one
            for one in self._graph
            if isinstance(value, str) and one.inputs.get("bucket") == value and one.type == "aws:s3/bucket:Bucket"
        ]
        owner = found or (named[0] if named else None)
        return f"{kind}/{owner.name if owner is not None else value if isinstance(value, str) else node.name}"


def edges(graph: Graph) -> frozenset[Edge]:
    """Every grant."""
    identities = Identities(graph)
    found: set[Edge] = set()
    for identity in identities.found.values():
        found.update(_of_identity(identity))
        trust = statements(identity.node.inputs.get("assumeRolePolicy")) if identity.node.type == ROLE else ()
        found.update(_of_resource(identity.name, identity.node, trust))
    for node, subject, listed in identities.of_resources():
        found.update(_of_resource(subject, node, listed))
    return frozenset(found)


def _of_identity(identity: Identity) -> Iterator[Edge]:
    everything = [one for _, found in identity.policies for one in found or ()]
    denials = [one for one in everything if not one.allows]
    bounds = identity.boundary if isinstance(identity.boundary, tuple) else None
    denials += [one for one in bounds or () if not one.allows]
    for urn, found in identity.policies:
        if found is None:
            yield Edge(identity.name, "*", "?", "the policy is not known until apply", urn, kind=ACTION)
        for one in found or ():
            if one.allows:
                for action, resource, note in _bounded(one, bounds, unknown=identity.boundary is None):
                    grant = Edge(identity.name, resource, action, "", urn, kind=ACTION)
                    yield from _grant(grant, one, note, denials)
    for urn, arn in identity.managed:
        name = arn.rpartition("/")[2]
        yield Edge(
            identity.name, "*", f"policy {name}", "what a policy outside of the program allows", urn, kind=ACTION
        )


def _bounded(one: Statement, bounds: tuple[Statement, ...] | None, *, unknown: bool) -> Iterator[tuple[str, str, str]]:
    """Action, resource and a note, of what a statement and its boundary both allow."""
    for action in _told(one.actions, negated=one.not_actions):
        for resource in _told(one.resources or ("*",), negated=one.not_resources):
            if unknown:
                yield action, resource, "as far as its boundary lets it"
            elif bounds is None or any(_grants(limit, action, resource) for limit in bounds):
                yield action, resource, ""
            else:
                # Of what several statements of the boundary let through, the same is told once.
                for limit in bounds:
                    yield from _shared(limit, one.conditions, action, resource)


def _shared(limit: Statement, own: Conditions, action: str, resource: str) -> Iterator[tuple[str, str, str]]:
    if not limit.allows:
        return
    if limit.not_actions or limit.not_resources or action.startswith("!") or resource.startswith("!"):
        yield action, resource, "as far as its boundary lets it"
        return
    for wider in limit.actions:
        for place in limit.resources or ("*",):
            if not (overlap(wider.lower(), action.lower()) and overlap(place, resource)):
                continue
            act = action if covers(wider.lower(), action.lower()) else wider
            on = resource if covers(place, resource) else place
            exact = covers(action.lower(), act.lower()) and covers(resource, on)
            note = f"its boundary asks for {limit.condition()}" if set(limit.conditions) - set(own) else ""
            yield (act, on, note) if exact else (action, resource, "as far as its boundary lets it")


def _grants(limit: Statement, action: str, resource: str) -> bool:
    """Whether a statement allows all of it, without a condition."""
    return limit.allows and not limit.conditions and covered(limit, action, resource)


def covered(one: Statement, action: str, resource: str) -> bool:
    """Whether all that two patterns stand for is in a statement's actions and resources."""
    if action.startswith("!") or resource.startswith("!"):
        return "*" in one.actions and "*" in one.resources
    acts = any(covers(wide.lower(), action.lower()) for wide in one.actions)
    if one.not_actions:
        acts = not any(overlap(wide.lower(), action.lower()) for wide in one.actions)
    places = one.resources or ("*",)
    on = any(covers(wide, resource) for wide in places)
    return acts and (not any(overlap(wide, resource) for wide in places) if one.not_resources else on)


def _grant(grant: Edge, one: Statement, note: str, denials: Iterable[Statement]) -> Iterator[Edge]:
    """The edge with its reason; none where a denial takes all of it."""
    action, resource = grant.port, grant.dst
    notes = [f"if {one.condition()}"] if one.conditions else []
    notes += [note] if note else []
    for denial in denials:
        if covered(denial, action, resource) and not denial.conditions:
            return
        if _touches(denial, action, resource):
            held = f" if {denial.condition()}" if denial.conditions else ""
            notes.append(f"denied in part{held}" if not covered(denial, action, resource) else f"denied{held}")
    yield replace(grant, why="; ".join(dict.fromkeys(notes)) or "always")


def _touches(denial: Statement, action: str, resource: str) -> bool:
    if denial.not_actions or denial.not_resources or action.startswith("!") or resource.startswith("!"):
        return True
    acts = any(overlap(one.lower(), action.lower()) for one in denial.actions)
    return acts and any(overlap(one, resource) for one in denial.resources or ("*",))


def _of_resource(subject: str, node: Node, found: tuple[Statement, ...] | None) -> Iterator[Edge]:
    if found is None:
        yield Edge("?", subject, "?", "the policy is not known until apply", node.urn, kind=ACTION)
        return
    denials = [one for one in found if not one.allows and (ANYONE, ANYONE) in one.principals]
    for one in found:
        if not one.allows:
            continue
        for kind, name in one.principals or ((ANYONE, ANYONE),):
            src = f"anyone but {_who(kind, name)}" if one.not_principals else _who(kind, name)
            for action in _told(one.actions, negated=one.not_actions):
                for resource in _told(one.resources or ("*",), negated=one.not_resources):
                    where = subject if resource in ("*", f"{subject.partition('/')[2]}.arn") else resource
                    grant = Edge(src, where, action, "", node.urn, kind=ACTION)
                    yield from _grant(grant, one, "", denials if where == resource else ())


def _who(kind: str, name: str) -> str:
    if kind == ANYONE:
        return "anyone"
    if kind == "AWS" and is_account(name):
        return f"account/{account_of(name)}"
    return {"Service": "service/", "Federated": "federated/", "CanonicalUser": "user/"}.get(kind, "") + name


def _told(patterns: Iterable[str], *, negated: bool) -> Iterator[str]:
    listed = list(patterns)
    if negated:
        yield f"!{' '.join(listed)}"
    else:
        yield from dict.fromkeys(listed)


def _managed(arn: Any) -> tuple[Statement, ...] | None:
    known = next(
        (one for name, one in _MANAGED.items() if isinstance(arn, str) and matches(f"arn:*:policy/{name}", arn)), None
    )
    return (known,) if known is not None else None


def _permission(node: Node) -> Statement:
    """``aws.lambda.Permission`` is one statement of a function's policy."""
    inputs = node.inputs
    principal = str(inputs.get("principal") or "*")
    kind = (
        ANYONE
        if principal == ANYONE
        else "Service"
        if principal.endswith((".amazonaws.com", ".amazonaws.com.cn"))
        else "AWS"
    )
    conditions: dict[str, list[tuple[str, str, tuple[str, ...]]]] = defaultdict(list)
    for key, operator, named in (
        ("sourceArn", "ArnLike", "aws:SourceArn"),
        ("sourceAccount", "StringEquals", "aws:SourceAccount"),
    ):
        if inputs.get(key) is not None:
            value = inputs[key] if isinstance(inputs[key], str) else "(not known until apply)"
            conditions[operator].append((operator, named, (value,)))
    return Statement(
        allows=True,
        actions=(str(inputs.get("action") or "lambda:InvokeFunction"),),
        resources=("*",),
        principals=((kind, principal),),
        conditions=tuple(one for listed in conditions.values() for one in listed),
    )
