"""``python -m aiinfra.graph``: the other side of :mod:`aiinfra.graph.child`.

Reads one request as JSON from standard input and writes one answer, ``{"graph": ...}`` or ``{"error": ...}``, to
standard output. Whatever the program prints goes to standard error.
"""

import json
import os
import sys
from typing import Any

from aiinfra.errors import AiinfraError
from aiinfra.graph.child import error_as
from aiinfra.graph.existing import Existing
from aiinfra.graph.node import Graph, Mode


def main() -> None:
    """Answer one request."""
    with os.fdopen(os.dup(1), "wb") as answers:
        os.dup2(2, 1)
        request = json.load(sys.stdin.buffer)
        answers.write(json.dumps(_answer(request)).encode())
        answers.flush()
        # A thread of a program that had to be left behind must not keep the process.
        sys.stderr.flush()
        os._exit(0)


def _answer(request: dict[str, Any]) -> dict[str, Any]:
    try:
        from aiinfra.graph.collect import collect  # noqa: PLC0415 - where the SDK is missing, that is the answer
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in ("pulumi", "google", "grpc"):
            raise
        remedy = "install aiinfra[pulumi] there"
        return {"error": error_as(AiinfraError("pulumi-missing", f"{sys.executable} has no Pulumi SDK", remedy))}
    key = request["fingerprint_key"]
    try:
        graph = collect(
            request["path"],
            project=request["project"],
            stack=request["stack"],
            mode=Mode(request["mode"]),
            config=request["config"],
            secret_config=request["secret_config"],
            references={name: Graph.from_json(data) for name, data in request["references"].items()},
            stand_ins=request["stand_ins"],
            assume_config=request["assume_config"],
            fingerprint_key=bytes.fromhex(key) if key is not None else None,
            existing={own: Existing.from_json(data) for own, data in request["existing"].items()},
            timeout=request["timeout"],
        )
    except AiinfraError as error:
        return {"error": error_as(error)}
    return {"graph": graph.as_json()}


if __name__ == "__main__":
    main()
