"""``aiinfra export``."""

from pathlib import Path

import click

from aiinfra.cli.output import emit, json_option, show
from aiinfra.errors import Exit
from aiinfra.spec.deployment import MAIN_STACK


@click.command(
    epilog="Examples: aiinfra export infrastructure/ --out graph.json; "
    "aiinfra export site/ --format manifests --out manifests/"
)
@click.argument("program", type=click.Path(path_type=Path))
@click.option(
    "--format",
    "form",
    type=click.Choice(["json", "yaml", "manifests"]),
    default="json",
    show_default=True,
    help="The whole graph (json, yaml), or its Kubernetes objects as YAML.",
)
@click.option("--out", type=click.Path(path_type=Path), help="File, or for manifests a folder. Default: print.")
@click.option("--stack", default=MAIN_STACK, show_default=True, help="The stack; its Pulumi.STACK.yaml is read.")
@click.option(
    "--mode",
    type=click.Choice(["symbolic", "preview"]),
    help="symbolic: nothing unknown, outputs are stand-ins (default); preview: as a first preview (manifests).",
)
@click.option("--config", "settings", multiple=True, metavar="KEY=VALUE", help="A configuration value; repeatable.")
@click.option("--omit-secrets", is_flag=True, help="Leave objects that hold secrets out of manifests.")
@json_option
def command(
    *,
    program: Path,
    form: str,
    out: Path | None,
    stack: str,
    mode: str | None,
    settings: tuple[str, ...],
    omit_secrets: bool,
    as_json: bool,
) -> Exit:
    """Run PROGRAM (a Pulumi project's folder or a Python file) without an engine or a cloud; write what it registers.

    Secrets are never written. References to stacks of projects beside PROGRAM are answered from those.
    """
    from aiinfra.graph.child import collect_in_subprocess
    from aiinfra.graph.export import Format, text_of, write
    from aiinfra.graph.node import Mode
    from aiinfra.graph.projects import collect_with_upstreams

    wanted = Format(form)
    chosen = Mode(mode) if mode else wanted.mode
    values = dict(setting.split("=", 1) for setting in settings if "=" in setting)
    if len(values) != len(settings):
        raise click.BadParameter("write KEY=VALUE", param_hint="--config")
    if wanted is Format.MANIFESTS:
        graph = collect_in_subprocess(program, stack=stack, mode=chosen, config=values)
    else:
        run = collect_in_subprocess
        graph = collect_with_upstreams(program, stack=stack, mode=chosen, collect=run, config=values)
    if out is None:
        text, notes = text_of(graph, wanted, omit_secrets=omit_secrets)
        findings = [*graph.findings, *notes]
        if as_json:
            emit("export", graph.as_json() if wanted is not Format.MANIFESTS else {"manifests": text}, findings)
        else:
            click.echo(text, nl=False)
            show(findings)
        return Exit.DONE
    files, notes = write(graph, wanted, out, omit_secrets=omit_secrets)
    findings = [*graph.findings, *notes]
    if as_json:
        emit("export", {"files": [str(file) for file in files], "resources": len(graph)}, findings)
        return Exit.DONE
    show(findings)
    click.echo(f"{out}: {len(files)} file{'s' * (len(files) != 1)}, {len(graph)} resources recorded")
    return Exit.DONE
