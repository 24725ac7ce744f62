"""IAM policy documents as statements a person can read; the difference of two of them; what a statement opens."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from aiinfra.review.credentials import mask_text
from aiinfra.review.masking import mask_value


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement, every list sorted, ``Sid`` left out."""

    effect: str
    principals: tuple[str, ...]
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    condition: str = ""
    principals_except: bool = False
    actions_except: bool = False
    resources_except: bool = False

    @property
    def allows(self) -> bool:
        """Whether it grants something."""
        return self.effect == "Allow"

    def words(self) -> str:
        """One line: ``Allow s3:GetObject on arn:... to arn:..., if ...``."""
        parts = [self.effect, _list(self.actions, negated=self.actions_except)]
        if self.resources:
            parts += ["on", _list(self.resources, negated=self.resources_except)]
        if self.principals:
            parts += ["to", _list(self.principals, negated=self.principals_except)]
        text = " ".join(parts)
        return mask_text(f"{text}, if {self.condition}" if self.condition else text)


def _list(items: tuple[str, ...], *, negated: bool) -> str:
    text = ", ".join(items)
    return f"everything but {text}" if negated else text


def parse_json(value: Any) -> Any:
    """What a JSON text holds, where it is an object or a list; else None."""
    if not isinstance(value, str) or value.lstrip()[:1] not in ("{", "["):
        return None
    try:
        return json.loads(value)
    except ValueError:
        return None


def statements(value: Any) -> tuple[Statement, ...] | None:
    """The statements of an IAM policy document (JSON text or object); None where it is none."""
    document = parse_json(value) if isinstance(value, str) else value
    if not isinstance(document, Mapping) or "Statement" not in document:
        return None
    found = document["Statement"]
    listed = found if isinstance(found, list) else [found]
    return tuple(_statement(item) for item in listed if isinstance(item, Mapping))


def _statement(item: Mapping[str, Any]) -> Statement:
    condition = item.get("Condition")
    return Statement(
        effect=str(item.get("Effect", "")),
        principals=_principals(item.get("Principal", item.get("NotPrincipal"))),
        actions=_texts(item.get("Action", item.get("NotAction"))),
        resources=_texts(item.get("Resource", item.get("NotResource"))),
        condition=_condition(condition) if isinstance(condition, Mapping) else "",
        principals_except="NotPrincipal" in item,
        actions_except="NotAction" in item,
        resources_except="NotResource" in item,
    )


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(sorted(map(str, value))) if isinstance(value, list) else (str(value),) if value is not None else ()


def _principals(value: Any) -> tuple[str, ...]:
    if isinstance(value, Mapping):
        return tuple(sorted(name for names in value.values() for name in _texts(names)))
    return _texts(value)


def _condition(condition: Mapping[str, Any]) -> str:
    masked = mask_value(condition)
    tests = [
        f"{key} {operator} {', '.join(_texts(values))}"
        for operator, keys in sorted(masked.items())
        for key, values in (sorted(keys.items()) if isinstance(keys, Mapping) else [("", keys)])
    ]
    return " and ".join(tests)


def difference(before: Any, after: Any) -> tuple[list[Statement], list[Statement]] | None:
    """Statements removed and added; None where neither side is a policy document."""
    old, new = statements(before), statements(after)
    if old is None and new is None:
        return None
    earlier, later = list(old or ()), list(new or ())
    return [item for item in earlier if item not in later], [item for item in later if item not in earlier]


def widened(before: Any, after: Any) -> Iterator[tuple[str, Statement]]:
    """Reason and statement for each way the later document grants more.

    A new ``Allow`` with a wildcard for its actions, resources or principals that no earlier ``Allow`` had in that
    place; an ``Allow`` that lost its condition; a ``Deny`` that is gone.
    """
    compared = difference(before, after)
    if compared is None:
        return
    removed, added = compared
    for statement in added:
        if statement.allows:
            reason = _reason(statement, [old for old in removed if old.allows])
            if reason:
                yield reason, statement
    denied = [new for new in added if not new.allows]
    for statement in removed:
        if statement.effect == "Deny" and not any(_covers(new, statement) for new in denied):
            yield "no longer denied", statement


def _covers(new: Statement, old: Statement) -> bool:
    """A ``Deny`` that still denies all an earlier one did: the same but for more actions, resources or principals."""
    same = (new.condition, new.principals_except, new.actions_except, new.resources_except) == (
        old.condition,
        old.principals_except,
        old.actions_except,
        old.resources_except,
    )
    parts = ((new.principals, old.principals), (new.actions, old.actions), (new.resources, old.resources))
    return same and all(set(earlier) <= set(later) or "*" in later for later, earlier in parts)


def _reason(statement: Statement, earlier: list[Statement]) -> str:
    wide = dict(_wildcards(statement))
    had: set[str] = set()
    for old in earlier:
        if (old.principals, old.condition) == (statement.principals, statement.condition) or old.principals == ("*",):
            had |= {words for _, words in _wildcards(old)}
    fresh = [wide[place] for place in ("principal", "action", "resource") if place in wide and wide[place] not in had]
    if fresh:
        return ", ".join(fresh)
    for old in earlier:
        same = (old.principals, old.actions, old.resources) == (
            statement.principals,
            statement.actions,
            statement.resources,
        )
        if same and old.condition and not statement.condition:
            return "without its condition"
    return ""


def _wildcards(statement: Statement) -> Iterator[tuple[str, str]]:
    if "*" in statement.principals or statement.principals_except:
        yield "principal", "to anyone"
    if statement.actions_except:
        yield "action", f"every action but {', '.join(statement.actions)}"
    stars = [action for action in statement.actions if action == "*" or action.endswith(":*")]
    if stars and not statement.actions_except:
        yield "action", "every action" if "*" in stars else f"every action of {', '.join(s[:-2] for s in stars)}"
    if "*" in statement.resources or statement.resources_except:
        yield "resource", "on every resource"
