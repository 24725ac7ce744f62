"""What a review never prints: secrets, on either side of a change, and what only looks like one.

Both sides of a change are masked where either is a secret: an engine that masks each side by itself shows the old
value in clear when only the new one is marked (https://github.com/pulumi/pulumi/issues/9330). A value is masked too
where its key, or the name beside it (``{name: DB_PASSWORD, value: ...}``), is that of a credential, and where the text
itself looks like a key, a token or a password.
"""

import math
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from aiinfra.graph import path as paths
from aiinfra.graph.change import KEYS, Kind, PropertyChange
from aiinfra.graph.diff import ResourceChange
from aiinfra.graph.node import ASSET, REF, SECRET, UNKNOWN, Node
from aiinfra.graph.path import Path

MASK: Final = "[secret]"
NOT_KNOWN: Final = "(not known until apply)"

_CREDENTIAL = re.compile(
    r"(?<![a-z])(?:pass(?:word|wd|phrase|code)|pass$|pwd|secrets?|tokens?|credentials?|creds|api_?keys?|access_?keys?|secret_?keys?"
    r"|private_?keys?|account_?keys?|auth(?:orization)?|bearer|kubeconfig|kube_?config|conn(?:ection)?_?str(?:ing)?|dsn"
    r"|client_?secret|signing_?key|encryption_?key|ssh_?key|htpasswd|docker_?config_?json|webhook_?url|sas|otp|pin)"
    r"(?![a-z])"
)
_NOT_CREDENTIAL = re.compile(
    r"(?:_(?:name|names|arn|arns|ref|id|ids|path|file|mount|mode|type|ttl|duration|expiration|rotation|policy|version"
    r"|seconds|minutes|hours|days|length|size|count|enabled|reads?|limit|endpoint|required|mutable|provider|class|template|engine)$)|^automount_|^image_pull_"
)
"""Words that say where a credential is, or how it is kept, and do not hold it."""
_NAMED: Final = (
    r"(?:password|passwd|passphrase|pwd|secret|token|api[-_]?key|access[-_]?key|private[-_]?key|credentials?)"
)
_TEXT: Final = tuple(
    (re.compile(pattern, flags), f"{kept}{MASK}")
    for pattern, flags, kept in (
        (r"-----BEGIN [A-Z0-9 ]+-----.*?(?:-----END [A-Z0-9 ]+-----|\Z)", re.DOTALL, ""),
        (r"\b(?:AKIA|ASIA|AROA|AIDA)[0-9A-Z]{16}\b", 0, ""),
        (r"\beyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?", 0, ""),
        (
            r"\b(?:gh[pousr]_|github_pat_|glpat-|xox[abeoprs]-|hf_|sk-|pul-|npm_|AIza|ya29\.|shp[a-z]{2}_|dop_v1_)[\w-]{8,}",
            0,
            "",
        ),
        (r"(?<=://)[^/\s:@]*:[^/\s@]+(?=@)", 0, ""),
        # key=value, "key": "value"; not the parts of an ARN
        (rf"((?<![:\w.-])[\w.-]*{_NAMED}[\"']?\s*[=:]\s*[\"']?)(?![\[(])[^\s'\",;&}}]+", re.IGNORECASE, r"\1"),
        (rf"(--?[\w-]*{_NAMED}[\w-]*\s+)(?!-)[^\s\[]\S*", re.IGNORECASE, r"\1"),
        (r"(\b(?:bearer|basic)\s+)(?=[\w.~+/=-]*\d)[\w.~+/=-]{8,}", re.IGNORECASE, r"\1"),
    )
)
"""What a credential looks like inside a text, and what stays of it."""
_WORD = re.compile(r"[A-Za-z0-9+/_=-]{20,}")
_HARMLESS = re.compile(
    r"(?:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})|(?:[a-z]+-[0-9a-f]{8,17})|(?:[0-9.]+)",
    re.IGNORECASE,
)
"""Identifiers: UUIDs, AWS resource ids, numbers."""
_DIGEST = re.compile(r"(?:[0-9a-f]{128}|[0-9a-f]{64}|[0-9a-f]{40})(?![0-9a-f])")
BITS: Final = 3.7
"""Shannon entropy a character from which a run of 20 or more letters and digits reads as random. English words and
resource names joined by dashes stay below it or carry no digits; 20 random base64 characters are at about 4."""


def shaped_as_credential(name: str) -> bool:
    """Whether a key's name says that its value is a credential."""
    words = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).replace("-", "_").replace(".", "_").lower()
    return bool(_CREDENTIAL.search(words)) and not _NOT_CREDENTIAL.search(words)


def mask_text(text: str) -> str:
    """``text`` with whatever looks like a credential in it replaced."""
    for pattern, masked in _TEXT:
        text = pattern.sub(masked, text)
    return _WORD.sub(_unless_plain, text)


def _unless_plain(found: re.Match[str]) -> str:
    word = found[0]
    before = found.string[max(0, found.start() - 7) : found.start()]
    digest = _DIGEST.match(word) if before.endswith(("sha256:", "sha512:", "sha1:")) else None
    if digest is not None:
        return digest[0] + _WORD.sub(_unless_plain, word[digest.end() :])
    return MASK if not _HARMLESS.fullmatch(word) and _random(word) else word


def _random(word: str) -> bool:
    """Whether a run of characters is more like a key than like words joined together."""
    for part in re.split(r"[/=_+-]", word) if word.count("-") + word.count("/") + word.count("_") > 2 else [word]:
        kinds = sum(bool(re.search(kind, part)) for kind in ("[a-z]", "[A-Z]", "[0-9]"))
        hexadecimal = bool(re.fullmatch(r"[0-9a-fA-F]{32,}", part))
        if hexadecimal or (len(part) >= 20 and kinds >= 2 and re.search("[0-9]", part) and _entropy(part) >= BITS):
            return True
    return False


def _entropy(text: str) -> float:
    total = len(text)
    return -sum(count / total * math.log2(count / total) for count in Counter(text).values())


def holds_secret(value: Any) -> bool:
    """Whether a secret is anywhere inside."""
    if isinstance(value, Mapping):
        return SECRET in value or any(holds_secret(item) for item in value.values())
    return isinstance(value, list) and any(holds_secret(item) for item in value)


def mask_value(value: Any, key: str = "") -> Any:
    """``value`` with everything secret or credential-shaped in it replaced; ``key`` is what it stands under."""
    if isinstance(value, Mapping):
        if SECRET in value:
            return MASK
        if UNKNOWN in value or REF in value or ASSET in value:
            return value
        if key and shaped_as_credential(key):
            return MASK
        named = value.get("name", value.get("key", value.get("parameterName")))
        hides = isinstance(named, str) and shaped_as_credential(named)
        return {
            mask_text(inner): MASK if hides and inner in ("value", "values") else mask_value(item, inner)
            for inner, item in value.items()
        }
    if key and shaped_as_credential(key) and not isinstance(value, bool | None):
        return MASK
    if isinstance(value, list):
        return [MASK if _told_by_flag(value, place) else mask_value(item) for place, item in enumerate(value)]
    return mask_text(value) if isinstance(value, str) else value


def _told_by_flag(items: list[Any], place: int) -> bool:
    """``["--password", "hunter2"]``: the value after a flag."""
    flag = items[place - 1] if place else None
    return isinstance(flag, str) and flag.startswith("-") and "=" not in flag and shaped_as_credential(flag.lstrip("-"))


def mask_sides(change: PropertyChange, before: Node | None, after: Node | None) -> tuple[Any, Any]:
    """Both sides of a change, safe to print."""
    sides = change.before, change.after
    if _wholly_secret(change, before, after):
        return tuple(None if side is None else MASK for side in sides)  # pyrefly: ignore[bad-return]
    key = next((str(step) for step in reversed(change.steps) if isinstance(step, str)), "")
    masked = [mask_value(side, key if _under_key(change, side) else "") for side in sides]
    return masked[0], masked[1]


def _under_key(change: PropertyChange, side: Any) -> bool:
    """Elements of a list stand under the list's key too: ``tokens[0]``."""
    return not isinstance(side, Mapping) or not change.steps or isinstance(change.steps[-1], str)


def _wholly_secret(change: PropertyChange, before: Node | None, after: Node | None) -> bool:
    """Whether neither side may be shown at all."""
    if change.before is not None and change.after is not None and any(map(holds_secret, (change.before, change.after))):
        return True
    for node in (before, after):
        if node is None:
            continue
        if node.type.startswith("kubernetes:core/v1:Secret") and change.steps[:1] in (("data",), ("stringData",)):
            return True
        if _beside_secret(change, node):
            return True
        if _beside_credential_name(change, node):
            return True
        if any(isinstance(step, str) and shaped_as_credential(step) for step in change.steps[:-1]):
            return True
    return False


def _beside_secret(change: PropertyChange, node: Node) -> bool:
    """Whether one side's value may be the secret of the other side, in another place or under another name.

    Elements of a list are paired by likeness, so none is shown where one is secret; elements that have names, and keys
    of an object, are hidden where they came or went beside a secret.
    """
    for length in range(len(change.steps)):
        around = paths.values_at(node.inputs, change.steps[:length])
        if not around or not isinstance(around[0], list):
            continue
        named = length > 0 and change.steps[length - 1] in KEYS
        if (not named or change.kind is not Kind.UPDATE) and holds_secret(around[0]):
            return True
    beside = paths.values_at(node.inputs, change.steps[:-1]) if change.kind is not Kind.UPDATE else []
    return any(
        isinstance(item, Mapping) and SECRET in item
        for each in beside
        if isinstance(each, Mapping)
        for item in each.values()
    )


def without_secrets(change: ResourceChange) -> ResourceChange:
    """The change for rules that read whole resources and put what they read into words.

    A value that is a secret on either side is masked on both; one that is not known is a text that says so.
    """
    steps = [item.steps for item in change.changes if _wholly_secret(item, change.before, change.after)]
    return replace(change, before=_readable(change.before, steps), after=_readable(change.after, steps))


def _readable(node: Node | None, places: list[Path]) -> Node | None:
    if node is None:
        return None
    inputs: Any = {key: _words(value) for key, value in node.inputs.items()}
    for steps in places:
        last = steps[-1]
        for around in paths.values_at(inputs, steps[:-1]):
            if (isinstance(around, list) and isinstance(last, int) and last < len(around)) or (
                isinstance(around, dict) and last in around
            ):
                around[last] = MASK
    return replace(node, inputs=inputs)


def _words(value: Any) -> Any:
    """A copy with words for secrets and unknowns."""
    if isinstance(value, Mapping):
        if SECRET in value:
            return MASK
        return NOT_KNOWN if UNKNOWN in value else {key: _words(item) for key, item in value.items()}
    return [_words(item) for item in value] if isinstance(value, list) else value


def _beside_credential_name(change: PropertyChange, node: Node) -> bool:
    """``env[0].value`` where ``env[0].name`` is ``DB_PASSWORD``; ``args[3]`` where ``args[2]`` is ``--password``."""
    last = change.steps[-1] if change.steps else ""
    around = paths.values_at(node.inputs, change.steps[:-1])
    if not around:
        return False
    if isinstance(last, int) and isinstance(around[0], list):
        return last < len(around[0]) and _told_by_flag(around[0], last)
    if last not in ("value", "values") or not isinstance(around[0], Mapping):
        return False
    name = around[0].get("name", around[0].get("key", around[0].get("parameterName")))
    return isinstance(name, str) and shaped_as_credential(name)
