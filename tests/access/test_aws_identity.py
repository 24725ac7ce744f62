"""Grants and decisions, against requests answered one by one."""

import json
import re
from itertools import product
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from aiinfra.access.aws.decisions import Decision, Policies, Request, decide
from aiinfra.access.aws.documents import statements
from aiinfra.access.aws.identity import Identities, edges
from aiinfra.access.aws.patterns import covers, matches, overlap
from aiinfra.graph.node import Graph
from tests.access.policies import answer
from tests.graphs import graph, node
from tests.programs import ROOT

LETTERS = st.text(alphabet="ab*?", max_size=4)
TEXTS = ["".join(letters) for size in range(6) for letters in product("abc", repeat=size)]


@settings(max_examples=300, deadline=None)
@given(LETTERS, LETTERS)
def test_patterns_cover_and_share_what_they_match(one: str, other: str) -> None:
    ours, theirs = ({text for text in TEXTS if matches(p, text)} for p in (one, other))
    assert covers(one, other) == (theirs <= ours)
    assert overlap(one, other) == bool(ours & theirs)
    glob = re.compile(one.replace("*", ".*").replace("?", "."))
    assert ours == {text for text in TEXTS if glob.fullmatch(text)}


ROLE_ARN = "arn:aws:iam::1:role/r"
ACTIONS = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "kms:Decrypt"]
RESOURCES = ["arn:aws:s3:::one/a", "arn:aws:s3:::one/b", "arn:aws:s3:::two/ann/x", "arn:aws:kms:us-east-1:1:key/k"]
KEYS = {
    "aws:SourceVpce": [None, ["vpce-1"], ["vpce-2"]],
    "aws:SecureTransport": [["true"], ["false"], None],
    "aws:username": [["ann"], ["bob"], None],
    "kms:ResourceAliases": [None, ["alias/a"], ["alias/a", "alias/b"]],
    "s3:TlsVersion": [["1.1"], ["1.3"], None],
    "aws:SourceIp": [["10.1.2.3"], ["192.0.2.1"], None],
}
CONTEXTS = st.fixed_dictionaries({key: st.sampled_from(values) for key, values in KEYS.items()})
CONDITIONS = st.sampled_from(
    [
        {},
        {},
        {"StringEquals": {"aws:SourceVpce": "vpce-1"}},
        {"StringNotEquals": {"aws:SourceVpce": ["vpce-1", "vpce-3"]}},
        {"StringNotEqualsIfExists": {"aws:SourceVpce": "vpce-1"}},
        {"Bool": {"aws:SecureTransport": "false"}},
        {"BoolIfExists": {"aws:SecureTransport": "true"}},
        {"Null": {"aws:username": "true"}},
        {"StringLike": {"aws:username": "a*"}, "Bool": {"aws:SecureTransport": "true"}},
        {"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/b"}},
        {"ForAllValues:StringLike": {"kms:ResourceAliases": ["alias/a", "alias/c*"]}},
        {"ForAnyValue:StringNotEquals": {"kms:ResourceAliases": "alias/a"}},
        {"NumericLessThan": {"s3:TlsVersion": "1.2"}},
        {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}},
        {"NotIpAddress": {"aws:SourceIp": ["10.0.0.0/8"]}},
    ]
)
ACTS = st.one_of(
    st.builds(lambda a: {"Action": a}, st.sampled_from(["*", "s3:*", "s3:Get*", "S3:PutObject", "kms:Decrypt"])),
    st.builds(lambda a: {"Action": a}, st.lists(st.sampled_from(ACTIONS), min_size=1, max_size=2)),
    st.builds(lambda a: {"NotAction": a}, st.sampled_from(["s3:*", "s3:Delete*", "kms:*"])),
)
ON = st.one_of(
    st.builds(
        lambda r: {"Resource": r},
        st.sampled_from(["*", "arn:aws:s3:::one/*", "arn:aws:s3:::*", "arn:aws:s3:::two/${aws:username}/*"]),
    ),
    st.builds(lambda r: {"Resource": r}, st.lists(st.sampled_from(RESOURCES), min_size=1, max_size=2)),
    st.builds(lambda r: {"NotResource": r}, st.sampled_from(["arn:aws:s3:::one/*", RESOURCES[3]])),
)


def statement(effects: list[str], *, principal: bool, plain: bool = False) -> Any:
    def build(effect, acts, on, condition, who):
        found = {"Effect": effect, **acts, **on}
        found |= {"Condition": condition} if condition and not plain else {}
        return found | ({"Principal": who} if principal else {})

    who = st.sampled_from(["*", {"AWS": ROLE_ARN}, {"AWS": "arn:aws:iam::1:root"}, {"AWS": ["arn:aws:iam::1:role/x"]}])
    return st.builds(build, st.sampled_from(effects), ACTS, ON, CONDITIONS, who)


def documents(*, principal: bool, plain: bool = False, least: int = 0) -> Any:
    return st.lists(statement(["Allow", "Allow", "Deny"], principal=principal, plain=plain), min_size=least, max_size=3)


def parsed(listed: list[Any]) -> Any:
    return statements(json.dumps({"Statement": listed}))


def asked(action: str, resource: str, context: dict[str, Any]) -> Request:
    plain = {key.lower(): None if value is None else tuple(value) for key, value in context.items()}
    return Request(ROLE_ARN, action, resource, plain)


BOUNDARIES = st.one_of(st.none(), documents(principal=False))


@settings(max_examples=150, deadline=None)
@given(documents(principal=False), documents(principal=True), BOUNDARIES, CONTEXTS)
def test_decisions_with_everything_known(identity, resource, boundary, context) -> None:
    policies = Policies(parsed(identity), parsed(resource), False if boundary is None else parsed(boundary))
    for action, place in product(ACTIONS, RESOURCES):
        request = {"principal": ROLE_ARN, "action": action, "resource": place, "context": context}
        wanted = Decision.ALLOWED if answer(request, identity, resource, boundary) else Decision.DENIED
        told = decide(asked(action, place, context), policies)
        # A variable that the request has no value for fits nothing; here it is not known what AWS makes of it.
        named = context["aws:username"] is None and "aws:username" in json.dumps([identity, resource, boundary])
        assert told == wanted or (named and told is Decision.UNKNOWN), (action, place)


@settings(max_examples=100, deadline=None)
@given(
    documents(principal=False), documents(principal=True), BOUNDARIES, CONTEXTS, st.sets(st.sampled_from(sorted(KEYS)))
)
def test_what_is_decided_holds_whatever_is_not_known(identity, resource, boundary, context, hidden) -> None:
    policies = Policies(parsed(identity), parsed(resource), False if boundary is None else parsed(boundary))
    known = {key: value for key, value in context.items() if key not in hidden}
    for action, place in product(ACTIONS, RESOURCES):
        told = decide(asked(action, place, known), policies)
        if told is Decision.UNKNOWN:
            continue
        request = {"principal": ROLE_ARN, "action": action, "resource": place, "context": context}
        assert (told is Decision.ALLOWED) == answer(request, identity, resource, boundary), (action, place)


def test_an_operator_that_is_not_known_leaves_it_open() -> None:
    one = {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"BinaryEquals": {"aws:x": "QQ=="}}}
    assert decide(asked("s3:GetObject", "x", {"aws:x": ["QQ=="]}), Policies(parsed([one]))) is Decision.UNKNOWN


def test_a_key_is_its_own_policys() -> None:
    allow = parsed([{"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*"}])
    root = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::1:root"}, "Action": "kms:*", "Resource": "*"}
    request = asked("kms:Decrypt", RESOURCES[3], {})
    assert decide(request, Policies(allow, (), key=True)) is Decision.DENIED
    assert decide(request, Policies(allow, parsed([root]), key=True)) is Decision.ALLOWED
    assert decide(request, Policies((), parsed([root]), key=True)) is Decision.DENIED


def role(identity: list[Any], boundary: list[Any] | None) -> Graph:
    limit = (
        [node("aws:iam/policy:Policy", "b", {"policy": json.dumps({"Statement": boundary})})]
        if boundary is not None
        else []
    )
    inputs = {"permissionsBoundary": "b.arn"} if boundary is not None else {}
    policy = {"role": "r.name", "policy": json.dumps({"Statement": identity})}
    trust = json.dumps({"Statement": []})
    own = node("aws:iam/role:Role", "r", {"assumeRolePolicy": trust, **inputs})
    return graph(own, node("aws:iam/rolePolicy:RolePolicy", "p", policy), *limit)


def carries(edge: Any, action: str, place: str) -> bool:
    def fits(pattern: str, text: str, *, small: bool) -> bool:
        listed = pattern.removeprefix("!").split(" ")
        found = any(matches(p.lower(), text.lower()) if small else matches(p, text) for p in listed)
        return found is not pattern.startswith("!")

    return fits(edge.port, action, small=True) and fits(edge.dst, place, small=False)


def plain(effect: str, action: str, resource: str = "*") -> dict[str, str]:
    return {"Effect": effect, "Action": action, "Resource": resource}


@settings(max_examples=100, deadline=None)
@given(documents(principal=False, plain=True, least=1), st.one_of(st.none(), documents(principal=False, plain=True)))
@example([plain("Allow", "*")], [plain("Allow", "s3:Get*")])
@example([plain("Allow", "s3:*"), plain("Deny", "s3:Delete*")], [plain("Allow", "*", "arn:aws:s3:::one/*")])
def test_the_grants_are_what_is_allowed(identity, boundary) -> None:
    found = edges(role(identity, boundary))
    whole = {"aws:username": ["ann"]}
    listed = json.loads(json.dumps([identity, boundary]).replace("${aws:username}", "ann"))
    drawn = edges(role(*listed))
    assert bool(found) == bool(drawn)
    for action, place in product(ACTIONS, RESOURCES):
        allowed = answer(
            {"principal": ROLE_ARN, "action": action, "resource": place, "context": whole}, identity, [], boundary
        )
        told = [edge for edge in drawn if carries(edge, action, place)]
        assert told or not allowed, (action, place)
        assert allowed or all(edge.why != "always" for edge in told), (action, place)


def test_what_is_denied_altogether_is_not_a_grant() -> None:
    found = edges(role([plain("Allow", "s3:GetObject"), plain("Allow", "s3:*"), plain("Deny", "s3:Get*")], None))
    assert {(edge.port, edge.why) for edge in found} == {("s3:*", "denied in part")}


def test_a_negated_quantifier_fails_where_the_key_is_absent() -> None:
    condition = {"ForAnyValue:StringNotEquals": {"aws:TagKeys": "x"}}
    policies = Policies(parsed([{**plain("Allow", "*"), "Condition": condition}]))
    assert decide(asked("s3:GetObject", "x", {"aws:TagKeys": None}), policies) is Decision.DENIED
    assert decide(asked("s3:GetObject", "x", {"aws:TagKeys": ["x", "y"]}), policies) is Decision.ALLOWED


def test_the_trainer_reads_and_writes_its_buckets_and_nothing_else() -> None:
    whole = Graph.from_json(json.loads((ROOT / "tests/golden/graphs/declarations/whole/training.json").read_text()))
    identities = Identities(whole)
    (trainer,) = (urn for urn in identities.found if urn.endswith("trainer-role"))
    arn = "arn:aws:iam::111122223333:role/line-vibration-training-trainer-us-east-1"
    bucket = next(
        edge.dst for edge in edges(whole) if edge.src.endswith("trainer-role") and edge.port == "s3:PutObject"
    )
    inside = {"aws:vpceaccount": ("111122223333",), "aws:securetransport": ("true",), "s3:tlsversion": ("1.3",)}
    inside |= {"aws:principalarn": (arn,), "aws:principalisawsservice": ("false",), "aws:viaawsservice": ("false",)}
    place = bucket.replace("*", "model.bin")

    def ask(action: str, resource: str, **changed: Any) -> Decision:
        context = {**inside, **{key.replace("_", ":"): value for key, value in changed.items()}}
        return decide(Request(arn, action, resource, context), identities.policies_for(trainer, resource))

    assert ask("s3:PutObject", place) is Decision.ALLOWED
    assert ask("s3:PutObject", place, aws_vpceaccount=None) is Decision.DENIED
    assert ask("s3:PutObject", place, aws_securetransport=("false",)) is Decision.DENIED
    assert ask("s3:PutBucketPolicy", bucket.removesuffix("/*")) is Decision.DENIED
    assert ask("s3:GetObject", "arn:aws:s3:::somebody-elses/x") is Decision.DENIED


@pytest.mark.parametrize(
    ("inputs", "told"),
    [
        ({"principal": "*"}, ("anyone", "lambda/f", "lambda:InvokeFunction", "always")),
        (
            {"principal": "s3.amazonaws.com", "sourceArn": "arn:aws:s3:::b", "sourceAccount": "1"},
            (
                "service/s3.amazonaws.com",
                "lambda/f",
                "lambda:InvokeFunction",
                "if aws:SourceArn ArnLike arn:aws:s3:::b and aws:SourceAccount StringEquals 1",
            ),
        ),
    ],
)
def test_permissions_of_functions(inputs, told) -> None:
    function = node("aws:lambda/function:Function", "f", {})
    given = {"function": "f.name", "action": "lambda:InvokeFunction", **inputs}
    found = edges(graph(function, node("aws:lambda/permission:Permission", "p", given)))
    assert {(e.src, e.dst, e.port, e.why) for e in found} == {told}


def test_policies_that_are_not_in_the_program_are_named() -> None:
    own = node("aws:iam/role:Role", "r", {"assumeRolePolicy": {"$unknown": True}})
    attached = {"role": "r.name", "policyArn": "arn:aws:iam::aws:policy/AmazonS3FullAccess"}
    admin = {"role": "r.name", "policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}
    type_ = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
    found = edges(graph(own, node(type_, "a", attached), node(type_, "b", admin)))
    assert {(e.src, e.dst, e.port) for e in found} == {
        ("?", "role/r", "?"),
        ("role/r", "*", "policy AmazonS3FullAccess"),
        ("role/r", "*", "*"),
    }
