"""Configuration that a program requires and nobody set: stand-ins take its place, one key after the other."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any, Final

from aiinfra.errors import BadInput
from aiinfra.findings import Finding, Severity
from aiinfra.graph.node import Graph

MOST: Final = 50
"""Keys that are made up before it is given up."""

_TEXTS: Final = {"int": "1", "float": "1", "bool": "false", "JSON object": "{}"}
"""What is asked for -> a text that reads as it."""


class ConfigurationError(BadInput):
    """A key that is missing, or whose value is of the wrong type (``wanted``, in the SDK's words)."""

    def __init__(
        self, code: str, message: str, remedy: str, *, key: str = "", secret: bool = False, wanted: str = ""
    ) -> None:
        super().__init__(code, message, remedy)
        self.key = key
        self.secret = secret
        self.wanted = wanted


def assuming(
    run: Callable[..., Graph], *, config: Mapping[str, str], secret_config: Collection[str], **options: Any
) -> Graph:
    """``run(config=..., secret_config=..., **options)``, with stand-ins for the keys that it finds missing.

    Each stand-in is a finding ``config-assumed`` of the graph.

    Raises:
        What ``run`` raises, where a stand-in does not help.
    """
    assumed: dict[str, str] = {}
    hidden: set[str] = set()
    for _ in range(MOST):
        try:
            graph = run(config={**config, **assumed}, secret_config={*secret_config, *hidden}, **options)
        except ConfigurationError as error:
            if error.code == "config-missing" and error.key not in assumed:
                assumed[error.key] = error.key.rpartition(":")[2]
                hidden |= {error.key} if error.secret else set()
            elif error.key in assumed and assumed[error.key] != _TEXTS.get(error.wanted, assumed[error.key]):
                assumed[error.key] = _TEXTS[error.wanted]
            else:
                raise
            continue
        notes = [_note(key, "a secret" if key in hidden else repr(text)) for key, text in sorted(assumed.items())]
        return replace(graph, findings=tuple(sorted((*graph.findings, *notes), key=lambda finding: finding.sort_key)))
    raise BadInput("config-missing", f"more than {MOST} configuration keys are missing", "name the stack with --stack")


def _note(key: str, text: str) -> Finding:
    message = f"the configuration key {key} is not set: the program was given {text} in its place"
    return Finding("config-assumed", Severity.NOTE, message, path=key, remedy=f"--config {key}=VALUE")
