"""The server as a process: announce where it listens, run until told to end, end cleanly."""

import asyncio
import gc
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TextIO

import orjson

from aiinfra.errors import AiinfraError
from aiinfra.server.config import ServerConfig
from aiinfra.server.confine import confine
from aiinfra.server.server import Server


def announce(event: str, out: TextIO, **fields: object) -> None:
    """One JSON line for whoever supervises this process."""
    out.write(orjson.dumps({"event": event, **fields}).decode() + "\n")
    out.flush()


async def serve(
    read: Callable[[], ServerConfig],
    *,
    ready_file: Path | None = None,
    out: TextIO | None = None,
    unconfined: Sequence[str] = (),
) -> None:
    """Serve until SIGTERM or SIGINT, then drain. SIGHUP calls ``read`` again and takes over grants, rates, settings.

    Standard output gets two lines: ``{"event":"listening","http":"HOST:PORT",...}`` once every model is loaded,
    verified and warm, and ``{"event":"stopped"}``. ``ready_file`` is written (with the addresses) just before the first
    line and removed at the end.

    ``unconfined`` names what the process could not give up; the log repeats it.

    Raises:
        AiinfraError: the server could not start.
    """
    stream = out or sys.stdout
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    server = Server(read())
    loop.add_signal_handler(signal.SIGHUP, _again, server, read)
    starting = loop.create_task(server.start())
    stopping = loop.create_task(stop.wait())
    try:
        await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            starting.result()
            gc.collect()
            gc.freeze()  # what is loaded stays; the collector need not look at it again
            gc.set_threshold(5_000, 20, 100)  # requests leave no cycles; what does is found before it makes a pause
            if unconfined:
                server.journal.warning("not-confined", missing=unconfined)
            else:
                server.journal.info("confined")
            if ready_file is not None:
                ready_file.write_text(orjson.dumps(server.addresses).decode(), encoding="utf-8")
            announce("listening", stream, **server.addresses, models=server.catalogue.names())
            await stopping
    finally:
        for task in (starting, stopping):
            task.cancel()
        await asyncio.gather(starting, stopping, return_exceptions=True)
        await server.stop()
        if ready_file is not None:
            ready_file.unlink(missing_ok=True)
    announce("stopped", stream)


def _again(server: Server, read: Callable[[], ServerConfig]) -> None:
    try:
        server.reconfigure(read())
    except AiinfraError as error:
        server.journal.warning("reconfiguration-refused", code=error.code, reason=error.message)


def run(read: Callable[[], ServerConfig], *, ready_file: Path | None = None) -> None:
    """Confine this process, then :func:`serve` on a new event loop; returns after a clean end.

    ``read`` gives the configuration.
    """
    config = read()
    missing = confine(readable=None, writable=_writable(config, ready_file), connect=_ports(config), listen=True)
    asyncio.run(serve(read, ready_file=ready_file, unconfined=missing))


def _ports(config: ServerConfig) -> list[int]:
    """Where the server connects to: the collector of traces, where there is one."""
    if config.traces is None:
        return []
    from aiinfra.server.traces import endpoint_of  # noqa: PLC0415 - rarely wanted

    return [endpoint_of(config.traces)[1]]


def _writable(config: ServerConfig, ready_file: Path | None) -> list[str]:
    """Where the server writes: its verdicts, its audit log, the ready file."""
    places = ["/dev/null"]
    if config.repository.verdicts:
        verdicts = Path(config.repository.verdicts)
        verdicts.mkdir(mode=0o700, parents=True, exist_ok=True)
        places.append(str(verdicts))
    if config.audit is not None:
        places.append(str(Path(config.audit.file).absolute().parent))
    if ready_file is not None:
        places.append(str(ready_file.absolute().parent))
    return places
