"""Declare an AI deployment, review what it costs and exposes, compile it into Pulumi stacks, serve it.

Importing this package loads no provider SDK, opens no network connection and reads no environment.
The names below are resolved on first use.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_EXPORTS = {
    "AiinfraError": "aiinfra.errors",
    "Deployment": "aiinfra.spec.deployment",
    "Finding": "aiinfra.findings",
    "load": "aiinfra.spec.reading",
}

__all__ = ["AiinfraError", "Deployment", "Finding", "__version__", "load"]


def __getattr__(name: str) -> Any:
    if name in _EXPORTS:
        return getattr(import_module(_EXPORTS[name]), name)
    raise AttributeError(f"module 'aiinfra' has no attribute {name!r}")
