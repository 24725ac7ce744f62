"""What looks like a credential: the names of keys, and texts."""

import math
import re
from collections import Counter
from typing import Final

MASK: Final = "[secret]"

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
        (rf"(--?[\w-]*{_NAMED}[\w-]*\s+)(?!-)[^\s\[]\S*", re.IGNORECASE, r"\1"),
        (r"(\b(?:bearer|basic)\s+)(?=[\w.~+/=-]*\d)[\w.~+/=-]{8,}", re.IGNORECASE, r"\1"),
    )
)
"""What a credential looks like inside a text, and what stays of it."""
_ASSIGNED = re.compile(
    rf"(?<![:\w.-])([\w.-]*{_NAMED})([\"']?\s*[=:]\s*[\"']?)(?![\[(])([^\s'\",;&}}]+)", re.IGNORECASE
)
"""``key=value`` and ``"key": "value"``; not the parts of an ARN."""
_WORD = re.compile(r"[A-Za-z0-9+/_=-]{20,}")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_HARMLESS = re.compile(rf"(?:{_UUID.pattern})|(?:[a-z]+-[0-9a-f]{{8,17}})|(?:[0-9.]+)", re.IGNORECASE)
"""Identifiers: UUIDs, AWS resource ids, numbers."""
_NAMED_BY_HASH = re.compile(r"(?<=[a-z])-[0-9a-f]{6,10}$")
"""What a name made by hashing ends in: ``server-config-734eae09``; too short to be a key."""
_DIGEST = re.compile(r"(?:[0-9a-f]{128}|[0-9a-f]{64}|[0-9a-f]{40})(?![0-9a-f])")
_WORDS = re.compile(r"[A-Z]?[a-z]{3,}")
_TURNS = re.compile(r"(?<=[A-Za-z])[0-9]|(?<=[0-9])[A-Za-z]")
MANY: Final = 5
"""Turns between letters and digits from which a run reads as random, whatever words are in it."""
MOSTLY: Final = 0.6
"""Share of a run that words of four letters and more make up, from which it reads as a name."""
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
    text = _ASSIGNED.sub(_unless_harmless, text)
    return _WORD.sub(_unless_plain, text)


def _unless_harmless(found: re.Match[str]) -> str:
    key, between, value = found.groups()
    if value.lower() in ("true", "false", "null", "none") or not shaped_as_credential(key.rpartition(".")[2]):
        return found[0]
    return f"{key}{between}{MASK}"


def _unless_plain(found: re.Match[str]) -> str:
    word = found[0]
    before = found.string[max(0, found.start() - 7) : found.start()]
    digest = _DIGEST.match(word) if before.endswith(("sha256:", "sha512:", "sha1:")) else None
    if digest is not None:
        return digest[0] + _WORD.sub(_unless_plain, word[digest.end() :])
    return MASK if not _HARMLESS.fullmatch(word) and _random(word) else word


def _random(word: str) -> bool:
    """Whether a run of characters is more like a key than like words joined together."""
    word = _NAMED_BY_HASH.sub("", _UUID.sub("", word))
    parts = re.split(r"[/=_+-]", word)
    odd = any(len(part) >= 8 and len(_TURNS.findall(part)) >= 3 for part in parts)
    return any(map(_like_a_key, [*parts, word] if odd or len(parts) <= 3 else parts))


def _like_a_key(part: str) -> bool:
    if re.fullmatch(r"[0-9a-fA-F]{32,}", part):
        return True
    turns = len(_TURNS.findall(part))
    if len(part) < 20 or not turns or _entropy(part) < BITS:
        return False
    return turns >= MANY or sum(map(len, _WORDS.findall(part))) < MOSTLY * len(part)


def _entropy(text: str) -> float:
    total = len(text)
    return -sum(count / total * math.log2(count / total) for count in Counter(text).values())
