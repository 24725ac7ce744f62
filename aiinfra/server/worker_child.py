"""The process that an untrusted model runs in: ``python -m aiinfra.server.worker_child``.

Standard input carries frames with calls (and requests to stop one), standard output frames with answers. It may read
the model and the system's libraries, write nothing, connect nowhere; it can be killed at any moment.
"""

import json
import resource
import sys
import sysconfig
import threading
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from aiinfra.server.config import ModelSettings
from aiinfra.server.confine import SYSTEM_PATHS, confine
from aiinfra.server.frames import pack, read
from aiinfra.server.ports import Model
from aiinfra.server.refusal import Refusal


def main() -> int:
    """Read the order, load the model, answer calls until the input ends."""
    given, taken = sys.stdin.buffer, sys.stdout.buffer
    order = json.loads(given.readline())
    resource.setrlimit(resource.RLIMIT_AS, (order["memory"], order["memory"]))
    session_module = import_module("aiinfra.server.session")
    file = Path(order["file"])
    packages = [*sysconfig.get_paths().values(), *(entry for entry in sys.path if entry)]
    missing = confine(
        readable=[*SYSTEM_PATHS, *packages, str(file.parent)], writable=["/dev/null"], connect=(), listen=False
    )
    model: Model = session_module.open_session(file, ModelSettings.model_validate(order["settings"]), order["name"])
    ready = {
        "inputs": [[port.name, port.datatype.name, port.protocol_shape] for port in model.inputs],
        "outputs": [[port.name, port.datatype.name, port.protocol_shape] for port in model.outputs],
        "providers": list(model.providers),
        "runtime": model.runtime,
        "unconfined": missing,
    }
    _send(taken, pack(ready, {}))
    _Worker(model, session_module, taken, order["most"]).serve(given)
    return 0


def _send(stream: BinaryIO, frame: bytes) -> None:
    stream.write(frame)
    stream.flush()


class _Worker:
    """Calls run on a thread, so that a request to stop is read meanwhile."""

    def __init__(self, model: Model, session_module: Any, taken: BinaryIO, most: int) -> None:
        self._model = model
        self._session_module = session_module
        self._taken = taken
        self._most = most
        self._options: Any = None

    def serve(self, given: BinaryIO) -> None:
        while (frame := read(given, self._most)) is not None:
            header, feed = frame
            if header.get("stop"):
                if self._options is not None:
                    self._options.terminate = True
                continue
            self._options = self._session_module.Session.new_run_options()
            threading.Thread(target=self._run, args=(feed, header["names"], self._options), daemon=True).start()

    def _run(self, feed: dict[str, np.ndarray], names: list[str], options: Any) -> None:
        try:
            values = self._model.run(feed, names, options)
        except Refusal as refusal:
            _send(self._taken, pack({"kind": refusal.kind.name, "message": refusal.message}, {}))
            return
        ports = self._model.by_output
        outputs = {name: (value, ports[name].datatype) for name, value in zip(names, values, strict=True)}
        _send(self._taken, pack({}, outputs))


if __name__ == "__main__":
    sys.exit(main())
