"""``aiinfra up``."""

from pathlib import Path

import click

from aiinfra.errors import BadInput, Exit
from aiinfra.spec.deployment import MAIN_STACK


@click.command(epilog="Example: aiinfra up deployment.yaml --local --detach")
@click.argument("deployment", default=".", type=click.Path(path_type=Path))
@click.option("--local", is_flag=True, help="Serve on this machine. The only kind of up there is here.")
@click.option("--site", help="Class of sites whose configuration is served.  [default: the first one]")
@click.option("--stack", default=MAIN_STACK, show_default=True, help="Which environment's view to serve.")
@click.option("--port", type=click.IntRange(1, 65532), help="First port to listen on.  [default: the site's own]")
@click.option("--detach", is_flag=True, help="Return once it answers; see aiinfra status and aiinfra down.")
def command(deployment: Path, *, local: bool, site: str | None, stack: str, port: int | None, detach: bool) -> Exit:
    """Serve DEPLOYMENT's model on this machine, as a site would: same configuration, loopback addresses, CPU.

    Makes a dev-signed release, starts the server, sends the golden input and shows the prediction beside the expected
    answer. Stays until Ctrl-C.
    """
    if not local:
        raise BadInput(
            "up-local-only",
            "aiinfra up serves on this machine only, and wants --local to say so",
            f"in the cloud or on a site: aiinfra compile {deployment} --out build, then pulumi up in each project",
        )
    from aiinfra.cli.output import console
    from aiinfra.local.home import home
    from aiinfra.local.plan import plan_of
    from aiinfra.local.show import Terminal, next_lines
    from aiinfra.local.state import State
    from aiinfra.local.up import follow, up
    from aiinfra.spec.reading import load

    declaration = load(deployment, stack)
    plan = plan_of(declaration, site)
    state = State.beside(declaration.file, declaration.prefix)
    out = console()
    terminal = Terminal(out)
    try:
        running, prediction = up(plan, state, home(), terminal, port)
    finally:
        terminal.done()

    def say() -> None:
        for line in next_lines(running.instance, state, prediction, detached=detach):
            out.print(line, markup=False)

    if detach:
        say()
        running.leave()
    else:
        follow(running, say)
        out.print(f"{plan.name} is down")
    return Exit.DONE
