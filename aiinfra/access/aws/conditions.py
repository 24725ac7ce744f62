"""Condition blocks of IAM statements: met, not met, or not known from what is known of the request.

As AWS documents its operators (IAM user guide, "IAM JSON policy elements: Condition operators"): values of one key are
alternatives, of negated operators none may match; a key that is absent fails an operator, passes a negated one and one
with ``IfExists``.
"""

import ipaddress
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import Any, Final

from aiinfra.access.aws.documents import Statement
from aiinfra.access.aws.patterns import matches

Context = Mapping[str, tuple[str, ...] | None]
"""Condition key (small letters) -> its values; None: the request has no such key. A key that is missing is unknown."""

_VARIABLE: Final = re.compile(r"\$\{([^}]*)\}")
_LITERALS: Final = {"*": "*", "?": "?", "$": "$"}


def met(statement: Statement, context: Context) -> bool | None:
    """Whether all conditions of a statement hold; None where that is not known."""
    return every(_test(operator, key, values, context) for operator, key, values in statement.conditions)


def every(results: Any) -> bool | None:
    """Three-valued "and"."""
    found = list(results)
    return False if False in found else None if None in found else True


def some(results: Any) -> bool | None:
    """Three-valued "or"."""
    found = list(results)
    return True if True in found else None if None in found else False


def opposite(result: bool | None) -> bool | None:  # noqa: FBT001 - a truth value is what it turns round
    """Three-valued "not"."""
    return None if result is None else not result


def filled(text: str, context: Context) -> str | None:
    """``text`` with its policy variables replaced; None where one of them is not known, or the request has none."""
    out, place = "", 0
    for found in _VARIABLE.finditer(text):
        name, _, default = found[1].partition(",")
        value = _LITERALS.get(name.strip())
        if value is None:
            held = context.get(name.strip().lower(), ())
            if held is None and default:
                value = default.strip().strip("'")
            elif not held or len(held) != 1:
                return None
            else:
                value = held[0]
        out += text[place : found.start()] + value
        place = found.end()
    return out + text[place:]


def _test(operator: str, key: str, values: tuple[str, ...], context: Context) -> bool | None:
    quantifier, _, rest = operator.rpartition(":")
    name = rest.removesuffix("IfExists")
    known = key.lower() in context
    held = context.get(key.lower())
    if name == "Null":
        wanted = values[0].lower() == "true" if values else True
        return None if not known else (held is None) is wanted
    compare = _OPERATORS.get(name.lower())
    if compare is None or not known:
        return None
    negated = "not" in name.lower() and name.lower() != "null"
    if held is None or (not held and quantifier):
        return rest.endswith("IfExists") or (quantifier == "ForAllValues") or (negated and not quantifier)
    wanted_values = [filled(value, context) for value in values]
    each = [_among(compare, one, wanted_values, negated=negated) for one in held]
    return (
        every(each)
        if quantifier == "ForAllValues"
        else some(each)
        if quantifier
        else each[0]
        if len(each) == 1
        else None
    )


def _among(compare: "_Compare", held: str, wanted: list[str | None], *, negated: bool) -> bool | None:
    found = some(None if value is None else compare(held, value) for value in wanted)
    return opposite(found) if negated else found


_Compare = Callable[[str, str], bool | None]


def _number(compare: Callable[[float, float], bool]) -> _Compare:
    def inner(held: str, wanted: str) -> bool | None:
        try:
            return compare(float(held), float(wanted))
        except ValueError:
            return False

    return inner


def _date(compare: Callable[[float, float], bool]) -> _Compare:
    def inner(held: str, wanted: str) -> bool | None:
        try:
            return compare(_moment(held), _moment(wanted))
        except ValueError:
            return None

    return inner


def _moment(text: str) -> float:
    if text.isdigit():
        return float(text)
    found = datetime.fromisoformat(text)
    return (found if found.tzinfo else found.replace(tzinfo=timezone.utc)).timestamp()  # noqa: UP017 - reads better


def _address(held: str, wanted: str) -> bool | None:
    try:
        return ipaddress.ip_address(held) in ipaddress.ip_network(wanted, strict=False)
    except ValueError:
        return None


def _arn(held: str, wanted: str) -> bool:
    """Part by part: a wildcard does not reach over the colons of the first five."""
    ours, theirs = held.split(":", 5), wanted.split(":", 5)
    return len(ours) == len(theirs) == 6 and all(matches(p, part) for p, part in zip(theirs, ours, strict=True))


_PLAIN: Final[dict[str, _Compare]] = {
    "stringequals": lambda held, wanted: held == wanted,
    "stringequalsignorecase": lambda held, wanted: held.lower() == wanted.lower(),
    "stringlike": lambda held, wanted: matches(wanted, held),
    "arnequals": _arn,
    "arnlike": _arn,
    "bool": lambda held, wanted: held.lower() == wanted.lower(),
    "ipaddress": _address,
    "numericequals": _number(lambda held, wanted: held == wanted),
    "numericlessthan": _number(lambda held, wanted: held < wanted),
    "numericlessthanequals": _number(lambda held, wanted: held <= wanted),
    "numericgreaterthan": _number(lambda held, wanted: held > wanted),
    "numericgreaterthanequals": _number(lambda held, wanted: held >= wanted),
    "dateequals": _date(lambda held, wanted: held == wanted),
    "datelessthan": _date(lambda held, wanted: held < wanted),
    "datelessthanequals": _date(lambda held, wanted: held <= wanted),
    "dategreaterthan": _date(lambda held, wanted: held > wanted),
    "dategreaterthanequals": _date(lambda held, wanted: held >= wanted),
}
_NEGATED: Final = {
    "stringnotequals": "stringequals",
    "stringnotequalsignorecase": "stringequalsignorecase",
    "stringnotlike": "stringlike",
    "arnnotequals": "arnequals",
    "arnnotlike": "arnlike",
    "notipaddress": "ipaddress",
    "numericnotequals": "numericequals",
    "datenotequals": "dateequals",
}
_OPERATORS: Final = {**_PLAIN, **{name: _PLAIN[plain] for name, plain in _NEGATED.items()}}
