"""``aws.iam.get_policy_document``, computed: a pure function of its arguments.

As the provider does it: https://registry.terraform.io/providers/hashicorp/aws/latest/docs/data-sources/iam_policy_document
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

VERSION: Final = "2012-10-17"


def policy_document(arguments: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The result of the function; None where a source document is not JSON (a stand-in, say)."""
    try:
        sources = [json.loads(text) for text in _texts(arguments, "sourceJson", "sourcePolicyDocuments")]
        overrides = [json.loads(text) for text in _texts(arguments, "overrideJson", "overridePolicyDocuments")]
        own = [_statement(item) for item in arguments.get("statements") or ()]
    except (AttributeError, TypeError, ValueError):
        return None
    if not all(isinstance(document, dict) for document in (*sources, *overrides)):
        return None
    statements = [*_statements(sources), *own]
    for statement in _statements(overrides):
        sid = statement.get("Sid")
        place = next((at for at, each in enumerate(statements) if sid and each.get("Sid") == sid), len(statements))
        statements[place : place + 1] = [statement]
    document: dict[str, Any] = {"Version": arguments.get("version") or VERSION}
    named = arguments.get("policyId")
    document |= {"Id": named} if named else {}
    document["Statement"] = statements
    text = json.dumps(document, indent=2, ensure_ascii=False)
    own_id = str(len(text))
    return {**arguments, "json": text, "minifiedJson": json.dumps(document, separators=(",", ":")), "id": own_id}


def _texts(arguments: Mapping[str, Any], one: str, several: str) -> list[str]:
    return [text for text in (arguments.get(one), *(arguments.get(several) or ())) if text]


def _statements(documents: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for document in documents:
        inside = document.get("Statement") or []
        found += inside if isinstance(inside, list) else [inside]
    return found


def _statement(item: Mapping[str, Any]) -> dict[str, Any]:
    found = {
        "Sid": item.get("sid"),
        "Effect": item.get("effect") or "Allow",
        "Action": _one_or_all(item.get("actions")),
        "NotAction": _one_or_all(item.get("notActions")),
        "Resource": _one_or_all(item.get("resources")),
        "NotResource": _one_or_all(item.get("notResources")),
        "Principal": _principals(item.get("principals")),
        "NotPrincipal": _principals(item.get("notPrincipals")),
        "Condition": _conditions(item.get("conditions")),
    }
    return {key: value for key, value in found.items() if value}


def _one_or_all(values: Iterable[str] | None) -> Any:
    """A single value stands alone; several are sorted backwards, as the provider writes them."""
    found = sorted({_variables(value) for value in values or ()}, reverse=True)
    return found[0] if len(found) == 1 else found


def _principals(items: Iterable[Mapping[str, Any]] | None) -> Any:
    found: dict[str, list[str]] = {}
    for item in items or ():
        found.setdefault(item["type"], []).extend(item.get("identifiers") or ())
    if found == {"*": ["*"]}:
        return "*"
    return {kind: _one_or_all(found[kind]) for kind in sorted(found)}


def _conditions(items: Iterable[Mapping[str, Any]] | None) -> dict[str, Any]:
    found: dict[str, dict[str, Any]] = {}
    for item in items or ():
        values = [_variables(value) for value in item.get("values") or ()]
        inside = found.setdefault(item["test"], {})
        key = _variables(item["variable"])
        earlier = inside.get(key, [])
        values = [*(earlier if isinstance(earlier, list) else [earlier]), *values]
        inside[key] = values[0] if len(values) == 1 else values
    return {test: dict(sorted(found[test].items())) for test in sorted(found)}


def _variables(text: str) -> str:
    """IAM's variables are written ``&{...}`` in this function's arguments."""
    return text.replace("&{", "${")
