"""``aiinfra rehearse``."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from aiinfra.cli.output import json_option
from aiinfra.errors import Exit
from aiinfra.spec.deployment import MAIN_STACK


@click.command(epilog="Example: aiinfra rehearse build/registry --change ../changed/registry --fail releases-bucket")
@click.argument("project", type=click.Path(path_type=Path))
@click.option("--stack", default=MAIN_STACK, show_default=True, help="Whose configuration to use.")
@click.option(
    "--change", default="", help="Another version of the project (folder or file), or KEY=VALUE of its configuration."
)
@click.option("--fail", default="", help="Name or URN of the resource that fails.  [default: one half-way through]")
@click.option("--drift", default="", help="Name or URN of a resource that is changed, then deleted, by hand.")
@click.option(
    "--latency", type=click.FloatRange(0), default=0.0, help="Seconds that each create, update and delete takes."
)
@click.option(
    "--throttle",
    type=click.FloatRange(0),
    default=0.0,
    help="Calls a second the providers let through.  [default: any]",
)
@click.option("--unlocked", is_flag=True, help="Go on where images are not in images.lock, as a preview does.")
@json_option
def command(
    project: Path,
    *,
    stack: str,
    change: str,
    fail: str,
    drift: str,
    latency: float,
    throttle: float,
    unlocked: bool,
    as_json: bool,
) -> Exit:
    """Run PROJECT, any Pulumi program in Python, under the real engine, without a cloud or an account.

    Preview, up, no-op, refresh, drift, the change, a failure half-way and its recovery, destroy, against stand-ins for
    every provider. Says what is created, replaced and left behind, in which order, and whether the engine saw what
    aiinfra records. Nothing is written in PROJECT. Needs the Pulumi CLI (see aiinfra doctor).
    """
    from aiinfra.cli.output import console, emit, failed
    from aiinfra.cli.output import show as show_findings
    from aiinfra.engine.faults import Faults
    from aiinfra.engine.rehearsal import Request, rehearse
    from aiinfra.engine.show import show

    faults = Faults(latency={"*": latency}, rate=throttle)
    request = Request(project, stack, change, fail, faults, unlocked, drift)
    if as_json:
        result = rehearse(request)
        emit("rehearse", result.as_json(), result.findings)
        return failed(result.findings)
    err = console(stderr=True)
    with err.status("looking at the program") as status:

        def on_phase(name: str) -> Any:
            status.update(name)

            def on_event(event: Mapping[str, Any]) -> None:
                begun = event.get("resourcePreEvent")
                if begun is not None:
                    status.update(f"{name}: {begun['metadata']['urn'].rpartition('::')[2]}")

            return on_event

        result = rehearse(request, on_phase=on_phase)
    console().print(show(result))
    show_findings(result.findings)
    return failed(result.findings)
