"""The server's command line, for ``aiinfra serve`` and ``python -m aiinfra.server``."""

from pathlib import Path
from typing import Any

import click


@click.command(epilog="Example: aiinfra serve models --http 127.0.0.1:8080 --allow-unsigned")
@click.argument("directory", metavar="DIR", type=click.Path(path_type=Path), required=False)
@click.option("--http", metavar="HOST:PORT", help="REST address [default: 127.0.0.1:8080, where no other is given]")
@click.option("--grpc", metavar="HOST:PORT", help="gRPC address; not served by default")
@click.option("--metrics", metavar="HOST:PORT", help="Prometheus address; not served by default")
@click.option("--config", "file", metavar="FILE", type=click.Path(path_type=Path), help="TOML configuration")
@click.option("--allow-unsigned", is_flag=True, help="Serve models without a valid signature")
@click.option("--allow-plaintext", is_flag=True, help="Serve without TLS off loopback")
@click.option(
    "--ready-file", metavar="FILE", type=click.Path(path_type=Path), help="Write the addresses here when ready"
)
def command(directory: Path | None, file: Path | None, ready_file: Path | None, **flags: Any) -> None:
    """Serve the models in DIR (MODEL/VERSION/model.onnx) over the Open Inference Protocol v2.

    The first line on standard output names the bound addresses, once every model is loaded, verified and warm.
    """
    from aiinfra.server.flags import configure  # noqa: PLC0415 - --help needs no server
    from aiinfra.server.process import run  # noqa: PLC0415

    run(lambda: configure(directory, file=file, **flags), ready_file=ready_file)
