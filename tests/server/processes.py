"""A server in a process of its own: what is measured or killed there leaves the test alone."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomli_w


@dataclass
class Process:
    process: subprocess.Popen[str]
    addresses: dict[str, str]

    def memory_kb(self) -> int:
        """Anonymous memory of the process: what it alone holds."""
        text = Path(f"/proc/{self.process.pid}/smaps_rollup").read_text()
        return int(text.split("\nAnonymous:")[1].split()[0])


@contextmanager
def serving(folder: Path, sections: dict[str, Any]) -> Iterator[Process]:
    """Serve ``folder/models``, unsigned, on free loopback ports; ended after the block."""
    repository = {"dir": str(folder / "models"), "allow_unsigned": True}
    file = folder / "server.toml"
    file.write_text(tomli_w.dumps({"repository": repository, "http": {"address": "127.0.0.1:0"}, **sections}))
    command = [sys.executable, "-m", "aiinfra.server", "--config", str(file)]
    with (folder / "server.log").open("w") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        assert process.stdout is not None
        first = process.stdout.readline()
        assert first, (folder / "server.log").read_text()
        yield Process(process, json.loads(first))
    finally:
        process.terminate()
        try:
            process.communicate(timeout=60)
        finally:
            process.kill()
