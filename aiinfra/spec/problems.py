"""Turns what pydantic says into findings a person can act on: path, value, rule, allowed values, fix."""

from collections.abc import Mapping, Sequence
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from aiinfra.errors import did_you_mean
from aiinfra.findings import Finding, Severity

Loc = tuple[str | int, ...]


def findings_of(
    error: ValidationError,
    model: type[BaseModel],
    *,
    lines: Mapping[Loc, int] | None = None,
    file: str = "",
    prefix: Loc = (),
) -> tuple[Finding, ...]:
    """One finding a problem, in the order of the file. ``prefix`` is where the model stands in the whole document."""
    errors = [details for details in error.errors(include_url=False) if not _other_member(details)]
    found = [_finding(details, model, lines or {}, file, prefix) for details in errors]
    unique = {(finding.path, finding.message): finding for finding in found}
    return tuple(sorted(unique.values(), key=lambda f: (int(f.source.rpartition(":")[2] or 0), f.path)))


def _other_member(details: ErrorDetails) -> bool:
    """A union of text and list complains twice of a bad list; the complaint that it is not text says nothing."""
    return details["type"] == "string_type" and isinstance(details["input"], (dict, list))


def dotted(loc: Sequence[str | int]) -> str:
    """``sites[0].tier`` from ``("sites", 0, "tier")``."""
    text = ""
    for part in loc:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def _finding(
    details: ErrorDetails, model: type[BaseModel], lines: Mapping[Loc, int], file: str, prefix: Loc
) -> Finding:
    loc = _clean(details["loc"], model)
    message, remedy = _words(details, loc, model)
    path = (*prefix, *loc)
    line = next((lines[path[:n]] for n in range(len(path), 0, -1) if path[:n] in lines), 1)
    return Finding(
        id=_CODES.get(details["type"], "spec-invalid"),
        severity=Severity.ERROR,
        message=message,
        path=dotted(path) or "(the whole)",
        remedy=remedy,
        source=f"{file}:{line}" if file else "",
    )


_CODES = {"extra_forbidden": "spec-unknown-key", "missing": "spec-missing", "enum": "spec-not-allowed"}


def _words(details: ErrorDetails, loc: Loc, model: type[BaseModel]) -> tuple[str, str]:
    context = details.get("ctx") or {}
    value = details["input"]
    match details["type"]:
        case "extra_forbidden":
            keys = _keys(_at(model, loc[:-1]))
            word = str(loc[-1])
            return f"there is no key {word!r}{did_you_mean(word, keys)}", f"use one of {', '.join(keys)}"
        case "missing":
            field = _field(_at(model, loc[:-1]), str(loc[-1]))
            return "is required", f"add it: {(field.description or '').splitlines()[0]}" if field else ""
        case "enum":
            allowed = [item.strip(" '") for item in str(context["expected"]).replace(" or ", ", ").split(",")]
            return f"{value!r} is not allowed{did_you_mean(str(value), allowed)}", f"use one of {', '.join(allowed)}"
        case "string_pattern_mismatch":
            example = _example(model, loc)
            return f"{value!r} is not of the form expected", f"write it like {example}" if example else _pattern(
                context
            )
        case "string_type":
            return f"{value!r} is {_kind(value)}, not text", f'write it in quotes: "{value}"'
        case "value_error":
            return str(context.get("error", details["msg"])), ""
        case "model_type" | "dict_type" | "tuple_type" | "list_type":
            wanted = "an object with keys" if details["type"] in ("model_type", "dict_type") else "a list"
            return f"{_short(value)} is {_kind(value)}; {wanted} is needed", ""
        case _:
            said = details["msg"]
            shown = "" if repr(value) in said or isinstance(value, (dict, list)) else f"{_short(value)}: "
            return f"{shown}{said[0].lower()}{said[1:]}", ""


def _pattern(context: Mapping[str, Any]) -> str:
    return f"it must match {context.get('pattern', '')}"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _kind(value: Any) -> str:
    kinds = {
        bool: "a boolean",
        int: "a number",
        float: "a number",
        str: "text",
        list: "a list",
        dict: "an object",
        type(None): "null",
    }
    return kinds.get(type(value), f"a {type(value).__name__}")


def _clean(loc: Sequence[str | int], model: type[BaseModel]) -> Loc:
    """Drop what pydantic adds for union members (``rows.tuple[Row, ...]``): only keys and indices stay."""
    kept: list[str | int] = []
    place: Any = model
    for part in loc:
        if isinstance(part, str) and not _holds(place, part):
            continue
        kept.append(part)
        place = _step(place, part)
    return tuple(kept) or tuple(loc)


def _holds(place: Any, key: str) -> bool:
    models = _models(place)
    if models:
        return "[" not in key and key not in ("str", "int", "tuple")
    return _is_mapping(place)


def _is_mapping(place: Any) -> bool:
    return any(get_origin(option) is dict or option is dict for option in _options(place))


def _options(annotation: Any) -> list[Any]:
    if hasattr(annotation, "__metadata__"):
        return _options(annotation.__origin__)
    if get_origin(annotation) in (Union, UnionType):
        return [option for arg in get_args(annotation) for option in _options(arg)]
    return [annotation]


def _models(place: Any) -> list[type[BaseModel]]:
    return [option for option in _options(place) if isinstance(option, type) and issubclass(option, BaseModel)]


def _field(place: Any, key: str) -> Any:
    for model in _models(place):
        for name, field in model.model_fields.items():
            if key in (name, field.alias):
                return field
    return None


def _keys(place: Any) -> list[str]:
    return [field.alias or name for model in _models(place) for name, field in model.model_fields.items()]


def _step(place: Any, part: str | int) -> Any:
    if isinstance(part, str) and _models(place):
        field = _field(place, part)
        return field.annotation if field else None
    for option in _options(place):
        args = get_args(option)
        if args:
            return args[-1] if get_origin(option) is dict else args[0]
    return None


def _at(model: type[BaseModel], loc: Loc) -> Any:
    place: Any = model
    for part in loc:
        place = _step(place, part)
    return place


def _example(model: type[BaseModel], loc: Loc) -> str:
    field = _field(_at(model, loc[:-1]), str(loc[-1])) if loc else None
    return repr(field.examples[0]) if field is not None and field.examples else ""
