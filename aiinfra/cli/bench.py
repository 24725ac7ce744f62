"""``aiinfra bench``: load on any Open Inference Protocol server."""

from pathlib import Path

import click

from aiinfra.cli.output import emit, json_option
from aiinfra.errors import BadInput, Exit


@click.command(epilog="Example: aiinfra bench --url http://127.0.0.1:8080 --model m --rate 200/s --seconds 30")
@click.option("--url", required=True, help="http(s)://HOST:PORT or grpc(s)://HOST:PORT of the server")
@click.option("--model", required=True, help="Name of the model")
@click.option("--rate", help="Requests in a time, like 200/s; times run from when each was due")
@click.option(
    "--arrivals",
    default="even",
    show_default=True,
    type=click.Choice(["even", "random"]),
    help="With --rate: evenly, or at random moments (Poisson) as independent callers send",
)
@click.option("--connections", default=8, show_default=True, type=click.IntRange(1, 4096), help="Connections")
@click.option("--seconds", default=10.0, show_default=True, type=click.FloatRange(0.1, 86400), help="How long")
@click.option("--rows", default=1, show_default=True, type=click.IntRange(1), help="Rows a request")
@click.option("--binary", is_flag=True, help="Over HTTP: tensors as binary data instead of JSON")
@click.option("--ca", type=click.Path(path_type=Path), help="PEM authorities of the server's certificate")
@click.option("--cert", type=click.Path(path_type=Path), help="PEM client certificate; needs --key")
@click.option("--key", type=click.Path(path_type=Path), help="PEM key of the client certificate")
@json_option
def command(url: str, model: str, rate: str | None, as_json: bool, **how: object) -> Exit:  # noqa: FBT001 - click
    """Send made-up requests at a stated rate, or with every connection always busy; print what came back.

    Exit code 0: every request was answered with a prediction; 1: some were not.
    """
    from aiinfra.bench.report import measure
    from aiinfra.units import Rate

    try:
        per_second = Rate(rate).per_second if rate is not None else None
    except ValueError as error:
        raise BadInput("rate-invalid", str(error), "write it like 200/s") from None
    report = measure(url, model, rate=per_second, **how)  # type: ignore[arg-type]
    if as_json:
        emit("bench", report.as_json(), ())
    else:
        click.echo(report.render())
    return Exit.DONE if report.clean else Exit.FAILED
