"""A pull in a process of its own that is killed before the change to the disk with a given number.

``python killed_child.py SOURCE MODELS SIGNER [WATCH]`` reads numbers on standard input, one a line: each forks a pull
that SIGKILLs itself before its N-th change below MODELS (0: it runs to its end), and answers with ``killed``, a result,
or an error's code. All modules are loaded once, so that two hundred runs take minutes. Vetting runs in the process
itself: it changes nothing.
"""

import os
import signal
import sys
from pathlib import Path
from typing import Any

from aiinfra.errors import AiinfraError
from aiinfra.release.place import parse_place
from aiinfra.release.record import on_cpu
from aiinfra.release.transfer import open_source
from aiinfra.release.trial import try_release
from aiinfra.release.verify import verify
from aiinfra.rollout import pull as pulling
from aiinfra.rollout.soak import Clock, Limits
from aiinfra.server.config import ServerConfig
from aiinfra.units import Duration

CHANGES = {"os.rename", "os.remove", "os.mkdir", "os.rmdir"}
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC


async def vet(file: Path, settings: Any, repository: Any, limits: Any) -> None:
    verify(file.parent, [Path(signer) for signer in repository.signers])
    try_release(file.parent, on_cpu(file)).require()


class Killer:
    """Counts changes below a folder."""

    def __init__(self, folder: str, at: int) -> None:
        self.folder, self.at, self.count = folder, at, 0

    def step(self) -> None:
        self.count += 1
        if self.count == self.at:
            os.kill(os.getpid(), signal.SIGKILL)

    def hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        change = event in CHANGES or (event == "open" and bool((arguments[2] or 0) & WRITES))
        if change and str(arguments[0]).startswith(self.folder):
            self.step()

    def fsync(self, real: Any) -> Any:
        def counted(descriptor: int) -> None:
            self.step()
            real(descriptor)

        return counted


def run(source: str, models: str, signer: str, watch: str, at: int) -> str:
    killer = Killer(models, at)
    sys.addaudithook(killer.hook)
    os.fsync = killer.fsync(os.fsync)
    pulling.vet = vet
    document = {"repository": {"dir": models, "signers": [signer]}, **({"watch": {"address": watch}} if watch else {})}
    limits = Limits(Duration("100 ms"), Duration("10 min"))  # a busy machine vets slowly
    site = pulling.Site(ServerConfig.model_validate(document), limits, Clock(every=0.05))
    place = parse_place(source)
    try:
        outcome = pulling.pull(site, place, open_source(place))
    except AiinfraError as error:
        return f"{error.code} {killer.count}"
    return f"{outcome.result} {killer.count} {outcome.why}"


def main() -> None:
    source, models, signer, watch = [*sys.argv[1:], ""][:4]
    for line in sys.stdin:
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.write(writing, run(source, models, signer, watch, int(line)).encode())
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading) as stream:
            said = stream.read()
        _, status = os.waitpid(child, 0)
        print("killed" if os.WIFSIGNALED(status) else said, flush=True)


if __name__ == "__main__":
    main()
