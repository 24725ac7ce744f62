"""The gate between waves: each condition's query is answered with one number, and compared. The unknown shuts it."""

import json
import math
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from aiinfra.errors import AiinfraError, BadInput
from aiinfra.release.metrics_text import Series, evaluate, read_series
from aiinfra.spec.class_file import ClassFile, Condition

_TIMEOUT: Final = 30.0
_LARGEST: Final = 4 * 2**20

Ask = Callable[[str], float]
"""Query -> its one number. Raises :class:`Unanswered` where there is none."""


class Unanswered(Exception):
    """There is no number: the text says why."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One condition and what came of it."""

    name: str
    query: str
    """As it was asked, with what stands for ``$version`` and the others."""
    condition: Condition
    value: float | None
    why: str
    """Why it is not met; empty where it is."""

    @property
    def met(self) -> bool:
        """Whether it keeps the gate open."""
        return not self.why

    @property
    def wanted(self) -> str:
        """``at most 0.01``."""
        bounds = (("at least", self.condition.at_least), ("at most", self.condition.at_most))
        return " and ".join(f"{word} {bound:g}" for word, bound in bounds if bound is not None)

    def as_json(self) -> dict[str, Any]:
        """Plain data for ``--json``; a number that JSON lacks is text."""
        value = self.value if self.value is None or math.isfinite(self.value) else str(self.value)
        bounds = self.condition.model_dump(exclude={"query"}, exclude_none=True)
        return {"name": self.name, "query": self.query, "value": value, **bounds, "met": self.met, "why": self.why}


def gate(told: ClassFile, class_name: str, wave: int, ask: Ask) -> list[Answer]:
    """Ask every condition of a class file about the version that ``wave`` has.

    Raises:
        BadInput: ``wave-unknown``; what ``ask`` raises of its own.
        AiinfraError: ``gate-missing``: nothing is asked, so nothing is known.
    """
    if wave not in told.waves:
        raise BadInput(
            "wave-unknown", f"{class_name} has no wave {wave}", f"use one of {', '.join(map(str, told.waves))}"
        )
    if not told.gate:
        raise AiinfraError(
            "gate-missing",
            f"classes/{class_name}.yaml has no gate, so nothing can be known of wave {wave}",
            "write gate: {NAME: {query: EXPRESSION, at_most: NUMBER}} into it",
        )
    filled = {"$version": told.waves[wave].version, "$wave": str(wave), "$class": class_name}
    return [_answer(name, condition, filled, ask) for name, condition in told.gate.items()]


def _answer(name: str, condition: Condition, filled: Mapping[str, str], ask: Ask) -> Answer:
    query = condition.query
    for variable, value in filled.items():
        query = query.replace(variable, value)
    try:
        value = ask(query)
    except Unanswered as error:
        return Answer(name, query, condition, None, str(error))
    if not math.isfinite(value):
        return Answer(name, query, condition, value, f"the answer is {value:g}")
    answer = Answer(name, query, condition, value, "")
    return (
        answer if condition.met(value) else Answer(name, query, condition, value, f"{value:g} is not {answer.wanted}")
    )


def ask_of(prometheus: str, token_file: Path | None, metrics: Iterable[Path]) -> Ask:
    """Where a command line says answers come from: a Prometheus server, or files of metrics.

    Raises:
        BadInput: ``gate-source``: neither or both; ``token-unreadable``; what :func:`from_files` and
            :func:`from_prometheus` raise.
    """
    files = list(metrics)
    if bool(prometheus) == bool(files):
        said = "both were given" if files else "nothing says where the answers come from"
        raise BadInput("gate-source", said, "name --prometheus URL, or one --metrics FILE for every server")
    if files:
        return from_files(files)
    try:
        token = token_file.read_text(encoding="utf-8").strip() if token_file else ""
    except (OSError, UnicodeDecodeError):
        raise BadInput("token-unreadable", f"{token_file} cannot be read", "name a file with the token alone") from None
    return from_prometheus(prometheus, token)


def from_files(files: Iterable[Path]) -> Ask:
    """Answers from metrics in Prometheus' text format, one file a server; each file's series get the label ``file``.

    Raises:
        BadInput: ``metrics-unreadable``.
    """
    series: list[Series] = [one for file in files for one in read_series(file)]

    def ask(query: str) -> float:
        value = evaluate(query, series)
        if value is None:
            raise Unanswered("there are no such metrics")
        return value

    return ask


def from_prometheus(url: str, token: str = "") -> Ask:
    """Answers from a Prometheus server's HTTP API (``/api/v1/query``), or from what speaks it (Thanos, Mimir).

    Raises:
        BadInput: ``prometheus-address``.
    """
    parts = urllib.parse.urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadInput(
            "prometheus-address", f"{url!r} is no web address", "write it like https://prometheus.example.com"
        )
    if token and parts.scheme == "http" and parts.hostname not in ("localhost", "127.0.0.1", "::1"):
        raise BadInput("prometheus-address", f"{url} would carry the token in the clear", "use https")
    base = url.rstrip("/")

    def ask(query: str) -> float:
        address = f"{base}/api/v1/query?{urllib.parse.urlencode({'query': query})}"
        request = urllib.request.Request(address, headers={"Accept": "application/json"})  # noqa: S310 - http(s) alone
        if token:
            request.add_unredirected_header("Authorization", f"Bearer {token}")
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT) as response:  # noqa: S310 - http(s) alone
                return one_number(response.read(_LARGEST))
        except urllib.error.HTTPError as error:
            raise Unanswered(_told(error)) from None
        except (OSError, ValueError) as error:
            reason = getattr(error, "reason", error)
            raise Unanswered(f"{base} does not answer: {reason}") from None

    return ask


def _told(error: urllib.error.HTTPError) -> str:
    try:
        return f"Prometheus says: {json.loads(error.read(_LARGEST))['error']}"[:500]
    except (ValueError, KeyError, TypeError, OSError):
        return f"Prometheus answers {error.code} {error.reason}"


def one_number(answer: bytes) -> float:
    """The number of an answer of Prometheus' API: a scalar, or a vector of one.

    Raises:
        Unanswered: it holds none, several, or is no such answer.
    """
    try:
        body = json.loads(answer)
        if body["status"] != "success":
            raise Unanswered(f"Prometheus says: {body.get('error', body['status'])}")
        kind, result = body["data"]["resultType"], body["data"]["result"]
        if kind == "scalar":
            return float(result[1])
        if kind == "vector":
            if len(result) == 1:
                return float(result[0]["value"][1])
            raise Unanswered(
                f"the answer is {len(result)} series: sum() them into one" if result else "there are no such metrics"
            )
    except (ValueError, KeyError, TypeError, IndexError, AttributeError):
        raise Unanswered("the answer is not one of Prometheus' API") from None
    raise Unanswered(f"the answer is a {kind}, not one number")
