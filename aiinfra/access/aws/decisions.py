"""One request against the policies that apply to it: allowed, denied, or not known.

AWS's evaluation logic inside one account: an explicit deny anywhere decides; then a resource's policy or the
principal's own must allow, and a permissions boundary must allow too. A KMS key is the exception: its own policy must
let the account decide before an identity's policy counts. Not looked at: service control policies, session policies.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from aiinfra.access.aws.conditions import Context, every, filled, met, opposite, some
from aiinfra.access.aws.documents import ANYONE, Statement
from aiinfra.access.aws.patterns import matches


class Decision(StrEnum):
    """What AWS would answer."""

    ALLOWED = "allowed"
    DENIED = "denied"
    UNKNOWN = "unknown"
    """It depends on what is not known here: a condition, a variable, a policy that is not in the program."""


@dataclass(frozen=True, slots=True)
class Request:
    """Who asks for what."""

    principal: str
    """ARN of a role or user, or a service (``ec2.amazonaws.com``)."""
    action: str
    resource: str
    context: Context = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Policies:
    """What applies to a request. None for a set of policies of which one is not known."""

    identity: tuple[Statement, ...] | None = ()
    resource: tuple[Statement, ...] | None = ()
    boundary: tuple[Statement, ...] | bool | None = False
    """False: there is none."""
    key: bool = False
    """Whether the resource is a KMS key."""


def decide(request: Request, policies: Policies) -> Decision:
    """What AWS would answer, as far as these policies tell."""
    bounds = policies.boundary if isinstance(policies.boundary, tuple) else () if policies.boundary is False else None
    sets = (policies.identity, policies.resource, bounds)
    unknown_set = any(one is None for one in sets)
    denied = some(
        applies(statement, request, of_resource=index == 1)
        for index, one in enumerate(sets)
        for statement in one or ()
        if not statement.allows
    )
    mine = _allowed(policies.identity, request, of_resource=False)
    theirs = _allowed(policies.resource, request, of_resource=True)
    within = True if policies.boundary is False else _allowed(bounds, request, of_resource=False)
    if policies.key:
        mine = every([mine, _delegated(policies.resource, request)])
    by_arn = ":assumed-role/" in request.principal or not request.principal.startswith("arn:")
    allowed = some(
        [every([mine, within]), theirs if by_arn or ":user/" in request.principal else every([theirs, within])]
    )
    if denied:
        return Decision.DENIED
    if allowed is False:
        return Decision.DENIED
    certain = allowed and denied is False and not unknown_set
    return Decision.ALLOWED if certain else Decision.UNKNOWN


def _allowed(found: Iterable[Statement] | None, request: Request, *, of_resource: bool) -> bool | None:
    if found is None:
        return None
    return some(applies(one, request, of_resource=of_resource) for one in found if one.allows)


def _delegated(found: Iterable[Statement] | None, request: Request) -> bool | None:
    """Whether a key's policy leaves it to the account's identities."""
    if found is None:
        return None
    root = tuple(
        one
        for one in found
        if one.allows
        and any(is_account(n) and account_of(n) == account_of(request.principal) for _, n in one.principals)
    )
    return some(every([_acts(one, request), met(one, request.context)]) for one in root)


def applies(statement: Statement, request: Request, *, of_resource: bool) -> bool | None:
    """Whether a statement speaks of a request; None where that is not known."""
    if of_resource and not _named(statement, request):
        return False
    on = _on(statement, request) if statement.resources else True
    return every([_acts(statement, request), on, met(statement, request.context)])


def _acts(statement: Statement, request: Request) -> bool:
    found = any(matches(action.lower(), request.action.lower()) for action in statement.actions)
    return found is not statement.not_actions


def _on(statement: Statement, request: Request) -> bool | None:
    texts = [filled(resource, request.context) for resource in statement.resources]
    found = some(None if text is None else matches(text, request.resource) for text in texts)
    return opposite(found) if statement.not_resources else found


def _named(statement: Statement, request: Request) -> bool:
    found = any(_is(kind, name, request, allows=statement.allows) for kind, name in statement.principals)
    return found is not statement.not_principals


def _is(kind: str, name: str, request: Request, *, allows: bool) -> bool:
    """Whether a principal of a policy is who asks. An account is everyone in it, to be refused; to be let do something,
    its identities need policies of their own."""
    if kind == ANYONE:
        return True
    if kind == "AWS" and is_account(name):
        return not allows and account_of(name) == account_of(request.principal)
    return kind in ("AWS", "Service") and name == request.principal


def is_account(name: str) -> bool:
    """Whether a principal is an account."""
    return name.endswith(":root") or name.isdigit()


def account_of(name: str) -> str:
    """The account in an ARN, or that is named."""
    return name if name.isdigit() else name.split(":")[4] if name.count(":") > 4 else ""
