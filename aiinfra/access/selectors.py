"""Label selectors, as Kubernetes reads them, and the smallest labels that satisfy one."""

from collections.abc import Mapping
from typing import Any

Labels = Mapping[str, str]


def matches(selector: Any, labels: Labels) -> bool:
    """Whether ``labels`` satisfy ``selector``; an empty one matches everything."""
    wanted = selector or {}
    exact = (wanted.get("matchLabels") or {}).items()
    return all(labels.get(key) == value for key, value in exact) and all(
        _holds(test, labels) for test in wanted.get("matchExpressions") or ()
    )


def _holds(test: Mapping[str, Any], labels: Labels) -> bool:
    key, operator, values = test["key"], test["operator"], test.get("values") or ()
    if operator == "In":
        return labels.get(key) in values
    if operator == "NotIn":  # true of labels without the key, too
        return labels.get(key) not in values
    return (key in labels) == (operator == "Exists")


def witness(selector: Any) -> dict[str, str]:
    """Labels that satisfy ``selector`` with nothing to spare; they may fail one that contradicts itself."""
    wanted = selector or {}
    labels: dict[str, str] = {}
    for test in wanted.get("matchExpressions") or ():
        if test["operator"] == "In" and test.get("values"):
            labels.setdefault(test["key"], test["values"][0])
        elif test["operator"] == "Exists":
            labels.setdefault(test["key"], "any")
    return labels | {str(key): str(value) for key, value in (wanted.get("matchLabels") or {}).items()}


def text(labels: Labels) -> str:
    """``app=web,tier=front``; ``*`` for none."""
    return ",".join(f"{key}={value}" for key, value in sorted(labels.items())) or "*"
