"""What provider functions answer where no cloud is asked: stand-ins, plausible ones where programs compute with them.

``aws.get_availability_zones`` gives three zones of the region, ``aws.ec2.get_ami`` something that reads like an image.
Two are computed as the provider would, since they are pure: ``aws.iam.get_policy_document`` and YAML that Kubernetes
programs have decoded. For all others the SDK's own result type says what an answer looks like.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from aiinfra.graph import aws_functions, standins
from aiinfra.graph.policy_document import policy_document
from aiinfra.graph.shapes import Kind, Shape, result_of
from aiinfra.names import digest
from aiinfra.spec import yaml


@dataclass(frozen=True, slots=True)
class Answer:
    """A function's result. ``note`` says what is made up; empty where it is computed as the provider would."""

    result: Mapping[str, Any]
    note: str = ""


def answer(token: str, arguments: Mapping[str, Any], settings: Mapping[str, Any]) -> Answer | None:
    """The answer of a provider function; None where nothing is known of its result.

    Args:
        token: ``aws:ec2/getAmi:getAmi``.
        arguments: By their names on the wire.
        settings: The provider's: ``region``, ``allowedAccountIds``.
    """
    if token in _COMPUTED:
        result = _COMPUTED[token](arguments)
        if result is not None:
            return Answer(result)
    if token in _RENDERED:
        return Answer({"result": []}, _RENDERED[token])
    shapes = result_of(token)
    if shapes is None:
        return None
    label = _label(token, arguments)
    found = {key: _stand_in(key, shape, arguments, label) for key, shape in shapes.items()}
    if token.startswith("aws:"):
        known = aws_functions.plausible(token, arguments, settings, label)
        found |= {key: value for key, value in known.items() if key in shapes}
    return Answer({key: value for key, value in found.items() if value is not None}, "a stand-in")


def _stand_in(key: str, shape: Shape, arguments: Mapping[str, Any], label: str) -> Any:
    """What the program asked with is part of the answer."""
    given = arguments.get(key)
    if given is not None and shape.kind is not Kind.OBJECT:
        return given
    return standins.stand_in(shape, f"{label}.{key}")


def _label(token: str, arguments: Mapping[str, Any]) -> str:
    """``getZone(example.com)``: the function, and what tells this call from another."""
    name = token.rpartition(":")[2]
    plain = {key: value for key, value in arguments.items() if value not in (None, [], {})}
    if not plain:
        return name
    only = next(iter(plain.values())) if len(plain) == 1 else None
    if isinstance(only, str) and re.fullmatch(r"[\w./-]{1,40}", only):
        return f"{name}({only})"
    return f"{name}({digest(json.dumps(plain, sort_keys=True, default=str), 6)})"


def _decoded(arguments: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Kubernetes' ``yaml:decode``: every document of a text, lists of objects taken apart."""
    text = arguments.get("text")
    if not isinstance(text, str):
        return None
    found: list[Any] = []
    for document in yaml.documents(text, "a manifest"):
        items = document.get("items") if isinstance(document, dict) and document.get("kind") == "List" else None
        found += items if isinstance(items, list) else [document] if document else []
    return {"result": found}


_COMPUTED: Final[Mapping[str, Callable[[Mapping[str, Any]], Mapping[str, Any] | None]]] = {
    "aws:iam/getPolicyDocument:getPolicyDocument": policy_document,
    "kubernetes:yaml:decode": _decoded,
}
_RENDERED: Final = {
    "kubernetes:helm:template": "nothing: the chart is not rendered, so its objects are not in the graph",
    "kubernetes:kustomize:directory": "nothing: the folder is not rendered, so its objects are not in the graph",
}
