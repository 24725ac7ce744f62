"""``aiinfra export``."""

from pathlib import Path

import click

from aiinfra.cli.output import emit, failed, json_option, show
from aiinfra.errors import Exit
from aiinfra.spec.deployment import MAIN_STACK


@click.command(
    epilog="Examples: aiinfra export infrastructure/ --out graph.json; "
    "aiinfra export site/ --format manifests --out manifests/; aiinfra export site/ --format edges --out edges.svg; "
    "aiinfra export deployment.yaml --project training --format terraform-plan --out training.plan.json"
)
@click.argument("program", type=click.Path(path_type=Path))
@click.option(
    "--format",
    "form",
    type=click.Choice(["json", "yaml", "manifests", "edges", "terraform-plan"]),
    default="json",
    show_default=True,
    help="The whole graph (json, yaml), its Kubernetes objects, who may connect to whom and do what, "
    "or its AWS resources as a Terraform plan.",
)
@click.option("--out", type=click.Path(path_type=Path), help="File (edges: .txt, .json or .svg), or a folder.")
@click.option("--project", default="", help="Of a declaration: the one project to export (registry, site-CLASS).")
@click.option("--stack", default=MAIN_STACK, show_default=True, help="The stack; its Pulumi.STACK.yaml is read.")
@click.option(
    "--mode",
    type=click.Choice(["symbolic", "preview"]),
    help="symbolic: nothing unknown, outputs are stand-ins (default); preview: as a first preview (manifests).",
)
@click.option("--config", "settings", multiple=True, metavar="KEY=VALUE", help="A configuration value; repeatable.")
@click.option("--assume-config", is_flag=True, help="Run with stand-ins for configuration that is not set.")
@click.option("--omit-secrets", is_flag=True, help="Leave objects that hold secrets out of manifests.")
@json_option
def command(
    *,
    program: Path,
    form: str,
    out: Path | None,
    project: str,
    stack: str,
    mode: str | None,
    settings: tuple[str, ...],
    assume_config: bool,
    omit_secrets: bool,
    as_json: bool,
) -> Exit:
    """Run PROGRAM without an engine or a cloud; write what it registers.

    PROGRAM is a Pulumi project's folder, a Python file, or a declaration: each project that it compiles to is written
    to a file or folder of its own below --out. Secrets are never written. References to stacks of projects beside
    PROGRAM are answered from those.
    """
    from aiinfra.compiler.exporting import Wanted, export
    from aiinfra.graph.export import Format
    from aiinfra.graph.node import Mode

    values = dict(setting.split("=", 1) for setting in settings if "=" in setting)
    if len(values) != len(settings):
        raise click.BadParameter("write KEY=VALUE", param_hint="--config")
    wanted = Wanted(
        format=Format(form),
        out=out,
        project=project,
        stack=stack,
        mode=Mode(mode) if mode else None,
        config=values,
        assume_config=assume_config,
        omit_secrets=omit_secrets,
    )
    exports = export(program, wanted)
    findings = [finding for one in exports for finding in one.findings]
    if as_json:
        emit("export", {one.name: one.as_json() for one in exports}, findings)
        return failed(findings)
    for one in exports:
        if one.files:
            count = f"{len(one.files)} file{'s' * (len(one.files) != 1)}"
            click.echo(f"{one.files[0].parent}: {one.name}, {count}, {len(one.graph)} resources recorded")
        else:
            click.echo(one.text, nl=False)
    show(findings)
    return failed(findings)
