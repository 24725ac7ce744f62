"""A second reading of IAM: requests answered one by one, from the documents' JSON, with everything known."""

import fnmatch
import ipaddress
from typing import Any


def answer(request: dict[str, Any], identity: list[Any], resource: list[Any], boundary: list[Any] | None) -> bool:
    """Whether AWS lets a role of account 1 do something on something of account 1."""
    own = [s for s in identity if _speaks(s, request)]
    theirs = [s for s in resource if _speaks(s, request) and _principal(s, request)]
    bounds = [s for s in boundary or [] if _speaks(s, request)]
    if any(s["Effect"] == "Deny" for s in [*own, *theirs, *bounds]):
        return False
    granted = any(s["Effect"] == "Allow" for s in own)
    by_resource = any(s["Effect"] == "Allow" for s in theirs)
    return (granted or by_resource) and (boundary is None or any(s["Effect"] == "Allow" for s in bounds))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _like(pattern: str, text: str) -> bool:
    return fnmatch.fnmatchcase(text, pattern.replace("[", "[[]"))


def _principal(statement: dict[str, Any], request: dict[str, Any]) -> bool:
    who = statement["Principal"]
    if who == "*" or who.get("AWS") == "*":
        return True
    named = _list(who.get("AWS", []))
    root = "arn:aws:iam::1:root" in named and statement["Effect"] == "Deny"
    return root or request["principal"] in named


def _speaks(statement: dict[str, Any], request: dict[str, Any]) -> bool:
    if "Action" in statement:
        acts = any(_like(a.lower(), request["action"].lower()) for a in _list(statement["Action"]))
    else:
        acts = not any(_like(a.lower(), request["action"].lower()) for a in _list(statement["NotAction"]))
    context = request["context"]
    if "Resource" in statement:
        on = any(_like(_filled(r, context), request["resource"]) for r in _list(statement["Resource"]))
    else:
        on = not any(_like(r, request["resource"]) for r in _list(statement["NotResource"]))
    tests = statement.get("Condition", {})
    return acts and on and all(_holds(op, k, v, context) for op, keys in tests.items() for k, v in keys.items())


def _filled(text: str, context: dict[str, Any]) -> str:
    return text.replace("${aws:username}", (context.get("aws:username") or ["\0"])[0])


def _holds(operator: str, key: str, values: Any, context: dict[str, Any]) -> bool:
    held = context.get(key)
    wanted = [str(v) for v in _list(values)]
    if operator == "Null":
        return (held is None) == (wanted[0] == "true")
    if_exists = operator.endswith("IfExists")
    operator = operator.removesuffix("IfExists")
    some = operator.startswith("ForAnyValue:")
    each = operator.startswith("ForAllValues:")
    operator = operator.rpartition(":")[2]
    negated = "Not" in operator
    if held is None:
        return if_exists or each or (negated and not some)
    one = {
        "StringEquals": lambda h: h in wanted,
        "StringNotEquals": lambda h: h not in wanted,
        "StringLike": lambda h: any(_like(w, h) for w in wanted),
        "StringNotLike": lambda h: not any(_like(w, h) for w in wanted),
        "Bool": lambda h: h in wanted,
        "NumericLessThan": lambda h: any(float(h) < float(w) for w in wanted),
        "IpAddress": lambda h: any(ipaddress.ip_address(h) in ipaddress.ip_network(w) for w in wanted),
        "NotIpAddress": lambda h: not any(ipaddress.ip_address(h) in ipaddress.ip_network(w) for w in wanted),
    }[operator]
    return all(map(one, held)) if each else any(map(one, held))
